/* When to try again, and how many streams to use. */
#include "client/retry.h"
#include "client/streams.h"
#include "limits.h"
#include "unit.h"

TEST(retry__failures__double_the_pause_up_to_a_bound)
{
    struct retry retry = {0};
    int64_t most_ms = 500;
    for (int i = 0; i < 40; i++) {
        int64_t due_ms = retry_due_ms(&retry, 1000, 0, (uint32_t)i * 77777777U);
        assert_in_range(due_ms - 1000, most_ms / 2, most_ms);
        most_ms = i64_min(most_ms * 2, 15000);
    }
}

TEST(retry__chance__uses_the_whole_half)
{
    struct retry first = {0}, last = {0};
    assert_int_equal(retry_due_ms(&first, 0, 0, 0), 250);
    assert_int_equal(retry_due_ms(&last, 0, 0, 250), 500);
}

TEST(retry__what_the_server_asks_for__is_the_least_and_has_a_bound)
{
    struct retry retry = {0};
    assert_int_equal(retry_due_ms(&retry, 5, 7000, 0), 7005);
    assert_in_range(retry_due_ms(&retry, 5, 1, 0), 5 + 500, 5 + 1000);
    assert_int_equal(retry_due_ms(&retry, 0, INT64_MAX, 0), PUT_RETRY_AFTER_MAX_MS);
}

TEST(retry__patience__ends_counted_from_the_first_failure)
{
    struct retry retry = {0};
    assert_false(retry_is_over(&retry, 99999, 0));
    (void)retry_due_ms(&retry, 1000, 0, 0);
    (void)retry_due_ms(&retry, 2000, 0, 0);
    assert_false(retry_is_over(&retry, 1999, 1000));
    assert_true(retry_is_over(&retry, 2000, 1000));
    retry_reset(&retry);
    assert_false(retry_is_over(&retry, 9999, 1000));
}

/* Lets time pass while `rates[n]` bytes a millisecond flow with n streams; the count in the end. */
static unsigned run(struct streams *streams, const uint64_t rates[5])
{
    uint64_t sent = 0;
    unsigned count = 1;
    for (int64_t ms = 1; ms < 30000; ms += 100) {
        count = streams_wanted(streams, ms, sent);
        assert_in_range(count, 1, 4);
        sent += rates[count] * 100;
    }
    assert_true(streams->is_settled);
    return count;
}

TEST(streams__what_is_fastest__stays)
{
    static const struct {
        uint64_t rates[5];
        unsigned best;
    } cases[] = {
        {{0, 100, 100, 0, 100}, 1}, {{0, 100, 109, 0, 400}, 1}, {{0, 100, 190, 0, 200}, 2},
        {{0, 100, 190, 0, 380}, 4}, {{0, 100, 50, 0, 400}, 1},  {{0, 0, 10, 0, 5}, 2},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct streams streams = {0};
        assert_int_equal(run(&streams, cases[i].rates), cases[i].best);
        assert_int_equal(streams_count(&streams), cases[i].best);
    }
}

TEST(streams__a_disturbance__begins_the_measure_again)
{
    struct streams streams = {0};
    (void)streams_wanted(&streams, 1, 0);
    (void)streams_wanted(&streams, 1 + PUT_SETTLE_MS, 1000);
    assert_true(streams.is_measuring);
    streams_disturb(&streams);
    for (int64_t ms = 3000; ms < 3000 + PUT_SETTLE_MS + PUT_MEASURE_MS; ms += 100)
        assert_int_equal(streams_wanted(&streams, ms, 5000), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retry__failures__double_the_pause_up_to_a_bound),
        cmocka_unit_test(retry__chance__uses_the_whole_half),
        cmocka_unit_test(retry__what_the_server_asks_for__is_the_least_and_has_a_bound),
        cmocka_unit_test(retry__patience__ends_counted_from_the_first_failure),
        cmocka_unit_test(streams__what_is_fastest__stays),
        cmocka_unit_test(streams__a_disturbance__begins_the_measure_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
