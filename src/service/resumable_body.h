/* The body of one request on its way into a resumable upload, and what its sender is answered: the
 * same for the request that creates the upload and for those that append to it. */
#pragma once

#include "service/resumable_fields.h"
#include "service/upload.h"

/* What became of a body. */
enum resumable_outcome {
    RESUMABLE_STORED,         /* all of it counts */
    RESUMABLE_COMPLETE,       /* and it was the last: the upload is complete */
    RESUMABLE_INTERRUPTED,    /* what came before body->err counts */
    RESUMABLE_LENGTH_DIFFERS, /* two lengths were told that contradict */
    RESUMABLE_TOO_LONG,       /* longer than what was told: the upload has failed */
    RESUMABLE_OVER_LIMIT,     /* longer than what this server takes: the upload has failed */
    RESUMABLE_BODY_DIFFERS,   /* it has not its Content-Digest: none of it counts */
    RESUMABLE_WHOLE_DIFFERS,  /* the upload has not its Repr-Digest, and has failed */
};

struct resumable_body {
    struct request *req;
    struct resumable_fields fields;
    struct upload upload;    /* open, until resumable_body_receive() has ended it */
    struct arrival *arrival; /* the caller's */
    bool has_claim;          /* a Content-Digest came with it */
    struct checksum_claim claim;
    int err; /* one from before (-EINVAL: its length contradicts what is known) ends it at once */
};

/* Reads the request's fields. Returns NULL, or one sentence that says what is wrong with them. */
must_use const char *resumable_body_begin(struct resumable_body *ret_body, struct request *req);
/* Receives the body into the open upload, completes it when it was the last, and ends the upload.
 */
awaits must_use enum resumable_outcome resumable_body_receive(struct resumable_body *body);

/* Adds a line to the answer's head, whatever answer it will be. Returns 0 or -ENOMEM. */
must_use int resumable_add_field(struct request *req, const char *name, struct slice value);
/* The same with the upload's limits (Upload-Limit), for a version that knows the field. `life_ms`:
 * see resumable_limit_put(). */
must_use int resumable_add_limit(struct request *req, const struct resumable_dialect *dialect,
                                 int64_t life_ms);
/* The same with how far the upload has got. */
must_use int resumable_add_progress(struct request *req, uint64_t offset, bool is_complete);
/* The same with both, of an upload that goes on with another request. */
must_use int resumable_add_standing(const struct resumable_body *body);
/* How long the upload can still be resumed; 0 when it can't. */
int64_t resumable_life_ms(const struct arrival_progress *progress);

/* Answers any outcome but RESUMABLE_STORED and RESUMABLE_COMPLETE. */
awaits must_use int resumable_answer_failure(struct resumable_body *body,
                                             enum resumable_outcome outcome);
/* Answers as a plain upload of all the bytes would be answered. `receipt`: of the request that made
 * the upload, the only one to know the key; else NULL. */
awaits must_use int resumable_answer_complete(struct request *req, struct arrival *arrival,
                                              struct receipt *receipt);
/* Answers that two lengths contradict. */
awaits must_use int resumable_answer_lengths(struct request *req);
