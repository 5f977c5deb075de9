/* What the requests and answers of tus 1.0.0 have in common. */
#pragma once

#include "service/arrivals.h"
#include "wire/request.h"

/* Names the answer as one of tus, in all that follows. Returns 0 or -ENOMEM. */
must_use int tus_mark(struct request *req);
/* Marks the answer and checks what every request must have: our version of tus (not of those that
 * only `asks`), and no field twice that may come once. When it is refused, that is answered, so
 * req->status is set; the result is what became of the answer. */
awaits must_use int tus_enter(struct request *req, bool asks);

/* Whether the body is bytes of an upload, by its type. */
bool tus_is_chunk(const struct request *req);
/* Reads a length or an offset that a field tells: absent (.ptr NULL) is -ENOENT. Returns 0,
 * -ENOENT, -EINVAL, -E2BIG when no file can be so large. */
must_use int tus_read_bytes(const struct request *req, struct slice name, uint64_t *ret_bytes);

/* Finds the upload of a request. When it can't be had, that is answered, *ret_arrival stays as it
 * is, and the result is what became of the answer. */
awaits must_use int tus_find(struct request *req, const char *upload, struct arrival **ret_arrival);
/* Answers 404 for an upload that isn't there. */
awaits must_use int tus_answer_gone(struct request *req);

/* Adds Upload-Expires to an answer, where the upload can expire. */
void tus_put_expires(struct request *req, const struct arrival_progress *progress);
void tus_put_u64(struct request *req, const char *name, uint64_t value);
