/* Waiting lists of fibers: order, giving up, and a wake that meets a deadline. */
#include "runtime/sync.h"

#include "fiber_scene.h"

static struct {
    struct waiters waiters;
    char order[16];
    size_t len;
} queue;

struct visitor {
    char letter;
    int64_t deadline_ms;
    struct fiber *fiber;
    int result;
};

static void open_queue(void)
{
    waiters_init(&queue.waiters);
    memset(queue.order, 0, sizeof queue.order);
    queue.len = 0;
}

static awaits void run_visitor(void *arg)
{
    struct visitor *self = arg;
    self->fiber = fiber_self();
    self->result = waiters_wait(&queue.waiters, self->deadline_ms);
    assert(queue.len + 1 < sizeof queue.order);
    queue.order[queue.len++] = self->letter;
}

static awaits void begin(struct visitor *visitors, size_t count)
{
    open_queue();
    for (size_t i = 0; i < count; i++) {
        visitors[i].letter = (char)('a' + i);
        visitors[i].result = 1;
        if (visitors[i].deadline_ms == 0)
            visitors[i].deadline_ms = DEADLINE_NONE;
        spawn(run_visitor, &visitors[i]);
    }
    let_others_run();
    assert(!waiters_is_empty(&queue.waiters) && queue.len == 0);
}

FIBER_TEST(wake_one__several_wait__the_oldest_goes_first, 64)
{
    struct visitor visitors[4] = {0};
    begin(visitors, 4);
    for (size_t i = 0; i < 4; i++) {
        assert(waiters_wake_one(&queue.waiters));
        let_others_run();
        assert(queue.len == i + 1 && visitors[i].result == 0);
    }
    assert(strcmp(queue.order, "abcd") == 0);
    assert(!waiters_wake_one(&queue.waiters) && waiters_is_empty(&queue.waiters));
}

FIBER_TEST(wake_all__several_wait__go_in_order_of_coming, 64)
{
    struct visitor visitors[6] = {0};
    begin(visitors, 6);
    waiters_wake_all(&queue.waiters);
    assert(waiters_is_empty(&queue.waiters));
    join_all();
    assert(strcmp(queue.order, "abcdef") == 0);
    waiters_wake_all(&queue.waiters);
}

FIBER_TEST(wait__woken_for_another_reason__waits_on, 64)
{
    struct visitor visitors[1] = {0};
    begin(visitors, 1);
    fiber_wake(visitors[0].fiber);
    let_others_run();
    assert(queue.len == 0 && !waiters_is_empty(&queue.waiters));
    assert(waiters_wake_one(&queue.waiters));
    join_all();
    assert(visitors[0].result == 0);
}

FIBER_TEST(wait__deadline_comes__gives_up_its_place, 64)
{
    struct visitor visitors[3] = {{.deadline_ms = soon(20)}, {0}, {0}};
    begin(visitors, 3);
    assert(fiber_sleep(soon(40)) == 0);
    assert(visitors[0].result == -ETIMEDOUT && strcmp(queue.order, "a") == 0);
    assert(waiters_wake_one(&queue.waiters));
    waiters_wake_all(&queue.waiters);
    join_all();
    assert(strcmp(queue.order, "abc") == 0 && visitors[2].result == 0);
}

FIBER_TEST(wait__cancelled__gives_up_its_place, 64)
{
    struct visitor visitors[3] = {0};
    begin(visitors, 3);
    fiber_cancel(visitors[1].fiber);
    let_others_run();
    assert(visitors[1].result == -ECANCELED && strcmp(queue.order, "b") == 0);
    waiters_wake_all(&queue.waiters);
    join_all();
    assert(strcmp(queue.order, "bac") == 0);
}

/* Whoever was woken was given something; that must not be lost because time ran out as well. */
FIBER_TEST(wait__woken_and_late_in_the_same_turn__counts_as_woken, 64)
{
    int64_t deadline_ms = soon(10);
    struct visitor visitors[1] = {{.deadline_ms = deadline_ms}};
    begin(visitors, 1);
    while (clock_ms() <= deadline_ms + 2)
        ; /* the worker can't fire the timer while we hold it */
    assert(waiters_wake_one(&queue.waiters));
    join_all();
    assert(visitors[0].result == 0);
}

FIBER_TEST(wait__woken_and_cancelled_in_the_same_turn__counts_as_woken, 64)
{
    struct visitor visitors[1] = {0};
    begin(visitors, 1);
    assert(waiters_wake_one(&queue.waiters));
    fiber_cancel(visitors[0].fiber);
    join_all();
    assert(visitors[0].result == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wake_one__several_wait__the_oldest_goes_first),
        cmocka_unit_test(wake_all__several_wait__go_in_order_of_coming),
        cmocka_unit_test(wait__woken_for_another_reason__waits_on),
        cmocka_unit_test(wait__deadline_comes__gives_up_its_place),
        cmocka_unit_test(wait__cancelled__gives_up_its_place),
        cmocka_unit_test(wait__woken_and_late_in_the_same_turn__counts_as_woken),
        cmocka_unit_test(wait__woken_and_cancelled_in_the_same_turn__counts_as_woken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
