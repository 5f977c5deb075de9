/* Kept drafts: the file stays when the draft is dropped, and tells how far it has got. */
#include "store/disk_draft.h"

#include "base/error.h"

#include <fcntl.h>
#include <unistd.h>

awaits int disk_kept_create(struct disk_draft *draft)
{
    uint64_t known_bytes = draft->size_bytes == BYTES_UNKNOWN ? 0 : draft->size_bytes;
    bool is_scarce = disk_file_is_scarce(draft->store);
    /* Large chunks are about to come, in all likelihood. */
    bool is_ahead = draft->store->is_direct && known_bytes >= CHUNK_BYTES / 2 && !is_scarce;
    int err = disk_draft_create(draft, known_bytes, is_ahead ? 0 : FALLOC_FL_KEEP_SIZE);
    if (err < 0)
        return err;
    draft->is_kept = true;
    draft->is_changed = true;
    draft->is_ahead = is_ahead && draft->allocated_bytes > 0;
    if (is_scarce)
        disk_file_park(draft);
    return 0;
}

awaits int disk_begin_kept(struct store *base, uint64_t size_bytes, struct draft **ret_draft)
{
    struct disk_store *store = disk_of(base);
    struct disk_draft *draft;
    int err = disk_draft_new(store, size_bytes == BYTES_UNKNOWN ? 0 : size_bytes, &draft);
    if (err < 0)
        return err;
    draft->size_bytes = size_bytes;
    disk_name_make(store, draft->base.name);
    err = disk_kept_create(draft);
    if (err < 0) {
        disk_draft_close(draft);
        return err;
    }
    *ret_draft = &draft->base;
    return 0;
}

/* ---- Measuring ---- */

struct measuring {
    const struct disk_store *store;
    const char *name;
    struct disk_front front;
};

static void call_measure(struct io_op *op)
{
    struct measuring *measuring = op->buffer;
    int folder = measuring->store->folder_fds[disk_folder_of(measuring->name)];
    int fd = io_open_beneath(folder, measuring->name, O_RDONLY, 0);
    if (fd < 0) {
        op->result = fd;
        return;
    }
    int err = disk_front_find(fd, &measuring->front);
    op->result = err < 0 ? err : disk_front_sync(fd, folder);
    (void)close(fd);
}

awaits int disk_measure(struct store *base, const char *name, uint64_t *ret_offset,
                        int64_t *ret_written_ms)
{
    if (!disk_name_is_valid(name))
        return fail(-EINVAL, "malformed object name");
    struct measuring measuring = {.store = disk_of(base), .name = name};
    ssize_t err = disk_file_call(call_measure, &measuring);
    if (err < 0)
        return fail((int)err, "measure object %.8s", name);
    const struct timespec *written = &measuring.front.status.st_mtim;
    *ret_offset = measuring.front.front;
    *ret_written_ms = (int64_t)written->tv_sec * 1000 + written->tv_nsec / (1000 * 1000);
    return 0;
}

/* ---- Pausing and going back ---- */

awaits int disk_sync(struct draft *base)
{
    struct disk_draft *draft = disk_draft_of(base);
    assert(draft->is_kept);
    int err = disk_write_settle(draft);
    if (err == 0 && !draft->is_changed && draft->is_name_durable)
        return 0;
    if (err == 0)
        err = disk_file_unpark(draft);
    if (err == 0)
        err = disk_size_pause(draft);
    if (err == 0)
        err = disk_draft_make_durable(draft);
    return err < 0 ? fail(err, "make %" PRIu64 " bytes durable", base->received_bytes) : 0;
}

awaits int disk_rewind(struct draft *base, const struct draft_mark *mark)
{
    struct disk_draft *draft = disk_draft_of(base);
    assert(draft->is_kept);
    int err = disk_write_settle(draft);
    if (err == 0)
        err = disk_file_unpark(draft);
    if (err == 0)
        err = disk_size_cut(draft, mark->offset);
    if (err < 0)
        return fail(err, "go back to %" PRIu64, mark->offset);
    base->received_bytes = mark->offset;
    base->written_bytes = u64_min(base->written_bytes, mark->offset);
    base->durable_bytes = u64_min(base->durable_bytes, mark->offset);
    draft->written_out_bytes = u64_min(draft->written_out_bytes, mark->offset);
    draft->has_crc32 = mark->has_crc32;
    draft->crc32 = mark->crc32;
    return 0;
}
