/* Waiting lists. A waiter's node lives on its own stack and is out of the list when it runs. */
#include "runtime/sync.h"

#include "runtime/fiber.h"

struct waiter {
    struct list node;
    struct fiber *fiber;
};

void waiters_init(struct waiters *waiters)
{
    list_init(&waiters->fibers);
}

awaits int waiters_wait(struct waiters *waiters, int64_t deadline_ms)
{
    struct waiter self = {.fiber = fiber_self()};
    list_push(&waiters->fibers, &self.node);
    while (!list_is_empty(&self.node)) {
        int err = fiber_park(deadline_ms);
        if (err < 0 && !list_is_empty(&self.node)) {
            list_remove(&self.node);
            return err;
        }
    }
    return 0; /* taken out of the list by a waker, even when the deadline came in the same turn */
}

bool waiters_wake_one(struct waiters *waiters)
{
    struct list *node = list_pop(&waiters->fibers);
    if (node == NULL)
        return false;
    fiber_wake(container_of(node, struct waiter, node)->fiber);
    return true;
}

void waiters_wake_all(struct waiters *waiters)
{
    while (waiters_wake_one(waiters))
        ;
}

bool waiters_is_empty(const struct waiters *waiters)
{
    return list_is_empty(&waiters->fibers);
}
