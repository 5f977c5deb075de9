#include "base/counters.h"
#include "unit.h"

#include <pthread.h>

enum { THREADS = 300, ROUNDS = 1000 };

static void *count_in_own_slot(void *number)
{
    counters_register();
    counters_register();
    for (int round = 0; round < ROUNDS; round++) {
        counter_add(COUNTER_requests_total, 1);
        counter_add(COUNTER_connections_open, round % 2 == 0 ? 1 : -1);
    }
    counter_raise(COUNTER_catalog_commit_largest, (int64_t)(uintptr_t)number);
    return NULL;
}

TEST(counter_total__more_threads_than_slots__sums_all)
{
    int64_t before = counter_total(COUNTER_requests_total);
    for (uintptr_t group = 0; group < THREADS; group += 50) {
        pthread_t threads[50];
        for (uintptr_t i = 0; i < 50; i++)
            assert_int_equal(
                pthread_create(&threads[i], NULL, count_in_own_slot, (void *)(group + i)), 0);
        for (size_t i = 0; i < 50; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(counter_total(COUNTER_requests_total) - before, THREADS * ROUNDS);
    assert_int_equal(counter_total(COUNTER_connections_open), 0);
    assert_int_equal(counter_total(COUNTER_catalog_commit_largest), THREADS - 1);
}

TEST(counter_raise__lower_value__changes_nothing)
{
    counter_raise(COUNTER_fiber_stack_deepest_bytes, 500);
    counter_raise(COUNTER_fiber_stack_deepest_bytes, 400);
    assert_int_equal(counter_total(COUNTER_fiber_stack_deepest_bytes), 500);
}

TEST(counters_register__slot__is_on_cache_lines_of_its_own)
{
    counters_register();
    assert_int_equal((uintptr_t)counter_slot_mine % 64, 0);
}

TEST(counter_name__each__has_the_words_that_prometheus_needs)
{
    assert_string_equal(counter_name(COUNTER_requests_total), "requests_total");
    assert_string_equal(counter_type(COUNTER_requests_total), "counter");
    assert_string_equal(counter_type(COUNTER_connections_open), "gauge");
    assert_string_equal(counter_type(COUNTER_fiber_stack_deepest_bytes), "gauge");
    for (enum counter counter = 0; counter < COUNTERS; counter++) {
        size_t len = strlen(counter_name(counter));
        bool is_total = len > 6 && strcmp(counter_name(counter) + len - 6, "_total") == 0;
        assert_int_equal(is_total, strcmp(counter_type(counter), "counter") == 0);
        assert_true(strlen(counter_help(counter)) > 0);
        assert_null(strchr(counter_help(counter), '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_register__slot__is_on_cache_lines_of_its_own),
        cmocka_unit_test(counter_total__more_threads_than_slots__sums_all),
        cmocka_unit_test(counter_raise__lower_value__changes_nothing),
        cmocka_unit_test(counter_name__each__has_the_words_that_prometheus_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
