/* Conditional requests: the answer for each condition and for several together. */
#include "wire/conditions.h"
#include "wire_check.h"

#define OLDER "Sat, 01 Jan 2022 00:00:00 GMT"
#define SAME "Sun, 01 Jan 2023 00:00:00 GMT"
#define NEWER "Mon, 01 Jan 2024 00:00:00 GMT"

static const struct condition_facts facts = {
    .entity_tag = {(const uint8_t *)"\"now\"", 5},
    .has_last_modified = true,
    .last_modified_ms = 1672531200999,
    .now_ms = 1700000000000,
};

static enum condition answer(const char *method, const char *lines,
                             const struct condition_facts *what, bool *ret_is_range_wanted)
{
    static struct http_head head;
    head_of(&head, method, lines);
    return conditions_check(&head, what, ret_is_range_wanted);
}

static void conditions__in_the_order_of_the_rfc__decide(void **state)
{
    (void)state;
    static const struct {
        const char *method, *lines;
        enum condition condition;
    } cases[] = {
        {"GET", "", CONDITION_PASS},
        {"GET", "If-Match: \"now\"\r\n", CONDITION_PASS},
        {"GET", "If-Match: \"old\", \"now\"\r\n", CONDITION_PASS},
        {"GET", "If-Match: \"old\"\r\nIf-Match: \"now\"\r\n", CONDITION_PASS},
        {"GET", "If-Match: *\r\n", CONDITION_PASS},
        {"GET", "If-Match: \"old\"\r\n", CONDITION_FAILED},
        {"GET", "If-Match: W/\"now\"\r\n", CONDITION_FAILED},
        {"GET", "If-Match: now\r\n", CONDITION_FAILED},
        {"GET", "If-Match:\r\n", CONDITION_FAILED},
        {"GET", "If-Match: \"old, \"now\"\r\n", CONDITION_FAILED},
        {"GET", "If-Unmodified-Since: " SAME "\r\n", CONDITION_PASS},
        {"GET", "If-Unmodified-Since: " OLDER "\r\n", CONDITION_FAILED},
        {"PUT", "If-Unmodified-Since: " OLDER "\r\n", CONDITION_FAILED},
        {"GET", "If-Unmodified-Since: long ago\r\n", CONDITION_PASS},
        {"GET", "If-Match: \"now\"\r\nIf-Unmodified-Since: " OLDER "\r\n", CONDITION_PASS},
        {"GET", "If-None-Match: \"now\"\r\n", CONDITION_NOT_MODIFIED},
        {"HEAD", "If-None-Match: W/\"now\"\r\n", CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: *\r\n", CONDITION_NOT_MODIFIED},
        {"PUT", "If-None-Match: *\r\n", CONDITION_FAILED},
        {"PUT", "If-None-Match: \"now\"\r\n", CONDITION_FAILED},
        {"GET", "If-None-Match: \"a,b\" ,, W/\"\", \"now\"\r\n", CONDITION_NOT_MODIFIED},
        {"GET", "If-None-Match: \"old\"\r\n", CONDITION_PASS},
        {"GET", "If-None-Match: \"old\"\r\nIf-Modified-Since: " NEWER "\r\n", CONDITION_PASS},
        {"GET", "If-Modified-Since: " SAME "\r\n", CONDITION_NOT_MODIFIED},
        {"HEAD", "If-Modified-Since: " NEWER "\r\n", CONDITION_NOT_MODIFIED},
        {"GET", "If-Modified-Since: " OLDER "\r\n", CONDITION_PASS},
        {"PUT", "If-Modified-Since: " NEWER "\r\n", CONDITION_PASS},
        {"GET", "If-Modified-Since: tomorrow\r\n", CONDITION_PASS},
        {"GET", "If-Modified-Since: " SAME "\r\nIf-Modified-Since: " SAME "\r\n", CONDITION_PASS},
        {"GET", "If-Match: \"old\"\r\nIf-None-Match: \"now\"\r\n", CONDITION_FAILED},
        {"GET", "If-Match: \"now\"\r\nIf-None-Match: \"now\"\r\n", CONDITION_NOT_MODIFIED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_range_wanted = true;
        check(answer(cases[i].method, cases[i].lines, &facts, &is_range_wanted) ==
                  cases[i].condition,
              i);
        check(!is_range_wanted, i);
    }
}

static void range__is_honoured_only_with_a_strong_validator(void **state)
{
    (void)state;
    static const struct {
        const char *method, *lines;
        bool is_range_wanted;
    } cases[] = {
        {"GET", "Range: bytes=0-\r\n", true},
        {"HEAD", "Range: bytes=0-\r\n", false},
        {"PUT", "Range: bytes=0-\r\n", false},
        {"GET", "Range: bytes=0-\r\nRange: bytes=1-\r\n", false},
        {"GET", "If-Range: \"now\"\r\n", false},
        {"GET", "Range: bytes=0-\r\nIf-Range: \"now\"\r\n", true},
        {"GET", "Range: bytes=0-\r\nIf-Range: \"old\"\r\n", false},
        {"GET", "Range: bytes=0-\r\nIf-Range: W/\"now\"\r\n", false},
        {"GET", "Range: bytes=0-\r\nIf-Range: \"now\", \"now\"\r\n", false},
        {"GET", "Range: bytes=0-\r\nIf-Range: now\r\n", false},
        {"GET", "Range: bytes=0-\r\nIf-Range: " SAME "\r\n", true},
        {"GET", "Range: bytes=0-\r\nIf-Range: " NEWER "\r\n", false},
        {"GET", "Range: bytes=0-\r\nIf-Range: " OLDER "\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_range_wanted;
        check(answer(cases[i].method, cases[i].lines, &facts, &is_range_wanted) == CONDITION_PASS,
              i);
        check(is_range_wanted == cases[i].is_range_wanted, i);
    }
}

static void file__just_written__has_no_strong_date(void **state)
{
    (void)state;
    struct condition_facts fresh = facts;
    bool is_range_wanted;
    static const char lines[] = "Range: bytes=0-\r\nIf-Range: " SAME "\r\n";
    fresh.now_ms = 1672531200999;
    assert_int_equal(answer("GET", lines, &fresh, &is_range_wanted), CONDITION_PASS);
    assert_false(is_range_wanted);
    fresh.now_ms = 1672531201000;
    assert_int_equal(answer("GET", lines, &fresh, &is_range_wanted), CONDITION_PASS);
    assert_true(is_range_wanted);
}

static void nothing_there__only_a_match_fails(void **state)
{
    (void)state;
    static const struct condition_facts nothing = {.now_ms = 1700000000000};
    bool is_range_wanted;
    assert_int_equal(answer("PUT", "If-Match: *\r\n", &nothing, &is_range_wanted),
                     CONDITION_FAILED);
    assert_int_equal(answer("PUT", "If-None-Match: *\r\n", &nothing, &is_range_wanted),
                     CONDITION_PASS);
    assert_int_equal(
        answer("PUT", "If-Unmodified-Since: " OLDER "\r\n", &nothing, &is_range_wanted),
        CONDITION_PASS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions__in_the_order_of_the_rfc__decide),
        cmocka_unit_test(range__is_honoured_only_with_a_strong_validator),
        cmocka_unit_test(file__just_written__has_no_strong_date),
        cmocka_unit_test(nothing_there__only_a_match_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
