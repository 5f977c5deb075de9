/* The descriptor of a draft. A slow upload may give it back between two writes, so that more can be
 * served than there are descriptors. */
#include "store/disk_draft.h"

#include "base/error.h"
#include "runtime/fiber.h"

#include <fcntl.h>
#include <sys/resource.h>

void disk_file_opened(struct disk_draft *draft, int fd)
{
    draft->fd = fd;
    atomic_fetch_add(&draft->store->drafts_open, 1);
}

void disk_file_park(struct disk_draft *draft)
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
    op->result = io_open_beneath(disk_draft_folder(draft), draft->base.name, O_RDWR, 0);
}

awaits ssize_t disk_file_call(void (*call)(struct io_op *op), void *arg)
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

awaits int disk_file_unpark(struct disk_draft *draft)
{
    if (draft->fd >= 0)
        return 0;
    ssize_t fd = disk_file_call(call_reopen, draft);
    if (fd < 0)
        return fail((int)fd, "open object again");
    disk_file_opened(draft, (int)fd);
    return 0;
}

bool disk_file_is_scarce(const struct disk_store *store)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return false;
    return atomic_load(&store->drafts_open) > limit.rlim_cur / STORE_DESCRIPTORS_DIVISOR;
}
