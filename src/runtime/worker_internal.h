/* What the runtime's own files know of a worker. Nobody else includes this. */
#pragma once

#include "base/list.h"
#include "limits.h"
#include "runtime/io.h"
#include "runtime/stack.h"
#include "runtime/worker.h"

#include <pthread.h>

/* One pool of equal chunks. */
struct chunk_pool {
    size_t chunk_bytes;
    void *memory;
    struct chunk *chunks;
    size_t count, free_len;
    struct list free;
    struct list waiters; /* struct waiters' list */
};

/* Pipes that wait to be used. */
struct pipe_pool {
    struct pipe *free[PIPES_MAX];
    size_t free_len, taken;
};

struct worker {
    unsigned index;
    pthread_t thread;
    const struct io_ops *ops;
    void *io;
    struct stack_pool stacks;
    struct timer_heap timers;
    struct list fibers, ready;
    unsigned fibers_open, fibers_max;
    size_t ops_open; /* operations handed to the backend and not complete */
    struct fiber *running;
    void *loop_stack_pointer; /* of the loop, while a fiber runs */
    void *sanitizer_stack, *sanitizer_fiber;
    const void *loop_stack_bottom; /* learnt at the first switch; for AddressSanitizer */
    size_t loop_stack_bytes;
    int64_t now_ms, now_ns;
    int schedstat_fd; /* of the thread; only builds that tell of stalls open it */
    _Atomic(struct post *) posts;
    _Atomic unsigned posters; /* threads in the middle of worker_post() */
    atomic_bool is_asleep;
    bool is_ending; /* fibers have been cancelled */
    struct chunk_pool large, small;
    struct pipe_pool pipes;
};

/* Makes and frees the pools of a worker (chunk.c). */
must_use int chunk_pools_open(struct worker *worker, size_t large_bytes_total);
void chunk_pools_close(struct worker *worker);

/* Closes the pipes of a worker (pipes.c). */
void pipe_pool_close(struct worker *worker);
