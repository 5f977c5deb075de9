/* Stacks come from slabs of one mapping each. A guard below each stack turns an overflow into a
 * clean crash. MADV_GUARD_INSTALL (Linux 6.13) puts guards into the page tables without splitting
 * the mapping; older kernels need mprotect, two mappings a stack, so that vm.max_map_count bounds
 * how many there can be. Pages are private to stacks and never huge: a parked fiber costs what
 * it touched. */
#include "runtime/stack.h"

#include "base/counters.h"
#include "base/sanitizers.h"
#include "limits.h"
#include "runtime/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if HAS_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum {
    PAGE_BYTES = 4096,
    SLAB_STACKS = 64,
    /* Mappings left for everything that isn't a stack. */
    MAPPINGS_RESERVED = 4096,
    /* One of so many stacks given back is measured. */
    MEASURE_EACH = 64,
};

#if HAS_ADDRESS_SANITIZER || HAS_THREAD_SANITIZER || defined(SLUICE_DEBUG)
static const size_t usable_bytes = (size_t)4 * FIBER_STACK_BYTES;
#else
static const size_t usable_bytes = FIBER_STACK_BYTES;
#endif

struct stack_slab {
    struct stack_slab *next;
    void *mapping;
    size_t bytes;
};

size_t stack_bytes(void)
{
    return usable_bytes;
}

static size_t read_max_map_count(void)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    size_t count = 65530; /* the kernel's default */
    if (file != NULL) {
        char line[32];
        if (fgets(line, sizeof line, file) != NULL)
            count = strtoul(line, NULL, 10);
        (void)fclose(file);
    }
    return count;
}

/* The kernel is asked to read what should be a guard: emulators of other processors take the advice
 * and do nothing. */
static bool are_guards_cheap(void)
{
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return false;
    bool is_cheap = madvise(page, PAGE_BYTES, MADV_GUARD_INSTALL) == 0 && access(page, F_OK) < 0 &&
                    errno == EFAULT;
    (void)munmap(page, PAGE_BYTES);
    return is_cheap;
}

void stack_pool_open(struct stack_pool *pool, size_t stacks_max)
{
    *pool = (struct stack_pool){.has_cheap_guards = are_guards_cheap(), .made_max = stacks_max};
    if (!pool->has_cheap_guards) {
        size_t workers = workers_count() > 0 ? workers_count() : 1;
        size_t mappings = read_max_map_count() / workers;
        size_t most = mappings > MAPPINGS_RESERVED ? (mappings - MAPPINGS_RESERVED) / 2 : 64;
        pool->made_max = size_min(stacks_max, most);
    }
}

void stack_pool_close(struct stack_pool *pool)
{
    while (pool->slabs != NULL) {
        struct stack_slab *slab = pool->slabs;
        pool->slabs = slab->next;
        (void)munmap(slab->mapping, slab->bytes);
        free(slab);
    }
    free(pool->free);
    *pool = (struct stack_pool){0};
}

static int install_guard(const struct stack_pool *pool, void *guard)
{
    if (pool->has_cheap_guards)
        return madvise(guard, FIBER_GUARD_BYTES, MADV_GUARD_INSTALL);
    return mprotect(guard, FIBER_GUARD_BYTES, PROT_NONE);
}

/* Makes room for `count` more entries in the list of free stacks. */
static bool reserve_free(struct stack_pool *pool, size_t count)
{
    if (pool->free_len + count <= pool->free_room && pool->made + count <= pool->free_room)
        return true;
    size_t room = pool->made + count;
    void **grown = reallocarray(pool->free, room, sizeof *grown);
    if (grown == NULL)
        return false;
    pool->free = grown;
    pool->free_room = room;
    return true;
}

static bool add_slab(struct stack_pool *pool)
{
    size_t count = size_min(SLAB_STACKS, pool->made_max - pool->made);
    size_t each = FIBER_GUARD_BYTES + usable_bytes;
    if (count == 0 || !reserve_free(pool, count))
        return false;
    struct stack_slab *slab = malloc(sizeof *slab);
    if (slab == NULL)
        return false;
    slab->bytes = count * each;
    slab->mapping = mmap(NULL, slab->bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (slab->mapping == MAP_FAILED) {
        free(slab);
        return false;
    }
    (void)madvise(slab->mapping, slab->bytes, MADV_NOHUGEPAGE);
    slab->next = pool->slabs;
    pool->slabs = slab;
    for (size_t i = 0; i < count; i++) {
        char *guard = (char *)slab->mapping + i * each;
        if (install_guard(pool, guard) < 0)
            break; /* an unguarded stack is never handed out */
        pool->free[pool->free_len++] = guard + FIBER_GUARD_BYTES;
        pool->made++;
    }
    return pool->free_len > 0;
}

void *stack_take(struct stack_pool *pool)
{
    if (pool->free_len == 0 && !add_slab(pool))
        return NULL;
    return pool->free[--pool->free_len];
}

/* The first resident page from below, found without touching any. */
static size_t resident_from(const void *stack)
{
    enum { PAGES_MAX = 4 * FIBER_STACK_BYTES / PAGE_BYTES };
    unsigned char resident[PAGES_MAX];
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE); /* larger on some machines */
    if (mincore((void *)(uintptr_t)stack, usable_bytes, resident) < 0)
        return 0;
    size_t at = 0;
    while (at < usable_bytes && !(resident[at / page_bytes] & 1))
        at += page_bytes;
    return at;
}

__attribute__((no_sanitize("address", "thread"))) size_t stack_depth(const void *stack)
{
    const char *bytes = stack;
    size_t at = resident_from(stack);
    while (at < usable_bytes && *(const uint64_t *)(const void *)(bytes + at) == 0)
        at += sizeof(uint64_t);
    return usable_bytes - at;
}

void stack_give(struct stack_pool *pool, void *stack)
{
    static _Thread_local unsigned given;
    bool is_measured = given++ % MEASURE_EACH == 0;
    size_t kept = usable_bytes / (FIBER_STACK_BYTES / FIBER_STACK_KEEP_BYTES);
    if (is_measured) {
        size_t depth = stack_depth(stack);
        counter_raise(COUNTER_fiber_stack_deepest_bytes, (int64_t)depth);
        if (depth > kept)
            (void)madvise(stack, usable_bytes - kept, MADV_DONTNEED);
    }
    if (pool->free_len >= FIBER_STACKS_KEPT_MAX)
        (void)madvise(stack, usable_bytes, MADV_DONTNEED);
#if HAS_ADDRESS_SANITIZER
    __asan_unpoison_memory_region(stack, usable_bytes);
#endif
    assert(pool->free_len < pool->free_room);
    pool->free[pool->free_len++] = stack;
}
