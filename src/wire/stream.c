/* File bytes travel in one of two ways. A reader that keeps up gets them through a pipe, page by
 * page and without a copy. One that doesn't must not keep a pipe from others: it gets them by way
 * of a chunk that is taken only when the socket has room. */
#include "wire/stream.h"

#include "base/counters.h"
#include "limits.h"
#include "runtime/chunk.h"
#include "runtime/fiber.h"
#include "runtime/pipes.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>

/* A peer that is silent, and one that we gave up waiting for, can still be answered. */
static void note_error(struct stream *stream, ssize_t result)
{
    if (result < 0 && result != -ETIMEDOUT && result != -ECANCELED)
        stream->is_broken = true;
}

awaits ssize_t stream_recv(struct stream *stream, struct span into, int64_t deadline_ms)
{
    ssize_t got = io_recv(stream->fd, into, deadline_ms);
    note_error(stream, got);
    return got;
}

awaits ssize_t stream_recv_full(struct stream *stream, struct span into, int64_t deadline_ms)
{
    ssize_t got = io_recv_full(stream->fd, into, deadline_ms);
    note_error(stream, got);
    return got;
}

awaits int stream_wait(struct stream *stream, int64_t deadline_ms)
{
    int events = io_poll(stream->fd, POLLIN | POLLRDHUP, deadline_ms);
    return events < 0 ? events : 0;
}

static void count_sent(struct stream *stream, uint64_t bytes)
{
    stream->sent_bytes += bytes;
    counter_add(COUNTER_sent_bytes_total, (int64_t)bytes);
}

/* Bytes that the peer has not confirmed. */
static int unconfirmed(const struct stream *stream)
{
    int bytes = 0;
    return ioctl(stream->fd, SIOCOUTQ, &bytes) < 0 ? 0 : bytes;
}

/* Waiting for a peer that takes bytes, however slowly, goes on: what counts is not whether our
 * buffer has room again, but whether the peer confirmed any byte since `before`. */
static bool is_taking(const struct stream *stream, int *before)
{
    int now = unconfirmed(stream);
    bool is_progress = now < *before;
    *before = now;
    return is_progress;
}

/* Moves past the first `count` bytes of the buffers. */
static void iov_skip(struct iovec **iov, size_t *iov_len, size_t count)
{
    while (*iov_len > 0 && count >= (*iov)->iov_len) {
        count -= (*iov)->iov_len;
        (*iov)++;
        (*iov_len)--;
    }
    if (*iov_len > 0) {
        (*iov)->iov_base = (char *)(*iov)->iov_base + count;
        (*iov)->iov_len -= count;
    }
}

awaits int stream_send(struct stream *stream, struct iovec *iov, size_t iov_len, bool is_more)
{
    int before = INT32_MAX;
    iov_skip(&iov, &iov_len, 0);
    while (iov_len > 0) {
        int64_t deadline_ms = worker_now_ms() + stream->send_idle_ms;
        ssize_t sent = io_send(stream->fd, iov, iov_len, is_more, deadline_ms);
        if (sent == -ETIMEDOUT && is_taking(stream, &before))
            continue;
        if (sent < 0) {
            stream->is_broken = true;
            return (int)sent;
        }
        before = INT32_MAX;
        count_sent(stream, (uint64_t)sent);
        iov_skip(&iov, &iov_len, (size_t)sent);
    }
    return 0;
}

/* What is left to send of a file. */
struct file_rest {
    int file;
    uint64_t offset, length;
};

static void advance(struct stream *stream, struct file_rest *rest, size_t count)
{
    rest->offset += count;
    rest->length -= count;
    count_sent(stream, count);
}

/* Waits until the socket has room. `ret_was_slow` tells whether that took long. */
static awaits int wait_for_room(struct stream *stream, bool *ret_was_slow)
{
    int64_t began_ms = worker_now_ms();
    int before = unconfirmed(stream);
    int events;
    do
        events = io_poll(stream->fd, POLLOUT, worker_now_ms() + stream->send_idle_ms);
    while (events == -ETIMEDOUT && is_taking(stream, &before));
    if (events < 0)
        return events;
    if (events & (POLLERR | POLLHUP))
        return -EPIPE;
    *ret_was_slow = worker_now_ms() - began_ms > SEND_SLOW_MS;
    return 0;
}

/* Sends what the pipe holds; stops early when the reader is slow. */
static awaits int drain_pipe(struct stream *stream, struct pipe *pipe, struct file_rest *rest,
                             bool *ret_is_slow)
{
    while (pipe->held_bytes > 0) {
        ssize_t moved = io_splice_out(pipe->read_end, stream->fd, pipe->held_bytes);
        if (moved > 0) {
            pipe->held_bytes -= (size_t)moved;
            advance(stream, rest, (size_t)moved);
            continue;
        }
        if (moved != -EAGAIN)
            return moved == 0 ? -EPIPE : (int)moved;
        int err = wait_for_room(stream, ret_is_slow);
        if (err < 0 || *ret_is_slow)
            return err;
    }
    return 0;
}

/* Two pipes in turn: one fills from the disk while the other empties into the socket. */
struct relay {
    struct io_op fill;
    struct pipe *filling; /* the pipe that `fill` is for; NULL while there is no fill */
    int file;
    uint64_t offset, end; /* of what is still to be filled */
};

static void begin_fill(struct relay *relay, struct pipe *pipe)
{
    if (relay->offset == relay->end)
        return;
    relay->filling = pipe;
    relay->fill =
        (struct io_op){.kind = IO_SPLICE_IN,
                       .fd = pipe->write_end,
                       .fd_in = relay->file,
                       .offset = relay->offset,
                       .length = (size_t)u64_min(relay->end - relay->offset, pipe->room_bytes)};
    io_begin(&relay->fill);
}

/* Waits for the fill under way. Returns 0 or -errno; -EIO when the file ends too early. */
static awaits int finish_fill(struct relay *relay)
{
    if (relay->filling == NULL)
        return 0;
    ssize_t got = io_finish(&relay->fill);
    if (got > 0) {
        relay->filling->held_bytes = (size_t)got;
        relay->offset += (uint64_t)got;
    }
    relay->filling = NULL;
    return got > 0 ? 0 : got == 0 ? -EIO : (int)got;
}

/* Sends through pipes until the end or until the reader proves slow. */
static awaits int send_by_pipes(struct stream *stream, struct file_rest *rest)
{
    scoped(pipe) even = pipe_take();
    scoped(pipe) odd = pipe_take();
    if (even == NULL || odd == NULL)
        return 0;
    struct relay relay = {
        .file = rest->file, .offset = rest->offset, .end = rest->offset + rest->length};
    bool is_slow = false;
    struct pipe *full = even;
    begin_fill(&relay, full);
    int err = 0;
    while (rest->length > 0 && !is_slow && err == 0) {
        err = finish_fill(&relay);
        if (err < 0)
            return err;
        begin_fill(&relay, full == even ? odd : even);
        err = drain_pipe(stream, full, rest, &is_slow);
        full = full == even ? odd : even;
    }
    int fill_err = finish_fill(&relay); /* the kernel may still be at it */
    return err < 0 ? err : fill_err;
}

/* Sends one small chunk's worth, taken when the socket has room: a reader that stalls now must not
 * keep a large one from the uploads. */
static awaits int send_by_chunk(struct stream *stream, struct file_rest *rest)
{
    bool was_slow;
    int err = wait_for_room(stream, &was_slow);
    if (err < 0)
        return err;
    scoped(chunk) chunk = NULL;
    err = chunk_take_small(&chunk, worker_now_ms() + stream->send_idle_ms);
    if (err < 0)
        return err;
    size_t want = (size_t)u64_min(rest->length, chunk->room.len);
    ssize_t got = io_read(rest->file, (struct span){chunk->room.ptr, want}, rest->offset);
    if (got <= 0)
        return got == 0 ? -EIO : (int)got;
    struct iovec iov = {chunk->room.ptr, (size_t)got};
    err = stream_send(stream, &iov, 1, (uint64_t)got < rest->length);
    rest->offset += (uint64_t)got;
    rest->length -= (uint64_t)got;
    return err;
}

awaits int stream_send_file(struct stream *stream, int file, uint64_t offset, uint64_t length)
{
    struct file_rest rest = {.file = file, .offset = offset, .length = length};
    int err = 0;
    if (length > CHUNK_SMALL_BYTES)
        err = send_by_pipes(stream, &rest);
    while (err == 0 && rest.length > 0)
        err = send_by_chunk(stream, &rest);
    if (err < 0)
        stream->is_broken = true;
    return err;
}

/* Whether the connection is broken, as its error or a reset by the peer tells. */
static bool is_reset(const struct stream *stream)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    (void)getsockopt(stream->fd, IPPROTO_TCP, TCP_INFO, &info, &len);
    return info.tcpi_state == TCP_CLOSE;
}

awaits int stream_delivered(struct stream *stream)
{
    int64_t deadline_ms = worker_now_ms() + stream->send_idle_ms;
    for (;;) {
        if (is_reset(stream))
            return -EPIPE;
        if (unconfirmed(stream) == 0)
            return 0;
        if (worker_now_ms() >= deadline_ms)
            return -ETIMEDOUT;
        int err = fiber_sleep(worker_now_ms() + DELIVERY_ASK_MS);
        if (err < 0)
            return err;
    }
}
