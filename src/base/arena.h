/* An arena: memory that dies with its request.
 *
 * Allocations are never freed one by one. Blocks grow from ARENA_BLOCK_BYTES; the sum is bounded
 * by ARENA_BYTES_MAX, so that a request can't make the process grow. In an AddressSanitizer build
 * each allocation is a malloc of its own, so that an overrun is seen. */
#pragma once

#include "base/base.h"

struct arena_block;

struct arena {
    struct arena_block *newest;
    size_t total_bytes;
};

/* An empty arena holds no memory: {0} is a valid one. */
#define ARENA_EMPTY ((struct arena){NULL, 0})

/* Memory of `len` bytes aligned for any type, zeroed; NULL when the bound or the memory is reached.
 */
must_use void *arena_alloc(struct arena *arena, size_t len);

/* A copy of `bytes` with a NUL behind it (not counted); .ptr is NULL when there is no memory. */
must_use struct slice arena_copy(struct arena *arena, struct slice bytes);

/* Formatted text with a NUL behind it (not counted); .ptr is NULL when there is no memory. */
must_use struct slice arena_format(struct arena *arena, const char *format, ...) format_like(2, 3);

/* Gives all its memory back; the arena is empty and usable again. */
void arena_clear(struct arena *arena);
