/* Fibers: functions with a stack of their own that can wait without holding their thread.
 *
 * A fiber belongs to the worker that started it and never leaves it, so code between two awaiting
 * calls runs undisturbed. The struct lies at the top of the fiber's own stack: a parked fiber
 * costs the one or two pages that it touched. */
#pragma once

#include "base/base.h"
#include "base/error.h"

struct fiber;

/* Starts `entry(arg)` in a new fiber of the calling worker; it runs when the caller next waits.
 * `name` is a literal. Returns 0, -EAGAIN at the limit of fibers, -ENOMEM. */
must_use int fiber_spawn(const char *name, void (*entry)(void *arg), void *arg);

/* The running fiber; NULL outside fibers. */
struct fiber *fiber_self(void);

/* Suspends the running fiber until fiber_wake(). A wake that came before is not lost: the next
 * park returns at once.
 * Returns: 0 woken; -ETIMEDOUT at `deadline_ms`; -ECANCELED when cancelled. */
awaits must_use int fiber_park(int64_t deadline_ms);

/* Like fiber_park() without deadline and deaf to cancelling: for waits that end by themselves
 * soon because somebody else bounds them (the kernel's answer to a cancel, a helper's call). */
awaits void fiber_park_deaf(void);

/* Makes a fiber of the same worker runnable; waking it twice is harmless. */
void fiber_wake(struct fiber *fiber);

/* Lets everything else that is runnable have a turn. */
awaits void fiber_yield(void);

/* Returns: 0 when the deadline has come, -ECANCELED. */
awaits must_use int fiber_sleep(int64_t deadline_ms);

/* From now on each wait of `fiber` (same worker) that can be cancelled returns -ECANCELED. */
void fiber_cancel(struct fiber *fiber);
bool fiber_is_cancelled(void);

/* Takes back the cancelling of the running fiber: it has understood and must still wait for
 * something (an answer to send, a row to remove). */
void fiber_uncancel(void);
