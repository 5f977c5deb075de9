/* Blocks are linked from the newest to the oldest; only the newest still has room. They come zeroed
 * from calloc and are never reused, so what an arena lends is zeroed without another pass. */
#include "base/arena.h"

#include "base/sanitizers.h"
#include "limits.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *older;
    size_t used, room;
    alignas(max_align_t) uint8_t bytes[];
};

static_assert(sizeof(struct arena_block) < ARENA_BLOCK_BYTES, "a first block has room");
static_assert(ARENA_BLOCK_BYTES <= ARENA_BYTES_MAX, "a first block is within the bound");

static size_t align_up(size_t len)
{
    return (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* A new newest block with at least `len` bytes of room; false when the bound or memory is reached.
 */
static bool arena_grow(struct arena *arena, size_t len)
{
    size_t needed = sizeof(struct arena_block) + len;
    size_t left = ARENA_BYTES_MAX - arena->total_bytes;
    assert(arena->total_bytes <= ARENA_BYTES_MAX);
    if (needed > left)
        return false;

    /* As much again as there is, so that the number of blocks stays small. */
    size_t bytes = arena->total_bytes < ARENA_BLOCK_BYTES ? ARENA_BLOCK_BYTES : arena->total_bytes;
    bytes = size_min(bytes < needed ? needed : bytes, left);
    if (HAS_ADDRESS_SANITIZER)
        bytes = needed;
    struct arena_block *block = calloc(1, bytes);
    if (block == NULL)
        return false;
    block->room = bytes - sizeof(struct arena_block);
    block->older = arena->newest;
    arena->newest = block;
    arena->total_bytes += bytes;
    return true;
}

void *arena_alloc(struct arena *arena, size_t len)
{
    if (len > ARENA_BYTES_MAX)
        return NULL;
    /* The gap that aligns the next piece is left out where an overrun should be seen. */
    size_t step = HAS_ADDRESS_SANITIZER ? len : align_up(len);
    struct arena_block *block = arena->newest;
    if (HAS_ADDRESS_SANITIZER || block == NULL || step > block->room - block->used) {
        if (!arena_grow(arena, step))
            return NULL;
        block = arena->newest;
    }
    void *piece = block->bytes + block->used;
    block->used += step;
    assert(block->used <= block->room);
    return piece;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    if (bytes.len >= ARENA_BYTES_MAX)
        return SLICE_NONE;
    uint8_t *copy = arena_alloc(arena, bytes.len + 1);
    if (copy == NULL)
        return SLICE_NONE;
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    return slice_from(copy, bytes.len);
}

struct slice arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0)
        return SLICE_NONE;

    char *text = arena_alloc(arena, (size_t)len + 1);
    if (text == NULL)
        return SLICE_NONE;
    va_start(arguments, format);
    int again = vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    assert(again == len);
    (void)again;
    return slice_from(text, (size_t)len);
}

void arena_clear(struct arena *arena)
{
    while (arena->newest != NULL) {
        struct arena_block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    arena->total_bytes = 0;
}
