/* A few pipes a worker, made when first needed and kept. */
#include "runtime/pipes.h"

#include "limits.h"
#include "runtime/worker_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct pipe *make_pipe(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return NULL;
    struct pipe *pipe = calloc(1, sizeof *pipe);
    /* A user may own 64 MiB of pipes; past that they are small, and copying is as good. */
    int room = fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
    if (pipe == NULL || room < PIPE_BYTES) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        free(pipe);
        return NULL;
    }
    *pipe = (struct pipe){.read_end = ends[0], .write_end = ends[1], .room_bytes = (size_t)room};
    return pipe;
}

static void close_pipe(struct pipe *pipe)
{
    (void)close(pipe->read_end);
    (void)close(pipe->write_end);
    free(pipe);
}

struct pipe *pipe_take(void)
{
    struct pipe_pool *pool = &worker_self()->pipes;
    if (pool->free_len > 0) {
        pool->taken++;
        return pool->free[--pool->free_len];
    }
    if (pool->taken >= PIPES_MAX)
        return NULL;
    struct pipe *pipe = make_pipe();
    if (pipe != NULL)
        pool->taken++;
    return pipe;
}

void pipe_drop(struct pipe *pipe)
{
    if (pipe == NULL)
        return;
    struct pipe_pool *pool = &worker_self()->pipes;
    assert(pool->taken > 0 && pool->free_len < PIPES_MAX);
    pool->taken--;
    if (pipe->held_bytes > 0)
        close_pipe(pipe);
    else
        pool->free[pool->free_len++] = pipe;
}

void pipe_pool_close(struct worker *worker)
{
    while (worker->pipes.free_len > 0)
        close_pipe(worker->pipes.free[--worker->pipes.free_len]);
}
