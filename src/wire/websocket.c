/* Frames that we send are a few bytes of head before a short text, so they are written here; those
 * that we receive are read by websocket_reader.c.
 *
 * The end is the same whoever wants it: both have sent a close, then the connection's own way of
 * ending (http1.c) shuts our side first and reads what is still on its way. */
#include "wire/websocket.h"

#include "base/text.h"
#include "limits.h"
#include "wire/answer.h"
#include "wire/connection.h"
#include "wire/field.h"
#include "wire/inbox.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

enum {
    KEY_BYTES = 16,
    KEY_CHARS = 24, /* of them as base64 */
    FRAME_HEAD_BYTES_MAX = 4,
    /* RFC 6455 section 5.2: the last fragment; a length of two more bytes follows. */
    FRAME_FIN = 0x80,
    FRAME_LENGTH_16 = 126,
    PINGS_UNANSWERED_MAX = 2,
};

/* ---- Handshake, RFC 6455 section 4.2 ---- */

/* Whether any field of this name has the word in its list. */
static bool has_word(const struct request *req, struct slice name, struct slice word)
{
    const struct http_head *head = &req->head;
    for (size_t i = 0; i < head->headers_len; i++)
        if (slice_is_same_word(head->headers[i].name, name) &&
            field_has_word(head->headers[i].value, word))
            return true;
    return false;
}

/* RFC 9110 section 7.8: Upgrade means nothing in HTTP/1.0. */
static bool has_upgrade(const struct request *req)
{
    return req->head.version_minor > 0 && has_word(req, SLICE("upgrade"), SLICE("websocket"));
}

bool websocket_is_asked(const struct request *req)
{
    if (req->head.method != HTTP_GET)
        return false;
    return has_upgrade(req) || request_header(req, SLICE("sec-websocket-key")).ptr != NULL;
}

int websocket_put_accept(struct text *text, struct slice key)
{
    static const char suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t nonce[KEY_BYTES], digest[SHA_DIGEST_LENGTH];
    char words[KEY_CHARS + sizeof suffix];
    if (key.len != KEY_CHARS ||
        parse_base64(key, (struct span){nonce, sizeof nonce}) != sizeof nonce)
        return -EINVAL;
    memcpy(words, key.ptr, KEY_CHARS);
    memcpy(words + KEY_CHARS, suffix, sizeof suffix);
    if (EVP_Digest(words, sizeof words - 1, digest, NULL, EVP_sha1(), NULL) != 1)
        return -ENOMEM;
    text_put_base64(text, slice_from(digest, sizeof digest));
    return 0;
}

/* 426, with what would be right (RFC 9110 section 15.5.22, RFC 6455 section 4.4). */
static awaits int answer_upgrade_required(struct request *req, const char *detail)
{
    int err = answer_begin(req, 426);
    if (err < 0)
        return err;
    answer_field(req, "Upgrade", SLICE("websocket"));
    answer_field(req, "Connection", SLICE("Upgrade"));
    answer_field(req, "Sec-WebSocket-Version", SLICE("13"));
    return answer_problem_body(req, detail);
}

static awaits int answer_switching(struct request *req, struct slice accept)
{
    char head[192];
    struct text text = text_over((struct span){(uint8_t *)head, sizeof head});
    text_put(&text, SLICE("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: "));
    text_put(&text, accept);
    text_put(&text, SLICE("\r\n\r\n"));
    assert(!text.is_full);
    req->status = 101;
    req->is_last = true; /* what follows is no HTTP */
    struct iovec iov = {head, text.len};
    return stream_send(req->stream, &iov, 1, false);
}

awaits int websocket_open(struct request *req, struct websocket *ret_websocket)
{
    char room[32]; /* SHA-1 as base64 */
    struct text accept = text_over((struct span){(uint8_t *)room, sizeof room});
    struct slice version = request_header(req, SLICE("sec-websocket-version"));
    if (!has_upgrade(req))
        return answer_upgrade_required(req, "A WebSocket needs `Upgrade: websocket`; a proxy on "
                                            "the way may have taken it away.");
    if (!has_word(req, SLICE("connection"), SLICE("upgrade")))
        return answer_problem(req, 400,
                              "A WebSocket needs `Connection: Upgrade`; a proxy on the "
                              "way may have taken it away.");
    if (!slice_is_equal(version, SLICE("13")) ||
        http_header_count(&req->head, SLICE("sec-websocket-version")) != 1)
        return answer_upgrade_required(req, "Version 13 of the WebSocket protocol is spoken here.");
    if (req->head.framing != BODY_NONE)
        return answer_problem(req, 400, "The handshake of a WebSocket has no body.");
    int err = websocket_put_accept(&accept, request_header(req, SLICE("sec-websocket-key")));
    if (err == -EINVAL || http_header_count(&req->head, SLICE("sec-websocket-key")) != 1)
        return answer_problem(req, 400, "A Sec-WebSocket-Key is the base64 of 16 bytes.");
    if (err < 0)
        return answer_error(req, err);
    err = answer_switching(req, text_slice(&accept));
    if (err < 0)
        return err;
    *ret_websocket = (struct websocket){.req = req};
    return 1;
}

void websocket_end(struct websocket *websocket)
{
    websocket_reader_clear(&websocket->reader);
}

/* ---- Sending ---- */

static awaits int send_frame(struct websocket *websocket, enum websocket_opcode opcode,
                             struct slice payload)
{
    uint8_t head[FRAME_HEAD_BYTES_MAX] = {(uint8_t)(FRAME_FIN | opcode), (uint8_t)payload.len};
    size_t head_len = 2;
    assert(payload.len <= UINT16_MAX && !websocket->has_closed);
    if (payload.len >= FRAME_LENGTH_16) {
        head[1] = FRAME_LENGTH_16;
        head[2] = (uint8_t)(payload.len >> 8);
        head[3] = (uint8_t)payload.len;
        head_len = 4;
    }
    struct iovec iov[] = {{head, head_len}, {(void *)(uintptr_t)payload.ptr, payload.len}};
    return stream_send(websocket->req->stream, iov, ARRAY_LEN(iov), false);
}

static awaits int send_close(struct websocket *websocket, unsigned code)
{
    const uint8_t payload[] = {(uint8_t)(code >> 8), (uint8_t)code};
    size_t len = code == WEBSOCKET_CODE_NONE ? 0 : sizeof payload;
    int err = send_frame(websocket, WEBSOCKET_OPCODE_CLOSE, slice_from(payload, len));
    websocket->has_closed = true;
    return err;
}

awaits int websocket_send(struct websocket *websocket, struct slice text)
{
    return send_frame(websocket, WEBSOCKET_TEXT, text);
}

awaits int websocket_ping(struct websocket *websocket)
{
    if (websocket->pings_unanswered == PINGS_UNANSWERED_MAX) {
        websocket->req->stream->is_broken = true;
        return -ETIMEDOUT;
    }
    websocket->pings_unanswered++;
    return send_frame(websocket, WEBSOCKET_OPCODE_PING, SLICE_NONE);
}

/* ---- Receiving ---- */

/* What follows from an event. Returns 0, -ECONNRESET at the end, -errno. */
static awaits int react(struct websocket *websocket, enum websocket_event event)
{
    const struct websocket_reader *reader = &websocket->reader;
    int err = 0;
    if (event == WEBSOCKET_PONG)
        websocket->pings_unanswered = 0;
    if (event == WEBSOCKET_PING && !websocket->has_closed)
        return send_frame(websocket, WEBSOCKET_OPCODE_PONG,
                          slice_from(reader->control, reader->control_len));
    if (event != WEBSOCKET_CLOSE && event != WEBSOCKET_REFUSED)
        return 0;
    if (!websocket->has_closed)
        err = send_close(websocket, reader->code);
    return err < 0 ? err : -ECONNRESET;
}

awaits int websocket_receive(struct websocket *websocket, int64_t deadline_ms)
{
    struct inbox *inbox = websocket->req->inbox;
    if (inbox_is_empty(inbox)) {
        ssize_t got = inbox_recv(inbox, websocket->req->stream, deadline_ms);
        if (got <= 0)
            return got == 0 ? -ECONNRESET : (int)got;
    }
    for (;;) {
        struct slice bytes = inbox_slice(inbox), rest = bytes;
        enum websocket_event event = websocket_read(&websocket->reader, &rest);
        if (bytes.len > 0)
            inbox_skip(inbox, bytes.len - rest.len);
        if (event == WEBSOCKET_MORE)
            return 0;
        int err = react(websocket, event);
        if (err < 0)
            return err;
    }
}

awaits void websocket_close(struct websocket *websocket, enum websocket_code code)
{
    int64_t wait_ms = wire_is_draining() ? LAST_WORD_MS : WEBSOCKET_CLOSE_MS;
    if (websocket->has_closed || websocket->req->stream->is_broken)
        return;
    int err = send_close(websocket, code);
    int64_t deadline_ms = worker_now_ms() + wait_ms;
    while (err == 0)
        err = websocket_receive(websocket, deadline_ms);
}
