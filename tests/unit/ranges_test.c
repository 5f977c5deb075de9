/* Range fields: what they ask for of files of several sizes. */
#include "wire/ranges.h"
#include "wire_check.h"

static const struct {
    const char *field;
    uint64_t size;
    const char *ranges; /* "" unsatisfiable, "-" ignored */
} cases[] = {
    {"bytes=0-0", 10, "0-0"},
    {"bytes=0-", 10, "0-9"},
    {"bytes=3-5", 10, "3-5"},
    {"bytes=3-99", 10, "3-9"},
    {"bytes=9-", 10, "9-9"},
    {"bytes=-1", 10, "9-9"},
    {"bytes=-10", 10, "0-9"},
    {"bytes=-11", 10, "0-9"},
    {"BYTES=0-0", 10, "0-0"},
    {" bytes= 0-0 , 2-2 ", 10, "0-0 2-2"},
    {"bytes=,0-0,,2-2,", 10, "0-0 2-2"},
    {"bytes=0-99999999999999999999999", 10, "0-9"},
    {"bytes=-99999999999999999999999", 10, "0-9"},
    {"bytes=99999999999999999999999-", 10, ""},
    {"bytes=10-", 10, ""},
    {"bytes=10-20,30-", 10, ""},
    {"bytes=-0", 10, ""},
    {"bytes=-0,2-3", 10, "2-3"},
    {"bytes=20-,2-3", 10, "2-3"},
    {"bytes=8-9,0-1", 10, "8-9 0-1"},
    {"bytes=0-1,1-2", 10, "0-2"},
    {"bytes=0-1,2-3", 10, "0-3"},
    {"bytes=0-1,3-4", 10, "0-1 3-4"},
    {"bytes=3-4,0-1,2-2", 10, "0-4"},
    {"bytes=9-9,3-4,6-6,0-1,2-2", 10, "9-9 0-4 6-6"},
    {"bytes=6-7,0-1,3-4,0-9", 10, "0-9"},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,"
     "18-18,20-20,22-22,24-24,26-26,28-28,30-30",
     32,
     "0-0 2-2 4-4 6-6 8-8 10-10 12-12 14-14 16-16 "
     "18-18 20-20 22-22 24-24 26-26 28-28 30-30"},
    {"bytes=0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-,0-", 10, "-"},
    {"bytes=5-3", 10, "-"},
    {"bytes=-", 10, "-"},
    {"bytes=", 10, "-"},
    {"bytes=,", 10, "-"},
    {"bytes", 10, "-"},
    {"", 10, "-"},
    {"0-1", 10, "-"},
    {"lines=0-1", 10, "-"},
    {"bytes =0-1", 10, "-"},
    {"bytes=0-1;2-3", 10, "-"},
    {"bytes=a-b", 10, "-"},
    {"bytes=+0-1", 10, "-"},
    {"bytes=0 -1", 10, "-"},
    {"bytes=0--1", 10, "-"},
    {"bytes=0-1-2", 10, "-"},
    {"bytes=1", 10, "-"},
    {"bytes=0-", 0, ""},
    {"bytes=0-0", 0, ""},
    {"bytes=-0", 0, ""},
    {"bytes=-5", 0, "-"},
    {"bytes=0-18446744073709551614", UINT64_MAX, "0-18446744073709551614"},
    {"bytes=-1,0-0", UINT64_MAX, "18446744073709551614-18446744073709551614 0-0"},
};

static void field__for_a_size__comes_to_these_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct byte_range ranges[HTTP_RANGES_MAX];
        size_t count = 0;
        uint8_t room[512];
        struct text text = text_over((struct span){room, sizeof(room)});
        enum ranges_result result =
            ranges_parse(slice_of(cases[i].field), cases[i].size, ranges, &count);
        if (result == RANGES_IGNORED)
            text_put(&text, SLICE("-"));
        for (size_t at = 0; result == RANGES_SATISFIABLE && at < count; at++)
            text_format(&text, "%s%" PRIu64 "-%" PRIu64, at > 0 ? " " : "", ranges[at].first,
                        ranges[at].last);
        check(is_text(text_slice(&text), cases[i].ranges), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field__for_a_size__comes_to_these_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
