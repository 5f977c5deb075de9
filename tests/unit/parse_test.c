#include "base/text.h"
#include "unit.h"

#define assert_parses(parse, words, type, expected)                                                \
    do {                                                                                           \
        type value_ = 0;                                                                           \
        assert_int_equal(parse(slice_of(words), &value_), 0);                                      \
        assert_true(value_ == (expected));                                                         \
    } while (0)

#define assert_refuses(parse, words, type, err)                                                    \
    do {                                                                                           \
        type value_ = 77;                                                                          \
        assert_int_equal(parse(slice_of(words), &value_), err);                                    \
        assert_true(value_ == 77);                                                                 \
    } while (0)

TEST(parse_u64__whole_numbers__are_taken)
{
    assert_parses(parse_u64, "0", uint64_t, 0);
    assert_parses(parse_u64, "0007", uint64_t, 7);
    assert_parses(parse_u64, "18446744073709551615", uint64_t, UINT64_MAX);
}

TEST(parse_u64__anything_else__is_refused)
{
    static const char *const wrong[] = {
        "", "+1", "-1", " 1", "1 ", "1a", "0x10", "99999999999999999999x", "1.0", "a"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refuses(parse_u64, wrong[i], uint64_t, -EINVAL);
    assert_refuses(parse_u64, "18446744073709551616", uint64_t, -ERANGE);
    assert_refuses(parse_u64, "184467440737095516150", uint64_t, -ERANGE);
}

TEST(parse_hex_u64__both_cases__are_taken)
{
    assert_parses(parse_hex_u64, "fF", uint64_t, 255);
    assert_parses(parse_hex_u64, "0000000000000000001", uint64_t, 1);
    assert_parses(parse_hex_u64, "ffffffffffffffff", uint64_t, UINT64_MAX);
    assert_refuses(parse_hex_u64, "10000000000000000", uint64_t, -ERANGE);
    assert_refuses(parse_hex_u64, "", uint64_t, -EINVAL);
    assert_refuses(parse_hex_u64, "0x1", uint64_t, -EINVAL);
    assert_refuses(parse_hex_u64, "g", uint64_t, -EINVAL);
}

TEST(parse_bytes__units__are_binary)
{
    assert_parses(parse_bytes, "10", uint64_t, 10);
    assert_parses(parse_bytes, "64KiB", uint64_t, 64 << 10);
    assert_parses(parse_bytes, "64k", uint64_t, 64 << 10);
    assert_parses(parse_bytes, "3MiB", uint64_t, 3 << 20);
    assert_parses(parse_bytes, "3M", uint64_t, 3 << 20);
    assert_parses(parse_bytes, "4G", uint64_t, UINT64_C(4) << 30);
    assert_parses(parse_bytes, "4gib", uint64_t, UINT64_C(4) << 30);
    assert_parses(parse_bytes, "2TiB", uint64_t, UINT64_C(2) << 40);
    assert_parses(parse_bytes, "16777215T", uint64_t, UINT64_C(16777215) << 40);
}

TEST(parse_bytes__overflow__is_refused)
{
    assert_refuses(parse_bytes, "16777216T", uint64_t, -ERANGE);
    assert_refuses(parse_bytes, "18446744073709551616", uint64_t, -ERANGE);
    assert_refuses(parse_bytes, "99999999999999999999K", uint64_t, -ERANGE);
}

TEST(parse_bytes__other_words__are_refused)
{
    static const char *const wrong[] = {"", "K", "KiB", "1KB", "1 K", "1.5M", "-1", "1KiB ", "1P"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refuses(parse_bytes, wrong[i], uint64_t, -EINVAL);
}

TEST(parse_duration_ms__units__are_taken)
{
    assert_parses(parse_duration_ms, "250ms", int64_t, 250);
    assert_parses(parse_duration_ms, "30s", int64_t, 30000);
    assert_parses(parse_duration_ms, "5m", int64_t, 300000);
    assert_parses(parse_duration_ms, "2h", int64_t, 7200000);
    assert_parses(parse_duration_ms, "7d", int64_t, 604800000);
    assert_parses(parse_duration_ms, "0", int64_t, 0);
    assert_parses(parse_duration_ms, "9223372036854775807ms", int64_t, INT64_MAX);
}

TEST(parse_duration_ms__other_words__are_refused)
{
    static const char *const wrong[] = {"", "30", "s", "-1s", "1w", "1h30m", "1.5h", "30 s", "00"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refuses(parse_duration_ms, wrong[i], int64_t, -EINVAL);
    assert_refuses(parse_duration_ms, "9223372036854775808ms", int64_t, -ERANGE);
    assert_refuses(parse_duration_ms, "999999999999d", int64_t, -ERANGE);
}

TEST(parse_rfc3339__known_moments__are_met)
{
    assert_parses(parse_rfc3339, "1970-01-01T00:00:00Z", int64_t, 0);
    assert_parses(parse_rfc3339, "1985-04-12T23:20:50.52Z", int64_t, INT64_C(482196050520));
    assert_parses(parse_rfc3339, "1996-12-19T16:39:57-08:00", int64_t, INT64_C(851042397000));
    assert_parses(parse_rfc3339, "1990-12-31T23:59:60Z", int64_t, INT64_C(662688000000));
    assert_parses(parse_rfc3339, "1937-01-01T12:00:27.87+00:20", int64_t, INT64_C(-1041337172130));
    assert_parses(parse_rfc3339, "2000-02-29t00:00:00z", int64_t, INT64_C(951782400000));
    assert_parses(parse_rfc3339, "2026-12-24 00:00:00Z", int64_t, INT64_C(1798070400000));
    assert_parses(parse_rfc3339, "1970-01-01T00:00:00.1239999999Z", int64_t, 123);
    assert_parses(parse_rfc3339, "0000-01-01T00:00:00Z", int64_t, INT64_C(-62167219200000));
    assert_parses(parse_rfc3339, "9999-12-31T23:59:59Z", int64_t, INT64_C(253402300799000));
}

TEST(parse_rfc3339__other_words__are_refused)
{
    static const char *const wrong[] = {
        "",
        "2026-12-24",
        "2026-12-24T00:00:00",
        "2026-12-24T00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-12-24T24:00:00Z",
        "2026-12-24T00:60:00Z",
        "2026-12-24T00:00:61Z",
        "2026-12-24T00:00:00.Z",
        "2026-12-24T00:00:00+0100",
        "2026-12-24T00:00:00+24:00",
        "2026-12-24T00:00:00+01:60",
        "2026-12-24T00:00:00Zx",
        " 2026-12-24T00:00:00Z",
        "26-12-24T00:00:00Z",
        "2026/12/24T00:00:00Z",
        "2026-12-24T-1:00:00Z",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refuses(parse_rfc3339, wrong[i], int64_t, -EINVAL);
}

TEST(parse_rfc3339__what_text_put_rfc3339_wrote__is_the_same_second)
{
    uint64_t seed = 3;
    const uint64_t range = UINT64_C(253402300800 + 62167219200);
    for (int round = 0; round < 20000; round++) {
        int64_t wall_s = (int64_t)(random_next(&seed) % range) - INT64_C(62167219200);
        uint8_t room[32];
        int64_t back;
        struct text text = text_over((struct span){room, sizeof(room)});
        text_put_rfc3339(&text, wall_s * 1000);
        assert_int_equal(text.len, 20);
        assert_int_equal(parse_rfc3339(text_slice(&text), &back), 0);
        assert_true(back == wall_s * 1000);
    }
}

static ssize_t base64(const char *words, size_t room)
{
    static uint8_t into[16];
    return parse_base64(slice_of(words), (struct span){into, room});
}

TEST(parse_base64__right_words__are_decoded)
{
    uint8_t room[16];
    struct span into = {room, sizeof(room)};
    assert_int_equal(parse_base64(SLICE("Zm9vYmFy"), into), 6);
    assert_memory_equal(room, "foobar", 6);
    assert_int_equal(parse_base64(SLICE("Zm9vYg=="), into), 4);
    assert_memory_equal(room, "foob", 4);
    assert_int_equal(parse_base64(SLICE("Zm9vYmE="), into), 5);
    assert_int_equal(parse_base64(SLICE("+/+/"), into), 3);
    assert_memory_equal(room, "\xFB\xFF\xBF", 3);
    assert_int_equal(parse_base64(SLICE(""), into), 0);
}

TEST(parse_base64__wrong_words__are_refused)
{
    static const char *const wrong[] = {"Z",    "Zg",   "Zg=",      "Z===",    "====", "=",
                                        "Zh==", "Zm9=", "Zg==Zg==", "Zm 9vYg", "-_-_", "Zg=a"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(base64(wrong[i], 16), -EINVAL);
    assert_int_equal(base64("Zm9v", 2), -ENOSPC);
    assert_int_equal(base64("Zm9v", 3), 3);
}

TEST(parse_base64__what_text_put_base64_wrote__is_the_same)
{
    uint64_t seed = 5;
    for (size_t len = 0; len < 300; len++) {
        uint8_t bytes[300], words[404], back[300];
        random_bytes(&seed, (struct span){bytes, len});
        struct text text = text_over((struct span){words, sizeof(words)});
        text_put_base64(&text, slice_from(bytes, len));
        assert_int_equal(parse_base64(text_slice(&text), (struct span){back, len}), len);
        assert_memory_equal(back, bytes, len);
    }
}

TEST(parse_percent__escapes__are_decoded_once)
{
    uint8_t room[16];
    struct span into = {room, sizeof(room)};
    assert_int_equal(parse_percent(SLICE("a%20b%2fc%2F+"), into), 7);
    assert_memory_equal(room, "a b/c/+", 7);
    assert_int_equal(parse_percent(SLICE("%2541"), into), 3);
    assert_memory_equal(room, "%41", 3);
    assert_int_equal(parse_percent(SLICE("%00"), into), 1);
    assert_int_equal(parse_percent(SLICE(""), into), 0);
}

TEST(parse_percent__broken_escapes__are_refused)
{
    uint8_t room[4];
    struct span into = {room, sizeof(room)};
    assert_int_equal(parse_percent(SLICE("%"), into), -EINVAL);
    assert_int_equal(parse_percent(SLICE("a%2"), into), -EINVAL);
    assert_int_equal(parse_percent(SLICE("%2g"), into), -EINVAL);
    assert_int_equal(parse_percent(SLICE("%%20"), into), -EINVAL);
    assert_int_equal(parse_percent(SLICE("abcde"), into), -ENOSPC);
    assert_int_equal(parse_percent(SLICE("abcde%"), into), -EINVAL);
}

TEST(parse_percent__what_text_put_percent_wrote__is_the_same)
{
    uint64_t seed = 11;
    for (size_t len = 0; len < 300; len++) {
        uint8_t bytes[300], words[900], back[300];
        random_bytes(&seed, (struct span){bytes, len});
        struct text text = text_over((struct span){words, sizeof(words)});
        text_put_percent(&text, slice_from(bytes, len));
        assert_int_equal(parse_percent(text_slice(&text), (struct span){back, len}), len);
        assert_memory_equal(back, bytes, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_u64__whole_numbers__are_taken),
        cmocka_unit_test(parse_u64__anything_else__is_refused),
        cmocka_unit_test(parse_hex_u64__both_cases__are_taken),
        cmocka_unit_test(parse_bytes__units__are_binary),
        cmocka_unit_test(parse_bytes__overflow__is_refused),
        cmocka_unit_test(parse_bytes__other_words__are_refused),
        cmocka_unit_test(parse_duration_ms__units__are_taken),
        cmocka_unit_test(parse_duration_ms__other_words__are_refused),
        cmocka_unit_test(parse_rfc3339__known_moments__are_met),
        cmocka_unit_test(parse_rfc3339__other_words__are_refused),
        cmocka_unit_test(parse_rfc3339__what_text_put_rfc3339_wrote__is_the_same_second),
        cmocka_unit_test(parse_base64__right_words__are_decoded),
        cmocka_unit_test(parse_base64__wrong_words__are_refused),
        cmocka_unit_test(parse_base64__what_text_put_base64_wrote__is_the_same),
        cmocka_unit_test(parse_percent__escapes__are_decoded_once),
        cmocka_unit_test(parse_percent__broken_escapes__are_refused),
        cmocka_unit_test(parse_percent__what_text_put_percent_wrote__is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
