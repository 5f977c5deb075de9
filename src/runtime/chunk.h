/* Transfer chunks: the memory of all bytes on their way, from fixed pools of the worker.
 *
 * Large ones (CHUNK_BYTES) carry fast transfers straight to disk and are aligned for direct I/O;
 * small ones (CHUNK_SMALL_BYTES) carry heads, answers and slow transfers. The size of the pools is
 * the promise about memory, and an empty pool is the backpressure: no chunk, no read. */
#pragma once

#include "base/base.h"
#include "base/list.h"

struct chunk {
    struct list free_node;
    struct span room; /* page-aligned memory, all of it */
};

/* Takes a large or a small chunk, waiting in turn while all are in use.
 * Returns 0, -ETIMEDOUT, -ECANCELED. */
awaits must_use int chunk_take(struct chunk **ret_chunk, int64_t deadline_ms);
awaits must_use int chunk_take_small(struct chunk **ret_chunk, int64_t deadline_ms);

/* Gives a chunk back to the worker it came from (which must be the calling one); NULL is fine. */
void chunk_drop(struct chunk *chunk);
SCOPED_TYPE(chunk)
