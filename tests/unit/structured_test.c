/* Structured fields that are one item: read whole, or they count as absent. */
#include "wire/structured.h"
#include "wire_check.h"

static void integer__in_a_field__is_read_whole(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int result;
        int64_t value;
    } cases[] = {
        {"0", 0, 0},
        {"100", 0, 100},
        {"-1", 0, -1},
        {"-0", 0, 0},
        {"007", 0, 7},
        {"999999999999999", 0, 999999999999999},
        {"-999999999999999", 0, -999999999999999},
        {"  5  ", 0, 5},
        {"5;a;b=1;c=\"x;y\";  d=?0", 0, 5},
        {"1000000000000000", -EINVAL, 0},
        {"", -EINVAL, 0},
        {" ", -EINVAL, 0},
        {"-", -EINVAL, 0},
        {"+1", -EINVAL, 0},
        {"--1", -EINVAL, 0},
        {"1.0", -EINVAL, 0},
        {"1.", -EINVAL, 0},
        {"1 2", -EINVAL, 0},
        {"1, 1", -EINVAL, 0},
        {"1,", -EINVAL, 0},
        {"1;", -EINVAL, 0},
        {"1 ;a", -EINVAL, 0},
        {"1;A", -EINVAL, 0},
        {"1;a=", -EINVAL, 0},
        {"0x1", -EINVAL, 0},
        {"\"1\"", -EINVAL, 0},
        {"?1", -EINVAL, 0},
        {"@1", -EINVAL, 0},
        {"(1)", -EINVAL, 0},
        {"one", -EINVAL, 0},
        {"\t1", -EINVAL, 0},
        {"1\t", -EINVAL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t value = 0;
        struct slice field = copy_of(slice_of(cases[i].field));
        check(structured_read_integer(field, &value) == cases[i].result, i);
        check(value == cases[i].value, i);
        copy_free(field);
    }
}

static void boolean__in_a_field__is_read_whole(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int result;
        bool value;
    } cases[] = {
        {"?1", 0, true},         {"?0", 0, false},           {" ?1 ", 0, true},
        {"?1;a=?0", 0, true},    {"?0;a", 0, false},         {"?2", -EINVAL, false},
        {"?", -EINVAL, false},   {"1", -EINVAL, false},      {"?11", -EINVAL, false},
        {"? 1", -EINVAL, false}, {"true", -EINVAL, false},   {"", -EINVAL, false},
        {"?1,", -EINVAL, false}, {"?1, ?1", -EINVAL, false}, {"?1;", -EINVAL, false},
        {"?T", -EINVAL, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool value = !cases[i].value;
        struct slice field = copy_of(slice_of(cases[i].field));
        check(structured_read_boolean(field, &value) == cases[i].result, i);
        check(value == (cases[i].result == 0 ? cases[i].value : !cases[i].value), i);
        copy_free(field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer__in_a_field__is_read_whole),
        cmocka_unit_test(boolean__in_a_field__is_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
