/* The verbs of an upload. The order in upload_publish() is the promise of this program: bytes
 * durable, then the row, then (by the caller) the answer. */
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/random.h"
#include "runtime/fiber.h"
#include "service/arrival.h"
#include "service/links.h"
#include "service/upload_inside.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/media_type.h"
#include "wire/peers.h"

/* ---- Beginning ---- */

int upload_admit(struct upload *upload, uint64_t size_bytes)
{
    const struct service *service = upload->service;
    if (service->size_max > 0 && size_bytes != BYTES_UNKNOWN && size_bytes > service->size_max)
        return -E2BIG;
    if (peer_take(PEER_UPLOADS, &upload->req->client, service->uploads_per_address) < 0)
        return -EDQUOT;
    upload->is_counted = true;
    counter_add(COUNTER_uploads_open, 1);
    return 0;
}

awaits int upload_begin(struct upload *ret_upload, struct request *req, const struct terms *terms,
                        uint64_t size_bytes)
{
    struct service *service = service_of(req);
    struct upload upload = {.service = service, .req = req, .terms = *terms};
    int err = upload_admit(&upload, size_bytes);
    if (err < 0)
        return err;
    counter_add(COUNTER_uploads_total, 1);
    if (terms->has_sha256 || terms->wants_sha256) {
        upload.sha256 = sha256_new();
        err = upload.sha256 == NULL ? -ENOMEM : 0;
    }
    if (err == 0)
        err = store_begin(service->store, size_bytes, &upload.draft);
    if (err < 0) {
        upload_end(&upload);
        return err;
    }
    *ret_upload = upload;
    return 0;
}

int upload_describe(const struct upload *upload, struct slice file_name, struct slice declared_type,
                    struct receipt *ret_receipt)
{
    struct link_row *row = &ret_receipt->row;
    *ret_receipt = (struct receipt){0};
    random_token(row->link);
    random_token(ret_receipt->key);
    row->state = LINK_READY;
    row->created_ms = clock_wall_ms();
    row->expires_ms = upload->terms.expires_ms;
    row->downloads_max = upload->terms.downloads_max;
    assert(file_name.len <= FILE_NAME_BYTES_MAX);
    memcpy(row->file_name, file_name.ptr, file_name.len);
    row->file_name[file_name.len] = '\0';
    (void)media_type_choose(declared_type, file_name, row->media_type);
    return sha256_of(slice_of(ret_receipt->key), row->key_hash);
}

/* ---- Telling early ---- */

static void advanced(struct draft *draft)
{
    struct arrival *arrival = draft->owner;
    arrival_advance(arrival, draft->received_bytes, u64_min(draft->written_bytes, arrival->held_at),
                    u64_min(draft->durable_bytes, arrival->held_at));
}

void upload_follow_draft(struct upload *upload)
{
    upload->draft->owner = upload->arrival;
    upload->draft->advanced = advanced;
}

awaits int upload_tell_early(struct upload *upload, struct slice file_name,
                             struct slice declared_type, uint64_t size_bytes,
                             struct receipt *ret_receipt)
{
    scoped(arrival) arrival = arrival_new(upload->service);
    if (arrival == NULL)
        return -ENOMEM;
    int err = upload_describe(upload, file_name, declared_type, ret_receipt);
    if (err < 0)
        return err;
    memcpy(ret_receipt->row.object.name, upload->draft->name, sizeof upload->draft->name);
    err = arrival_keep_row(arrival, &ret_receipt->row);
    if (err < 0)
        return err;
    err = arrival_claim(arrival, false, &upload->writer); /* so that a DELETE can end it */
    if (err < 0)
        return err;
    arrival->size_bytes = size_bytes;
    arrival_set_offset(arrival, 0);
    arrivals_list(arrival);
    upload->arrival = arrival;
    arrival = NULL;
    upload_follow_draft(upload);
    return 0;
}

/* ---- Appending ---- */

static int check_size(const struct upload *upload, size_t more)
{
    uint64_t size_max = upload->service->size_max;
    return size_max > 0 && upload->draft->received_bytes + more > size_max ? -E2BIG : 0;
}

/* Appends the first `len` bytes of a chunk and takes it, without copying. */
static awaits int append_chunk(struct upload *upload, struct chunk **chunk, size_t len)
{
    int err = check_size(upload, len);
    if (err == 0)
        err = upload_count_all(upload);
    if (err < 0)
        return err;
    struct slice bytes = {(*chunk)->room.ptr, len};
    if (upload->sha256 != NULL)
        sha256_add(upload->sha256, bytes);
    for (size_t i = 0; upload->is_unverified && i < CHECKSUM_ALGORITHMS; i++)
        if (upload->checksums[i] != NULL)
            checksum_add(upload->checksums[i], bytes);
    return draft_append(upload->draft, chunk, len);
}

awaits int upload_flush(struct upload *upload)
{
    if (upload->collected == 0)
        return 0;
    size_t len = upload->collected;
    upload->collected = 0;
    upload->is_fast = len == size_min(upload->chunk->room.len, draft_wanted(upload->draft));
    return append_chunk(upload, &upload->chunk, len);
}

/* Only a sender that fills its chunks in time gets large ones, as it won't hold them for long. */
static awaits int take_chunk(struct upload *upload)
{
    int64_t deadline_ms = worker_now_ms() + upload->req->wire->body_idle_ms;
    int err = upload->is_fast ? chunk_take(&upload->chunk, deadline_ms)
                              : chunk_take_small(&upload->chunk, deadline_ms);
    upload->collect_until_ms = worker_now_ms() + UPLOAD_FILL_MS;
    return err;
}

awaits int upload_append(struct upload *upload, struct slice bytes)
{
    while (bytes.len > 0) {
        int err = upload->chunk == NULL ? take_chunk(upload) : 0;
        if (err < 0)
            return err;
        size_t wanted = size_min(upload->chunk->room.len, draft_wanted(upload->draft));
        size_t count = size_min(bytes.len, wanted - upload->collected);
        memcpy(upload->chunk->room.ptr + upload->collected, bytes.ptr, count);
        upload->collected += count;
        bytes = slice_from(bytes.ptr + count, bytes.len - count);
        if (upload->collected == wanted || worker_now_ms() >= upload->collect_until_ms)
            err = upload_flush(upload);
        if (err < 0)
            return err;
    }
    return 0;
}

/* How many bytes it can still take. */
static uint64_t room_of(const struct upload *upload)
{
    struct arrival *arrival = upload->arrival;
    uint64_t size = arrival == NULL ? BYTES_UNKNOWN : arrival_progress(arrival).size_bytes;
    return size == BYTES_UNKNOWN ? UINT64_MAX : size - upload->draft->received_bytes;
}

/* Waits for the sender. What came before is made durable meanwhile, so that those who follow are
 * told the truth. */
static awaits int wait_body(struct upload *upload)
{
    const struct draft *draft = upload->draft;
    if (upload->arrival == NULL)
        return body_wait(upload->req);
    int64_t end_ms = worker_now_ms() + upload->req->wire->body_idle_ms;
    while (draft->durable_bytes < draft->received_bytes) {
        int64_t left_ms = end_ms - worker_now_ms();
        int more = body_wait_ms(upload->req, i64_min(left_ms, STORE_SYNC_MS));
        upload->req->is_body_late = more == -ETIMEDOUT && worker_now_ms() >= end_ms;
        if (more != -ETIMEDOUT || upload->req->is_body_late)
            return more;
        draft_sync_begin(upload->draft);
    }
    return body_wait(upload->req);
}

/* Moves the body into the upload. A fast sender fills large chunks, one of which is on its way to
 * the disk while the next fills; a slow one gets a small chunk for a moment when bytes are there.
 * While nothing comes, nothing is held. */
awaits int upload_receive(struct upload *upload)
{
    struct request *req = upload->req;
    uint64_t left = room_of(upload);
    bool is_fast = body_length(req) >= UPLOAD_LARGE_BYTES;
    for (;;) {
        scoped(chunk) chunk = NULL;
        int more = wait_body(upload);
        if (more <= 0)
            return more;
        if (left == 0)
            return -EFBIG;
        int64_t deadline_ms = worker_now_ms() + req->wire->body_idle_ms;
        int err = is_fast ? chunk_take(&chunk, deadline_ms) : chunk_take_small(&chunk, deadline_ms);
        if (err < 0)
            return err;
        size_t wanted = size_min(chunk->room.len, draft_wanted(upload->draft));
        struct span room = {chunk->room.ptr, (size_t)u64_min(wanted, left)};
        ssize_t got = is_fast ? body_fill(req, room, UPLOAD_FILL_MS) : body_recv(req, room);
        if (got <= 0)
            return (int)got;
        is_fast = (size_t)got == wanted;
        left -= (uint64_t)got;
        err = append_chunk(upload, &chunk, (size_t)got);
        if (err < 0)
            return err;
    }
}

/* ---- Ending ---- */

/* Verifies what the client told about the bytes, keeps what was computed. */
static int settle_digest(struct upload *upload, struct object_row *object)
{
    if (upload->sha256 == NULL)
        return 0;
    sha256_end(upload->sha256, object->sha256);
    object->has_sha256 = true;
    if (upload->terms.has_sha256 &&
        !digest_is_equal(object->sha256, upload->terms.sha256, SHA256_BYTES))
        return -EBADMSG;
    return 0;
}

void upload_note_stored(struct object_row *object, const struct stored_object *stored)
{
    memcpy(object->name, stored->name, sizeof object->name);
    object->size_bytes = stored->size_bytes;
    object->has_crc32 = stored->has_crc32;
    object->crc32 = stored->crc32;
}

void upload_tell_ready(struct arrival *arrival, uint64_t size_bytes)
{
    arrival_set_size(arrival, size_bytes);
    arrival_advance(arrival, size_bytes, size_bytes, size_bytes);
    arrival_settle_state(arrival, ARRIVAL_READY, NULL);
    arrivals_unlist(arrival);
}

/* After an error other than these the row may be there: then the bytes stay, and the sweeper asks.
 */
static bool is_refused(int err)
{
    return err == -EEXIST || err == -ENOSPC || err == -EAGAIN;
}

awaits int upload_publish(struct upload *upload, struct slice file_name, struct slice declared_type,
                          struct receipt *ret_receipt)
{
    struct stored_object stored = {0};
    struct arrival *arrival = upload->arrival;
    int err = upload_flush(upload);
    if (err == 0 && arrival == NULL) /* else its sender knows the link already */
        err = upload_describe(upload, file_name, declared_type, ret_receipt);
    struct object_row *object = &ret_receipt->row.object;
    if (err == 0)
        err = settle_digest(upload, object);
    if (err == 0)
        err = draft_publish(upload->draft, &stored);
    if (err < 0)
        return err;
    upload_note_stored(object, &stored);
    err = catalog_insert(upload->service->catalog, &ret_receipt->row);
    if (is_refused(err))
        store_remove(upload->service->store, stored.name);
    if (err < 0)
        return fail(err, "insert the link");
    if (arrival != NULL) {
        links_forget(ret_receipt->row.link);
        upload_tell_ready(arrival, stored.size_bytes);
    }
    return 0;
}

void upload_drop_draft(struct upload *upload)
{
    if (upload->draft != NULL)
        upload->draft->advanced = NULL;
    draft_drop(upload->draft);
    upload->draft = NULL;
}

/* The end of one that can't be resumed. */
static awaits void end_plain(struct upload *upload)
{
    struct arrival *arrival = upload->arrival;
    upload_drop_draft(upload);
    if (arrival == NULL)
        return;
    if (arrival_progress(arrival).state == ARRIVAL_ARRIVING)
        arrival_settle_state(arrival, ARRIVAL_FAILED, "the sender broke off");
    arrivals_unlist(arrival);
    if (upload->writer->is_superseded) { /* it is being deleted */
        fiber_uncancel();
        upload->req->stream->is_broken = true;
    }
    arrival_release(arrival, upload->writer);
    arrival_drop(arrival);
}

awaits void upload_end(struct upload *upload)
{
    if (upload->is_counted) { /* first, as whoever waits to take over needs the place */
        peer_give(PEER_UPLOADS, &upload->req->client);
        counter_add(COUNTER_uploads_open, -1);
    }
    if (upload->arrival != NULL && upload->arrival->upload[0] != '\0')
        upload_keep(upload);
    else
        end_plain(upload);
    sha256_drop(upload->sha256);
    upload_drop_checksums(upload);
    chunk_drop(upload->chunk);
    *upload = (struct upload){0};
}

awaits int upload_answer_error(struct request *req, int err)
{
    const struct service *service = service_of(req);
    counter_add(COUNTER_uploads_failed_total, 1);
    if (req->stream->is_broken || req->status != 0)
        return err;
    if (err == -E2BIG)
        return answer_problem(req, 413, "This server takes files of at most %" PRIu64 " bytes.",
                              service->size_max);
    if (err == -EDQUOT)
        return answer_problem(req, 429,
                              "Your address has %u uploads under way, as many as it may; wait for "
                              "one to end.",
                              service->uploads_per_address);
    if (err == -EBADMSG)
        return answer_problem(req, 400,
                              "The bytes that arrived do not have the digest that Repr-Digest "
                              "tells; nothing was kept, send the file again.");
    return answer_error(req, err);
}
