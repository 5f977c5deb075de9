/* The ends of an upload that can be resumed: complete, taken back, or failed. */
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "service/arrival.h"
#include "service/digests.h"
#include "service/links.h"
#include "service/upload_inside.h"

/* Links that a change has made ready or ended: everybody asks the catalog again. What is joined of
 * other uploads learns of its own end by this. */
static void tell_links(const struct link_names *links, const struct arrival *self,
                       enum arrival_state state, const char *reason)
{
    for (size_t i = 0; i < links->count; i++) {
        links_forget(links->names[i]);
        scoped(arrival) joined = arrivals_known(links->names[i]);
        if (joined == NULL || joined == self)
            continue;
        if (state == ARRIVAL_READY) {
            uint64_t size = arrival_progress(joined).size_bytes;
            arrival_set_size(joined, size);
            arrival_set_offset(joined, size);
        }
        arrivals_unlist(joined);
        arrival_settle_state(joined, state, reason);
    }
}

/* ---- Rows ---- */

/* Of one whose link was told early the sender was cut off, but its row may have been on its way. */
static awaits int drop_rows(struct service *service, const struct arrival *arrival,
                            struct object_names *gone, struct link_names *ended)
{
    if (arrival->row == NULL)
        return catalog_drop_upload(service->catalog, arrival->upload, gone, ended);
    int err = catalog_remove(service->catalog, arrival->link, gone);
    links_forget(arrival->link);
    if (err == -ENOENT) /* and no row will come, but its bytes may have been published for it */
        store_remove(service->store, arrival->object);
    return err == -ENOENT ? 0 : err;
}

/* Removes the rows, then the bytes. The right to write is the caller's. */
static awaits int remove_rows(struct service *service, struct arrival *arrival,
                              enum arrival_state state, const char *reason)
{
    struct object_names gone = {0};
    struct link_names ended = {0};
    int err = drop_rows(service, arrival, &gone, &ended);
    if (err < 0 && err != -ENOENT)
        return err;
    tell_links(&ended, arrival, ARRIVAL_FAILED, "a part of the file was taken back");
    arrivals_unlist(arrival);
    arrival_settle_state(arrival, state, reason);
    service_remove_objects(service, &gone);
    return err;
}

/* ---- Complete ---- */

/* Reads the bytes again for digests that could not be kept running: some of them came before a
 * restart, or were taken back. */
static awaits int read_again(struct upload *upload, struct object_row *object)
{
    scoped(chunk) chunk = NULL;
    scoped(blob) blob = NULL;
    struct blob_digests digests = {0};
    int err = blob_open(upload->service->store, object->name, &blob);
    if (err == 0)
        err = chunk_take_small(&chunk, worker_now_ms() + CATALOG_WAIT_MS);
    if (err == 0)
        err = blob_digest(blob, chunk, true, &digests);
    if (err < 0)
        return err;
    object->has_sha256 = object->has_crc32 = true;
    object->crc32 = digests.crc32;
    memcpy(object->sha256, digests.sha256, SHA256_BYTES);
    return 0;
}

/* Verifies what the creation told about the bytes, keeps what is known of them. */
static awaits int settle_digests(struct upload *upload, struct object_row *object)
{
    const struct arrival *arrival = upload->arrival;
    int err = 0;
    if (upload->sha256 != NULL) {
        sha256_end(upload->sha256, object->sha256);
        sha256_drop(upload->sha256); /* who has to try again reads the bytes again */
        upload->sha256 = NULL;
        object->has_sha256 = true;
    } else if (arrival->has_sha256) {
        err = read_again(upload, object);
    }
    if (err == 0 && arrival->has_sha256 &&
        !digest_is_equal(object->sha256, arrival->sha256, SHA256_BYTES))
        err = -EBADMSG;
    return err;
}

static awaits int publish(struct upload *upload, struct object_row *object)
{
    struct stored_object stored = {0};
    int err = upload_flush(upload);
    if (err == 0)
        err = draft_publish(upload->draft, &stored);
    if (err < 0)
        return err;
    upload_note_stored(object, &stored);
    return settle_digests(upload, object);
}

/* The object's CRC-32 is to be had later, by whoever has time for it. */
static awaits void want_digest(struct upload *upload, const struct object_row *object)
{
    scoped(link_entry) entry = NULL;
    bool is_wanted = !object->has_crc32 && upload->arrival->link[0] != '\0';
    if (is_wanted && links_find(upload->service, upload->arrival->link, &entry) == 0)
        digests_want(upload->service, entry);
}

/* Removes one whose bytes turned out to be others than was told. The right to write is the
 * caller's.
 */
static awaits void end_wrong(struct upload *upload)
{
    if (remove_rows(upload->service, upload->arrival, ARRIVAL_FAILED,
                    "its bytes have not the digest that was told") < 0)
        log_event(LOG_WARN, "a wrong upload is not removed yet",
                  log_text("reason", slice_of(error_text())));
    upload_drop_draft(upload);
}

awaits int upload_finish(struct upload *upload)
{
    struct service *service = upload->service;
    struct arrival *arrival = upload->arrival;
    struct object_row object = {0};
    struct link_names ready = {0};
    int err = publish(upload, &object);
    if (err == -EBADMSG) {
        end_wrong(upload);
        return err;
    }
    if (err == 0)
        err = catalog_finish_upload(service->catalog, arrival->upload, &object, clock_wall_ms(),
                                    &ready);
    if (err < 0)
        return err;
    arrival->mark = draft_mark(upload->draft); /* for those who wait for our end to ask */
    upload_drop_draft(upload);
    upload_tell_ready(arrival, object.size_bytes);
    tell_links(&ready, arrival, ARRIVAL_READY, NULL);
    want_digest(upload, &object);
    return 0;
}

/* ---- Taken back ---- */

static awaits int take_back(struct service *service, struct arrival *arrival,
                            enum arrival_state state, const char *reason)
{
    struct arrival_writer *writer = NULL;
    int err = arrival_claim(arrival, true, &writer);
    if (err == 0)
        err = remove_rows(service, arrival, state, reason);
    arrival_release(arrival, writer);
    return err;
}

awaits int upload_remove(struct service *service, struct arrival *arrival)
{
    return take_back(service, arrival, ARRIVAL_DELETED, NULL);
}

awaits void upload_fail(struct service *service, struct arrival *arrival, const char *reason)
{
    counter_add(COUNTER_uploads_failed_total, 1);
    if (take_back(service, arrival, ARRIVAL_FAILED, reason) < 0)
        log_event(LOG_WARN, "a failed upload is not removed yet",
                  log_text("reason", slice_of(error_text())));
}
