#include "base/checksum.h"
#include "base/text.h"
#include "unit.h"

/* Published answers: RFC 3720 appendix B.4 (CRC-32C of ones and zeros), RFC 1321, FIPS 180. */
static const struct {
    enum checksum_algorithm algorithm;
    const char *bytes, *digest;
} answers[] = {
    {CHECKSUM_CRC32C, "123456789", "e3069283"},
    {CHECKSUM_CRC32C, "", "00000000"},
    {CHECKSUM_CRC32C, "a", "c1d04330"},
    {CHECKSUM_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72"},
    {CHECKSUM_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {CHECKSUM_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {CHECKSUM_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {CHECKSUM_SHA512, "abc",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
};

static struct checksum_claim claim_of(enum checksum_algorithm algorithm, const char *hex)
{
    struct checksum_claim claim = {.algorithm = algorithm};
    assert_int_equal(strlen(hex), checksum_bytes(algorithm) * 2);
    for (size_t i = 0; i < checksum_bytes(algorithm); i++) {
        uint64_t byte;
        assert_int_equal(parse_hex_u64(slice_from(hex + i * 2, 2), &byte), 0);
        claim.digest[i] = (uint8_t)byte;
    }
    return claim;
}

static bool has_checksum(struct slice bytes, const struct checksum_claim *claim)
{
    scoped(checksum) checksum = checksum_new(claim->algorithm);
    assert_non_null(checksum);
    checksum_add(checksum, bytes);
    return checksum_matches(checksum, claim);
}

TEST(checksum__known_answers__are_met)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct checksum_claim claim = claim_of(answers[i].algorithm, answers[i].digest);
        assert_true(has_checksum(slice_of(answers[i].bytes), &claim));
    }
}

TEST(checksum__32_bytes_of_iscsi__have_the_answers_of_the_rfc)
{
    uint8_t bytes[32] = {0};
    struct checksum_claim zeros = claim_of(CHECKSUM_CRC32C, "8a9136aa");
    assert_true(has_checksum(slice_from(bytes, sizeof(bytes)), &zeros));
    memset(bytes, 0xff, sizeof(bytes));
    struct checksum_claim ones = claim_of(CHECKSUM_CRC32C, "62a8ab43");
    assert_true(has_checksum(slice_from(bytes, sizeof(bytes)), &ones));
}

TEST(checksum__any_bit_changed__does_not_match)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct checksum_claim claim = claim_of(answers[i].algorithm, answers[i].digest);
        for (size_t bit = 0; bit < checksum_bytes(claim.algorithm) * 8; bit++) {
            claim.digest[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_false(has_checksum(slice_of(answers[i].bytes), &claim));
            claim.digest[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

TEST(checksum__in_pieces__is_that_of_the_whole)
{
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct checksum_claim claim = claim_of(answers[i].algorithm, answers[i].digest);
        scoped(checksum) checksum = checksum_new(claim.algorithm);
        assert_non_null(checksum);
        checksum_add(checksum, SLICE_NONE);
        for (const char *at = answers[i].bytes; *at != '\0'; at++)
            checksum_add(checksum, slice_from(at, 1));
        checksum_add(checksum, SLICE_NONE);
        assert_true(checksum_matches(checksum, &claim));
    }
    checksum_drop(NULL);
}

TEST(checksum__names_and_lengths__are_those_of_tus)
{
    static const struct {
        const char *name;
        size_t bytes;
    } expected[CHECKSUM_ALGORITHMS] = {
        [CHECKSUM_SHA1] = {"sha1", 20},     [CHECKSUM_SHA256] = {"sha256", 32},
        [CHECKSUM_SHA512] = {"sha512", 64}, [CHECKSUM_MD5] = {"md5", 16},
        [CHECKSUM_CRC32C] = {"crc32c", 4},
    };
    for (enum checksum_algorithm i = 0; i < CHECKSUM_ALGORITHMS; i++) {
        assert_string_equal(checksum_name(i), expected[i].name);
        assert_int_equal(checksum_bytes(i), expected[i].bytes);
        assert_true(checksum_bytes(i) <= CHECKSUM_BYTES_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum__known_answers__are_met),
        cmocka_unit_test(checksum__32_bytes_of_iscsi__have_the_answers_of_the_rfc),
        cmocka_unit_test(checksum__any_bit_changed__does_not_match),
        cmocka_unit_test(checksum__in_pieces__is_that_of_the_whole),
        cmocka_unit_test(checksum__names_and_lengths__are_those_of_tus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
