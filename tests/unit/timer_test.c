/* The heap of timers: order, disarming, what happens inside of a timer's call. */
#include "runtime/timer.h"

#include "base/clock.h"
#include "unit.h"

enum { MANY = 3000 };

struct alarm {
    struct timer timer;
    int rings;
};

static int64_t latest_ms; /* the deadline of the alarm that rang last */
static struct timer_heap heap;
static struct alarm *victim;

static void ring(struct timer *timer)
{
    assert_int_equal(timer->place, 0); /* disarmed before its call, so that it may arm itself */
    assert_true(timer->at_ms >= latest_ms);
    latest_ms = timer->at_ms;
    container_of(timer, struct alarm, timer)->rings++;
}

static void arm(struct alarm *alarm, int64_t at_ms)
{
    alarm->timer.at_ms = at_ms;
    alarm->timer.fire = ring;
    assert_int_equal(timer_heap_add(&heap, &alarm->timer), 0);
}

static void close_heap(void)
{
    assert_int_equal(heap.count, 0);
    timer_heap_close(&heap);
    latest_ms = INT64_MIN;
}

TEST(heap__empty__has_no_deadline)
{
    assert_true(timer_heap_next(&heap) == DEADLINE_NONE);
    timer_heap_fire(&heap, INT64_MAX - 1);
    struct alarm alarm = {0};
    timer_heap_remove(&heap, &alarm.timer);
    close_heap();
}

TEST(fire__some_due__only_those_ring_earliest_first)
{
    struct alarm alarms[5] = {0};
    const int64_t at_ms[] = {50, 10, 40, 20, 30};
    for (size_t i = 0; i < ARRAY_LEN(alarms); i++)
        arm(&alarms[i], at_ms[i]);
    assert_int_equal(timer_heap_next(&heap), 10);
    timer_heap_fire(&heap, 9);
    assert_int_equal(alarms[1].rings, 0);
    timer_heap_fire(&heap, 30);
    for (size_t i = 0; i < ARRAY_LEN(alarms); i++)
        assert_int_equal(alarms[i].rings, at_ms[i] <= 30);
    assert_int_equal(timer_heap_next(&heap), 40);
    timer_heap_fire(&heap, 100);
    timer_heap_fire(&heap, 200);
    for (size_t i = 0; i < ARRAY_LEN(alarms); i++)
        assert_int_equal(alarms[i].rings, 1);
    close_heap();
}

TEST(remove__twice_and_again_armed__rings_at_the_new_time)
{
    struct alarm alarm = {0}, other = {0};
    arm(&alarm, 10);
    arm(&other, 15);
    timer_heap_remove(&heap, &alarm.timer);
    timer_heap_remove(&heap, &alarm.timer);
    timer_heap_fire(&heap, 12);
    assert_int_equal(alarm.rings, 0);
    arm(&alarm, 20);
    timer_heap_fire(&heap, 15);
    assert_int_equal(alarm.rings + other.rings, 1);
    timer_heap_fire(&heap, 20);
    assert_int_equal(alarm.rings, 1);
    close_heap();
}

static void ring_again_later(struct timer *timer)
{
    ring(timer);
    timer->at_ms += 10;
    assert_int_equal(timer_heap_add(&heap, timer), 0);
}

TEST(fire__timer_arms_itself_again__rings_once_a_call_until_its_next_time)
{
    struct alarm alarm = {.timer = {.at_ms = 10, .fire = ring_again_later}};
    assert_int_equal(timer_heap_add(&heap, &alarm.timer), 0);
    timer_heap_fire(&heap, 10);
    assert_int_equal(alarm.rings, 1);
    timer_heap_fire(&heap, 35); /* 20 and 30 */
    assert_int_equal(alarm.rings, 3);
    timer_heap_remove(&heap, &alarm.timer);
    close_heap();
}

static void ring_and_disarm_victim(struct timer *timer)
{
    ring(timer);
    timer_heap_remove(&heap, &victim->timer);
}

TEST(fire__timer_disarms_another_that_is_due__that_stays_silent)
{
    struct alarm first = {.timer = {.at_ms = 10, .fire = ring_and_disarm_victim}}, second = {0};
    victim = &second;
    arm(&second, 11);
    assert_int_equal(timer_heap_add(&heap, &first.timer), 0);
    timer_heap_fire(&heap, 20);
    assert_int_equal(first.rings, 1);
    assert_int_equal(second.rings, 0);
    close_heap();
}

/* Against the plainest model: an array that is looked through. */
TEST(heap__thousands_armed_disarmed_and_fired_at_random__agrees_with_a_list)
{
    static struct alarm alarms[MANY];
    static int expected[MANY];
    uint64_t seed = 42;
    int64_t now_ms = 0;
    for (int step = 0; step < 20 * MANY; step++) {
        uint64_t random = random_next(&seed);
        struct alarm *alarm = &alarms[random % MANY];
        if (alarm->timer.place != 0)
            timer_heap_remove(&heap, &alarm->timer);
        else
            arm(alarm, now_ms + (int64_t)(random >> 32) % 5000);
        if (step % 97 != 0)
            continue;
        now_ms += 40;
        int64_t next_ms = DEADLINE_NONE;
        for (int i = 0; i < MANY; i++) {
            bool is_armed = alarms[i].timer.place != 0;
            if (is_armed && alarms[i].timer.at_ms <= now_ms)
                expected[i]++;
            else if (is_armed)
                next_ms = i64_min(next_ms, alarms[i].timer.at_ms);
        }
        timer_heap_fire(&heap, now_ms);
        assert_true(timer_heap_next(&heap) == next_ms);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(alarms[i].rings, expected[i]);
    }
    for (int i = 0; i < MANY; i++)
        timer_heap_remove(&heap, &alarms[i].timer);
    close_heap();
}

int main(void)
{
    latest_ms = INT64_MIN;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heap__empty__has_no_deadline),
        cmocka_unit_test(fire__some_due__only_those_ring_earliest_first),
        cmocka_unit_test(remove__twice_and_again_armed__rings_at_the_new_time),
        cmocka_unit_test(fire__timer_arms_itself_again__rings_once_a_call_until_its_next_time),
        cmocka_unit_test(fire__timer_disarms_another_that_is_due__that_stays_silent),
        cmocka_unit_test(heap__thousands_armed_disarmed_and_fired_at_random__agrees_with_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
