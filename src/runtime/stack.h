/* Stacks of fibers: guarded, reused, a page or two of real memory each. One pool a worker. */
#pragma once

#include "base/base.h"

/* A stack is known by its lowest usable address; FIBER_STACK_SIZE bytes above it are usable. */
struct stack_pool {
    void **free; /* the last one given back is the first taken: its pages are warm */
    size_t free_len, free_room;
    size_t made, made_max;
    bool has_cheap_guards; /* MADV_GUARD_INSTALL: no extra mapping a stack */
    struct stack_slab *slabs;
};

/* The usable size: larger where a sanitizer's frames are larger. */
size_t stack_bytes(void);

/* An empty pool of at most `stacks_max` stacks; fewer where the kernel's limit on mappings says so.
 */
void stack_pool_open(struct stack_pool *pool, size_t stacks_max);
void stack_pool_close(struct stack_pool *pool);

/* Returns the lowest usable address, NULL when the limit or the memory is reached. */
must_use void *stack_take(struct stack_pool *pool);
/* Gives a stack back; deep or surplus ones give their pages to the kernel. */
void stack_give(struct stack_pool *pool, void *stack);

/* How deep a stack was ever used since its pages were fresh, in bytes. */
size_t stack_depth(const void *stack);
