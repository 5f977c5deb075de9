/* Filling documents: what strangers named never becomes markup or another place. */
#include "service/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BOUND = 64 * 1024 };

static const struct template_value values[] = {
    {{(const uint8_t *)"name", 4}, {(const uint8_t *)"<\"&'{{size}}>", 13}},
    {{(const uint8_t *)"size", 4}, {(const uint8_t *)"7 bytes", 7}},
    {{(const uint8_t *)"nothing", 7}, {NULL, 0}},
};

static void fill__places__get_their_values_escaped_once(void **state)
{
    (void)state;
    static const struct {
        const char *document, *filled;
    } cases[] = {
        {"", ""},
        {"plain { text } {", "plain { text } {"},
        {"{{size}}", "7 bytes"},
        {"a{{size}}b{{size}}{{nothing}}c", "a7 bytesb7 bytesc"},
        {"{{name}}", "&lt;&quot;&amp;&#39;{{size}}&gt;"},
        {"{{{size}}}", "{7 bytes}"},
        {"{{unknown}} {{size} {{sizes}} {{ size }} {{",
         "{{unknown}} {{size} {{sizes}} {{ size }} {{"},
        {"{{size", "{{size"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buffer into = BUFFER_EMPTY(BOUND);
        assert_int_equal(
            template_fill(slice_of(cases[i].document), values, ARRAY_LEN(values), &into), 0);
        struct slice got = buffer_slice(&into);
        if (!slice_is_equal(got, slice_of(cases[i].filled)))
            fail_msg("%s: %.*s", cases[i].document, (int)got.len, (const char *)got.ptr);
        buffer_clear(&into);
    }
}

static void fill__long_value__is_whole_and_bounded(void **state)
{
    (void)state;
    static uint8_t quotes[5000];
    memset(quotes, '"', sizeof quotes);
    const struct template_value longest = {SLICE("it"), slice_from(quotes, sizeof quotes)};
    struct buffer into = BUFFER_EMPTY(BOUND);
    assert_int_equal(template_fill(SLICE("[{{it}}]"), &longest, 1, &into), 0);
    assert_int_equal(into.len, 2 + 6 * sizeof quotes);
    assert_memory_equal(into.ptr + into.len - 7, "&quot;]", 7);
    buffer_clear(&into);

    struct buffer tight = BUFFER_EMPTY(6 * sizeof quotes);
    assert_int_equal(template_fill(SLICE("[{{it}}]"), &longest, 1, &tight), -E2BIG);
    buffer_clear(&tight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fill__places__get_their_values_escaped_once),
        cmocka_unit_test(fill__long_value__is_whole_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
