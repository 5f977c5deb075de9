/* A stage for tests of io_ops backends: each test runs in a fiber of a real worker, once on every
 * backend that this machine has. A check that fails ends the program, since the kernel may still be
 * writing to the fiber's stack. */
#pragma once

#include "base/clock.h"
#include "limits.h"
#include "runtime/fiber.h"
#include "runtime/io.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static inline void run_body(void *arg)
{
    void (*const *body)(void) = arg;
    (*body)();
    workers_stop();
}

static inline void on_backend(void **state, void (*body)(void))
{
    const struct io_ops *ops;
    const char *reason;
    const char *name = *state;
    if (io_choose(name, &ops, &reason) < 0) {
        /* Not skip(): Meson takes the way in which cmocka 1.1.5 tells of it for a failure. */
        print_message("# skipped, %s: %s\n", name, reason);
        return;
    }
    struct worker_config config = {
        .workers = 1,
        .io = ops,
        .chunk_bytes_total = (size_t)4 * CHUNK_BYTES,
        .fibers_max = 64,
        .start = run_body,
        .arg = &body,
    };
    assert_int_equal(workers_start(&config), 0);
    workers_join();
}

/* Defines the test `name` from the body that follows: it runs in a fiber. */
#define BACKEND_TEST(name)                                                                         \
    static awaits void name##_body(void);                                                          \
    static void name(void **state)                                                                 \
    {                                                                                              \
        on_backend(state, name##_body);                                                            \
    }                                                                                              \
    static awaits void name##_body(void)

static inline void wake_owner(struct io_op *op)
{
    fiber_wake(op->owner);
}

static inline void start(struct io_op *op)
{
    op->owner = fiber_self();
    op->done = wake_owner;
    io_start(op);
}

static inline awaits ssize_t finish(struct io_op *op)
{
    while (op->is_under_way)
        fiber_park_deaf();
    return op->result;
}

static inline awaits ssize_t run(struct io_op op)
{
    start(&op);
    return finish(&op);
}

static inline struct io_op recv_op(int fd, void *into, size_t length, int flags)
{
    return (struct io_op){
        .kind = IO_RECV, .fd = fd, .buffer = into, .length = length, .flags = flags};
}

static inline awaits ssize_t recv_some(int fd, void *into, size_t length)
{
    return run(recv_op(fd, into, length, 0));
}

static inline awaits ssize_t poll_for(int fd, int events)
{
    return run((struct io_op){.kind = IO_POLL, .fd = fd, .flags = events});
}

static inline awaits void nap(int64_t span_ms)
{
    assert(fiber_sleep(clock_ms() + span_ms) == 0);
}

static inline void put(int fd, const char *text)
{
    assert(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static inline void make_pair(int ends[2])
{
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
}

static inline void close_pair(const int ends[2])
{
    assert(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static inline int make_listener(struct sockaddr_in *ret_address)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, 64) == 0);
    assert(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *ret_address = address;
    return fd;
}

static inline int make_client(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0);
    return fd;
}

static inline struct io_op connect_op(int fd, struct sockaddr_in *address)
{
    return (struct io_op){
        .kind = IO_CONNECT, .fd = fd, .buffer = address, .length = sizeof *address};
}

/* Both ends of a TCP connection made by the backend: ends[0] accepted, ends[1] connected. */
static inline awaits void make_tcp(int ends[2])
{
    struct sockaddr_in address;
    int listener = make_listener(&address);
    struct io_op accepting = {.kind = IO_ACCEPT, .fd = listener, .flags = SOCK_CLOEXEC};
    start(&accepting);
    ends[1] = make_client();
    assert(run(connect_op(ends[1], &address)) == 0);
    ends[0] = (int)finish(&accepting);
    assert(ends[0] >= 0);
    assert((fcntl(ends[0], F_GETFD) & FD_CLOEXEC) != 0);
    assert(close(listener) == 0);
}

/* Fills a socket until it takes no more. Returns how much it took. */
static inline size_t stuff(int fd)
{
    static char bytes[65536];
    size_t total = 0;
    ssize_t sent;
    while ((sent = send(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0)
        total += (size_t)sent;
    return total;
}

static inline int make_file(void)
{
    char path[] = "/tmp/io_backend_test.XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    assert(fd >= 0 && unlink(path) == 0);
    return fd;
}

/* clang-format off */
#define ON_BOTH(test)                                                                              \
    {#test " (epoll)", test, NULL, NULL, (void *)(uintptr_t)"epoll"},                              \
    {#test " (uring)", test, NULL, NULL, (void *)(uintptr_t)"uring"}
/* clang-format on */
