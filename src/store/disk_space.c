/* Space is promised when an upload begins, so that it is refused then and not at 99 %.
 *
 * What the filesystem says is free is kept for a moment; promises that are not allocated yet are
 * counted against it. */
#include "store/disk_internal.h"

#include "base/clock.h"

#include <sys/statvfs.h>

static int ask(const struct disk_store *store, struct statvfs *ret_state)
{
    return fstatvfs(store->objects_fd, ret_state) < 0 ? -errno : 0;
}

static int64_t free_of(const struct statvfs *state)
{
    return (int64_t)(state->f_bavail * state->f_frsize);
}

int disk_space_open(struct disk_store *store, uint64_t reserve_bytes)
{
    struct statvfs state;
    int err = ask(store, &state);
    if (err < 0)
        return err;
    store->block_bytes = state.f_bsize > DIRECT_ALIGN_BYTES ? state.f_bsize : DIRECT_ALIGN_BYTES;
    uint64_t most = state.f_blocks * state.f_frsize / STORE_RESERVE_DIVISOR;
    store->space = (struct disk_space){
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .free_bytes = free_of(&state),
        .asked_ms = clock_ms(),
        .reserve_bytes = (int64_t)u64_min(reserve_bytes, most),
    };
    return 0;
}

/* A reading of the filesystem on a helper thread. */
struct reading {
    const struct disk_store *store;
    struct statvfs state;
};

static void call_ask(struct io_op *op)
{
    struct reading *reading = op->buffer;
    op->result = ask(reading->store, &reading->state);
}

static awaits int refresh(struct disk_store *store)
{
    struct reading reading = {.store = store};
    ssize_t err = io_call(call_ask, &reading);
    if (err < 0)
        return (int)err;
    (void)pthread_mutex_lock(&store->space.mutex);
    store->space.free_bytes = free_of(&reading.state);
    store->space.asked_ms = clock_ms();
    (void)pthread_mutex_unlock(&store->space.mutex);
    return 0;
}

static bool try_promise(struct disk_space *space, int64_t bytes)
{
    (void)pthread_mutex_lock(&space->mutex);
    int64_t left = space->free_bytes - space->promised_bytes - space->reserve_bytes;
    bool is_there = left > 0 && left >= bytes;
    if (is_there)
        space->promised_bytes += bytes;
    (void)pthread_mutex_unlock(&space->mutex);
    return is_there;
}

static bool is_stale(struct disk_space *space)
{
    (void)pthread_mutex_lock(&space->mutex);
    bool is_old = clock_ms() - space->asked_ms > STORE_SPACE_AGE_MS;
    (void)pthread_mutex_unlock(&space->mutex);
    return is_old;
}

awaits int disk_space_promise(struct disk_store *store, uint64_t bytes)
{
    if (bytes > INT64_MAX / 2)
        return -ENOSPC;
    /* A large promise is made on a fresh reading; small ones can't be far off. */
    bool is_small = bytes < STORE_ALLOCATE_MIN_BYTES;
    if (is_small && !is_stale(&store->space) && try_promise(&store->space, (int64_t)bytes))
        return 0;
    int err = refresh(store);
    if (err < 0)
        return err;
    return try_promise(&store->space, (int64_t)bytes) ? 0 : -ENOSPC;
}

void disk_space_hold(struct disk_store *store, uint64_t bytes)
{
    (void)pthread_mutex_lock(&store->space.mutex);
    store->space.promised_bytes += (int64_t)bytes;
    (void)pthread_mutex_unlock(&store->space.mutex);
}

void disk_space_kept(struct disk_store *store, uint64_t bytes)
{
    (void)pthread_mutex_lock(&store->space.mutex);
    store->space.promised_bytes -= (int64_t)bytes;
    store->space.free_bytes -= (int64_t)bytes;
    (void)pthread_mutex_unlock(&store->space.mutex);
}

void disk_space_release(struct disk_store *store, uint64_t bytes)
{
    (void)pthread_mutex_lock(&store->space.mutex);
    store->space.promised_bytes -= (int64_t)bytes;
    (void)pthread_mutex_unlock(&store->space.mutex);
}
