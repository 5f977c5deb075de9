/* Calls about file names and space: always on a helper thread, since they may wait for the disk
 * and the kernel's ring would only hand them to threads of its own. */
#include "runtime/io.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

struct space_call {
    int fd;
    uint64_t offset, length;
};

/* Kernels before 5.6 lack the call; there the names, which we make ourselves, have to be enough. */
int io_open_beneath(int folder, const char *path, int flags, mode_t mode)
{
    const unsigned all_flags = (unsigned)flags | O_CLOEXEC | O_NOFOLLOW;
    struct open_how how = {
        .flags = all_flags,
        .mode = mode,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd < 0 && errno == ENOSYS)
        fd = openat(folder, path, (int)all_flags, mode);
    return fd < 0 ? -errno : (int)fd;
}

static void call_allocate(struct io_op *op)
{
    const struct space_call *call = op->buffer;
    int err;
    do
        err = fallocate(call->fd, 0, (off_t)call->offset, (off_t)call->length) < 0 ? -errno : 0;
    while (err == -EINTR);
    op->result = err;
}

static void call_truncate(struct io_op *op)
{
    const struct space_call *call = op->buffer;
    op->result = ftruncate(call->fd, (off_t)call->length) < 0 ? -errno : 0;
}

awaits int io_allocate(int fd, uint64_t offset, uint64_t length)
{
    struct space_call call = {.fd = fd, .offset = offset, .length = length};
    return (int)io_call(call_allocate, &call);
}

awaits int io_truncate(int fd, uint64_t length)
{
    struct space_call call = {.fd = fd, .length = length};
    return (int)io_call(call_truncate, &call);
}
