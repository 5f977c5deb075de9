/* A stream: the bytes of one connection, both ways. TLS will be another kind of the same. */
#pragma once

#include "base/base.h"
#include "runtime/io.h"

struct stream {
    int fd;
    int64_t send_idle_ms; /* longest time in which the peer may take nothing */
    bool is_broken;       /* the peer can't be answered any more */
    uint64_t sent_bytes;  /* since the last time somebody set it to 0 */
};

/* Receives some bytes; 0 at the end. Returns -ETIMEDOUT, -ECANCELED, -ECONNRESET … */
awaits must_use ssize_t stream_recv(struct stream *stream, struct span into, int64_t deadline_ms);
/* Receives until `into` is full, the stream ends or the deadline comes; what came is the result,
 * -ETIMEDOUT only when nothing did. */
awaits must_use ssize_t stream_recv_full(struct stream *stream, struct span into,
                                         int64_t deadline_ms);
/* Waits until bytes (or the end) can be received, holding no memory. Returns 0 or -errno. */
awaits must_use int stream_wait(struct stream *stream, int64_t deadline_ms);
/* Sends all of the buffers (`iov` is consumed); `is_more`: more follows at once. */
awaits must_use int stream_send(struct stream *stream, struct iovec *iov, size_t iov_len,
                                bool is_more);
/* Sends `length` bytes of a file from `offset`. A file that ends early breaks the stream: -EIO. */
awaits must_use int stream_send_file(struct stream *stream, int file, uint64_t offset,
                                     uint64_t length);
/* Waits until the peer has confirmed all that was sent, at most for the stream's idle time.
 * Returns 0, -EPIPE when the connection broke before, -ETIMEDOUT, -ECANCELED. */
awaits must_use int stream_delivered(struct stream *stream);
