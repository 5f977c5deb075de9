/* Socket operations as system calls that never block: what a backend tries when it has to learn
 * from the kernel by itself when a socket is ready. */
#pragma once

#include "runtime/io.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

/* SOCK_STREAM…, or -errno (-ENOTSOCK when it is none). */
static inline int io_socket_type(int fd)
{
    int type;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ? -errno : type;
}

static inline ssize_t io_socket_accept(const struct io_op *op)
{
    ssize_t fd;
    do
        fd = accept4(op->fd, NULL, NULL, op->flags | SOCK_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

/* Calling connect() again tells how the first call went. op->result is 1 once it is under way. */
static inline ssize_t io_socket_connect(const struct io_op *op)
{
    int err;
    do
        err = connect(op->fd, op->buffer, (socklen_t)op->length) < 0 ? -errno : 0;
    while (err == -EINTR);
    return op->result == 1 && err == -EISCONN ? 0 : err;
}

/* op->result counts what has arrived; all that is wanted only with MSG_WAITALL. A short read is
 * the last one for now if the caller says so; otherwise the next call tells. */
static inline bool io_socket_recv(struct io_op *op, bool is_short_last, bool *is_drained)
{
    bool is_all_wanted = (op->flags & MSG_WAITALL) != 0;
    for (;;) {
        size_t wanted = op->length - (size_t)op->result;
        ssize_t got = recv(op->fd, (char *)op->buffer + op->result, wanted,
                           (op->flags & ~MSG_WAITALL) | MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            *is_drained = true;
            return false;
        }
        if (got < 0 && op->result == 0)
            op->result = -errno;
        if (got <= 0)
            return true;
        op->result += got;
        if ((size_t)got < wanted && is_short_last && (op->flags & MSG_PEEK) == 0)
            *is_drained = true;
        if (!is_all_wanted || (size_t)op->result == op->length)
            return true;
        if (*is_drained)
            return false;
    }
}

static inline ssize_t io_socket_send(const struct io_op *op)
{
    ssize_t sent;
    do
        sent = sendmsg(op->fd, op->buffer, op->flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

static inline ssize_t io_socket_poll(const struct io_op *op)
{
    struct pollfd question = {.fd = op->fd, .events = (short)op->flags};
    int count;
    do
        count = poll(&question, 1, 0);
    while (count < 0 && errno == EINTR);
    if (count < 0)
        return -errno;
    return count == 0 ? -EAGAIN : question.revents;
}

/* Tries IO_ACCEPT to IO_POLL; op->result is 0 before the first time. Returns true when the
 * operation is complete (op->result is set), false when it has to wait. Sets `*is_drained` when
 * nothing is left to read (or to accept) until the descriptor is ready again. */
static inline bool io_socket_try(struct io_op *op, bool is_short_last, bool *is_drained)
{
    ssize_t result;
    switch ((int)op->kind) {
    case IO_ACCEPT:
        result = io_socket_accept(op);
        *is_drained = result == -EAGAIN;
        break;
    case IO_CONNECT:
        result = io_socket_connect(op);
        if (result == -EINPROGRESS || result == -EALREADY) {
            op->result = 1;
            return false;
        }
        op->result = result; /* -EAGAIN too: a full queue of a Unix socket, no event tells */
        return true;
    case IO_RECV:
        return io_socket_recv(op, is_short_last, is_drained);
    case IO_SENDMSG:
        result = io_socket_send(op);
        break;
    case IO_POLL:
        result = io_socket_poll(op);
        break;
    default:
        abort();
    }
    if (result == -EAGAIN)
        return false;
    op->result = result;
    return true;
}

/* IO_SPLICE_OUT. Never waits, given a socket and a pipe in nonblocking mode. */
static inline void io_socket_splice(struct io_op *op)
{
    ssize_t moved;
    do
        moved =
            splice(op->fd_in, NULL, op->fd, NULL, op->length, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    while (moved < 0 && errno == EINTR);
    op->result = moved < 0 ? -errno : moved;
}
