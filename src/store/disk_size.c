/* The size of a draft's file, and the space that is allocated ahead of its bytes.
 *
 * Direct writes into a file that has its size already don't wait for one another, so plain drafts
 * are allocated ahead and cut when they are published. From the file of a kept draft it must be
 * readable at every moment how far it has got (disk_front.c), so it has one of two shapes:
 *
 * exact: the file ends where its bytes end, one write at a time makes it longer. Blocks may be
 *        allocated behind its end.
 * ahead: the file ends at allocated_bytes. Only whole blocks are written, or a last part that ends
 *        where the file does: unwritten blocks are what is missing. Several writes at a time.
 *
 * Ahead is for direct writes only: those through the page cache wait for one another anyway, and
 * some mount options of ext4 let them fill small unwritten neighbours with zeros. */
#include "store/disk_draft.h"

#include <fcntl.h>
#include <unistd.h>

void disk_size_keep_promise(struct disk_draft *draft, uint64_t bytes)
{
    bytes = u64_min(bytes, draft->promised_bytes);
    draft->promised_bytes -= bytes;
    disk_space_kept(draft->store, bytes);
}

/* ---- Both kinds ---- */

/* Whether the next step must be allocated: the length is unknown and turns out to be large. */
static bool is_step_needed(const struct disk_draft *draft, size_t len)
{
    return draft->base.received_bytes >= STORE_ALLOCATE_MIN_BYTES &&
           draft->base.received_bytes + len > draft->allocated_bytes && draft->promised_bytes == 0;
}

/* Promises the next step to the draft, or at least its next `len` bytes: the last ones may still
 * fit. */
static awaits int promise_step(struct disk_draft *draft, size_t len)
{
    if (disk_space_promise(draft->store, STORE_ALLOCATE_STEP_BYTES) == 0) {
        draft->promised_bytes = STORE_ALLOCATE_STEP_BYTES;
        return 0;
    }
    int err = disk_space_promise(draft->store, len);
    if (err == 0)
        disk_space_kept(draft->store, len);
    return err;
}

static awaits int allocate_plain(struct disk_draft *draft, size_t len)
{
    if (!is_step_needed(draft, len))
        return 0;
    uint64_t begin = draft->base.received_bytes;
    int err = promise_step(draft, len);
    if (err < 0 || draft->promised_bytes == 0)
        return err;
    err = io_allocate(draft->fd, begin, STORE_ALLOCATE_STEP_BYTES);
    /* A disk that turns out to be full may have made the file longer all the same. */
    if (err == 0 || err == -ENOSPC)
        draft->allocated_bytes = begin + STORE_ALLOCATE_STEP_BYTES;
    if (err == 0)
        disk_size_keep_promise(draft, STORE_ALLOCATE_STEP_BYTES);
    return err == -EOPNOTSUPP || err == -ENOSPC ? 0 : err;
}

/* ---- The shape of a kept draft's file ---- */

/* What a helper thread does to the file: cuts it, then allocates. */
struct reshaping {
    int fd;
    bool do_cut;
    int mode; /* of fallocate() */
    uint64_t begin, end;
    bool is_allocated;
};

static void call_reshape(struct io_op *op)
{
    struct reshaping *shape = op->buffer;
    op->result = 0;
    if (shape->do_cut && ftruncate(shape->fd, (off_t)shape->begin) < 0) {
        op->result = -errno;
        return;
    }
    int err = 0;
    if (shape->end > shape->begin)
        do
            err = fallocate(shape->fd, shape->mode, (off_t)shape->begin,
                            (off_t)(shape->end - shape->begin));
        while (err < 0 && errno == EINTR);
    shape->is_allocated = err == 0;
}

awaits int disk_size_cut(struct disk_draft *draft, uint64_t end)
{
    int err = disk_write_settle(draft);
    if (err < 0)
        return err;
    uint64_t behind = draft->allocated_bytes > end ? draft->allocated_bytes - end : 0;
    struct reshaping shape = {.fd = draft->fd,
                              .do_cut = true,
                              .mode = FALLOC_FL_KEEP_SIZE,
                              .begin = end,
                              .end = end + behind};
    /* What the cut sets free must not be promised to others before it is allocated again. */
    disk_space_hold(draft->store, behind);
    draft->is_changed = true;
    err = (int)io_call(call_reshape, &shape);
    if (err < 0 || shape.is_allocated) {
        disk_space_release(draft->store, behind);
    } else {
        draft->promised_bytes += behind;
        draft->allocated_bytes = 0;
    }
    if (err == 0)
        draft->is_ahead = false;
    return err;
}

/* Gives an exact file the size that is allocated for it. */
static awaits int go_ahead(struct disk_draft *draft)
{
    struct reshaping shape = {
        .fd = draft->fd, .begin = draft->base.received_bytes, .end = draft->allocated_bytes};
    int err = (int)io_call(call_reshape, &shape);
    if (err < 0)
        return err;
    draft->is_ahead = shape.is_allocated;
    /* Failing, it may have made the file longer all the same. */
    return shape.is_allocated ? 0 : disk_size_cut(draft, shape.begin);
}

/* Allocates the next step behind the end of an exact file. */
static awaits int allocate_behind(struct disk_draft *draft, size_t len)
{
    int err = promise_step(draft, len);
    if (err < 0 || draft->promised_bytes == 0)
        return err;
    struct reshaping shape = {.fd = draft->fd,
                              .mode = FALLOC_FL_KEEP_SIZE,
                              .begin = draft->base.received_bytes,
                              .end = draft->base.received_bytes + STORE_ALLOCATE_STEP_BYTES};
    err = (int)io_call(call_reshape, &shape);
    if (err < 0)
        return err;
    if (shape.is_allocated) {
        draft->allocated_bytes = shape.end;
        disk_size_keep_promise(draft, STORE_ALLOCATE_STEP_BYTES);
    }
    return 0;
}

/* Whether unwritten blocks can begin at `offset`, or nothing can. */
static bool is_at_edge(const struct disk_draft *draft, uint64_t offset)
{
    return offset % draft->store->block_bytes == 0 || offset == draft->allocated_bytes;
}

static awaits int shape_kept(struct disk_draft *draft, size_t len)
{
    uint64_t begin = draft->base.received_bytes;
    uint64_t end = begin + len;
    bool is_step = is_step_needed(draft, len);
    bool is_large = len >= CHUNK_BYTES / 2 && draft->store->is_direct;
    bool is_whole = is_at_edge(draft, begin) && is_at_edge(draft, end);
    bool is_last = end == draft->allocated_bytes;
    bool may_stay = is_whole && (is_large || is_last) && end <= draft->allocated_bytes;
    int err = 0;
    if (draft->is_ahead && !may_stay)
        err = disk_size_cut(draft, begin);
    if (err == 0 && is_step)
        err = allocate_behind(draft, len);
    bool may_go = is_whole && is_large && end <= draft->allocated_bytes;
    if (err == 0 && may_go && !draft->is_ahead)
        err = go_ahead(draft);
    return err;
}

awaits int disk_size_prepare(struct disk_draft *draft, size_t len)
{
    return draft->is_kept ? shape_kept(draft, len) : allocate_plain(draft, len);
}

awaits int disk_size_pause(struct disk_draft *draft)
{
    uint64_t end = draft->base.received_bytes;
    if (draft->size_bytes != BYTES_UNKNOWN || draft->allocated_bytes <= end)
        return 0;
    draft->allocated_bytes = 0;
    return disk_size_cut(draft, end);
}
