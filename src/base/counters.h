/* Counters of what the program does, one slot a thread so that counting is never contended.
 *
 * A thread that counts registers itself once; what /metrics shows is the sum over the slots (the
 * highest, for counters of type `highest`). */
#pragma once

#include "base/base.h"

#include <stdatomic.h>

enum counter {
#define COUNTER(name, type, help) COUNTER_##name,
#include "base/counters.def"
#undef COUNTER
    COUNTERS
};

struct counter_slot {
    _Atomic int64_t values[COUNTERS];
};

extern _Thread_local struct counter_slot *counter_slot_mine;

/* Gives the calling thread a slot of its own. Until then it counts in a shared one. */
void counters_register(void);

static inline void counter_add(enum counter counter, int64_t amount)
{
    atomic_fetch_add_explicit(&counter_slot_mine->values[counter], amount, memory_order_relaxed);
}

/* Raises a counter of type `highest`. */
static inline void counter_raise(enum counter counter, int64_t value)
{
    _Atomic int64_t *mine = &counter_slot_mine->values[counter];
    if (atomic_load_explicit(mine, memory_order_relaxed) < value)
        atomic_store_explicit(mine, value, memory_order_relaxed);
}

/* The sum (or the highest) over all threads. */
int64_t counter_total(enum counter counter);
const char *counter_name(enum counter counter);
/* "counter" or "gauge", as Prometheus calls it. */
const char *counter_type(enum counter counter);
const char *counter_help(enum counter counter);
