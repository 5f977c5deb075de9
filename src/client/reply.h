/* What a server answered, as far as it matters for an upload (tus 1.0.0 and Sluice's own fields).
 */
#pragma once

#include "base/text.h"
#include "limits.h"

enum reply_verdict {
    REPLY_FINE,
    REPLY_MOVED,   /* the upload stands elsewhere than we thought: ask */
    REPLY_GONE,    /* the server doesn't know the upload (any more) */
    REPLY_LATER,   /* it can't now: try again */
    REPLY_REFUSED, /* it won't */
};

struct reply {
    unsigned status; /* 0: there was no answer */
    bool has_offset, has_length, is_plain;
    uint64_t offset, length;
    int64_t expires_ms; /* wall clock; 0: not told */
    char location[PUT_URL_BYTES_MAX], link[PUT_URL_BYTES_MAX], key[64];
    char sentence[PUT_SENTENCE_BYTES_MAX]; /* the start of a body in plain text */
    size_t sentence_len;
};

/* Takes one line of the head, its end included or not. A status line forgets what came before it:
 * that was an interim answer. */
void reply_take_line(struct reply *reply, struct slice line);
/* Takes the next bytes of the body. */
void reply_take_body(struct reply *reply, struct slice bytes);

enum reply_verdict reply_verdict(const struct reply *reply);

/* Puts the server's sentence in one line, or its status where it has none. */
void reply_put_sentence(const struct reply *reply, struct text *into);
