/* Fibers: birth, switching, parking, waking. Only the worker's loop switches to a fiber, and a
 * fiber only switches back to the loop, so there is one place each way. */
#include "runtime/fiber.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/sanitizers.h"
#include "runtime/fiber_internal.h"
#include "runtime/worker_internal.h"

#include <stdlib.h>

#if HAS_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif
#if HAS_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

static void timer_fired(struct timer *timer)
{
    struct fiber *fiber = container_of(timer, struct fiber, timer);
    fiber->is_late = true;
    fiber_wake(fiber);
}

/* Lays the fiber at the top of its stack and below it the frame that switch_stack() will pop. */
struct fiber *fiber_create(struct worker *worker, const char *name, void (*entry)(void *arg),
                           void *arg)
{
    void *stack = stack_take(&worker->stacks);
    if (stack == NULL)
        return NULL;
    uintptr_t top = (uintptr_t)stack + stack_bytes();
    struct fiber *fiber = (void *)((top - sizeof *fiber) & ~(uintptr_t)63);
    *fiber = (struct fiber){
        .magic = FIBER_MAGIC,
        .is_parked = true,
        .stack = stack,
        .worker = worker,
        .name = name,
        .entry = entry,
        .arg = arg,
        .timer = {.fire = timer_fired},
    };
#if defined(__x86_64__)
    /* r15 r14 r13 r12 rbx rbp, return address; behind them the stack is aligned for a call. */
    uintptr_t *frame = (uintptr_t *)(void *)fiber - 9;
    memset(frame, 0, 9 * sizeof *frame);
    frame[3] = (uintptr_t)fiber;
    frame[6] = (uintptr_t)switch_start;
#elif defined(__aarch64__)
    uintptr_t *frame = (uintptr_t *)(void *)fiber - 20;
    memset(frame, 0, 20 * sizeof *frame);
    frame[0] = (uintptr_t)fiber;         /* x19 */
    frame[11] = (uintptr_t)switch_start; /* x30 */
#endif
    fiber->stack_pointer = frame;
    list_init(&fiber->ready_node);
    list_push(&worker->fibers, &fiber->all_node);
    worker->fibers_open++;
    fiber->is_cancelled = worker->is_ending;
#if HAS_THREAD_SANITIZER
    fiber->sanitizer_fiber = __tsan_create_fiber(0);
#endif
    counter_add(COUNTER_fibers_open, 1);
    counter_add(COUNTER_fiber_starts_total, 1);
    return fiber;
}

static void destroy(struct fiber *fiber)
{
    struct worker *worker = fiber->worker;
    assert(fiber->has_ended && fiber->timer.place == 0);
#if HAS_THREAD_SANITIZER
    __tsan_destroy_fiber(fiber->sanitizer_fiber);
#endif
    list_remove(&fiber->all_node);
    list_remove(&fiber->ready_node);
    worker->fibers_open--;
    fiber->magic = 0;
    stack_give(&worker->stacks, fiber->stack);
    counter_add(COUNTER_fibers_open, -1);
}

/* The announcements that sanitizers want around each switch. ThreadSanitizer notes where functions
 * begin and end for each fiber: one that began on the old fiber must not end on the new one. */
static inline __attribute__((always_inline)) void before_switch(void **keep, const void *bottom,
                                                                size_t bytes, void *tsan_fiber)
{
#if HAS_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(keep, bottom, bytes);
#endif
#if HAS_THREAD_SANITIZER
    __tsan_switch_to_fiber(tsan_fiber, 0);
#endif
    (void)keep, (void)bottom, (void)bytes, (void)tsan_fiber;
}

static void after_switch(void *kept, const void **ret_bottom, size_t *ret_bytes)
{
#if HAS_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(kept, ret_bottom, ret_bytes);
#endif
    (void)kept, (void)ret_bottom, (void)ret_bytes;
}

void fiber_run(struct fiber *fiber)
{
    struct worker *worker = fiber->worker;
    assert(fiber->magic == FIBER_MAGIC && worker->running == NULL);
    worker->running = fiber;
    struct error_note *outside = error_note_switch(&fiber->note);
#if HAS_THREAD_SANITIZER
    worker->sanitizer_fiber = __tsan_get_current_fiber();
#endif
    before_switch(&worker->sanitizer_stack, fiber->stack, stack_bytes(), fiber->sanitizer_fiber);
    switch_stack(&worker->loop_stack_pointer, fiber->stack_pointer);
    after_switch(worker->sanitizer_stack, NULL, NULL);
    (void)error_note_switch(outside);
    worker->running = NULL;
    if (fiber->has_ended)
        destroy(fiber);
}

static void switch_to_loop(struct fiber *fiber)
{
    struct worker *worker = fiber->worker;
    void **keep = fiber->has_ended ? NULL : &fiber->sanitizer_stack;
    before_switch(keep, worker->loop_stack_bottom, worker->loop_stack_bytes,
                  worker->sanitizer_fiber);
    switch_stack(&fiber->stack_pointer, worker->loop_stack_pointer);
    after_switch(fiber->sanitizer_stack, NULL, NULL);
}

_Noreturn void fiber_main(struct fiber *fiber)
{
    after_switch(NULL, &fiber->worker->loop_stack_bottom, &fiber->worker->loop_stack_bytes);
    fiber->entry(fiber->arg);
    fiber->has_ended = true;
    switch_to_loop(fiber);
    abort();
}

__attribute__((noinline)) struct fiber *fiber_self(void)
{
    struct worker *worker = worker_self();
    return worker == NULL ? NULL : worker->running;
}

int fiber_spawn(const char *name, void (*entry)(void *arg), void *arg)
{
    struct worker *worker = worker_self();
    assert(worker != NULL && "fibers are born on a worker");
    if (worker->fibers_open >= worker->fibers_max)
        return -EAGAIN;
    struct fiber *fiber = fiber_create(worker, name, entry, arg);
    if (fiber == NULL)
        return -ENOMEM;
    fiber_wake(fiber);
    fiber->has_wake = false; /* its first park is not to return at once */
    return 0;
}

void fiber_wake(struct fiber *fiber)
{
    assert(fiber->magic == FIBER_MAGIC && fiber->worker == worker_self());
    fiber->has_wake = true;
    if (!fiber->is_parked)
        return;
    fiber->is_parked = false;
    list_push(&fiber->worker->ready, &fiber->ready_node);
}

static void park(struct fiber *self)
{
    self->is_parked = true;
    switch_to_loop(self);
    assert(!self->is_parked);
    self->has_wake = false;
}

awaits int fiber_park(int64_t deadline_ms)
{
    struct fiber *self = fiber_self();
    if (self->is_cancelled)
        return -ECANCELED;
    if (self->has_wake) {
        self->has_wake = false;
        return 0;
    }
    if (deadline_ms <= self->worker->now_ms)
        return -ETIMEDOUT;
    self->is_late = false;
    if (deadline_ms != DEADLINE_NONE) {
        self->timer.at_ms = deadline_ms;
        int err = timer_heap_add(&self->worker->timers, &self->timer);
        if (err < 0)
            return err;
    }
    park(self);
    timer_heap_remove(&self->worker->timers, &self->timer);
    if (self->is_cancelled)
        return -ECANCELED;
    return self->is_late ? -ETIMEDOUT : 0;
}

awaits void fiber_park_deaf(void)
{
    struct fiber *self = fiber_self();
    if (self->has_wake) {
        self->has_wake = false;
        return;
    }
    self->is_deaf = true;
    park(self);
    self->is_deaf = false;
}

awaits void fiber_yield(void)
{
    struct fiber *self = fiber_self();
    bool had_wake = self->has_wake;
    self->is_parked = true;
    fiber_wake(self);
    self->has_wake = had_wake; /* its own wake is none for the next park; others' are */
    switch_to_loop(self);
}

awaits int fiber_sleep(int64_t deadline_ms)
{
    int err;
    do
        err = fiber_park(deadline_ms);
    while (err == 0);
    return err == -ETIMEDOUT ? 0 : err;
}

void fiber_cancel(struct fiber *fiber)
{
    fiber->is_cancelled = true;
    if (fiber->is_parked && !fiber->is_deaf)
        fiber_wake(fiber);
}

bool fiber_is_cancelled(void)
{
    return fiber_self()->is_cancelled;
}

void fiber_uncancel(void)
{
    fiber_self()->is_cancelled = false;
}
