#include "base/text.h"
#include "unit.h"

/* What a put makes of `bytes`, for comparison. */
static struct slice made(void (*put)(struct text *, struct slice), struct slice bytes)
{
    static uint8_t room[4096];
    struct text text = text_over((struct span){room, sizeof(room)});
    put(&text, bytes);
    assert_false(text.is_full);
    return text_slice(&text);
}

static struct slice made_rfc3339(int64_t wall_ms)
{
    static uint8_t room[64];
    struct text text = text_over((struct span){room, sizeof(room)});
    text_put_rfc3339(&text, wall_ms);
    return text_slice(&text);
}

TEST(text_put__exactly_as_much_as_fits__is_not_full)
{
    uint8_t room[6] = "xxxxxx";
    struct text text = text_over((struct span){room, 5});
    text_put(&text, SLICE("abc"));
    text_put_byte(&text, 'd');
    text_put(&text, SLICE_NONE);
    text_format(&text, "%d", 7);
    assert_false(text.is_full);
    assert_slice_equal(text_slice(&text), "abcd7");
    assert_int_equal(room[5], 'x');
}

TEST(text_put__more_than_fits__stays_full_without_a_hole)
{
    uint8_t room[6] = "xxxxxx";
    struct text text = text_over((struct span){room, 5});
    text_put(&text, SLICE("abc"));
    text_put(&text, SLICE("def"));
    assert_true(text.is_full);
    text_put(&text, SLICE("g"));
    text_put_byte(&text, 'h');
    text_format(&text, "i");
    text_put_u64(&text, 1);
    assert_true(text.is_full);
    assert_slice_equal(text_slice(&text), "abc");
    assert_int_equal(room[3], 'x');
}

TEST(text_format__long_output__needs_its_room_and_one_byte)
{
    uint8_t room[1001];
    struct text text = text_over((struct span){room, 1001});
    text_format(&text, "%1000d", 1);
    assert_false(text.is_full);
    assert_int_equal(text.len, 1000);
    text = text_over((struct span){room, 999});
    text_format(&text, "%1000d", 1);
    assert_true(text.is_full);
    assert_int_equal(text.len, 0);
    text = text_over((struct span){NULL, 0});
    text_format(&text, "%d", 1);
    assert_true(text.is_full);
}

TEST(text_put_u64__limits__are_whole)
{
    uint8_t room[64];
    struct text text = text_over((struct span){room, sizeof(room)});
    text_put_u64(&text, 0);
    text_put_byte(&text, ' ');
    text_put_u64(&text, UINT64_MAX);
    assert_slice_equal(text_slice(&text), "0 18446744073709551615");
}

TEST(text_put_json__quotes_and_controls__are_escaped)
{
    assert_slice_equal(made(text_put_json, SLICE("a\"b\\c/")), "a\\\"b\\\\c/");
    assert_slice_equal(made(text_put_json, SLICE("\b\f\n\r\t")), "\\b\\f\\n\\r\\t");
    assert_slice_equal(made(text_put_json, SLICE("\0\x1f\x7f")), "\\u0000\\u001f\\u007f");
    assert_slice_equal(made(text_put_json, SLICE("\xC2\x9B")), "\\u009b");
    assert_slice_equal(made(text_put_json, SLICE("\xE2\x80\xA8\xE2\x80\xAE")), "\\u2028\\u202e");
    assert_slice_equal(made(text_put_json, SLICE("\xE2\x81\xA6")), "\\u2066");
}

TEST(text_put_json__utf8__stays_and_invalid_bytes_are_replaced)
{
    assert_slice_equal(made(text_put_json, SLICE("grün €😀 \xC2\xA0")), "grün €😀 \xC2\xA0");
    assert_slice_equal(made(text_put_json, SLICE("a\xFFz")), "a\xEF\xBF\xBDz");
    assert_slice_equal(made(text_put_json, SLICE("\xC0\xAF")), "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_slice_equal(made(text_put_json, SLICE("\xE2\x82")), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(text_put_json__no_room__cuts_between_characters)
{
    uint8_t room[8];
    struct text text = text_over((struct span){room, 7});
    text_put_json(&text, SLICE("ab\x01\x01"));
    assert_true(text.is_full);
    assert_slice_equal(text_slice(&text), "ab");
    text = text_over((struct span){room, 4});
    text_put_json(&text, SLICE("ab€"));
    assert_slice_equal(text_slice(&text), "ab");
}

TEST(text_put_html__markup__is_escaped)
{
    assert_slice_equal(made(text_put_html, SLICE("<a href='x' title=\"&\">ü")),
                       "&lt;a href=&#39;x&#39; title=&quot;&amp;&quot;&gt;ü");
}

TEST(text_put_percent__all_but_bare_characters__are_encoded)
{
    assert_slice_equal(made(text_put_percent, SLICE("Az09!$&+-._~")), "Az09!$&+-._~");
    assert_slice_equal(made(text_put_percent, SLICE(" /#?%\0\x7f\"'")),
                       "%20%2F%23%3F%25%00%7F%22%27");
    assert_slice_equal(made(text_put_percent, SLICE("€")), "%E2%82%AC");
}

TEST(text_put_hex__bytes__are_in_lower_case)
{
    assert_slice_equal(made(text_put_hex, SLICE("\x00\xFF\x1a")), "00ff1a");
}

TEST(text_put_base64__vectors_of_rfc4648__are_met)
{
    assert_slice_equal(made(text_put_base64, SLICE("")), "");
    assert_slice_equal(made(text_put_base64, SLICE("f")), "Zg==");
    assert_slice_equal(made(text_put_base64, SLICE("fo")), "Zm8=");
    assert_slice_equal(made(text_put_base64, SLICE("foo")), "Zm9v");
    assert_slice_equal(made(text_put_base64, SLICE("foob")), "Zm9vYg==");
    assert_slice_equal(made(text_put_base64, SLICE("fooba")), "Zm9vYmE=");
    assert_slice_equal(made(text_put_base64, SLICE("foobar")), "Zm9vYmFy");
    assert_slice_equal(made(text_put_base64, SLICE("\xFB\xFF\xBF")), "+/+/");
}

TEST(text_put_rfc3339__known_moments__are_met)
{
    assert_slice_equal(made_rfc3339(0), "1970-01-01T00:00:00Z");
    assert_slice_equal(made_rfc3339(999), "1970-01-01T00:00:00Z");
    assert_slice_equal(made_rfc3339(-1), "1969-12-31T23:59:59Z");
    assert_slice_equal(made_rfc3339(951782400000), "2000-02-29T00:00:00Z");
    assert_slice_equal(made_rfc3339(951868799000), "2000-02-29T23:59:59Z");
    assert_slice_equal(made_rfc3339(1798070400000), "2026-12-24T00:00:00Z");
    assert_slice_equal(made_rfc3339(4107542400000), "2100-03-01T00:00:00Z");
    assert_slice_equal(made_rfc3339(-62167219200000), "0000-01-01T00:00:00Z");
}

TEST(text_put_rfc3339__years_without_four_digits__become_the_nearest)
{
    assert_slice_equal(made_rfc3339(INT64_MAX), "9999-12-31T23:59:59Z");
    assert_slice_equal(made_rfc3339(INT64_MIN), "0000-01-01T00:00:00Z");
}

TEST(slice_compare__equal_and_different__are_told_apart)
{
    assert_true(slice_is_equal(SLICE_NONE, SLICE("")));
    assert_true(slice_is_equal(SLICE("ab"), SLICE("ab")));
    assert_false(slice_is_equal(SLICE("ab"), SLICE("aB")));
    assert_false(slice_is_equal(SLICE("ab"), SLICE("abc")));
    assert_true(slice_is_same_word(SLICE("Content-LENGTH"), SLICE("content-length")));
    assert_false(slice_is_same_word(SLICE("@["), SLICE("`{")));
    assert_false(slice_is_same_word(SLICE("\xC4"), SLICE("\xE4")));
    assert_true(slice_has_prefix(SLICE("bytes=1"), SLICE("bytes=")));
    assert_true(slice_has_prefix(SLICE("x"), SLICE_NONE));
    assert_false(slice_has_prefix(SLICE("byte"), SLICE("bytes")));
}

TEST(slice_cut__beyond_the_end__gives_what_is_there)
{
    assert_slice_equal(slice_trim(SLICE(" \t a b\t ")), "a b");
    assert_slice_equal(slice_trim(SLICE(" \t ")), "");
    assert_slice_equal(slice_trim(SLICE("\n")), "\n");
    assert_slice_equal(slice_skip(SLICE("abc"), 1), "bc");
    assert_slice_equal(slice_skip(SLICE("abc"), 9), "");
    assert_slice_equal(slice_head(SLICE("abc"), 2), "ab");
    assert_slice_equal(slice_head(SLICE("abc"), SIZE_MAX), "abc");
    assert_null(slice_skip(SLICE_NONE, SIZE_MAX).ptr);
    assert_int_equal(slice_find(SLICE("abca"), 'a'), 0);
    assert_int_equal(slice_find(SLICE("abca"), 'x'), 4);
    assert_int_equal(slice_find(SLICE_NONE, 'x'), 0);
}

TEST(slice_next__list__gives_trimmed_elements)
{
    struct slice rest = SLICE(" a ,,b\t, c"), element;
    assert_true(slice_next(&rest, ',', &element));
    assert_slice_equal(element, "a");
    assert_true(slice_next(&rest, ',', &element));
    assert_slice_equal(element, "");
    assert_true(slice_next(&rest, ',', &element));
    assert_slice_equal(element, "b");
    assert_true(slice_next(&rest, ',', &element));
    assert_slice_equal(element, "c");
    assert_false(slice_next(&rest, ',', &element));
}

TEST(utf8_is_valid__table_of_rfc3629__is_met)
{
    assert_true(utf8_is_valid(SLICE_NONE));
    assert_true(utf8_is_valid(SLICE("a\0\x7f\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF")));
    assert_true(utf8_is_valid(SLICE("\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")));
    const struct slice wrong[] = {
        SLICE("\x80"),         SLICE("\xC1\xBF"),         SLICE("\xC2"),
        SLICE("\xE0\x9F\xBF"), SLICE("\xED\xA0\x80"),     SLICE("\xE1\x80"),
        SLICE("\xE1\x80\x41"), SLICE("\xF0\x8F\xBF\xBF"), SLICE("\xF4\x90\x80\x80"),
        SLICE("\xF5\x80\x80"), SLICE("\xF1\x80\x80"),     SLICE("\xFF"),
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(utf8_is_valid(wrong[i]));
}

TEST(text_put_json__any_bytes__become_valid_utf8_without_controls)
{
    uint64_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[64];
        struct slice input = slice_from(bytes, random_next(&seed) % sizeof(bytes));
        random_bytes(&seed, (struct span){bytes, sizeof(bytes)});
        struct slice json = made(text_put_json, input);
        assert_true(utf8_is_valid(json));
        for (size_t i = 0; i < json.len; i++)
            assert_true(json.ptr[i] >= ' ' && json.ptr[i] != 0x7F);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_put__exactly_as_much_as_fits__is_not_full),
        cmocka_unit_test(text_put__more_than_fits__stays_full_without_a_hole),
        cmocka_unit_test(text_format__long_output__needs_its_room_and_one_byte),
        cmocka_unit_test(text_put_u64__limits__are_whole),
        cmocka_unit_test(text_put_json__quotes_and_controls__are_escaped),
        cmocka_unit_test(text_put_json__utf8__stays_and_invalid_bytes_are_replaced),
        cmocka_unit_test(text_put_json__no_room__cuts_between_characters),
        cmocka_unit_test(text_put_html__markup__is_escaped),
        cmocka_unit_test(text_put_percent__all_but_bare_characters__are_encoded),
        cmocka_unit_test(text_put_hex__bytes__are_in_lower_case),
        cmocka_unit_test(text_put_base64__vectors_of_rfc4648__are_met),
        cmocka_unit_test(text_put_rfc3339__known_moments__are_met),
        cmocka_unit_test(text_put_rfc3339__years_without_four_digits__become_the_nearest),
        cmocka_unit_test(slice_compare__equal_and_different__are_told_apart),
        cmocka_unit_test(slice_cut__beyond_the_end__gives_what_is_there),
        cmocka_unit_test(slice_next__list__gives_trimmed_elements),
        cmocka_unit_test(utf8_is_valid__table_of_rfc3629__is_met),
        cmocka_unit_test(text_put_json__any_bytes__become_valid_utf8_without_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
