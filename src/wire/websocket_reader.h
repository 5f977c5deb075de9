/* WebSocket frames as a client sends them (RFC 6455 section 5): bytes go in, events come out. Pure,
 * but for the memory of a frame that is there only in part.
 *
 * Nobody here waits for what a client has to say, so messages are checked and forgotten; only a
 * control frame's few bytes are kept. */
#pragma once

#include "base/base.h"

enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0x0,
    WEBSOCKET_TEXT = 0x1,
    WEBSOCKET_BINARY = 0x2,
    WEBSOCKET_OPCODE_CLOSE = 0x8,
    WEBSOCKET_OPCODE_PING = 0x9,
    WEBSOCKET_OPCODE_PONG = 0xA,
};

/* Why a connection is closed (RFC 6455 section 7.4.1). */
enum websocket_code {
    WEBSOCKET_CODE_NONE = 0, /* none was told */
    WEBSOCKET_CODE_NORMAL = 1000,
    WEBSOCKET_CODE_GOING_AWAY = 1001,
    WEBSOCKET_CODE_PROTOCOL = 1002,
    WEBSOCKET_CODE_NOT_UTF8 = 1007,
    WEBSOCKET_CODE_TOO_BIG = 1009,
    WEBSOCKET_CODE_INTERNAL = 1011,
};

enum { WEBSOCKET_CONTROL_BYTES_MAX = 125 }; /* RFC 6455 section 5.5 */

enum websocket_event {
    WEBSOCKET_MORE,    /* all bytes were taken, and no frame is complete */
    WEBSOCKET_MESSAGE, /* a whole message */
    WEBSOCKET_PING,    /* its bytes are in `control` */
    WEBSOCKET_PONG,    /* the same */
    WEBSOCKET_CLOSE,   /* `code` tells why */
    WEBSOCKET_REFUSED, /* the client broke the rules: `code` is what it should be told */
};

/* How far a text has been checked (RFC 3629). */
struct websocket_utf8 {
    uint8_t left;      /* bytes of the character under way still to come */
    uint8_t low, high; /* what the next of them may be */
};

struct wslay_frame_context;

/* A reader's state; a zeroed one is ready. Ends with websocket_reader_clear(). */
struct websocket_reader {
    struct wslay_frame_context *frames; /* NULL between two frames */
    struct slice input;                 /* during a call: bytes still to be taken */
    uint64_t taken_bytes, used_bytes;   /* into `frames`, and of them in complete frames */
    uint64_t frame_left;                /* payload of the frame under way still to come */
    bool is_in_frame;                   /* its first piece has been seen */
    bool is_in_message;                 /* a fragment came whose last one is still to come */
    bool is_text;                       /* that message */
    bool is_over;                       /* nothing that follows counts */
    uint64_t message_bytes;
    struct websocket_utf8 utf8; /* of that message */
    uint8_t control[WEBSOCKET_CONTROL_BYTES_MAX];
    size_t control_len;
    unsigned code; /* with WEBSOCKET_CLOSE and WEBSOCKET_REFUSED */
};

/* Takes bytes from the front of `*bytes` up to the next event. To be called again until it is
 * WEBSOCKET_MORE; after WEBSOCKET_CLOSE and WEBSOCKET_REFUSED whatever comes is taken and ignored.
 */
enum websocket_event websocket_read(struct websocket_reader *reader, struct slice *bytes);
/* Gives back its memory; the reader is as new. */
void websocket_reader_clear(struct websocket_reader *reader);
