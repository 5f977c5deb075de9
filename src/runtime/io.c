/* The awaiting calls over a backend's operations. One function submits and waits: it alone knows
 * that memory handed to the kernel must live until the kernel has answered. */
#include "runtime/io_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "runtime/fiber.h"
#include "runtime/worker_internal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

void io_start(struct io_op *op)
{
    struct worker *worker = worker_self();
    assert(!op->is_under_way && op->done != NULL);
    op->is_under_way = true;
    worker->ops_open++;
    worker->ops->submit(worker->io, op);
}

void io_cancel(struct io_op *op)
{
    struct worker *worker = worker_self();
    if (op->is_under_way)
        worker->ops->cancel(worker->io, op);
}

void io_complete(struct io_op *op)
{
    struct worker *worker = worker_self();
    assert(op->is_under_way && worker->ops_open > 0);
    op->is_under_way = false;
    worker->ops_open--;
    op->done(op);
}

static void wake_owner(struct io_op *op)
{
    fiber_wake(op->owner);
}

/* For operations that wait for a peer: a deadline or a cancel ends them, and is told unless the
 * operation had a result all the same. */
static awaits ssize_t await_peer(struct io_op *op, int64_t deadline_ms)
{
    if (fiber_is_cancelled())
        return -ECANCELED;
    io_begin(op);
    while (op->is_under_way) {
        int err = fiber_park(deadline_ms);
        if (err == 0)
            continue;
        io_cancel(op);
        while (op->is_under_way)
            fiber_park_deaf();
        if (op->result == -ECANCELED || op->result == -EINTR)
            return err;
    }
    return op->result;
}

void io_begin(struct io_op *op)
{
    op->owner = fiber_self();
    op->done = wake_owner;
    io_start(op);
}

awaits ssize_t io_finish(struct io_op *op)
{
    while (op->is_under_way)
        fiber_park_deaf();
    return op->result;
}

/* For operations that the disk answers: they are short and are never given up, so that their
 * memory and their effect are always known. */
static awaits ssize_t await_disk(struct io_op *op)
{
    io_begin(op);
    return io_finish(op);
}

awaits ssize_t io_accept(int fd, int64_t deadline_ms)
{
    struct io_op op = {.kind = IO_ACCEPT, .fd = fd, .flags = SOCK_CLOEXEC};
    return await_peer(&op, deadline_ms);
}

awaits ssize_t io_recv(int fd, struct span into, int64_t deadline_ms)
{
    struct io_op op = {.kind = IO_RECV, .fd = fd, .buffer = into.ptr, .length = into.len};
    return await_peer(&op, deadline_ms);
}

awaits ssize_t io_recv_full(int fd, struct span into, int64_t deadline_ms)
{
    struct io_op op = {
        .kind = IO_RECV, .fd = fd, .flags = MSG_WAITALL, .buffer = into.ptr, .length = into.len};
    return await_peer(&op, deadline_ms);
}

awaits ssize_t io_send(int fd, struct iovec *iov, size_t iov_len, bool is_more, int64_t deadline_ms)
{
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = iov_len};
    struct io_op op = {.kind = IO_SENDMSG,
                       .fd = fd,
                       .flags = MSG_NOSIGNAL | (is_more ? MSG_MORE : 0),
                       .buffer = &message};
    return await_peer(&op, deadline_ms);
}

awaits int io_poll(int fd, short events, int64_t deadline_ms)
{
    struct io_op op = {.kind = IO_POLL, .fd = fd, .flags = events};
    return (int)await_peer(&op, deadline_ms);
}

awaits ssize_t io_read(int fd, struct span into, uint64_t offset)
{
    struct io_op op = {
        .kind = IO_READ, .fd = fd, .buffer = into.ptr, .length = into.len, .offset = offset};
    return await_disk(&op);
}

awaits int io_write_all(int fd, struct slice bytes, uint64_t offset)
{
    while (bytes.len > 0) {
        struct io_op op = {.kind = IO_WRITE,
                           .fd = fd,
                           .buffer = (void *)(uintptr_t)bytes.ptr,
                           .length = bytes.len,
                           .offset = offset};
        ssize_t written = await_disk(&op);
        if (written < 0)
            return (int)written;
        if (written == 0)
            return -EIO;
        bytes.ptr += written;
        bytes.len -= (size_t)written;
        offset += (uint64_t)written;
    }
    return 0;
}

awaits int io_fdatasync(int fd)
{
    struct io_op op = {.kind = IO_FDATASYNC, .fd = fd};
    return (int)await_disk(&op);
}

awaits int io_fsync(int fd)
{
    struct io_op op = {.kind = IO_FSYNC, .fd = fd};
    return (int)await_disk(&op);
}

awaits ssize_t io_splice_in(int file, uint64_t offset, int pipe, size_t length)
{
    struct io_op op = {
        .kind = IO_SPLICE_IN, .fd = pipe, .fd_in = file, .offset = offset, .length = length};
    return await_disk(&op);
}

awaits ssize_t io_splice_out(int pipe, int socket, size_t length)
{
    struct io_op op = {.kind = IO_SPLICE_OUT, .fd = socket, .fd_in = pipe, .length = length};
    return await_disk(&op);
}

awaits ssize_t io_call(void (*call)(struct io_op *op), void *arg)
{
    struct io_op op = {.kind = IO_CALL, .call = call, .buffer = arg};
    return await_disk(&op);
}

/* An operation that nobody waits for: it owns itself. */
struct forgotten {
    struct io_op op;
    int folder;
    char path[];
};

static void forgotten_done(struct io_op *op)
{
    if (op->result < 0 && op->result != -ENOENT)
        log_event(LOG_WARN, "background file operation failed",
                  log_number("errno", (uint64_t)-op->result));
    free(container_of(op, struct forgotten, op));
}

void io_close_later(int fd)
{
    struct forgotten *forgotten = calloc(1, sizeof *forgotten);
    if (forgotten == NULL) {
        (void)close(fd);
        return;
    }
    forgotten->op = (struct io_op){.kind = IO_CLOSE, .fd = fd, .done = forgotten_done};
    io_start(&forgotten->op);
}

static void call_unlink(struct io_op *op)
{
    const struct forgotten *forgotten = container_of(op, struct forgotten, op);
    op->result = unlinkat(forgotten->folder, forgotten->path, 0) < 0 ? -errno : 0;
}

void io_unlink_later(int folder, const char *path)
{
    size_t len = strlen(path) + 1;
    struct forgotten *forgotten = calloc(1, sizeof *forgotten + len);
    if (forgotten == NULL) /* the sweeper finds it at the next start */
        return;
    memcpy(forgotten->path, path, len);
    forgotten->folder = folder;
    forgotten->op = (struct io_op){.kind = IO_CALL, .call = call_unlink, .done = forgotten_done};
    io_start(&forgotten->op);
}
