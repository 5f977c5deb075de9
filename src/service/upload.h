/* An upload in the making: the few verbs that all ways in share.
 *
 * begin, then append in any pieces, then publish: the bytes are durable first, then the row. What
 * is dropped before leaves nothing behind. */
#pragma once

#include "base/digest.h"
#include "service/service.h"
#include "service/terms.h"

struct upload {
    struct service *service;
    struct request *req;
    struct terms terms;
    struct draft *draft;
    struct sha256 *sha256; /* NULL where nobody wants one */
    struct chunk *chunk;   /* collects small pieces; NULL while empty */
    size_t collected;
    int64_t collect_until_ms; /* then it is written as it is */
    bool is_fast;             /* the last one was full in time */
    bool is_counted;          /* against its address' limit */
};

/* What an uploader is told once. */
struct receipt {
    struct link_row row;
    char key[23]; /* edits and deletes */
};

/* Begins one: checks the limits, reserves `size_bytes` (BYTES_UNKNOWN: as much as comes).
 * Returns 0, -E2BIG, -EDQUOT (too many uploads of this address), -ENOSPC, … */
awaits must_use int upload_begin(struct upload *ret_upload, struct request *req,
                                 const struct terms *terms, uint64_t size_bytes);
/* Appends the first `len` bytes of a chunk and takes it, without copying. */
awaits must_use int upload_append_chunk(struct upload *upload, struct chunk **chunk, size_t len);
/* Appends a copy of `bytes`, collected into chunks. */
awaits must_use int upload_append(struct upload *upload, struct slice bytes);
/* Writes what was collected: before a wait for a sender that is silent, who holds no chunk then.
 * Harmless on a zeroed one. */
awaits must_use int upload_flush(struct upload *upload);
/* Makes it durable and gives it a link: `file_name` is clean, `declared_type` may be empty.
 * Returns 0; -EBADMSG when the bytes have not the digest that was told; -EIO, -ENOSPC … */
awaits must_use int upload_publish(struct upload *upload, struct slice file_name,
                                   struct slice declared_type, struct receipt *ret_receipt);
/* Ends it; what was not published is removed. Harmless on a zeroed one and when called again. */
void upload_end(struct upload *upload);

/* Answers an upload that failed, and counts it. */
awaits must_use int upload_answer_error(struct request *req, int err);
