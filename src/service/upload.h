/* An upload in the making: the few verbs that all ways in share.
 *
 * Plain: begin, append in any pieces, then publish: the bytes are durable first, then the row. What
 * is dropped before leaves nothing behind.
 *
 * Resumable: create (or resume), append, then either pause, which makes durable what is there and
 * keeps it, or finish. Whatever ends the connection, upload_end() keeps what was stored. */
#pragma once

#include "base/checksum.h"
#include "base/digest.h"
#include "service/arrivals.h"
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

    /* Resumable ones, and those whose link was told early. */
    struct arrival *arrival;       /* NULL: nobody can know of it before it is ready */
    struct arrival_writer *writer; /* the right to write; NULL: not ours */
    bool is_unverified; /* this request's bytes have to have a checksum that was not compared yet */
    struct checksum *checksums[CHECKSUM_ALGORITHMS]; /* of them; NULL: not of this kind */
    struct draft_mark begun;                         /* where this request began */
};

/* What an uploader is told once. */
struct receipt {
    struct link_row row;
    char key[LINK_CHARS + 1]; /* edits and deletes; "" when it isn't told again */
};

/* Begins one: checks the limits, reserves `size_bytes` (BYTES_UNKNOWN: as much as comes).
 * Returns 0, -E2BIG, -EDQUOT (too many uploads of this address), -ENOSPC, … */
awaits must_use int upload_begin(struct upload *ret_upload, struct request *req,
                                 const struct terms *terms, uint64_t size_bytes);
/* Lets others know of a plain one by its link from now on, as its sender is told it before the end;
 * upload_publish() must then get the same receipt. Returns 0 or -ENOMEM. */
awaits must_use int upload_tell_early(struct upload *upload, struct slice file_name,
                                      struct slice declared_type, uint64_t size_bytes,
                                      struct receipt *ret_receipt);
/* Appends a copy of `bytes`, collected into chunks. */
awaits must_use int upload_append(struct upload *upload, struct slice bytes);
/* Writes what was collected: before a wait for a sender that is silent, who holds no chunk then.
 * Harmless on a zeroed one. */
awaits must_use int upload_flush(struct upload *upload);
/* Appends the request's body, as it comes, to its end. Returns 0; -EFBIG when it is longer than the
 * upload can still take (bytes up to there were appended); what body_recv() returns. */
awaits must_use int upload_receive(struct upload *upload);
/* Makes it durable and gives it a link: `file_name` is clean, `declared_type` may be empty.
 * Returns 0; -EBADMSG when the bytes have not the digest that was told; -EIO, -ENOSPC … */
awaits must_use int upload_publish(struct upload *upload, struct slice file_name,
                                   struct slice declared_type, struct receipt *ret_receipt);
/* Ends it; what was not published is removed, unless it can be resumed. Harmless on a zeroed one
 * and when called again. */
awaits void upload_end(struct upload *upload);

/* ---- Uploads that their sender can come back to ---- */

/* What is to be created. */
struct upload_plan {
    enum upload_kind kind;
    uint64_t size_bytes; /* BYTES_UNKNOWN: will be told, or the end of the bytes tells it */
    struct terms terms;
    struct slice file_name;              /* clean; of all but parts */
    struct slice declared_type;          /* may be empty */
    struct slice metadata;               /* to be told again as it is; may be empty */
    struct slice concat;                 /* the same */
    const char (*parts)[LINK_CHARS + 1]; /* of a joined one: names of uploads, in order */
    size_t parts_len;
};

/* Creates one: checks the limits, reserves its space, makes its rows durable. Then its sender may
 * be told its name (arrival_upload()) and its link (ret_receipt, not for parts); this request holds
 * the right to write it. A joined one has nothing to write: ret_upload has only the arrival, and
 * that is ARRIVAL_READY if all parts are complete.
 * Returns 0; -E2BIG, -EDQUOT, -ENOSPC; of joined ones -ENOENT (a part isn't there), -EINVAL (one
 * is no part). upload_end() follows in any case. */
awaits must_use int upload_create(struct upload *ret_upload, struct request *req,
                                  const struct upload_plan *plan, struct receipt *ret_receipt);
/* Goes on with one: takes over from an older connection at once. `offset` must be where it stands.
 * Returns 0; -ESTALE when it stands elsewhere (*ret_offset tells where); -EALREADY when it is
 * complete (then *ret_offset is its size); -EPERM for a joined one; -ENOENT when it was deleted or
 * has failed meanwhile; -EBUSY when an older connection does not end in time; -ECANCELED when a
 * newer one has come; -EDQUOT; the store's error. upload_end() follows in any case. */
awaits must_use int upload_resume(struct upload *ret_upload, struct request *req,
                                  struct arrival *arrival, uint64_t offset, uint64_t *ret_offset);
/* Where an upload stands, durably: an older connection that is still sending is ended first, so
 * that the very next upload_resume() at this offset is accepted. Returns 0 (also when it is
 * complete), -ENOENT, -EBUSY, -ECANCELED as upload_resume() does, the store's error. */
awaits must_use int upload_settle(struct arrival *arrival, uint64_t *ret_offset);
/* Tells the length of one that was created without. Returns 0; -EINVAL when it contradicts what is
 * known or what is there already; -E2BIG; -ENOSPC. */
awaits must_use int upload_set_size(struct upload *upload, uint64_t size_bytes);
/* The bytes of this request have to have a checksum, of this kind or, with CHECKSUM_ALGORITHMS, of
 * one that is told behind them: until upload_verify() they don't count, and nobody sees them, not
 * even after a crash. To be called before the first append. Returns 0, -ENOMEM, the catalog's
 * error. */
awaits must_use int upload_expect(struct upload *upload, enum checksum_algorithm algorithm);
/* Compares, and makes durable. Returns 0, and the bytes count; -EBADMSG, and they are gone; the
 * store's or the catalog's error. When it is not called before upload_end() they are gone, too. */
awaits must_use int upload_verify(struct upload *upload, const struct checksum_claim *claim);
/* Makes durable what was appended: then its offset may be told. Not while a checksum is expected.
 * Returns 0 or the store's error. */
awaits must_use int upload_pause(struct upload *upload, uint64_t *ret_offset);
/* Completes one whose bytes are all there: durable, then its row. Returns 0; -EBADMSG when they
 * have not the digest that its creation told (then it has failed and is removed); the store's or
 * the catalog's error, after which it can be tried again by another request. upload_end() follows.
 */
awaits must_use int upload_finish(struct upload *upload);
/* Takes one back, complete or not: its link, its bytes. Stops whoever is sending; a request that
 * was writing it calls upload_end() first. Returns 0, -ENOENT, the catalog's error. */
awaits must_use int upload_remove(struct service *service, struct arrival *arrival);
/* Marks one as failed for good, and removes it: its sender broke the rules. A request that was
 * writing it calls upload_end() first. `reason` is a literal. */
awaits void upload_fail(struct service *service, struct arrival *arrival, const char *reason);

/* Answers an upload that failed, and counts it. */
awaits must_use int upload_answer_error(struct request *req, int err);
