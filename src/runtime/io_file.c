/* File operations as plain system calls. */
#include "runtime/io_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static ssize_t run_once(const struct io_op *op)
{
    off_t offset = (off_t)op->offset;
    switch (op->kind) {
    case IO_READ:
        return pread(op->fd, op->buffer, op->length, offset);
    case IO_WRITE:
        return pwrite(op->fd, op->buffer, op->length, offset);
    case IO_FDATASYNC:
        return fdatasync(op->fd);
    case IO_FSYNC:
        return fsync(op->fd);
    case IO_SYNC_RANGE:
        return sync_file_range(op->fd, offset, (off_t)op->length, (unsigned)op->flags);
    case IO_SPLICE_IN:
        return splice(op->fd_in, &offset, op->fd, NULL, op->length, SPLICE_F_MOVE);
    case IO_CLOSE:
        return close(op->fd);
    case IO_ACCEPT:
    case IO_CONNECT:
    case IO_RECV:
    case IO_SENDMSG:
    case IO_POLL:
    case IO_SPLICE_OUT:
    case IO_CALL:
        break;
    }
    abort(); /* sockets are never waited for here, and a call runs itself */
}

void io_file_run(struct io_op *op)
{
    ssize_t result;
    do
        result = run_once(op);
    /* After close() the descriptor is gone even if a signal came: a second one would hit whoever
     * has got its number by then. */
    while (result < 0 && errno == EINTR && op->kind != IO_CLOSE);
    if (result >= 0)
        op->result = result;
    else
        op->result = op->kind == IO_CLOSE && errno == EINTR ? 0 : -errno;
}

bool io_file_try_read(struct io_op *op)
{
    assert(op->kind == IO_READ);
    int flags = fcntl(op->fd, F_GETFL);
    /* RWF_NOWAIT promises not to wait for locks; a direct read would still wait for its data. */
    if (flags < 0 || (flags & O_DIRECT) != 0)
        return false;
    size_t total = 0;
    while (total < op->length) {
        struct iovec iov = {(char *)op->buffer + total, op->length - total};
        ssize_t got = preadv2(op->fd, &iov, 1, (off_t)(op->offset + total), RWF_NOWAIT);
        if (got < 0)
            return false;
        if (got == 0)
            break;
        total += (size_t)got;
    }
    op->result = (ssize_t)total;
    return true;
}
