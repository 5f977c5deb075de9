/* What an uploader is answered: the links of one request, in the form that the client prefers,
 * written down as each file gets its link. */
#pragma once

#include "base/buffer.h"
#include "service/upload.h"
#include "wire/accept.h"

struct receipts {
    struct request *req;
    enum accept form;
    bool is_list; /* of a form: JSON is an array */
    size_t count;
    struct slice base_url;
    struct buffer text;  /* the answer's body so far */
    struct buffer links; /* the links so far, LINK_CHARS each: for taking them back */
    struct buffer keys;  /* "KEY, KEY": what is told in Sluice-Key */
    struct receipt first;
};

/* Begins an empty list. Returns 0 or -ENOMEM. */
must_use int receipts_begin(struct receipts *ret_receipts, struct request *req, bool is_list);
/* Adds one. Returns 0, -E2BIG when the answer would get too long, -ENOMEM. */
must_use int receipts_add(struct receipts *receipts, const struct receipt *receipt);
/* Answers 201 with all of them. */
awaits must_use int receipts_answer(struct receipts *receipts);
/* Takes all the links back: the request failed as a whole. */
awaits void receipts_undo(struct receipts *receipts);
void receipts_end(struct receipts *receipts);
