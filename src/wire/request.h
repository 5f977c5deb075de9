/* A request while it is served: its head, its body still arriving, its answer being made.
 *
 * Everything here is independent of the version of HTTP; the slices of the head live in the
 * request's arena and die with it. */
#pragma once

#include "base/arena.h"
#include "base/base.h"
#include "base/text.h"
#include "runtime/chunk.h"
#include "wire/address.h"
#include "wire/http.h"
#include "wire/http1_parse.h"
#include "wire/stream.h"

struct wire;

/* Bytes that were received and not yet read. The chunk is held only while there are any. */
struct inbox {
    struct chunk *chunk;
    size_t start, end;
};

struct request {
    const struct wire *wire;
    struct stream *stream;
    struct inbox *inbox;
    struct http_head head;
    struct arena arena;
    struct address client; /* behind trusted proxies */
    bool is_https;         /* as the client sees it */
    int64_t began_ms;

    /* The body, see body.h. */
    bool has_continued; /* 100 Continue was sent */
    bool has_body_ended;
    bool is_body_late;  /* the client was silent for too long */
    uint64_t body_left; /* BODY_LENGTH: bytes still to come */
    struct chunked chunked;
    bool keeps_trailer; /* set by a handler before it reads the body: body_trailer() can be asked */
    struct text trailer; /* its field lines so far, in the arena; only with keeps_trailer */
    struct parse_refusal body_refusal; /* set when body_recv() returned -EPROTO */
    int body_err; /* has ended body_fill() behind bytes that came; the next call tells it */

    /* The answer, see answer.h. */
    unsigned status; /* of the final answer; 0 while there is none */
    bool is_last;    /* the connection closes after the answer */
    bool is_chunked; /* the answer's body tells its end by itself */
    bool is_open;    /* its end is still to come: answer_stream_open() was, answer_end() wasn't */
    /* Whole lines, each with its CRLF, that the head of the final answer has besides its own,
     * whoever makes it; in the arena. */
    struct slice common_fields;
    struct slice base_url; /* once it was asked for, see answer_base_url() */
    struct chunk *out;
    size_t out_len;
};

/* The value of the first field of this name, trimmed; .ptr is NULL when absent. */
static inline struct slice request_header(const struct request *req, struct slice name)
{
    return http_header_find(&req->head, name);
}
