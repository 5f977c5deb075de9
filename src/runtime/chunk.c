/* Fixed pools of equal chunks. The last one given back is the first taken, so that few pages are
 * ever touched where few transfers run; surplus small ones give their pages back. */
#include "runtime/chunk.h"

#include "base/counters.h"
#include "limits.h"
#include "runtime/fiber.h"
#include "runtime/worker_internal.h"

#include <stdlib.h>
#include <sys/mman.h>

/* A fiber that waits for a chunk; it is given one, so that nobody overtakes. */
struct chunk_waiter {
    struct list node;
    struct fiber *fiber;
    struct chunk *chunk;
};

static int pool_open(struct chunk_pool *pool, size_t chunk_bytes, size_t count)
{
    *pool = (struct chunk_pool){.chunk_bytes = chunk_bytes, .count = count, .free_len = count};
    list_init(&pool->free);
    list_init(&pool->waiters);
    pool->chunks = calloc(count, sizeof *pool->chunks);
    if (pool->chunks == NULL)
        return -ENOMEM;
    pool->memory = mmap(NULL, chunk_bytes * count, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pool->memory == MAP_FAILED) {
        pool->memory = NULL;
        free(pool->chunks);
        return -ENOMEM;
    }
    for (size_t i = count; i-- > 0;) {
        pool->chunks[i].room =
            (struct span){(uint8_t *)pool->memory + i * chunk_bytes, chunk_bytes};
        list_push(&pool->free, &pool->chunks[i].free_node);
    }
    return 0;
}

static void pool_close(struct chunk_pool *pool)
{
    assert(pool->free_len == pool->count && "all chunks have been given back");
    if (pool->memory != NULL)
        (void)munmap(pool->memory, pool->chunk_bytes * pool->count);
    free(pool->chunks);
}

int chunk_pools_open(struct worker *worker, size_t large_bytes_total)
{
    size_t large = large_bytes_total / CHUNK_BYTES;
    if (large < CHUNKS_MIN)
        large = CHUNKS_MIN;
    int err = pool_open(&worker->large, CHUNK_BYTES, large);
    if (err < 0)
        return err;
    err = pool_open(&worker->small, CHUNK_SMALL_BYTES, CHUNKS_SMALL);
    if (err < 0) {
        pool_close(&worker->large);
        return err;
    }
    counter_add(COUNTER_chunks_free, (int64_t)(large + CHUNKS_SMALL));
    return 0;
}

void chunk_pools_close(struct worker *worker)
{
    counter_add(COUNTER_chunks_free, -(int64_t)(worker->large.count + worker->small.count));
    pool_close(&worker->large);
    pool_close(&worker->small);
}

static struct chunk *pool_try(struct chunk_pool *pool)
{
    struct list *node = pool->free.prev; /* the youngest: its memory is warm */
    if (node == &pool->free)
        return NULL;
    list_remove(node);
    pool->free_len--;
    counter_add(COUNTER_chunks_free, -1);
    counter_add(COUNTER_chunks_taken, 1);
    return container_of(node, struct chunk, free_node);
}

static awaits int pool_take(struct chunk_pool *pool, struct chunk **ret_chunk, int64_t deadline_ms)
{
    struct chunk *chunk = pool_try(pool);
    if (chunk == NULL) {
        struct chunk_waiter self = {.fiber = fiber_self()};
        counter_add(COUNTER_chunk_waits_total, 1);
        list_push(&pool->waiters, &self.node);
        while (self.chunk == NULL) {
            int err = fiber_park(deadline_ms);
            if (err < 0 && self.chunk == NULL) {
                list_remove(&self.node);
                return err;
            }
        }
        chunk = self.chunk;
    }
    *ret_chunk = chunk;
    return 0;
}

awaits int chunk_take(struct chunk **ret_chunk, int64_t deadline_ms)
{
    return pool_take(&worker_self()->large, ret_chunk, deadline_ms);
}

awaits int chunk_take_small(struct chunk **ret_chunk, int64_t deadline_ms)
{
    return pool_take(&worker_self()->small, ret_chunk, deadline_ms);
}

void chunk_drop(struct chunk *chunk)
{
    if (chunk == NULL)
        return;
    struct worker *worker = worker_self();
    struct chunk_pool *pool =
        chunk->room.len == CHUNK_SMALL_BYTES ? &worker->small : &worker->large;
    assert(chunk >= pool->chunks && chunk < pool->chunks + pool->count);

    struct list *node = list_pop(&pool->waiters);
    if (node != NULL) {
        struct chunk_waiter *waiter = container_of(node, struct chunk_waiter, node);
        waiter->chunk = chunk;
        fiber_wake(waiter->fiber);
        return;
    }
    if (pool == &worker->small && pool->count - pool->free_len > CHUNKS_SMALL_WARM)
        (void)madvise(chunk->room.ptr, chunk->room.len, MADV_DONTNEED);
    list_push(&pool->free, &chunk->free_node);
    pool->free_len++;
    counter_add(COUNTER_chunks_free, 1);
    counter_add(COUNTER_chunks_taken, -1);
}
