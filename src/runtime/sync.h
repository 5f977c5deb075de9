/* Waiting for one another, among fibers of one worker. */
#pragma once

#include "base/base.h"
#include "base/list.h"

/* Fibers that wait for a condition; woken in the order in which they came. */
struct waiters {
    struct list fibers;
};

void waiters_init(struct waiters *waiters);
/* Waits until woken. Returns 0, -ETIMEDOUT, -ECANCELED (and then is no longer waiting). */
awaits must_use int waiters_wait(struct waiters *waiters, int64_t deadline_ms);
/* Wakes the oldest; false when nobody waits. */
bool waiters_wake_one(struct waiters *waiters);
void waiters_wake_all(struct waiters *waiters);
bool waiters_is_empty(const struct waiters *waiters);
