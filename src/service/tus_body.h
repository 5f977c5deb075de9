/* The bytes that one request of tus carries: received, verified where a checksum was told, kept. */
#pragma once

#include "service/upload.h"

struct tus_body {
    bool has_claim;       /* Upload-Checksum */
    bool is_claim_behind; /* it comes in the trailer section; then `claim` is not known yet */
    struct checksum_claim claim;
    bool is_cut; /* received: the sender broke off; what came is kept, unless it has a checksum */
    struct parse_refusal refusal; /* of a request whose checksum is no good */
};

/* Reads what a request's head tells of its body. Returns 0, or -EINVAL with the refusal. */
must_use int tus_body_read(struct request *req, struct tus_body *ret_body);

/* Receives the body into an upload, makes durable what came, completes the upload when that was the
 * last of it, and ends this request's part in it (upload_end). `ret_offset` tells how far the
 * upload has got; also when the sender broke off (is_cut), which is no error here.
 * Returns 0; -EINVAL with the refusal, and nothing counts; -EFBIG: longer than the upload, which is
 * kept up to its length; the errors of the upload's verbs. */
awaits must_use int tus_body_receive(struct tus_body *body, struct upload *upload,
                                     uint64_t *ret_offset);

/* Answers what tus_body_receive(), or another verb of an upload, has returned. */
awaits must_use int tus_body_answer_error(struct request *req, const struct tus_body *body,
                                          int err);
