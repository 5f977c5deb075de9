/* The backend on epoll: sockets are tried at once and wait in epoll when they would block; files
 * are the helper threads' work.
 *
 * Each descriptor is registered once, edge-triggered for everything, and never taken out: closing
 * it does that. What we remember of a descriptor may therefore be of an earlier one with the same
 * number. So memory only saves system calls, events are only hints (the operation is tried again),
 * and whoever waits on the word of memory is looked after: before the worker sleeps, adding the
 * descriptor again proves that it is registered (EEXIST), or registers it. */
#include "runtime/helpers.h"
#include "runtime/io_file.h"
#include "runtime/io_internal.h"
#include "runtime/io_socket.h"

#include "limits.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What is remembered of a descriptor. */
struct watch {
    struct io_op *waiting; /* in the order in which they came */
    bool is_registered;    /* it was, when we last looked */
    bool is_doubted;       /* is in `doubted` */
    bool is_stream;        /* a stream socket: a short read means that there is no more */
    bool is_drained;       /* nothing to read until the next event */
    bool is_ended;         /* the peer's end came: no event will tell of it again */
};
static_assert(sizeof(struct watch) <= 16, "one for each descriptor of the process, in each worker");

struct epoll_io {
    int epoll_fd, event_fd;
    struct worker *worker;
    struct watch *watches; /* by descriptor */
    size_t watches_len;
    struct io_op *ready_first, **ready_end; /* have their result; completed by wait() */
    unsigned blind_turns, busy_looks;
    unsigned doubted_len;
    int doubted[EPOLL_DOUBTED_MAX]; /* waits on these began on the word of memory */
    struct epoll_event events[EPOLL_EVENTS_MAX];
};

static int epoll_open(void **ret_io)
{
    struct epoll_io *self = calloc(1, sizeof *self);
    if (self == NULL)
        return -ENOMEM;
    self->worker = worker_self();
    self->ready_end = &self->ready_first;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    /* Each write is an edge of its own, so this descriptor is never read. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = -1};
    if (self->epoll_fd < 0 || self->event_fd < 0 ||
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, self->event_fd, &event) < 0) {
        int err = -errno;
        if (self->event_fd >= 0)
            (void)close(self->event_fd);
        if (self->epoll_fd >= 0)
            (void)close(self->epoll_fd);
        free(self);
        return err;
    }
    *ret_io = self;
    return 0;
}

static void epoll_close(void *io)
{
    struct epoll_io *self = io;
    assert(self->ready_first == NULL);
    (void)close(self->epoll_fd);
    (void)close(self->event_fd);
    free(self->watches);
    free(self);
}

static void epoll_interrupt(void *io)
{
    const struct epoll_io *self = io;
    uint64_t one = 1;
    ssize_t put = write(self->event_fd, &one, sizeof one);
    (void)put; /* it would take centuries to fill */
}

/* ---- What is remembered ---- */

/* NULL when there is no memory; otherwise valid until the next call. */
static struct watch *watch_of(struct epoll_io *self, int fd)
{
    size_t index = (size_t)fd;
    if (index < self->watches_len)
        return &self->watches[index];
    size_t len = self->watches_len == 0 ? 64 : self->watches_len;
    while (len <= index)
        len *= 2;
    struct watch *watches = realloc(self->watches, len * sizeof *watches);
    if (watches == NULL)
        return NULL;
    memset(watches + self->watches_len, 0, (len - self->watches_len) * sizeof *watches);
    self->watches = watches;
    self->watches_len = len;
    return &watches[index];
}

/* This number is now, or is about to be, another descriptor. */
static void watch_forget(struct epoll_io *self, int fd)
{
    if (fd < 0 || (size_t)fd >= self->watches_len)
        return;
    struct watch *watch = &self->watches[fd];
    assert(watch->waiting == NULL); /* it would receive somebody else's bytes */
    *watch = (struct watch){.is_doubted = watch->is_doubted};
}

/* Makes sure that the descriptor is registered; what is ready by now then comes as an event. */
static int watch_register(struct epoll_io *self, struct watch *watch, int fd)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET,
        .data.fd = fd,
    };
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) {
        watch->is_stream = io_socket_type(fd) == SOCK_STREAM;
        watch->is_drained = watch->is_ended = false;
    } else if (errno != EEXIST) {
        return -errno;
    }
    watch->is_registered = true;
    return 0;
}

/* ---- Trying ---- */

/* The events that may let a waiting operation go on. */
static uint32_t events_of(const struct io_op *op)
{
    uint32_t ends = EPOLLERR | EPOLLHUP;
    if (op->kind == IO_POLL)
        return ends | (uint32_t)op->flags;
    if (op->kind == IO_CONNECT || op->kind == IO_SENDMSG)
        return ends | EPOLLOUT;
    return ends | EPOLLIN | EPOLLRDHUP;
}

/* True when the operation is complete. */
static bool try_op(struct epoll_io *self, struct watch *watch, struct io_op *op)
{
    const uint32_t reading = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP;
    if (watch->is_drained && !watch->is_ended && (events_of(op) & ~reading) == 0)
        return false;
    /* Bytes that come after a short read are an event of their own, if anything is. */
    bool is_short_last = watch->is_registered && watch->is_stream && !watch->is_ended;
    bool is_complete = io_socket_try(op, is_short_last, &watch->is_drained);
    if (is_complete && op->kind == IO_ACCEPT && op->result >= 0)
        watch_forget(self, (int)op->result);
    return is_complete;
}

/* ---- Taking operations ---- */

static void push_ready(struct epoll_io *self, struct io_op *op)
{
    op->next = NULL;
    *self->ready_end = op;
    self->ready_end = &op->next;
}

static void end_op(struct epoll_io *self, struct io_op *op, ssize_t result)
{
    op->result = result;
    push_ready(self, op);
}

static void start_waiting(struct epoll_io *self, struct watch *watch, struct io_op *op)
{
    if (watch->is_registered && self->doubted_len < EPOLL_DOUBTED_MAX) {
        if (!watch->is_doubted)
            self->doubted[self->doubted_len++] = op->fd;
        watch->is_doubted = true;
    } else {
        int err = watch_register(self, watch, op->fd);
        if (err < 0) {
            end_op(self, op, err);
            return;
        }
    }
    struct io_op **end = &watch->waiting;
    while (*end != NULL)
        end = &(*end)->next;
    op->next = NULL;
    *end = op;
}

static void submit_socket(struct epoll_io *self, struct io_op *op)
{
    struct watch *watch = op->fd < 0 ? NULL : watch_of(self, op->fd);
    if (watch == NULL) {
        end_op(self, op, op->fd < 0 ? -EBADF : -ENOMEM);
        return;
    }
    if (op->kind == IO_CONNECT)
        watch_forget(self, op->fd);
    /* These two calls have no flag against blocking. */
    if (op->kind == IO_CONNECT || op->kind == IO_ACCEPT)
        (void)ioctl(op->fd, FIONBIO, &(int){1});
    op->result = 0;
    if (try_op(self, watch, op))
        push_ready(self, op);
    else
        start_waiting(self, watch, op);
}

/* Does what can't block without a detour over a helper thread; false when it might. */
static bool try_file(struct epoll_io *self, struct io_op *op)
{
    if (op->kind == IO_READ)
        return io_file_try_read(op);
    if (op->kind != IO_CLOSE)
        return false;
    watch_forget(self, op->fd);
    if (io_socket_type(op->fd) < 0)
        return false;
    io_file_run(op);
    return true;
}

static void epoll_submit(void *io, struct io_op *op)
{
    struct epoll_io *self = io;
    if (op->kind < IO_SPLICE_OUT) {
        submit_socket(self, op);
    } else if (op->kind == IO_SPLICE_OUT) {
        io_socket_splice(op);
        push_ready(self, op);
    } else if (try_file(self, op)) {
        push_ready(self, op);
    } else {
        helpers_run(self->worker, op, op->kind == IO_CALL ? op->call : io_file_run);
    }
}

/* Only those that wait for a peer are given up; all others end soon by themselves. */
static void epoll_cancel(void *io, struct io_op *op)
{
    struct epoll_io *self = io;
    if (op->kind >= IO_SPLICE_OUT || op->fd < 0 || (size_t)op->fd >= self->watches_len)
        return;
    struct io_op **link = &self->watches[op->fd].waiting;
    while (*link != NULL && *link != op)
        link = &(*link)->next;
    if (*link == NULL)
        return; /* it has its result already */
    *link = op->next;
    bool has_arrived = op->kind == IO_RECV && op->result > 0;
    end_op(self, op, has_arrived ? op->result : -ECANCELED);
}

/* ---- Waiting ---- */

static void handle_event(struct epoll_io *self, int fd, uint32_t events)
{
    struct watch *watch = &self->watches[fd];
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0)
        watch->is_drained = false;
    if ((events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0)
        watch->is_ended = true;
    struct io_op **link = &watch->waiting;
    while (*link != NULL) {
        struct io_op *op = *link;
        if ((events & events_of(op)) != 0 && try_op(self, watch, op)) {
            *link = op->next;
            push_ready(self, op);
        } else {
            link = &op->next;
        }
    }
}

/* Waits for events and tries what they are about. Returns how many came. */
static int collect(struct epoll_io *self, int64_t wait_ms)
{
    int timeout = wait_ms < 0 ? -1 : (int)i64_min(wait_ms, INT32_MAX);
    int count = epoll_wait(self->epoll_fd, self->events, EPOLL_EVENTS_MAX, timeout);
    for (int i = 0; i < count; i++)
        if (self->events[i].data.fd >= 0)
            handle_event(self, self->events[i].data.fd, self->events[i].events);
    return count;
}

static void settle_doubts(struct epoll_io *self)
{
    while (self->doubted_len > 0) {
        int fd = self->doubted[--self->doubted_len];
        struct watch *watch = &self->watches[fd];
        watch->is_doubted = false;
        if (watch->waiting == NULL)
            continue;
        int err = watch_register(self, watch, fd);
        while (err < 0 && watch->waiting != NULL) {
            struct io_op *op = watch->waiting;
            watch->waiting = op->next;
            end_op(self, op, err);
        }
    }
}

static void look(struct epoll_io *self, int64_t wait_ms)
{
    if (self->doubted_len > 0) {
        bool is_busy = collect(self, 0) > 0 || wait_ms == 0;
        if (is_busy && ++self->busy_looks < EPOLL_BUSY_LOOKS_MAX)
            return;
        self->busy_looks = 0;
        settle_doubts(self);
        if (is_busy || self->ready_first != NULL)
            return;
    }
    (void)collect(self, wait_ms);
}

static void epoll_wait_ready(void *io, int64_t wait_ms)
{
    struct epoll_io *self = io;
    if (self->ready_first == NULL || ++self->blind_turns >= EPOLL_BLIND_TURNS_MAX) {
        self->blind_turns = 0;
        look(self, self->ready_first == NULL ? wait_ms : 0);
    }
    /* What is submitted meanwhile comes next time. */
    struct io_op *op = self->ready_first;
    self->ready_first = NULL;
    self->ready_end = &self->ready_first;
    while (op != NULL) {
        struct io_op *next = op->next;
        io_complete(op);
        op = next;
    }
}

const struct io_ops io_epoll_ops = {
    .name = "epoll",
    .title = "epoll and helper threads",
    .open = epoll_open,
    .close = epoll_close,
    .submit = epoll_submit,
    .cancel = epoll_cancel,
    .wait = epoll_wait_ready,
    .interrupt = epoll_interrupt,
};
