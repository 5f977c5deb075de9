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

/* ---- Beginning ---- */

awaits int disk_draft_new(struct disk_store *store, uint64_t promise_bytes,
                          struct disk_draft **ret_draft)
{
    int err = disk_space_promise(store, promise_bytes);
    if (err < 0)
        return fail(err, "no room for %" PRIu64 " bytes", promise_bytes);
    struct disk_draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL) {
        disk_space_release(store, promise_bytes);
        return -ENOMEM;
    }
    draft->base.ops = store->base.ops;
    draft->store = store;
    draft->fd = -1;
    draft->has_crc32 = true;
    draft->promised_bytes = promise_bytes;
    draft->sync_began_ms = worker_now_ms();
    *ret_draft = draft;
    return 0;
}

/* What a helper thread does for disk_draft_create(). */
struct opening {
    struct disk_draft *draft;
    uint64_t allocate_bytes;
    int mode;
    bool is_allocated;
};

static void call_create(struct io_op *op)
{
    struct opening *opening = op->buffer;
    struct disk_draft *draft = opening->draft;
    int fd = io_open_beneath(disk_draft_folder(draft), draft->base.name, O_RDWR | O_CREAT | O_EXCL,
                             0600);
    if (fd < 0) {
        op->result = fd;
        return;
    }
    disk_file_opened(draft, fd);
    draft->is_created = true;
    op->result = 0;
    if (opening->allocate_bytes == 0)
        return;
    int err;
    do
        err = fallocate(fd, opening->mode, 0, (off_t)opening->allocate_bytes);
    while (err < 0 && errno == EINTR);
    opening->is_allocated = err == 0;
    if (err < 0 && errno != EOPNOTSUPP)
        op->result = -errno;
}

awaits int disk_draft_create(struct disk_draft *draft, uint64_t allocate_bytes, int mode)
{
    struct opening opening = {.draft = draft, .allocate_bytes = allocate_bytes, .mode = mode};
    int err = (int)disk_file_call(call_create, &opening);
    /* A folder that has vanished is no file that somebody asked for. */
    if (err < 0)
        return fail(err == -ENOENT ? -EIO : err, "create object");
    if (opening.is_allocated) {
        draft->allocated_bytes = allocate_bytes;
        disk_size_keep_promise(draft, allocate_bytes);
    }
    return 0;
}

awaits int disk_begin(struct store *base, uint64_t size_bytes, struct draft **ret_draft)
{
    struct disk_store *store = disk_of(base);
    uint64_t known_bytes = size_bytes == BYTES_UNKNOWN ? 0 : size_bytes;
    struct disk_draft *draft = NULL;
    int err = disk_draft_new(store, known_bytes, &draft);
    if (err < 0)
        return err;
    assert(draft != NULL);
    draft->size_bytes = size_bytes;
    disk_name_make(store, draft->base.name);
    bool is_large = known_bytes >= STORE_ALLOCATE_MIN_BYTES;
    err = disk_draft_create(draft, is_large ? known_bytes : 0, 0);
    if (err < 0) {
        disk_draft_close(draft);
        return err;
    }
    if (disk_file_is_scarce(store))
        disk_file_park(draft);
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

static void received(struct disk_draft *draft, struct slice bytes)
{
    draft->crc32 = crc32_add(draft->crc32, bytes);
    if (draft->promised_bytes > 0)
        disk_size_keep_promise(draft, bytes.len);
}

/* Writes through the page cache, all at once. */
static awaits int append_buffered(struct disk_draft *draft, struct slice bytes)
{
    int err = set_direct(draft, false);
    if (err == 0)
        err = io_write_all(draft->fd, bytes, draft->base.received_bytes);
    if (err == 0)
        draft->base.received_bytes += bytes.len;
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

static awaits int append(struct disk_draft *draft, struct chunk **chunk, size_t len)
{
    received(draft, (struct slice){(*chunk)->room.ptr, len});
    bool is_one_by_one = draft->is_kept && !draft->is_ahead;
    int err = disk_write_wait(draft, is_one_by_one ? 0 : STORE_WRITES_MAX - 1);
    if (err == 0)
        err = disk_file_unpark(draft);
    if (err == 0)
        err = disk_size_prepare(draft, len);
    if (err < 0)
        return err;
    draft->is_changed = true;
    bool is_large = len >= CHUNK_BYTES / 2;
    bool is_aligned = draft->base.received_bytes % DIRECT_ALIGN_BYTES == 0;
    if (is_large && is_aligned && draft->store->is_direct)
        return append_direct(draft, chunk, len);
    if (!is_large)
        return append_buffered(draft, (struct slice){(*chunk)->room.ptr, len});
    err = set_direct(draft, false);
    if (err == 0)
        err = disk_write_start(draft, chunk, len);
    if (err == 0)
        draft->base.received_bytes += len;
    return err;
}

awaits int disk_append(struct draft *base, struct chunk **chunk, size_t len)
{
    struct disk_draft *draft = disk_draft_of(base);
    scoped(chunk) mine = *chunk;
    *chunk = NULL;
    int err = append(draft, &mine, len);
    if (err < 0) {
        if (draft->err == 0)
            draft->err = err;
        return fail(err, "write at %" PRIu64, base->received_bytes);
    }
    disk_write_advance(draft);
    if (draft->writing == 0 && !draft->is_ahead && disk_file_is_scarce(draft->store))
        disk_file_park(draft);
    disk_write_out(draft);
    return 0;
}

/* ---- Ending ---- */

awaits int disk_draft_make_durable(struct disk_draft *draft)
{
    int err = io_fdatasync(draft->fd);
    if (err == 0 && !draft->is_name_durable)
        err = io_fsync(disk_draft_folder(draft));
    if (err < 0) {
        draft->err = err;
        return err;
    }
    draft->is_name_durable = true;
    draft->is_changed = false;
    if (draft->base.durable_bytes < draft->base.received_bytes) {
        draft->base.durable_bytes = draft->base.received_bytes;
        if (draft->base.advanced != NULL)
            draft->base.advanced(&draft->base);
    }
    return 0;
}

awaits int disk_publish(struct draft *base, struct stored_object *ret_object)
{
    struct disk_draft *draft = disk_draft_of(base);
    int err = disk_write_settle(draft);
    if (err == 0)
        err = disk_file_unpark(draft);
    if (err == 0 && draft->allocated_bytes > base->received_bytes)
        err = io_truncate(draft->fd, base->received_bytes);
    if (err == 0)
        err = disk_draft_make_durable(draft);
    if (err < 0)
        return fail(err, "make %" PRIu64 " bytes durable", base->received_bytes);
    draft->is_published = true;
    counter_add(COUNTER_stored_bytes_total, (int64_t)base->received_bytes);
    memcpy(ret_object->name, base->name, sizeof base->name);
    ret_object->size_bytes = base->received_bytes;
    ret_object->has_crc32 = draft->has_crc32;
    ret_object->crc32 = draft->crc32;
    return 0;
}

struct draft_mark disk_mark(const struct draft *base)
{
    static_assert(offsetof(struct disk_draft, base) == 0, "container_of() would take const away");
    const struct disk_draft *draft = (const void *)base;
    return (struct draft_mark){base->received_bytes, draft->has_crc32, draft->crc32};
}

void disk_draft_close(struct disk_draft *draft)
{
    if (draft->is_created && !draft->is_published && !draft->is_kept)
        io_unlink_later(disk_draft_folder(draft), draft->base.name);
    disk_file_park(draft);
    disk_space_release(draft->store, draft->promised_bytes);
    free(draft->writes);
    free(draft);
}

void disk_drop(struct draft *base)
{
    struct disk_draft *draft = disk_draft_of(base);
    assert(!draft->is_dropped && draft->waiter == NULL);
    draft->is_dropped = true;
    if (draft->writing == 0)
        disk_draft_close(draft);
}
