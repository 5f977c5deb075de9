/* Forms as browsers and curl send them: multipart/form-data, RFC 7578 in the syntax of RFC 2046.
 *
 * The parser is pushed: it is fed the bytes as they arrive, split anywhere, and tells one event at
 * a time. It keeps the head of the part that is being read and a few bytes that may be the begin
 * of a boundary, never content. */
#pragma once

#include "wire/http1_parse.h"

enum multipart_event_kind {
    MULTIPART_MORE,     /* all bytes are taken; feed the next */
    MULTIPART_PART,     /* a part begins: `name` and the rest of its head */
    MULTIPART_DATA,     /* the part goes on with `data` */
    MULTIPART_PART_END, /* the part is whole */
    MULTIPART_END,      /* the last boundary was seen; what follows is ignored */
};

/* The slices are valid until the next call. */
struct multipart_event {
    enum multipart_event_kind kind;
    bool has_file_name;
    struct slice name, file_name; /* decoded, not cleaned */
    struct slice content_type;    /* empty when the part tells none */
    struct slice data;            /* in the bytes fed, or in the parser; never empty */
    struct parse_refusal refusal; /* with -EPROTO */
};

enum multipart_state {
    MULTIPART_PREAMBLE,
    MULTIPART_CONTENT,
    MULTIPART_PADDING, /* white space between a boundary and its line end */
    MULTIPART_PADDING_LF,
    MULTIPART_HEAD,
    MULTIPART_CLOSING, /* the last boundary was seen, its event is still to come */
    MULTIPART_EPILOGUE,
};

/* A parser's state; begin with multipart_begin(). */
struct multipart {
    enum multipart_state state;
    size_t parts;
    /* CR LF - - boundary, and one byte more: of what follows it while that is undecided. */
    uint8_t delimiter[4 + MULTIPART_BOUNDARY_BYTES_MAX + 1];
    size_t delimiter_len;
    size_t held; /* bytes at the front of `delimiter` that were seen and may be one */
    size_t head_len, line_start;
    uint8_t head[MULTIPART_PART_HEAD_BYTES_MAX];
    uint8_t names[MULTIPART_PART_HEAD_BYTES_MAX]; /* decoded */
};

/* Begins with the request's Content-Type. Returns 0, or -EINVAL when it isn't a form with a sound
 * boundary. */
must_use int multipart_begin(struct multipart *multipart, struct slice content_type);

/* Takes bytes from the front of `bytes` and tells one event. Returns how many were taken (may be
 * none); call again with the rest until the event is MULTIPART_MORE. -EPROTO with a refusal in the
 * event when the form is malformed; the parser can't be used any further. */
must_use ssize_t multipart_feed(struct multipart *multipart, struct slice bytes,
                                struct multipart_event *ret_event);

/* Call it at the end of the body. Returns 0, or -EPROTO with a refusal when the form isn't whole.
 */
must_use int multipart_end(const struct multipart *multipart, struct parse_refusal *ret_refusal);
