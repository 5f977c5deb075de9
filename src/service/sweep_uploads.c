/* No row is written when bytes come: the time in a row says when to look, and the store says when
 * the last byte came. */
#include "service/sweep_uploads.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "runtime/fiber.h"
#include "service/arrivals.h"
#include "service/upload.h"

static awaits int forget(struct service *service, const char *upload)
{
    struct object_names gone = {0};
    int err = catalog_forget_upload(service->catalog, upload, &gone);
    if (err < 0)
        return err == -ENOENT ? 0 : err;
    service_remove_objects(service, &gone);
    counter_add(COUNTER_swept_objects_total, (int64_t)gone.count);
    return 0;
}

static awaits int extend(struct service *service, const char *upload, int64_t expires_ms)
{
    const struct upload_edit edit = {.has_expires = true, .expires_ms = expires_ms};
    int err = catalog_edit_upload(service->catalog, upload, &edit);
    return err == -ENOENT ? 0 : err; /* it has come to its end meanwhile */
}

/* One that isn't complete: is its time really over? */
static awaits int settle(struct service *service, const char *upload)
{
    scoped(arrival) arrival = NULL;
    int err = arrivals_find(service, upload, &arrival);
    if (err < 0)
        return err == -ENOENT ? 0 : err;
    struct arrival_progress progress = arrival_progress(arrival);
    if (progress.state == ARRIVAL_READY) /* its last bytes have come since its row was read */
        return 0;
    if (progress.state == ARRIVAL_ARRIVING)
        return extend(service, upload, clock_wall_ms() + service->upload_life_ms);
    if (progress.state == ARRIVAL_WAITING && progress.expires_ms > clock_wall_ms())
        return extend(service, upload, progress.expires_ms);
    /* One that waits for parts ends with the first of them. */
    log_event(LOG_INFO, "upload expired", log_number("stored", progress.stored_bytes));
    counter_add(COUNTER_uploads_expired_total, 1);
    err = upload_remove(service, arrival);
    return err == -ENOENT ? 0 : err;
}

static awaits int sweep_some(struct service *service, struct old_uploads *old)
{
    int err = catalog_old_uploads(service->catalog, clock_wall_ms(), old);
    for (size_t i = 0; err == 0 && i < old->count; i++) {
        const char *upload = old->uploads[i].upload;
        err = old->uploads[i].is_complete ? forget(service, upload) : settle(service, upload);
        fiber_yield();
    }
    return err;
}

awaits int sweep_uploads(struct service *service)
{
    struct arena arena = ARENA_EMPTY;
    struct old_uploads *old = arena_alloc(&arena, sizeof *old);
    int err = old == NULL ? -ENOMEM : 0;
    do
        err = err == 0 ? sweep_some(service, old) : err;
    while (err == 0 && old->count == ARRAY_LEN(old->uploads));
    arena_clear(&arena);
    return err;
}
