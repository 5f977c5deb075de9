/* The words of `sluice put`. */
#include "client/put_options.h"
#include "unit.h"

#include <stdio.h>

static const char *files[32];
static struct put_options options;
static char complaint[256];

/* Reads the words of a line, which are separated by one space. */
static int read_line(const char *line, const char *to)
{
    static char room[256];
    char *words[32] = {NULL};
    size_t len = 0;
    struct text text = text_over((struct span){(uint8_t *)complaint, sizeof complaint - 1});
    (void)snprintf(room, sizeof room, "%s", line);
    for (char *at = room; *at != 0 && len < 31; len++) {
        words[len] = at;
        at += strcspn(at, " ");
        if (*at != 0)
            *at++ = 0;
    }
    int err = put_options_read(words, to, files, &options, &text);
    complaint[text.len] = 0;
    return err;
}

TEST(put_options__only_files__have_the_defaults)
{
    assert_int_equal(read_line("a b -", NULL), 0);
    assert_int_equal(options.files_len, 3);
    assert_string_equal(options.files[1], "b");
    assert_string_equal(options.to, "http://127.0.0.1:8080");
    assert_int_equal(options.parallel, 3);
    assert_int_equal(options.parts, 0);
    assert_int_equal(options.retry_for_ms, 3600000);
    assert_false(options.is_json || options.is_quiet);
}

TEST(put_options__the_environment__is_weaker_than_the_words)
{
    assert_int_equal(read_line("a", "http://e"), 0);
    assert_string_equal(options.to, "http://e");
    assert_int_equal(read_line("a --to http://w", "http://e"), 0);
    assert_string_equal(options.to, "http://w");
    assert_int_equal(read_line("a", ""), 0);
    assert_string_equal(options.to, "http://127.0.0.1:8080");
}

TEST(put_options__both_ways_of_writing__are_read_between_files)
{
    assert_int_equal(read_line("--parts 4 a --json --limit-rate=2M --retry-for 90s", NULL), 0);
    assert_int_equal(options.parts, 4);
    assert_int_equal(options.limit_rate, 2 << 20);
    assert_int_equal(options.retry_for_ms, 90000);
    assert_true(options.is_json);
    assert_int_equal(options.files_len, 1);
    assert_int_equal(read_line("a --parts auto", NULL), 0);
    assert_int_equal(options.parts, 0);
}

TEST(put_options__two_dashes__end_the_options)
{
    assert_int_equal(read_line("--quiet -- --json -x", NULL), 0);
    assert_true(options.is_quiet);
    assert_false(options.is_json);
    assert_int_equal(options.files_len, 2);
    assert_string_equal(options.files[0], "--json");
}

TEST(put_options__help__is_asked_for_anywhere)
{
    assert_int_equal(read_line("a --help", NULL), 1);
    assert_int_equal(read_line("-h", NULL), 1);
}

TEST(put_options__wrong_words__are_complained_of)
{
    static const char *const wrong[] = {
        "",
        "--json",
        "a --nonsense",
        "a -x",
        "a --parts",
        "a --to=",
        "a --parts 0",
        "a --parts 33",
        "a --parallel 0",
        "a --json=yes",
        "a --parallel 33",
        "a --limit-rate 0",
        "a --limit-rate fast",
        "a --retry-for 5",
        "- -",
        "a b --name n",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(read_line(wrong[i], NULL), -EINVAL);
        assert_true(strlen(complaint) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_options__only_files__have_the_defaults),
        cmocka_unit_test(put_options__the_environment__is_weaker_than_the_words),
        cmocka_unit_test(put_options__both_ways_of_writing__are_read_between_files),
        cmocka_unit_test(put_options__two_dashes__end_the_options),
        cmocka_unit_test(put_options__help__is_asked_for_anywhere),
        cmocka_unit_test(put_options__wrong_words__are_complained_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
