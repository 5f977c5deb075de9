/* A binary heap: earliest deadline at the root, each timer knows its place. */
#include "runtime/timer.h"

#include "base/clock.h"

#include <stdlib.h>

static void put(struct timer_heap *heap, size_t place, struct timer *timer)
{
    heap->timers[place] = timer;
    timer->place = place;
}

static void sift_up(struct timer_heap *heap, size_t place, struct timer *timer)
{
    while (place > 1 && heap->timers[place / 2]->at_ms > timer->at_ms) {
        put(heap, place, heap->timers[place / 2]);
        place /= 2;
    }
    put(heap, place, timer);
}

static void sift_down(struct timer_heap *heap, size_t place, struct timer *timer)
{
    for (;;) {
        size_t child = place * 2;
        if (child > heap->count)
            break;
        if (child < heap->count && heap->timers[child + 1]->at_ms < heap->timers[child]->at_ms)
            child++;
        if (heap->timers[child]->at_ms >= timer->at_ms)
            break;
        put(heap, place, heap->timers[child]);
        place = child;
    }
    put(heap, place, timer);
}

int timer_heap_add(struct timer_heap *heap, struct timer *timer)
{
    assert(timer->place == 0 && timer->fire != NULL);
    if (heap->count + 1 >= heap->room) {
        size_t room = heap->room == 0 ? 64 : heap->room * 2;
        struct timer **grown = reallocarray(heap->timers, room, sizeof(struct timer *));
        if (grown == NULL)
            return -ENOMEM;
        heap->timers = grown;
        heap->room = room;
    }
    heap->count++;
    sift_up(heap, heap->count, timer);
    return 0;
}

void timer_heap_remove(struct timer_heap *heap, struct timer *timer)
{
    size_t place = timer->place;
    if (place == 0)
        return;
    assert(place <= heap->count && heap->timers[place] == timer);
    timer->place = 0;
    struct timer *last = heap->timers[heap->count--];
    if (last == timer)
        return;
    if (place > 1 && heap->timers[place / 2]->at_ms > last->at_ms)
        sift_up(heap, place, last);
    else
        sift_down(heap, place, last);
}

void timer_heap_fire(struct timer_heap *heap, int64_t now_ms)
{
    while (heap->count > 0 && heap->timers[1]->at_ms <= now_ms) {
        struct timer *timer = heap->timers[1];
        timer_heap_remove(heap, timer);
        timer->fire(timer);
    }
}

int64_t timer_heap_next(const struct timer_heap *heap)
{
    return heap->count == 0 ? DEADLINE_NONE : heap->timers[1]->at_ms;
}

void timer_heap_close(struct timer_heap *heap)
{
    free(heap->timers);
    *heap = (struct timer_heap){0};
}
