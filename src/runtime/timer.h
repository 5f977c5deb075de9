/* Timers of one worker: a heap by absolute deadline. */
#pragma once

#include "base/base.h"

struct timer {
    int64_t at_ms;
    size_t place;                      /* in the heap, from 1; 0: not armed */
    void (*fire)(struct timer *timer); /* runs on the worker's loop; must not await */
};

struct timer_heap {
    struct timer **timers; /* timers[1] is the earliest */
    size_t count, room;
};

/* Arms a timer that is not armed. Returns 0 or -ENOMEM. */
must_use int timer_heap_add(struct timer_heap *heap, struct timer *timer);
/* Disarms; harmless when not armed. */
void timer_heap_remove(struct timer_heap *heap, struct timer *timer);
/* Fires all whose time has come. */
void timer_heap_fire(struct timer_heap *heap, int64_t now_ms);
/* The earliest deadline, or DEADLINE_NONE. */
int64_t timer_heap_next(const struct timer_heap *heap);
void timer_heap_close(struct timer_heap *heap);
