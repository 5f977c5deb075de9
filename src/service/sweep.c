/* The sweeper removes what nobody can reach: bytes that an interrupted upload left, links whose
 * time is over. It asks the catalog before it removes a byte, and no answer means hands off. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "runtime/fiber.h"
#include "service/service.h"
#include "service/sweep_uploads.h"
#include "service/uses.h"

/* Removes those of the names that no row has. Returns how many, or the catalog's error. */
static awaits int sweep_names(struct service *service, const char (*names)[STORE_NAME_CHARS + 1],
                              size_t count)
{
    bool is_known[SWEEP_NAMES];
    int removed = 0;
    assert(count <= SWEEP_NAMES);
    int err = catalog_known(service->catalog, names, count, is_known);
    if (err < 0)
        return err;
    for (size_t i = 0; i < count; i++) {
        if (is_known[i])
            continue;
        store_remove(service->store, names[i]);
        counter_add(COUNTER_swept_objects_total, 1);
        if (++removed % SWEEP_REMOVALS == 0)
            fiber_yield();
    }
    return removed;
}

/* Keeps only the names that were begun before this start: what is being written now has no row
 * either. */
static void keep_leftovers(struct service *service, struct store_names *names)
{
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++)
        if (store_is_leftover(service->store, names->names[i]))
            memmove(names->names[kept++], names->names[i], sizeof names->names[i]);
    names->count = kept;
}

/* Sweeps one list in batches, with pauses. Returns 0 or -errno. */
static awaits int sweep_list(struct service *service, const struct store_names *names,
                             uint64_t *removed)
{
    for (size_t at = 0; at < names->count; at += SWEEP_NAMES) {
        size_t count = size_min(names->count - at, SWEEP_NAMES);
        int got = sweep_names(service, names->names + at, count);
        if (got < 0)
            return got;
        *removed += (uint64_t)got;
        int err = fiber_sleep(worker_now_ms() + SWEEP_PAUSE_MS);
        if (err < 0)
            return err;
    }
    return 0;
}

static awaits int sweep_folders(struct service *service, uint64_t *removed)
{
    for (unsigned folder = 0; folder < service->store->folders; folder++) {
        struct store_names names = {0};
        int err = store_list(service->store, folder, &names);
        if (err < 0)
            return err;
        keep_leftovers(service, &names);
        err = sweep_list(service, &names, removed);
        store_names_drop(&names);
        if (err < 0)
            return err;
        fiber_yield();
    }
    return 0;
}

/* Removes what an earlier start left without a row. */
static awaits void sweep_leftovers(struct service *service)
{
    uint64_t removed = 0;
    int64_t began_ms = worker_now_ms();
    int err = sweep_folders(service, &removed);
    if (err == -ECANCELED)
        return;
    if (err < 0) {
        log_event(LOG_WARN, "sweep failed", log_text("reason", slice_of(error_text())),
                  log_text("error", slice_of(strerrorname_np(-err))),
                  log_number("removed", removed),
                  log_text("note", SLICE("the next start sweeps the rest")));
        return;
    }
    log_event(LOG_INFO, "sweep ended", log_number("removed", removed),
              log_number("ms", (uint64_t)(worker_now_ms() - began_ms)));
}

/* Ends the links whose time is over. `gone` is only room. */
static awaits int expire_links(struct service *service, struct object_names *gone)
{
    do {
        int err = catalog_expire(service->catalog, clock_wall_ms(), gone);
        if (err < 0)
            return err;
        service_remove_objects(service, gone);
        counter_add(COUNTER_swept_objects_total, (int64_t)gone->count);
    } while (gone->count == ARRAY_LEN(gone->names));
    return 0;
}

awaits void sweep_run(void *arg)
{
    struct service *service = arg;
    struct arena arena = ARENA_EMPTY;
    bool was_failing = false;
    int64_t uploads_ms = 0; /* when those are looked for next */
    sweep_leftovers(service);
    do {
        error_clear();
        struct object_names *gone = arena_alloc(&arena, sizeof *gone);
        int err = gone == NULL ? -ENOMEM : expire_links(service, gone);
        if (err == 0 && worker_now_ms() >= uploads_ms) {
            err = sweep_uploads(service);
            uploads_ms = worker_now_ms() + i64_min(SWEEP_UPLOADS_MS, service->upload_life_ms);
        }
        /* An outage is told once, not every few seconds. */
        if (err < 0 && err != -ECANCELED && !was_failing)
            log_event(LOG_ERROR, "expiring failed", log_text("reason", slice_of(error_text())),
                      log_text("error", slice_of(strerrorname_np(-err))));
        was_failing = err < 0;
        arena_clear(&arena);
        uses_sweep(service);
    } while (fiber_sleep(worker_now_ms() + SWEEP_MS) == 0);
}
