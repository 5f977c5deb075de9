/* A draft: one file being written front to back.
 *
 * Full large chunks go around the page cache, some under way while the next is received; the tail,
 * and what comes slowly, goes through it. Space is allocated ahead, so that direct writes don't
 * wait for one another. The file has its final name from the start: publishing is two syncs. */
#include "store/disk_draft.h"

#include "base/counters.h"
#include "base/digest.h"
#include "base/error.h"
#include "runtime/fiber.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct disk_draft *draft_of(struct draft *draft)
{
    return container_of(draft, struct disk_draft, base);
}

/* ---- Beginning ---- */

/* What a helper thread does for disk_begin(). */
struct opening {
    struct disk_draft *draft;
    uint64_t allocate_bytes;
    bool is_allocated;
};

static void call_create(struct io_op *op)
{
    struct opening *opening = op->buffer;
    struct disk_draft *draft = opening->draft;
    int folder = draft->store->folder_fds[disk_folder_of(draft->name)];
    int fd = io_open_beneath(folder, draft->name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0) {
        op->result = fd;
        return;
    }
    draft->fd = fd;
    draft->is_created = true;
    atomic_fetch_add(&draft->store->drafts_open, 1);
    op->result = 0;
    if (opening->allocate_bytes == 0)
        return;
    if (fallocate(fd, 0, 0, (off_t)opening->allocate_bytes) == 0)
        opening->is_allocated = true;
    else if (errno != EOPNOTSUPP && errno != EINTR)
        op->result = -errno;
}

/* Gives the descriptor back; the file stays. */
static void park(struct disk_draft *draft)
{
    if (draft->fd < 0)
        return;
    io_close_later(draft->fd);
    draft->fd = -1;
    draft->is_direct = false;
    atomic_fetch_sub(&draft->store->drafts_open, 1);
}

static void call_reopen(struct io_op *op)
{
    const struct disk_draft *draft = op->buffer;
    int folder = draft->store->folder_fds[disk_folder_of(draft->name)];
    op->result = io_open_beneath(folder, draft->name, O_RDWR, 0);
}

/* Runs a call that opens something. When there is no descriptor it is tried again for a while:
 * others only hold theirs for the length of a write. */
static awaits ssize_t call_patiently(void (*call)(struct io_op *op), void *arg)
{
    int64_t end_ms = worker_now_ms() + STORE_DESCRIPTOR_WAIT_MS;
    for (;;) {
        ssize_t result = io_call(call, arg);
        if ((result != -EMFILE && result != -ENFILE) || worker_now_ms() >= end_ms)
            return result;
        int err = fiber_sleep(worker_now_ms() + STORE_DESCRIPTOR_ASK_MS);
        if (err < 0)
            return err;
    }
}

/* Takes a descriptor again after park(). */
static awaits int unpark(struct disk_draft *draft)
{
    if (draft->fd >= 0)
        return 0;
    ssize_t fd = call_patiently(call_reopen, draft);
    if (fd < 0)
        return fail((int)fd, "open object again");
    draft->fd = (int)fd;
    atomic_fetch_add(&draft->store->drafts_open, 1);
    return 0;
}

/* Whether so many uploads hold a descriptor that connections might find none. A slow upload then
 * gives its own back between two writes: what counts is how many can be served. */
static bool is_scarce(const struct disk_store *store)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return false;
    return atomic_load(&store->drafts_open) > limit.rlim_cur / STORE_DESCRIPTORS_DIVISOR;
}

void disk_draft_close(struct disk_draft *draft)
{
    int folder = draft->store->folder_fds[disk_folder_of(draft->name)];
    if (draft->is_created && !draft->is_published)
        io_unlink_later(folder, draft->name);
    park(draft);
    disk_space_release(draft->store, draft->promised_bytes);
    free(draft->writes);
    free(draft);
}

static void keep_promise(struct disk_draft *draft, uint64_t bytes)
{
    bytes = u64_min(bytes, draft->promised_bytes);
    draft->promised_bytes -= bytes;
    disk_space_kept(draft->store, bytes);
}

awaits int disk_begin(struct store *base, uint64_t size_bytes, struct draft **ret_draft)
{
    struct disk_store *store = disk_of(base);
    uint64_t known_bytes = size_bytes == BYTES_UNKNOWN ? 0 : size_bytes;
    int err = disk_space_promise(store, known_bytes);
    if (err < 0)
        return fail(err, "no room for %" PRIu64 " bytes", known_bytes);
    struct disk_draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL) {
        disk_space_release(store, known_bytes);
        return -ENOMEM;
    }
    draft->base.ops = base->ops;
    draft->store = store;
    draft->fd = -1;
    draft->promised_bytes = known_bytes;
    disk_name_make(store, draft->name);
    bool is_large = known_bytes >= STORE_ALLOCATE_MIN_BYTES;
    struct opening opening = {.draft = draft, .allocate_bytes = is_large ? known_bytes : 0};
    err = (int)call_patiently(call_create, &opening);
    if (err < 0) {
        disk_draft_close(draft);
        /* A folder that has vanished is no file that somebody asked for. */
        return fail(err == -ENOENT ? -EIO : err, "create object");
    }
    if (opening.is_allocated) {
        draft->allocated_bytes = known_bytes;
        keep_promise(draft, known_bytes);
    }
    if (is_scarce(store))
        park(draft);
    *ret_draft = &draft->base;
    return 0;
}

/* ---- Writing ---- */

static awaits int set_direct(struct disk_draft *draft, bool is_direct)
{
    if (draft->is_direct == is_direct)
        return 0;
    int err = disk_write_wait(draft, 0); /* the flag holds for the whole descriptor */
    if (err < 0)
        return err;
    int flags = fcntl(draft->fd, F_GETFL);
    flags = is_direct ? flags | O_DIRECT : flags & ~O_DIRECT;
    if (fcntl(draft->fd, F_SETFL, flags) < 0)
        return -errno;
    draft->is_direct = is_direct;
    return 0;
}

/* Allocates the next step where the length is unknown and turns out to be large. */
static awaits int allocate_ahead(struct disk_draft *draft, size_t len)
{
    uint64_t end = draft->base.received_bytes + len;
    bool is_needed = draft->base.received_bytes >= STORE_ALLOCATE_MIN_BYTES &&
                     end > draft->allocated_bytes && draft->promised_bytes == 0;
    if (!is_needed)
        return 0;
    uint64_t begin = draft->base.received_bytes;
    int err = disk_space_promise(draft->store, STORE_ALLOCATE_STEP_BYTES);
    if (err < 0) {
        err = disk_space_promise(draft->store, len); /* the last bytes may still fit */
        if (err == 0)
            disk_space_kept(draft->store, len);
        return err;
    }
    draft->promised_bytes = STORE_ALLOCATE_STEP_BYTES;
    err = io_allocate(draft->fd, begin, STORE_ALLOCATE_STEP_BYTES);
    /* A disk that turns out to be full may have made the file longer all the same. */
    if (err == 0 || err == -ENOSPC)
        draft->allocated_bytes = begin + STORE_ALLOCATE_STEP_BYTES;
    if (err == 0)
        keep_promise(draft, STORE_ALLOCATE_STEP_BYTES);
    return err == -EOPNOTSUPP || err == -ENOSPC ? 0 : err;
}

static void received(struct disk_draft *draft, struct slice bytes)
{
    draft->crc32 = crc32_add(draft->crc32, bytes);
    if (draft->promised_bytes > 0)
        keep_promise(draft, bytes.len);
}

/* Writes through the page cache, all at once. */
static awaits int append_buffered(struct disk_draft *draft, struct slice bytes)
{
    int err = set_direct(draft, false);
    if (err == 0)
        err = io_write_all(draft->fd, bytes, draft->base.received_bytes);
    if (err == 0)
        draft->base.received_bytes += bytes.len;
    if (draft->writing == 0 && is_scarce(draft->store))
        park(draft);
    return err;
}

/* Writes whole blocks around the page cache; the last of the chunk's bytes, less than a block,
 * follow through it. */
static awaits int append_direct(struct disk_draft *draft, struct chunk **chunk, size_t len)
{
    size_t tail_len = len % DIRECT_ALIGN_BYTES;
    size_t whole_len = len - tail_len;
    int err = set_direct(draft, true);
    if (err < 0)
        return err;
    if (tail_len == 0) {
        err = disk_write_start(draft, chunk, whole_len);
        draft->base.received_bytes += whole_len;
        return err;
    }
    err = io_write_all(draft->fd, (struct slice){(*chunk)->room.ptr, whole_len},
                       draft->base.received_bytes);
    if (err < 0)
        return err;
    draft->base.received_bytes += whole_len;
    return append_buffered(draft, (struct slice){(*chunk)->room.ptr + whole_len, tail_len});
}

awaits int disk_append(struct draft *base, struct chunk **chunk, size_t len)
{
    struct disk_draft *draft = draft_of(base);
    scoped(chunk) mine = *chunk;
    *chunk = NULL;
    received(draft, (struct slice){mine->room.ptr, len});
    int err = disk_write_wait(draft, STORE_WRITES_MAX - 1);
    if (err == 0)
        err = unpark(draft);
    if (err == 0)
        err = allocate_ahead(draft, len);
    if (err < 0)
        return err;
    bool is_large = len >= CHUNK_BYTES / 2;
    bool is_aligned = base->received_bytes % DIRECT_ALIGN_BYTES == 0;
    if (is_large && is_aligned && draft->store->is_direct) {
        err = append_direct(draft, &mine, len);
    } else if (is_large) {
        err = set_direct(draft, false);
        if (err == 0)
            err = disk_write_start(draft, &mine, len);
        if (err == 0)
            base->received_bytes += len;
    } else {
        err = append_buffered(draft, (struct slice){mine->room.ptr, len});
    }
    disk_write_out(draft);
    return err < 0 ? fail(err, "write at %" PRIu64, base->received_bytes) : 0;
}

/* ---- Ending ---- */

awaits int disk_publish(struct draft *base, struct stored_object *ret_object)
{
    struct disk_draft *draft = draft_of(base);
    int err = disk_write_wait(draft, 0);
    if (err == 0)
        err = unpark(draft);
    if (err == 0 && draft->allocated_bytes > base->received_bytes)
        err = io_truncate(draft->fd, base->received_bytes);
    if (err == 0)
        err = io_fdatasync(draft->fd);
    if (err == 0)
        err = io_fsync(draft->store->folder_fds[disk_folder_of(draft->name)]);
    if (err < 0)
        return fail(err, "make %" PRIu64 " bytes durable", base->received_bytes);
    draft->is_published = true;
    counter_add(COUNTER_stored_bytes_total, (int64_t)base->received_bytes);
    memcpy(ret_object->name, draft->name, sizeof draft->name);
    ret_object->size_bytes = base->received_bytes;
    ret_object->crc32 = draft->crc32;
    return 0;
}

void disk_drop(struct draft *base)
{
    struct disk_draft *draft = draft_of(base);
    assert(!draft->is_dropped && draft->waiter == NULL);
    draft->is_dropped = true;
    if (draft->writing == 0)
        disk_draft_close(draft);
}
