/* Fibers: the switch, the order of turns, parking, deadlines, cancelling, limits. */
#include "fiber_scene.h"

#include <stdio.h>

static struct {
    char order[16];
    size_t len;
} diary;

static void write_diary(char letter)
{
    assert(diary.len + 1 < sizeof diary.order);
    diary.order[diary.len++] = letter;
    diary.order[diary.len] = '\0';
}

static void open_diary(void)
{
    diary.len = 0;
    diary.order[0] = '\0';
}

/* ---- The switch ---- */

/* Keeps more whole and real numbers alive over each switch than there are registers that a callee
 * saves; with or without switches the result is the same. The real ones are exact. */
static awaits uint64_t mingle(uint64_t seed, bool is_yielding)
{
    uint64_t a = seed, b = seed ^ 5, c = seed * 7, d = ~seed, e = seed << 3, f = seed + 11;
    uint64_t g = a ^ d, h = b + e;
    double p = (double)seed, q = p + 1, r = p * 2, s = p - 3, t = p * 4, u = p + 5, v = p * 6;
    double w = p - 7;
    for (int i = 0; i < 500; i++) {
        if (is_yielding)
            fiber_yield();
        a += b ^ c, b += c ^ d, c += d ^ e, d += e ^ f, e += f ^ g, f += g ^ h, g += h ^ a;
        h += a ^ b;
        double first = p;
        p = q + 1, q = r + 2, r = s + 3, s = t + 4, t = u + 5, u = v + 6, v = w + 7, w = first + 8;
    }
    uint64_t reals = (uint64_t)(p + 2 * q + 3 * r + 4 * s + 5 * t + 6 * u + 7 * v + 8 * w);
    return reals ^ a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}

struct mingler {
    uint64_t seed, result;
};

static awaits void run_mingler(void *arg)
{
    struct mingler *self = arg;
    self->result = mingle(self->seed, true);
}

FIBER_TEST(switch__values_in_registers__survive, 64)
{
    struct mingler minglers[8];
    for (size_t i = 0; i < ARRAY_LEN(minglers); i++) {
        minglers[i] = (struct mingler){.seed = i * 1000003 + 1};
        spawn(run_mingler, &minglers[i]);
    }
    join_all();
    for (size_t i = 0; i < ARRAY_LEN(minglers); i++)
        assert(minglers[i].result == mingle(minglers[i].seed, false));
}

/* A stack pointer that is not aligned as the calling convention wants breaks printf of a double
 * and vector instructions. */
static void check_alignment(void *arg)
{
    _Alignas(16) char aligned[16];
    char text[32];
    assert((uintptr_t)aligned % 16 == 0);
    assert((uintptr_t)__builtin_frame_address(0) % 16 == 0);
    (void)snprintf(text, sizeof text, "%.2f", *(const double *)arg);
    assert(strcmp(text, "2.50") == 0);
}

FIBER_TEST(switch__new_stack__is_aligned, 64)
{
    double number = 2.5;
    spawn(check_alignment, &number);
    join_all();
}

static awaits void keep_note(void *arg)
{
    const char *text = arg;
    assert(fail(-EIO, "%s", text) == -EIO);
    let_others_run();
    assert(strcmp(error_text(), text) == 0);
}

FIBER_TEST(switch__sentence_of_an_error__belongs_to_its_fiber, 64)
{
    char one[] = "one", other[] = "other";
    spawn(keep_note, one);
    spawn(keep_note, other);
    join_all();
    assert(strcmp(error_text(), "") == 0);
}

TEST(self__outside_of_fibers__is_nobody)
{
    assert_null(worker_self());
    assert_null(fiber_self());
}

/* ---- Turns ---- */

static awaits void write_thrice(void *arg)
{
    for (int i = 0; i < 3; i++) {
        write_diary(*(const char *)arg);
        fiber_yield();
    }
}

FIBER_TEST(yield__several_fibers__take_turns_in_order_of_birth, 64)
{
    char letters[] = "abc";
    open_diary();
    for (char *letter = letters; *letter != '\0'; letter++)
        spawn(write_thrice, letter);
    assert(diary.len == 0); /* they run when we wait, not before */
    join_all();
    assert(strcmp(diary.order, "abcabcabc") == 0);
}

/* ---- Parking and waking ---- */

struct parker {
    struct fiber *fiber;
    int64_t deadline_ms;
    bool is_yielding_first;
    int result;
    bool has_ended;
    char letter;
};

static awaits void run_parker(void *arg)
{
    struct parker *self = arg;
    self->fiber = fiber_self();
    if (self->is_yielding_first)
        fiber_yield();
    self->result = fiber_park(self->deadline_ms);
    if (self->letter != '\0')
        write_diary(self->letter);
    self->has_ended = true;
}

static awaits void start_parker(struct parker *parker)
{
    spawn(run_parker, parker);
    fiber_yield();
    assert(parker->fiber != NULL && !parker->has_ended);
}

FIBER_TEST(park__woken__returns_0, 64)
{
    struct parker parker = {.deadline_ms = DEADLINE_NONE, .result = 1};
    start_parker(&parker);
    let_others_run();
    assert(!parker.has_ended);
    fiber_wake(parker.fiber);
    fiber_wake(parker.fiber);
    assert(!parker.has_ended);
    join_all();
    assert(parker.result == 0);
}

FIBER_TEST(park__woken_before__returns_at_once_and_only_once, 64)
{
    fiber_wake(fiber_self());
    fiber_wake(fiber_self());
    assert(fiber_park(DEADLINE_NONE) == 0);
    int64_t began_ms = clock_ms();
    assert(fiber_park(soon(20)) == -ETIMEDOUT);
    assert(clock_ms() - began_ms >= 19);
    fiber_wake(fiber_self());
    fiber_park_deaf();
}

FIBER_TEST(park__woken_while_it_yielded__returns_at_once, 64)
{
    struct parker parker = {.deadline_ms = DEADLINE_NONE, .is_yielding_first = true, .result = 1};
    start_parker(&parker);
    fiber_wake(parker.fiber);
    join_all();
    assert(parker.result == 0);
}

FIBER_TEST(yield__woken_before__keeps_that_for_the_next_park, 64)
{
    fiber_wake(fiber_self());
    fiber_yield();
    assert(fiber_park(DEADLINE_NONE) == 0);
    fiber_yield();
    assert(fiber_park(soon(5)) == -ETIMEDOUT);
}

FIBER_TEST(park__deadline__comes_in_time, 64)
{
    int64_t deadline_ms = soon(25);
    assert(fiber_park(deadline_ms) == -ETIMEDOUT);
    assert(clock_ms() >= deadline_ms);
    assert(fiber_park(deadline_ms) == -ETIMEDOUT);
    assert(fiber_park(0) == -ETIMEDOUT);
}

FIBER_TEST(park__several_deadlines__come_in_their_order, 64)
{
    int64_t now_ms = clock_ms();
    struct parker parkers[] = {
        {.deadline_ms = now_ms + 60, .letter = 'd'},
        {.deadline_ms = now_ms + 15, .letter = 'a'},
        {.deadline_ms = now_ms + 45, .letter = 'c'},
        {.deadline_ms = now_ms + 30, .letter = 'b'},
    };
    open_diary();
    for (size_t i = 0; i < ARRAY_LEN(parkers); i++)
        spawn(run_parker, &parkers[i]);
    assert(fiber_sleep(now_ms + 100) == 0);
    assert(strcmp(diary.order, "abcd") == 0);
    for (size_t i = 0; i < ARRAY_LEN(parkers); i++)
        assert(parkers[i].result == -ETIMEDOUT);
}

FIBER_TEST(park__woken_before_its_deadline__is_not_ended_by_it_later, 64)
{
    int64_t deadline_ms = soon(30);
    struct parker parker = {.deadline_ms = deadline_ms, .result = 1};
    start_parker(&parker);
    fiber_wake(parker.fiber);
    join_all();
    assert(parker.result == 0);
    fiber_wake(fiber_self());
    assert(fiber_park(deadline_ms) == 0);
    int64_t later_ms = deadline_ms + 30;
    assert(fiber_park(later_ms) == -ETIMEDOUT && clock_ms() >= later_ms);
}

static awaits void run_sleeper(void *arg)
{
    struct parker *self = arg;
    self->fiber = fiber_self();
    self->result = fiber_sleep(self->deadline_ms);
    self->has_ended = true;
}

FIBER_TEST(sleep__woken_in_between__sleeps_on, 64)
{
    struct parker sleeper = {.deadline_ms = soon(30), .result = 1};
    spawn(run_sleeper, &sleeper);
    fiber_yield();
    fiber_wake(sleeper.fiber);
    let_others_run();
    assert(!sleeper.has_ended);
    join_all();
    assert(sleeper.result == 0 && clock_ms() >= sleeper.deadline_ms);
}

/* ---- Cancelling ---- */

FIBER_TEST(cancel__parked__ends_the_wait_and_each_later_one, 64)
{
    struct parker parker = {.deadline_ms = DEADLINE_NONE};
    struct parker sleeper = {.deadline_ms = DEADLINE_NONE};
    start_parker(&parker);
    spawn(run_sleeper, &sleeper);
    fiber_yield();
    fiber_cancel(parker.fiber);
    fiber_cancel(sleeper.fiber);
    fiber_cancel(sleeper.fiber);
    join_all();
    assert(parker.result == -ECANCELED && sleeper.result == -ECANCELED);
    assert(!fiber_is_cancelled());
}

FIBER_TEST(cancel__before_the_wait__it_returns_at_once, 64)
{
    fiber_cancel(fiber_self());
    assert(fiber_is_cancelled());
    assert(fiber_park(DEADLINE_NONE) == -ECANCELED);
    assert(fiber_sleep(soon(10000)) == -ECANCELED);
    fiber_yield(); /* is no wait that anybody could be tired of */
    fiber_uncancel();
    assert(!fiber_is_cancelled());
    assert(fiber_park(soon(5)) == -ETIMEDOUT);
}

static awaits void run_deaf(void *arg)
{
    struct parker *self = arg;
    self->fiber = fiber_self();
    fiber_park_deaf();
    self->has_ended = true;
    self->result = fiber_park(DEADLINE_NONE);
}

FIBER_TEST(cancel__deaf_wait__goes_on_until_woken, 64)
{
    struct parker deaf = {.result = 1};
    spawn(run_deaf, &deaf);
    fiber_yield();
    fiber_cancel(deaf.fiber);
    let_others_run();
    assert(!deaf.has_ended);
    fiber_wake(deaf.fiber);
    join_all();
    assert(deaf.result == -ECANCELED);
}

static struct parker forgotten;

FIBER_TEST(stop__with_fibers_parked__cancels_them, 64)
{
    forgotten = (struct parker){.deadline_ms = DEADLINE_NONE, .result = 1};
    start_parker(&forgotten);
}

TEST(stop__has_waited_for_the_cancelled)
{
    assert_true(forgotten.has_ended);
    assert_int_equal(forgotten.result, -ECANCELED);
}

/* ---- Numbers ---- */

enum { CROWD = 4000 };

FIBER_TEST(spawn__thousands__all_park_and_wake_and_end, CROWD + 1)
{
    struct parker *crowd = calloc(CROWD, sizeof *crowd);
    assert(crowd != NULL);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CROWD; i++) {
            crowd[i] = (struct parker){.deadline_ms = soon(60000), .result = 1};
            spawn(run_parker, &crowd[i]);
        }
        fiber_yield();
        assert(worker_fibers() == CROWD + 1);
        for (int i = CROWD; i-- > 0;)
            fiber_wake(crowd[i].fiber);
        join_all();
        for (int i = 0; i < CROWD; i++)
            assert(crowd[i].has_ended && crowd[i].result == 0);
    }
    free(crowd);
}

FIBER_TEST(spawn__at_the_limit__refused_until_one_ends, 4)
{
    struct parker parkers[3];
    for (int i = 0; i < 3; i++) {
        parkers[i] = (struct parker){.deadline_ms = DEADLINE_NONE};
        start_parker(&parkers[i]);
    }
    assert(worker_fibers() == 4);
    assert(fiber_spawn("one more", run_parker, &parkers[0]) == -EAGAIN);
    fiber_wake(parkers[1].fiber);
    let_others_run();
    assert(worker_fibers() == 3);
    parkers[1] = (struct parker){.deadline_ms = DEADLINE_NONE};
    start_parker(&parkers[1]);
    for (int i = 0; i < 3; i++)
        fiber_wake(parkers[i].fiber);
    join_all();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switch__values_in_registers__survive),
        cmocka_unit_test(switch__new_stack__is_aligned),
        cmocka_unit_test(switch__sentence_of_an_error__belongs_to_its_fiber),
        cmocka_unit_test(self__outside_of_fibers__is_nobody),
        cmocka_unit_test(yield__several_fibers__take_turns_in_order_of_birth),
        cmocka_unit_test(park__woken__returns_0),
        cmocka_unit_test(park__woken_before__returns_at_once_and_only_once),
        cmocka_unit_test(park__woken_while_it_yielded__returns_at_once),
        cmocka_unit_test(yield__woken_before__keeps_that_for_the_next_park),
        cmocka_unit_test(park__deadline__comes_in_time),
        cmocka_unit_test(park__several_deadlines__come_in_their_order),
        cmocka_unit_test(park__woken_before_its_deadline__is_not_ended_by_it_later),
        cmocka_unit_test(sleep__woken_in_between__sleeps_on),
        cmocka_unit_test(cancel__parked__ends_the_wait_and_each_later_one),
        cmocka_unit_test(cancel__before_the_wait__it_returns_at_once),
        cmocka_unit_test(cancel__deaf_wait__goes_on_until_woken),
        cmocka_unit_test(stop__with_fibers_parked__cancels_them),
        cmocka_unit_test(stop__has_waited_for_the_cancelled),
        cmocka_unit_test(spawn__thousands__all_park_and_wake_and_end),
        cmocka_unit_test(spawn__at_the_limit__refused_until_one_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
