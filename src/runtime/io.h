/* Everything that waits for the kernel: the one seam for input and output.
 *
 * An operation is a `struct io_op`; a backend (io_uring, or epoll with helper threads, or a
 * test's simulator) completes it and calls op->done on the worker's loop. The functions below fill
 * one, hand it over and suspend the fiber until it is complete. They never return before the
 * kernel has let go of the memory: a deadline or a cancel first cancels the operation, then waits
 * for its end.
 *
 * Results are those of the system call of the same name: a count or 0, or −errno. */
#pragma once

#include "base/base.h"
#include "runtime/worker.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum io_kind {
    /* sockets: wait for the peer, have deadlines */
    IO_ACCEPT,     /* fd; flags of accept4; result: descriptor */
    IO_CONNECT,    /* fd; buffer: address, length */
    IO_RECV,       /* fd; buffer, length; flags of recv (MSG_WAITALL: fill all of it) */
    IO_SENDMSG,    /* fd; message; flags of sendmsg; may send some */
    IO_POLL,       /* fd; flags: POLLIN/POLLOUT…; result: events */
    IO_SPLICE_OUT, /* pipe `fd_in` to socket `fd`, length; never blocks: -EAGAIN when full */
    /* files: the disk answers by itself */
    IO_READ,       /* fd; buffer, length, offset */
    IO_WRITE,      /* fd; buffer, length, offset */
    IO_FDATASYNC,  /* fd */
    IO_FSYNC,      /* fd */
    IO_SYNC_RANGE, /* fd, offset, length: starts write-out of that range */
    IO_SPLICE_IN,  /* file `fd_in` at offset to pipe `fd`, length */
    IO_CLOSE,      /* fd */
    IO_CALL,       /* runs op->call(op) on a helper thread; it sets op->result */
};

struct io_op {
    enum io_kind kind;
    int fd, fd_in;
    int flags;
    void *buffer; /* or the struct msghdr, or the argument of the call */
    size_t length;
    uint64_t offset;
    void (*call)(struct io_op *op); /* IO_CALL: runs on a helper thread, may block */
    void (*done)(struct io_op *op); /* on the worker's loop; must not await; may free the op */
    ssize_t result;
    bool is_under_way;
    void *owner;         /* of whoever set `done` */
    struct post post;    /* for backends: the way back from a helper thread */
    struct io_op *next;  /* for backends */
    void *backend_state; /* for backends */
};

/* A backend. One instance a worker, made on that worker's thread. */
struct io_ops {
    const char *name;  /* as --io takes it */
    const char *title; /* as people call it */
    /* Returns 0 or -errno (then this backend can't be had here). */
    int (*open)(void **ret_io);
    void (*close)(void *io);
    /* Takes an operation; completes it later by setting result and calling done, from wait(). */
    void (*submit)(void *io, struct io_op *op);
    /* Asks for its early end; it still completes (with -ECANCELED, or its result). */
    void (*cancel)(void *io, struct io_op *op);
    /* Hands over what was submitted and completes what is ready; waits for at most `wait_ms`
     * milliseconds (0: not at all, -1: without end) when nothing is. */
    void (*wait)(void *io, int64_t wait_ms);
    /* Ends a wait() of this instance early; any thread. */
    void (*interrupt)(void *io);
};

extern const struct io_ops io_uring_ops;
extern const struct io_ops io_epoll_ops;

/* Chooses a backend by name: "uring", "epoll" or "auto" (uring where the kernel lets us, tried by
 * making one). `ret_reason` says in words why not uring ("" when it was chosen or not asked).
 * Returns 0 or -errno when the named one can't be had. */
must_use int io_choose(const char *name, const struct io_ops **ret_ops, const char **ret_reason);

/* ---- Operations without a fiber: op->done is called on the worker's loop. ---- */

/* Hands an operation of the calling worker over. The op and its memory stay until done. */
void io_start(struct io_op *op);
/* Asks for its early end; done is still called. */
void io_cancel(struct io_op *op);

/* ---- Awaiting calls. Sockets have a deadline; -ETIMEDOUT, -ECANCELED besides the kernel's. ----
 */

awaits must_use ssize_t io_accept(int fd, int64_t deadline_ms);
/* Receives some bytes; 0 at the end of the stream. */
awaits must_use ssize_t io_recv(int fd, struct span into, int64_t deadline_ms);
/* Receives until `into` is full, the stream ends or the deadline comes: what has arrived by then is
 * the result; -ETIMEDOUT only when nothing has. */
awaits must_use ssize_t io_recv_full(int fd, struct span into, int64_t deadline_ms);
/* Sends some of the buffers. `is_more`: more follows at once (MSG_MORE). */
awaits must_use ssize_t io_send(int fd, struct iovec *iov, size_t iov_len, bool is_more,
                                int64_t deadline_ms);
/* Waits until one of the poll(2) `events` holds. Returns the events. */
awaits must_use int io_poll(int fd, short events, int64_t deadline_ms);

awaits must_use ssize_t io_read(int fd, struct span into, uint64_t offset); /* some */
awaits must_use int io_write_all(int fd, struct slice bytes, uint64_t offset);
awaits must_use int io_fdatasync(int fd);
awaits must_use int io_fsync(int fd);
/* Begins an operation that the calling fiber owns, and waits for its end: io_finish() must follow.
 * In between the fiber may do other things. */
void io_begin(struct io_op *op);
awaits ssize_t io_finish(struct io_op *op);
/* Moves file bytes into a pipe; some. */
awaits must_use ssize_t io_splice_in(int file, uint64_t offset, int pipe, size_t length);
/* Moves bytes of a pipe into a socket without waiting for room; some, or -EAGAIN. */
awaits must_use ssize_t io_splice_out(int pipe, int socket, size_t length);

/* Runs `call(op)` on a helper thread; op->buffer is `arg`. Returns op->result. */
awaits must_use ssize_t io_call(void (*call)(struct io_op *op), void *arg);

/* The same for file names, each one system call on a helper thread. */
awaits must_use int io_allocate(int fd, uint64_t offset, uint64_t length);
awaits must_use int io_truncate(int fd, uint64_t length);

/* For calls that run on a helper thread (it may block): opens a name that must not lead out of the
 * folder, whatever links lie there. Returns the descriptor or -errno. */
must_use int io_open_beneath(int folder, const char *path, int flags, mode_t mode);

/* ---- Forgetting: done in the background, never awaits, errors are logged. ---- */
void io_close_later(int fd);
/* `path` is copied. */
void io_unlink_later(int folder, const char *path);
