/* Dates of HTTP in their three forms. */
#include "wire/http_date.h"
#include "wire_check.h"

#include <time.h>

static void date__in_each_form__is_read(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        int64_t seconds;
    } cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"Tue, 29 Feb 2000 23:59:60 GMT", 951868800},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
        {"Tuesday, 31-Dec-69 23:59:59 GMT", 3155759999},
        {"Thu Nov 26 08:49:37 2026", 1795682977},
        {"Sat, 01 Jan 0000 00:00:00 GMT", -62167219200},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t wall_ms = 1;
        check(http_date_parse(slice_of(cases[i].words), &wall_ms) == 0, i);
        check(wall_ms == cases[i].seconds * 1000, i);
    }
}

static void date__malformed_or_impossible__is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "yesterday",
        "0",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sun Nov 06 08:49:37 94",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t wall_ms = 1;
        check(http_date_parse(slice_of(cases[i]), &wall_ms) == -EINVAL, i);
        check(wall_ms == 1, i);
    }
}

static void date__written__is_that_of_the_library_and_read_again(void **state)
{
    (void)state;
    for (int64_t seconds = -62167219200; seconds < 253402300800; seconds += 7777777 * 13) {
        uint8_t room[64];
        char expected[64];
        struct text text = text_over((struct span){room, sizeof(room)});
        struct tm parts;
        time_t time = seconds;
        int64_t back_ms;
        http_date_put(&text, seconds * 1000 + 999);
        assert_non_null(gmtime_r(&time, &parts));
        assert_true(strftime(expected, sizeof(expected), "%a, %d %b ", &parts) > 0);
        snprintf(expected + strlen(expected), 32, "%04d %02d:%02d:%02d GMT", parts.tm_year + 1900,
                 parts.tm_hour, parts.tm_min, parts.tm_sec);
        check(is_text(text_slice(&text), expected), seconds);
        check(http_date_parse(text_slice(&text), &back_ms) == 0, seconds);
        check(back_ms == seconds * 1000, seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(date__in_each_form__is_read),
        cmocka_unit_test(date__malformed_or_impossible__is_refused),
        cmocka_unit_test(date__written__is_that_of_the_library_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
