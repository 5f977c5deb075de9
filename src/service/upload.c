/* The verbs of an upload. The order in upload_publish() is the promise of this program: bytes
 * durable, then the row, then (by the caller) the answer. */
#include "service/upload.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/random.h"
#include "wire/answer.h"
#include "wire/media_type.h"
#include "wire/peers.h"

awaits int upload_begin(struct upload *ret_upload, struct request *req, const struct terms *terms,
                        uint64_t size_bytes)
{
    struct service *service = service_of(req);
    struct upload upload = {.service = service, .req = req, .terms = *terms};
    if (service->size_max > 0 && size_bytes != BYTES_UNKNOWN && size_bytes > service->size_max)
        return -E2BIG;
    if (peer_take(PEER_UPLOADS, &req->client, service->uploads_per_address) < 0)
        return -EDQUOT;
    upload.is_counted = true;
    counter_add(COUNTER_uploads_total, 1);
    counter_add(COUNTER_uploads_open, 1);
    int err = 0;
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

static int check_size(const struct upload *upload, size_t more)
{
    uint64_t size_max = upload->service->size_max;
    return size_max > 0 && upload->draft->received_bytes + more > size_max ? -E2BIG : 0;
}

awaits int upload_append_chunk(struct upload *upload, struct chunk **chunk, size_t len)
{
    int err = check_size(upload, len);
    if (err < 0)
        return err;
    if (upload->sha256 != NULL)
        sha256_add(upload->sha256, (struct slice){(*chunk)->room.ptr, len});
    return draft_append(upload->draft, chunk, len);
}

awaits int upload_flush(struct upload *upload)
{
    if (upload->collected == 0)
        return 0;
    size_t len = upload->collected;
    upload->collected = 0;
    upload->is_fast = len == size_min(upload->chunk->room.len, draft_wanted(upload->draft));
    return upload_append_chunk(upload, &upload->chunk, len);
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

static int describe(const struct upload *upload, struct slice file_name, struct slice declared_type,
                    struct receipt *ret_receipt)
{
    struct link_row *row = &ret_receipt->row;
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

awaits int upload_publish(struct upload *upload, struct slice file_name, struct slice declared_type,
                          struct receipt *ret_receipt)
{
    *ret_receipt = (struct receipt){0};
    struct object_row *object = &ret_receipt->row.object;
    struct stored_object stored = {0};
    int err = upload_flush(upload);
    if (err == 0)
        err = settle_digest(upload, object);
    if (err == 0)
        err = describe(upload, file_name, declared_type, ret_receipt);
    if (err == 0)
        err = draft_publish(upload->draft, &stored);
    if (err < 0)
        return err;
    memcpy(object->name, stored.name, sizeof object->name);
    object->size_bytes = stored.size_bytes;
    object->has_crc32 = stored.has_crc32;
    object->crc32 = stored.crc32;
    err = catalog_insert(upload->service->catalog, &ret_receipt->row);
    /* After any other error the row may be there: then the bytes stay, and the sweeper asks. */
    if (err == -EEXIST || err == -ENOSPC || err == -EAGAIN)
        store_remove(upload->service->store, stored.name);
    return err < 0 ? fail(err, "insert the link") : 0;
}

void upload_end(struct upload *upload)
{
    if (!upload->is_counted)
        return;
    peer_give(PEER_UPLOADS, &upload->req->client);
    counter_add(COUNTER_uploads_open, -1);
    draft_drop(upload->draft);
    sha256_drop(upload->sha256);
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
