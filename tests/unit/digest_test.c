#include "base/digest.h"
#include "base/random.h"
#include "base/text.h"
#include "unit.h"

static void assert_sha256(struct slice bytes, const char *expected)
{
    uint8_t digest[SHA256_BYTES], room[64];
    struct text hex = text_over((struct span){room, sizeof(room)});
    assert_int_equal(sha256_of(bytes, digest), 0);
    text_put_hex(&hex, slice_from(digest, sizeof(digest)));
    assert_memory_equal(room, expected, 64);
}

TEST(crc32_add__known_answers__are_met)
{
    assert_int_equal(crc32_add(0, SLICE_NONE), 0);
    assert_int_equal(crc32_add(0, SLICE("a")), 0xE8B7BE43);
    assert_int_equal(crc32_add(0, SLICE("123456789")), 0xCBF43926);
    assert_int_equal(crc32_add(0, SLICE("The quick brown fox jumps over the lazy dog")),
                     0x414FA339);
    assert_int_equal(crc32_add(0x12345678, SLICE_NONE), 0x12345678);
}

TEST(crc32_join__any_cut__is_the_sum_of_the_whole)
{
    static uint8_t bytes[70000];
    uint64_t seed = 13;
    random_bytes(&seed, (struct span){bytes, sizeof(bytes)});
    uint32_t whole = crc32_add(0, slice_from(bytes, sizeof(bytes)));
    for (int round = 0; round < 300; round++) {
        size_t cut = random_next(&seed) % (sizeof(bytes) + 1);
        uint32_t first = crc32_add(0, slice_from(bytes, cut));
        uint32_t second = crc32_add(0, slice_from(bytes + cut, sizeof(bytes) - cut));
        assert_int_equal(crc32_join(first, second, sizeof(bytes) - cut), whole);
        assert_int_equal(crc32_add(first, slice_from(bytes + cut, sizeof(bytes) - cut)), whole);
    }
}

TEST(crc32_join__empty_and_huge_parts__associate)
{
    assert_int_equal(crc32_join(0xCBF43926, 0, 0), 0xCBF43926);
    assert_int_equal(crc32_join(0, 0xCBF43926, 9), 0xCBF43926);
    /* (A B) C and A (B C) have the same sum, also past 4 GiB. */
    uint64_t seed = 17;
    for (int round = 0; round < 200; round++) {
        uint32_t a = (uint32_t)random_next(&seed), b = (uint32_t)random_next(&seed);
        uint32_t c = (uint32_t)random_next(&seed);
        uint64_t b_bytes = random_next(&seed) >> 20, c_bytes = random_next(&seed) >> 20;
        uint32_t left = crc32_join(crc32_join(a, b, b_bytes), c, c_bytes);
        uint32_t right = crc32_join(a, crc32_join(b, c, c_bytes), b_bytes + c_bytes);
        assert_int_equal(left, right);
    }
}

TEST(sha256__vectors_of_fips180__are_met)
{
    assert_sha256(SLICE(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256(SLICE("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sha256(SLICE("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(sha256_add__in_pieces__is_the_digest_of_the_whole)
{
    static uint8_t bytes[5000];
    uint8_t whole[SHA256_BYTES], pieces[SHA256_BYTES];
    uint64_t seed = 19;
    random_bytes(&seed, (struct span){bytes, sizeof(bytes)});
    assert_int_equal(sha256_of(slice_from(bytes, sizeof(bytes)), whole), 0);

    scoped(sha256) sha = sha256_new();
    assert_non_null(sha);
    struct slice rest = slice_from(bytes, sizeof(bytes));
    while (rest.len > 0) {
        size_t len = random_next(&seed) % 200;
        sha256_add(sha, slice_head(rest, len));
        rest = slice_skip(rest, len);
    }
    sha256_add(sha, SLICE_NONE);
    sha256_end(sha, pieces);
    assert_true(digest_is_equal(whole, pieces, SHA256_BYTES));
    pieces[31] ^= 1;
    assert_false(digest_is_equal(whole, pieces, SHA256_BYTES));
    sha256_drop(NULL);
}

TEST(random_token__many__are_different_and_of_their_alphabet)
{
    static char tokens[500][23];
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        random_token(tokens[i]);
        assert_int_equal(strlen(tokens[i]), 22);
        assert_int_equal(strspn(tokens[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789-_"),
                         22);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(tokens[i], tokens[other]);
    }
}

TEST(random_fill__any_length__touches_each_byte_and_none_beyond)
{
    for (size_t len = 0; len < 600; len += 7) {
        uint8_t room[601], seen[600] = {0};
        /* A byte that stays zero in 20 fills has a chance of 2^-160. */
        for (int round = 0; round < 20; round++) {
            memset(room, 0, sizeof(room));
            random_fill((struct span){room, len});
            for (size_t i = 0; i < len; i++)
                seen[i] |= room[i];
            assert_int_equal(room[len], 0);
        }
        for (size_t i = 0; i < len; i++)
            assert_int_not_equal(seen[i], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc32_add__known_answers__are_met),
        cmocka_unit_test(crc32_join__any_cut__is_the_sum_of_the_whole),
        cmocka_unit_test(crc32_join__empty_and_huge_parts__associate),
        cmocka_unit_test(sha256__vectors_of_fips180__are_met),
        cmocka_unit_test(sha256_add__in_pieces__is_the_digest_of_the_whole),
        cmocka_unit_test(random_token__many__are_different_and_of_their_alphabet),
        cmocka_unit_test(random_fill__any_length__touches_each_byte_and_none_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
