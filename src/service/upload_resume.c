/* Going on with an upload, and leaving it so that somebody can go on again.
 *
 * Nothing is locked between two requests. While one writes, the arrival's right to write is its;
 * at its end, whatever ends it, the draft is made durable and its mark is left for the next. */
#include "base/counters.h"
#include "base/error.h"
#include "runtime/fiber.h"
#include "service/arrival.h"
#include "service/upload_inside.h"

/* A mark that says: ask the store. */
static const struct draft_mark mark_unknown = {.offset = UINT64_MAX};

/* ---- Where it stands ---- */

/* Asks the store when the mark was lost: an older request's last writes had failed. The right to
 * write is the caller's. */
static awaits int find_mark(struct arrival *arrival)
{
    return arrival->mark.offset == UINT64_MAX ? arrival_measure(arrival) : 0;
}

/* Where it stands when nobody writes and the last writer has left a mark. */
static bool is_settled(struct arrival *arrival, uint64_t *ret_offset)
{
    (void)pthread_mutex_lock(&arrival->mutex);
    bool is_known = arrival->writer == NULL && arrival->mark.offset != UINT64_MAX;
    if (is_known)
        *ret_offset = arrival->mark.offset;
    (void)pthread_mutex_unlock(&arrival->mutex);
    return is_known;
}

awaits int upload_settle(struct arrival *arrival, uint64_t *ret_offset)
{
    struct arrival_progress progress = arrival_progress(arrival);
    if (arrival->kind == UPLOAD_JOINED || progress.state == ARRIVAL_READY) {
        *ret_offset = progress.stored_bytes;
        return 0;
    }
    int err = arrival_interrupt(arrival);
    if (err < 0 || is_settled(arrival, ret_offset))
        return err;
    struct arrival_writer *writer = NULL;
    err = arrival_claim(arrival, false, &writer);
    if (err == -EALREADY) {
        *ret_offset = arrival_progress(arrival).stored_bytes;
        return 0;
    }
    if (err == 0)
        err = find_mark(arrival);
    if (err == 0)
        *ret_offset = arrival->mark.offset;
    arrival_release(arrival, writer);
    return err;
}

/* ---- Going on ---- */

static awaits int open_draft(struct upload *upload)
{
    struct arrival *arrival = upload->arrival;
    uint64_t size = arrival_progress(arrival).size_bytes;
    int err =
        store_resume(upload->service->store, arrival->object, size, &arrival->mark, &upload->draft);
    if (err < 0)
        return err;
    if (arrival->running != NULL && arrival->running_bytes == arrival->mark.offset) {
        upload->sha256 = arrival->running;
        arrival->running = NULL;
    } else if (arrival->wants_sha256 && arrival->mark.offset == 0) {
        upload->sha256 = sha256_new();
    }
    upload_follow_draft(upload);
    upload->begun = arrival->mark;
    return 0;
}

/* Bounds what counts of the stored bytes. A change that was given up may still be made, so after
 * such a one the row is written again, behind it. */
static awaits int keep_max(struct upload *upload, uint64_t offset_max)
{
    struct arrival *arrival = upload->arrival;
    if (arrival->offset_max == offset_max && !arrival->is_max_unsure)
        return 0;
    const struct upload_edit edit = {.has_offset_max = true, .offset_max = offset_max};
    arrival->is_max_unsure = true;
    int err = catalog_edit_upload(upload->service->catalog, arrival->upload, &edit);
    if (err < 0)
        return err;
    arrival->is_max_unsure = false;
    arrival->offset_max = offset_max;
    return 0;
}

awaits int upload_count_all(struct upload *upload)
{
    bool is_bound = upload->writer != NULL && !upload->is_unverified;
    return is_bound ? keep_max(upload, UINT64_MAX) : 0;
}

static awaits int resume(struct upload *upload, uint64_t offset, uint64_t *ret_offset)
{
    struct arrival *arrival = upload->arrival;
    int err = arrival_interrupt(arrival); /* the older connection gives its place to this one */
    if (err == 0)
        err = upload_admit(upload, BYTES_UNKNOWN);
    if (err == 0)
        err = arrival_claim(arrival, false, &upload->writer);
    if (err == -EALREADY)
        *ret_offset = arrival_progress(arrival).stored_bytes;
    if (err == 0)
        err = find_mark(arrival);
    if (err < 0)
        return err;
    *ret_offset = arrival->mark.offset;
    if (offset != arrival->mark.offset)
        return -ESTALE;
    return open_draft(upload);
}

awaits int upload_resume(struct upload *ret_upload, struct request *req, struct arrival *arrival,
                         uint64_t offset, uint64_t *ret_offset)
{
    *ret_upload =
        (struct upload){.service = service_of(req), .req = req, .arrival = arrival_share(arrival)};
    if (arrival->kind == UPLOAD_JOINED)
        return -EPERM;
    return resume(ret_upload, offset, ret_offset);
}

/* A draft is reserved its space when it is opened. Nothing was appended to this one yet. */
static awaits int reserve(struct upload *upload, uint64_t size_bytes)
{
    struct arrival *arrival = upload->arrival;
    upload_drop_draft(upload);
    int err = store_resume(upload->service->store, arrival->object, size_bytes, &arrival->mark,
                           &upload->draft);
    if (err == 0)
        upload_follow_draft(upload);
    return err;
}

awaits int upload_set_size(struct upload *upload, uint64_t size_bytes)
{
    struct arrival *arrival = upload->arrival;
    uint64_t known = arrival_progress(arrival).size_bytes;
    if (known == size_bytes)
        return 0;
    if (known != BYTES_UNKNOWN || size_bytes < upload->draft->received_bytes)
        return -EINVAL;
    if (upload->service->size_max > 0 && size_bytes > upload->service->size_max)
        return -E2BIG;
    const struct upload_edit edit = {.has_size = true, .size_bytes = size_bytes};
    int err =
        upload->draft->received_bytes == arrival->mark.offset ? reserve(upload, size_bytes) : 0;
    if (err == 0)
        err = catalog_edit_upload(upload->service->catalog, arrival->upload, &edit);
    if (err == 0)
        arrival_set_size(arrival, size_bytes);
    return err;
}

/* ---- Checksums of one request ---- */

void upload_drop_checksums(struct upload *upload)
{
    for (size_t i = 0; i < CHECKSUM_ALGORITHMS; i++) {
        checksum_drop(upload->checksums[i]);
        upload->checksums[i] = NULL;
    }
    upload->is_unverified = false;
}

awaits int upload_expect(struct upload *upload, enum checksum_algorithm algorithm)
{
    struct arrival *arrival = upload->arrival;
    uint64_t offset = upload->draft->received_bytes;
    upload->is_unverified = true;
    for (enum checksum_algorithm i = 0; i < CHECKSUM_ALGORITHMS; i++) {
        if (algorithm != i && algorithm != CHECKSUM_ALGORITHMS)
            continue;
        upload->checksums[i] = checksum_new(i);
        if (upload->checksums[i] == NULL)
            return -ENOMEM;
    }
    upload->begun = draft_mark(upload->draft);
    arrival->held_at = offset;
    return keep_max(upload, offset);
}

/* Takes back what this request has appended. */
static awaits int take_back(struct upload *upload)
{
    upload_drop_checksums(upload);
    upload->collected = 0;
    sha256_drop(upload->sha256); /* it can't go back; the end will read the bytes again */
    upload->sha256 = NULL;
    int err = draft_rewind(upload->draft, &upload->begun);
    upload->arrival->held_at = UINT64_MAX;
    return err;
}

awaits int upload_verify(struct upload *upload, const struct checksum_claim *claim)
{
    struct arrival *arrival = upload->arrival;
    int err = upload_flush(upload);
    if (err < 0)
        return err;
    assert(upload->checksums[claim->algorithm] != NULL);
    if (!checksum_matches(upload->checksums[claim->algorithm], claim)) {
        err = take_back(upload);
        return err < 0 ? err : -EBADMSG;
    }
    err = draft_sync(upload->draft);
    uint64_t reached = upload->draft->received_bytes;
    if (err == 0)
        err = keep_max(upload, reached);
    if (err < 0)
        return err;
    upload_drop_checksums(upload);
    arrival->held_at = UINT64_MAX;
    arrival_advance(arrival, reached, reached, reached);
    return 0;
}

/* ---- Leaving ---- */

awaits int upload_pause(struct upload *upload, uint64_t *ret_offset)
{
    assert(!upload->is_unverified);
    int err = upload_flush(upload);
    if (err == 0)
        err = draft_sync(upload->draft);
    if (err == 0)
        *ret_offset = upload->draft->received_bytes;
    return err;
}

/* Makes durable what came, or takes back what was not verified; leaves the mark. */
static awaits void leave_draft(struct upload *upload)
{
    struct arrival *arrival = upload->arrival;
    uint64_t offset;
    int err = upload->is_unverified ? take_back(upload) : upload_pause(upload, &offset);
    arrival->mark = err < 0 ? mark_unknown : draft_mark(upload->draft);
    sha256_drop(arrival->running);
    arrival->running = err < 0 ? NULL : upload->sha256;
    arrival->running_bytes = arrival->mark.offset;
    if (err == 0)
        upload->sha256 = NULL;
    upload_drop_draft(upload);
    if (err == 0)
        arrival_advance(arrival, arrival->mark.offset, arrival->mark.offset, arrival->mark.offset);
}

awaits void upload_keep(struct upload *upload)
{
    struct arrival *arrival = upload->arrival;
    bool is_superseded = upload->writer != NULL && upload->writer->is_superseded;
    /* Cancelled or not, what came is written down: that takes as long as the disk, not the peer. */
    if (upload->draft != NULL) {
        bool is_cancelled = fiber_is_cancelled();
        if (is_cancelled)
            fiber_uncancel();
        leave_draft(upload);
    }
    arrival_release(arrival, upload->writer);
    upload->writer = NULL;
    if (is_superseded) {
        upload->req->stream->is_broken = true; /* whoever has taken over is the sender now */
        upload->req->is_last = true;
    }
    arrival_drop(arrival);
    upload->arrival = NULL;
}
