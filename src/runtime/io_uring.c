/* The backend on io_uring. One ring a worker; completions are collected only in wait(), so the
 * kernel does its work for us when we are ready for it (DEFER_TASKRUN, Linux 6.1). */
#include "runtime/io_internal.h"

#include "base/log.h"
#include "limits.h"
#include "runtime/helpers.h"
#include "runtime/resident.h"

#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Operations that complete in the same wait(), without the kernel. */
struct uring {
    struct io_uring ring;
    struct worker *worker;
    int event_fd;
    bool is_armed; /* the poll of event_fd is in the ring */
    struct io_op *ready_first, **ready_end;
};

static const char cancel_mark, event_mark; /* addresses that no operation has */

static int uring_open(void **ret_io)
{
    struct uring *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                 IORING_SETUP_CLAMP,
        .cq_entries = RING_COMPLETIONS,
    };
    int err = io_uring_queue_init_params(RING_ENTRIES, &self->ring, &params);
    if (err < 0) {
        free(self);
        return err;
    }
    self->worker = worker_self();
    self->ready_end = &self->ready_first;
    self->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->event_fd < 0) {
        err = -errno;
        io_uring_queue_exit(&self->ring);
        free(self);
        return err;
    }
    *ret_io = self;
    return 0;
}

static void uring_close(void *io)
{
    struct uring *self = io;
    assert(self->ready_first == NULL);
    io_uring_queue_exit(&self->ring);
    (void)close(self->event_fd);
    free(self);
}

static struct io_uring_sqe *take_sqe(struct uring *self)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);
    while (sqe == NULL) {
        int err = io_uring_submit(&self->ring);
        if (err < 0 && err != -EBUSY && err != -EAGAIN && err != -EINTR)
            abort(); /* a ring that takes nothing more can't be recovered from */
        sqe = io_uring_get_sqe(&self->ring);
    }
    return sqe;
}

static void complete_later(struct uring *self, struct io_op *op)
{
    op->next = NULL;
    *self->ready_end = op;
    self->ready_end = &op->next;
}

/* The bytes are in the pipe, and the socket is told not to block for as long as this takes: the
 * flag of splice(2) is for pipes only. Otherwise the ring's sockets block, since it gives up on
 * others instead of waiting for them. */
static void splice_out(struct uring *self, struct io_op *op)
{
    int is_nonblocking = 1;
    (void)ioctl(op->fd, FIONBIO, &is_nonblocking);
    ssize_t moved;
    do
        moved =
            splice(op->fd_in, NULL, op->fd, NULL, op->length, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    while (moved < 0 && errno == EINTR);
    int err = errno;
    is_nonblocking = 0;
    (void)ioctl(op->fd, FIONBIO, &is_nonblocking);
    errno = err;
    op->result = moved < 0 ? -errno : moved;
    complete_later(self, op);
}

/* Pages that are in memory are moved at once; the ring would hand any splice to a thread of the
 * kernel, a wake-up or two for each. Returns whether it was done. */
static bool splice_in(struct uring *self, struct io_op *op)
{
    if (!resident_covers(op->fd_in, op->offset, op->length))
        return false;
    off_t offset = (off_t)op->offset;
    ssize_t moved =
        splice(op->fd_in, &offset, op->fd, NULL, op->length, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    op->result = moved < 0 ? -errno : moved;
    complete_later(self, op);
    return true;
}

static void prepare(struct io_uring_sqe *sqe, const struct io_op *op)
{
    unsigned length = (unsigned)size_min(op->length, INT32_MAX);
    switch (op->kind) {
    case IO_ACCEPT:
        io_uring_prep_accept(sqe, op->fd, NULL, NULL, op->flags);
        break;
    case IO_CONNECT:
        io_uring_prep_connect(sqe, op->fd, op->buffer, (socklen_t)op->length);
        break;
    case IO_RECV:
        io_uring_prep_recv(sqe, op->fd, op->buffer, length, op->flags);
        break;
    case IO_SENDMSG:
        io_uring_prep_sendmsg(sqe, op->fd, op->buffer, (unsigned)op->flags);
        break;
    case IO_POLL:
        io_uring_prep_poll_add(sqe, op->fd, (unsigned)op->flags);
        break;
    case IO_READ:
        io_uring_prep_read(sqe, op->fd, op->buffer, length, op->offset);
        break;
    case IO_WRITE:
        io_uring_prep_write(sqe, op->fd, op->buffer, length, op->offset);
        break;
    case IO_FDATASYNC:
        io_uring_prep_fsync(sqe, op->fd, IORING_FSYNC_DATASYNC);
        break;
    case IO_FSYNC:
        io_uring_prep_fsync(sqe, op->fd, 0);
        break;
    case IO_SYNC_RANGE:
        io_uring_prep_sync_file_range(sqe, op->fd, length, op->offset, op->flags);
        break;
    case IO_SPLICE_IN:
        io_uring_prep_splice(sqe, op->fd_in, (int64_t)op->offset, op->fd, -1, length,
                             SPLICE_F_MOVE);
        break;
    case IO_CLOSE:
        io_uring_prep_close(sqe, op->fd);
        break;
    case IO_SPLICE_OUT:
    case IO_CALL:
        abort(); /* never reach the ring */
    }
}

static void uring_submit(void *io, struct io_op *op)
{
    struct uring *self = io;
    if (op->kind == IO_CALL) {
        helpers_run(self->worker, op, op->call);
    } else if (op->kind == IO_SPLICE_OUT) {
        splice_out(self, op);
    } else if (op->kind != IO_SPLICE_IN || !splice_in(self, op)) {
        struct io_uring_sqe *sqe = take_sqe(self);
        prepare(sqe, op);
        io_uring_sqe_set_data(sqe, op);
    }
}

static void uring_cancel(void *io, struct io_op *op)
{
    struct uring *self = io;
    if (op->kind == IO_CALL || op->kind == IO_SPLICE_OUT)
        return;
    struct io_uring_sqe *sqe = take_sqe(self);
    io_uring_prep_cancel(sqe, op, 0);
    io_uring_sqe_set_data(sqe, (void *)(uintptr_t)&cancel_mark);
}

static void arm_event(struct uring *self)
{
    if (self->is_armed)
        return;
    struct io_uring_sqe *sqe = take_sqe(self);
    io_uring_prep_poll_add(sqe, self->event_fd, POLLIN);
    io_uring_sqe_set_data(sqe, (void *)(uintptr_t)&event_mark);
    self->is_armed = true;
}

static void complete_ready(struct uring *self)
{
    while (self->ready_first != NULL) {
        struct io_op *op = self->ready_first;
        self->ready_first = op->next;
        if (self->ready_first == NULL)
            self->ready_end = &self->ready_first;
        io_complete(op);
    }
}

static void complete(struct uring *self, const void *data, int result)
{
    if (data == &cancel_mark)
        return;
    if (data == &event_mark) {
        uint64_t count;
        self->is_armed = false;
        ssize_t got = read(self->event_fd, &count, sizeof count);
        (void)got; /* EAGAIN: somebody's write was read before */
        return;
    }
    struct io_op *op = (struct io_op *)(uintptr_t)data;
    op->result = result;
    io_complete(op);
}

/* Hands over what was prepared, lets the kernel do what it deferred, waits when asked to. */
static void enter(struct uring *self, int64_t wait_ms)
{
    if (wait_ms == 0) {
        (void)io_uring_submit_and_get_events(&self->ring);
        return;
    }
    struct io_uring_cqe *cqe;
    struct __kernel_timespec ts = {.tv_sec = wait_ms / 1000, .tv_nsec = (wait_ms % 1000) * 1000000};
    (void)io_uring_submit_and_wait_timeout(&self->ring, &cqe, 1, wait_ms < 0 ? NULL : &ts, NULL);
}

static void uring_wait(void *io, int64_t wait_ms)
{
    enum { BATCH = 256 };
    struct uring *self = io;
    arm_event(self);
    if (self->ready_first != NULL)
        wait_ms = 0;
    enter(self, wait_ms);
    complete_ready(self);
    struct io_uring_cqe *cqe;
    for (unsigned i = 0; i < BATCH && io_uring_peek_cqe(&self->ring, &cqe) == 0; i++) {
        const void *data = io_uring_cqe_get_data(cqe);
        int result = cqe->res;
        io_uring_cqe_seen(&self->ring, cqe);
        complete(self, data, result);
    }
}

static void uring_interrupt(void *io)
{
    const struct uring *self = io;
    uint64_t one = 1;
    ssize_t put = write(self->event_fd, &one, sizeof one);
    (void)put; /* EAGAIN: it is as full as can be, so it is readable */
}

const struct io_ops io_uring_ops = {
    .name = "uring",
    .title = "io_uring",
    .open = uring_open,
    .close = uring_close,
    .submit = uring_submit,
    .cancel = uring_cancel,
    .wait = uring_wait,
    .interrupt = uring_interrupt,
};
