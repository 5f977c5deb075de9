/* Parsing of HTTP/1.1 heads and bodies: pure functions over bytes, RFC 9112 read strictly.
 *
 * Whatever two servers could read differently (request smuggling) is refused: bare CR or LF,
 * white space before a colon, obs-fold, several or odd Content-Length, Content-Length together
 * with Transfer-Encoding, Transfer-Encoding in HTTP/1.0, any coding but a single `chunked`. */
#pragma once

#include "wire/http.h"

/* What http1_parse_head() found. */
enum parse_result {
    PARSE_DONE,
    PARSE_MORE,   /* not a whole head yet */
    PARSE_REFUSED /* answer `status` and close */
};

/* Why a head or body is refused. */
struct parse_refusal {
    unsigned status;    /* 400, 405, 414, 431, 501, 505 … */
    const char *reason; /* one plain sentence for the client */
};

/* Parses a request head at the start of `bytes`. At PARSE_DONE `ret_len` is its length, with at
 * most one empty line before it. `head` is written only as far as needed.
 * Source: RFC 9112 sections 2 to 7, RFC 9110 sections 5, 7.2, 9, 10.1.1. */
enum parse_result http1_parse_head(struct slice bytes, struct http_head *ret_head, size_t *ret_len,
                                   struct parse_refusal *ret_refusal);

/* ---- Chunked bodies, RFC 9112 section 7.1 ---- */
enum chunked_state {
    CHUNKED_SIZE_START, /* a digit must come */
    CHUNKED_SIZE,       /* digits, an extension or the end of the line */
    CHUNKED_EXTENSION,
    CHUNKED_SIZE_LF,
    CHUNKED_DATA,
    CHUNKED_DATA_CR,
    CHUNKED_DATA_LF,
    CHUNKED_TRAILER_START, /* a field or the empty line */
    CHUNKED_TRAILER_NAME,
    CHUNKED_TRAILER_VALUE,
    CHUNKED_TRAILER_LF,
    CHUNKED_END_LF,
    CHUNKED_DONE,
};

/* A decoder's state; begin with chunked_begin(). */
struct chunked {
    enum chunked_state state;
    uint64_t left; /* data bytes of this chunk still to come, in CHUNKED_DATA */
    unsigned size_digits;
    size_t line_bytes, extension_bytes;
    size_t trailer_bytes; /* read of the trailer section, its last empty line included */
};

void chunked_begin(struct chunked *chunked);
/* Reads framing (never data) from the front of `bytes` until data or the end of the body comes.
 * Returns how many bytes were consumed; -EPROTO with a refusal when the framing is wrong.
 * Afterwards: state CHUNKED_DATA with `left` > 0: the next min(left, …) bytes are data, tell
 * chunked_data() how many you took; CHUNKED_DONE: the body has ended; else: more bytes needed.
 * Trailer fields are checked for form and bounds. Who wants them takes, after each call, as many of
 * the consumed bytes from their end as `trailer_bytes` has grown by. */
ssize_t chunked_framing(struct chunked *chunked, struct slice bytes,
                        struct parse_refusal *ret_refusal);
/* The value of the first field of this name (ASCII case ignored) in a trailer section that was read
 * to its end, trimmed; .ptr is NULL when absent. */
struct slice chunked_trailer_find(struct slice trailer, struct slice name);
/* `taken` data bytes (at most `left`) have been read by the caller. */
void chunked_data(struct chunked *chunked, uint64_t taken);
