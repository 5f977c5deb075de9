/* Going on with a kept draft: reads how far its file has got, cuts off what lies behind that, and
 * sees to its space. */
#include "store/disk_draft.h"

#include "base/error.h"

#include <fcntl.h>
#include <unistd.h>

enum { BLOCK_UNIT_BYTES = 512 }; /* of st_blocks */

/* What a helper thread does for disk_resume(). */
struct resuming {
    struct disk_draft *draft;
    bool do_sync;
    struct disk_front front;
};

static void call_resume(struct io_op *op)
{
    struct resuming *resuming = op->buffer;
    int folder = disk_draft_folder(resuming->draft);
    int fd = io_open_beneath(folder, resuming->draft->base.name, O_RDWR, 0);
    if (fd < 0) {
        op->result = fd;
        return;
    }
    int err = disk_front_find(fd, &resuming->front);
    if (err == 0 && resuming->do_sync)
        err = disk_front_sync(fd, folder);
    op->result = err;
    if (err == 0)
        disk_file_opened(resuming->draft, fd);
    else
        (void)close(fd);
}

static uint64_t owned_bytes(const struct disk_front *front)
{
    return (uint64_t)front->status.st_blocks * BLOCK_UNIT_BYTES;
}

/* Promises the part of the declared length that the file doesn't own yet. */
static awaits int promise_rest(struct disk_draft *draft, const struct disk_front *front)
{
    if (draft->size_bytes == BYTES_UNKNOWN)
        return 0;
    uint64_t rest = draft->size_bytes - u64_min(draft->size_bytes, owned_bytes(front));
    int err = disk_space_promise(draft->store, rest);
    if (err < 0)
        return fail(err, "no room for %" PRIu64 " bytes", rest);
    draft->promised_bytes = rest;
    return 0;
}

/* Cuts the file at the draft's end and allocates the rest of what was declared. */
static awaits int make_exact(struct disk_draft *draft)
{
    uint64_t rest = draft->promised_bytes;
    int err = disk_size_cut(draft, draft->base.received_bytes);
    if (err < 0)
        return err;
    if (draft->allocated_bytes > 0) {
        disk_size_keep_promise(draft, rest);
    } else { /* then the cut has promised all that is behind the end */
        draft->promised_bytes -= rest;
        disk_space_release(draft->store, rest);
    }
    return 0;
}

/* Leaves the file as it is if it has one of the two shapes, and all of its space. */
static awaits int reshape(struct disk_draft *draft, const struct disk_front *front)
{
    uint64_t end = draft->base.received_bytes;
    uint64_t file_bytes = (uint64_t)front->status.st_size;
    bool is_known = draft->size_bytes != BYTES_UNKNOWN;
    draft->allocated_bytes = is_known ? draft->size_bytes : 0;
    bool has_its_space =
        is_known ? draft->promised_bytes == 0 : owned_bytes(front) < end + STORE_ALLOCATE_MIN_BYTES;
    if (!has_its_space)
        return make_exact(draft);
    if (file_bytes == end)
        return 0;
    draft->is_ahead = file_bytes == draft->size_bytes && end % draft->store->block_bytes == 0 &&
                      end == front->front && !front->has_more;
    return draft->is_ahead ? 0 : make_exact(draft);
}

static awaits int resume_file(struct disk_draft *draft, const struct draft_mark *mark)
{
    bool is_marked = mark->offset != UINT64_MAX;
    struct resuming resuming = {.draft = draft, .do_sync = !is_marked};
    int err = (int)disk_file_call(call_resume, &resuming);
    if (err == -ENOENT && (mark->offset == 0 || !is_marked)) {
        err = promise_rest(draft, &resuming.front);
        return err < 0 ? err : disk_kept_create(draft);
    }
    if (err < 0)
        return fail(err, "resume object %.8s", draft->base.name);
    draft->is_kept = true;
    uint64_t offset = is_marked ? mark->offset : resuming.front.front;
    if (resuming.front.front < offset || offset > draft->size_bytes)
        return fail(-EIO, "object %.8s has %" PRIu64 " bytes, not %" PRIu64, draft->base.name,
                    resuming.front.front, offset);
    draft->base.received_bytes = draft->base.written_bytes = offset;
    draft->base.durable_bytes = draft->written_out_bytes = offset;
    draft->is_name_durable = offset > 0 || !is_marked;
    draft->has_crc32 = offset == 0 || (is_marked && mark->has_crc32);
    draft->crc32 = offset > 0 && draft->has_crc32 ? mark->crc32 : 0;
    err = promise_rest(draft, &resuming.front);
    return err < 0 ? err : reshape(draft, &resuming.front);
}

awaits int disk_resume(struct store *base, const char *name, uint64_t size_bytes,
                       const struct draft_mark *mark, struct draft **ret_draft)
{
    if (!disk_name_is_valid(name))
        return fail(-EINVAL, "malformed object name");
    struct disk_draft *draft;
    int err = disk_draft_new(disk_of(base), 0, &draft);
    if (err < 0)
        return err;
    draft->size_bytes = size_bytes;
    memcpy(draft->base.name, name, sizeof draft->base.name);
    err = resume_file(draft, mark);
    if (err < 0) {
        disk_draft_close(draft);
        return err;
    }
    if (!draft->is_ahead && disk_file_is_scarce(draft->store))
        disk_file_park(draft);
    *ret_draft = &draft->base;
    return 0;
}
