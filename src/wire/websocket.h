/* A WebSocket on the connection of a request (RFC 6455): we tell, the other side listens.
 *
 * What a client sends is checked, answered where the protocol wants that, and forgotten. No
 * extension is agreed to, permessage-deflate neither. After websocket_open() the connection is of
 * no other use, and ends with the request. */
#pragma once

#include "wire/request.h"
#include "wire/websocket_reader.h"

struct text;

struct websocket {
    struct request *req;
    struct websocket_reader reader;
    unsigned pings_unanswered;
    bool has_closed; /* we have sent our close: nothing may follow it */
};

/* Whether a request wants to become a WebSocket. Also true for one that lost its Upgrade field on
 * the way: websocket_open() tells its sender. */
bool websocket_is_asked(const struct request *req);
/* Writes the Sec-WebSocket-Accept to a Sec-WebSocket-Key (RFC 6455 section 4.2.2). Returns 0;
 * -EINVAL when the key is no base64 of 16 bytes. */
must_use int websocket_put_accept(struct text *text, struct slice key);

/* Answers the handshake. Returns 1, and websocket_end() must follow; 0 when it was refused, which
 * has been answered; -errno. */
awaits must_use int websocket_open(struct request *req, struct websocket *ret_websocket);
/* Gives back what it holds in memory; harmless on a zeroed one and when called again. */
void websocket_end(struct websocket *websocket);

/* Sends a text, in UTF-8 and of at most 64 KiB, as one message. */
awaits must_use int websocket_send(struct websocket *websocket, struct slice text);
/* Asks for a sign of life. Returns 0; -ETIMEDOUT when the last two times went unanswered (the
 * connection is given up then); -errno. */
awaits must_use int websocket_ping(struct websocket *websocket);
/* Takes what has come from the client, waiting for some until the deadline, and answers it.
 * Returns 0; -ETIMEDOUT when nothing came; -ECONNRESET when the connection is at its end: closed by
 * the client, or by us because it broke the rules; -errno. */
awaits must_use int websocket_receive(struct websocket *websocket, int64_t deadline_ms);
/* Says why we close, then waits for the client's own close, at most for WEBSOCKET_CLOSE_MS. */
awaits void websocket_close(struct websocket *websocket, enum websocket_code code);
