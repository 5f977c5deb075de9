/* Digest fields: dictionaries of structured fields, read strictly. */
#include "wire/digest_field.h"
#include "wire/structured.h"
#include "wire_check.h"

#define EMPTY ":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" /* of no bytes */
#define OTHER ":AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"

static void digest__in_a_field__is_found(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int result;
        uint8_t first_byte;
    } cases[] = {
        {"sha-256=" EMPTY, 1, 0xe3},
        {"sha-256=" EMPTY ";x=1;y", 1, 0xe3},
        {"sha-512=:AAAA:, sha-256=" EMPTY " , md5=:AA==:", 1, 0xe3},
        {"sha-256=" OTHER ", sha-256=" EMPTY, 1, 0xe3},
        {"a, b=1, c=-1.5, d=\"x\\\"\", e=tok*/:en, f=?0, g=@1, h=%\"%c3%a4\", "
         "i=(1 \"a\";p  :AA==:), sha-256=" EMPTY,
         1, 0xe3},
        {"sha-512=:AAAA:", 0, 0},
        {"unknown", 0, 0},
        {"", 0, 0},
        {"sha-256=" EMPTY ",", -EINVAL, 0},
        {"sha-256=" EMPTY " x", -EINVAL, 0},
        {"sha-256=" EMPTY ", =1", -EINVAL, 0},
        {"sha-256=" EMPTY ", A=1", -EINVAL, 0},
        {"sha-256=:AAAA:", -EINVAL, 0},
        {"sha-256=:" OTHER, -EINVAL, 0},
        {"sha-256=:AA\x01=:", -EINVAL, 0},
        {"sha-256=:47DEQpj8", -EINVAL, 0},
        {"sha-256=47DEQpj8HBSa", -EINVAL, 0},
        {"sha-256=\"x\"", -EINVAL, 0},
        {"sha-256", -EINVAL, 0},
        {"sha-256=", -EINVAL, 0},
        {"SHA-256=" EMPTY, -EINVAL, 0},
        {"a=1234567890123456, sha-256=" EMPTY, -EINVAL, 0},
        {"a=1., sha-256=" EMPTY, -EINVAL, 0},
        {"a=\"x, sha-256=" EMPTY, -EINVAL, 0},
        {"a=\"\\x\", sha-256=" EMPTY, -EINVAL, 0},
        {"a=(1, sha-256=" EMPTY, -EINVAL, 0},
        {"a=(1\"x\"), sha-256=" EMPTY, -EINVAL, 0},
        {"a=?2, sha-256=" EMPTY, -EINVAL, 0},
        {"a=%\"%C3\", sha-256=" EMPTY, -EINVAL, 0},
        {"a=@1.5, sha-256=" EMPTY, -EINVAL, 0},
        {"a;B, sha-256=" EMPTY, -EINVAL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t digest[SHA256_BYTES] = {0};
        struct slice field = copy_of(slice_of(cases[i].field));
        check(digest_field_read(field, digest) == cases[i].result, i);
        check(digest[0] == cases[i].first_byte, i);
        copy_free(field);
    }
}

#define EMPTY512                                                                                   \
    ":z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==:"

static void claim__of_a_field__is_the_strongest(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int result;
        enum checksum_algorithm algorithm;
        uint8_t first_byte;
    } cases[] = {
        {"sha-256=" EMPTY, 1, CHECKSUM_SHA256, 0xe3},
        {"sha-512=" EMPTY512, 1, CHECKSUM_SHA512, 0xcf},
        {"sha-256=" EMPTY ", sha-512=" EMPTY512, 1, CHECKSUM_SHA512, 0xcf},
        {"sha-512=" EMPTY512 ", sha-256=" EMPTY, 1, CHECKSUM_SHA512, 0xcf},
        {"md5=:AA==:, sha-256=" EMPTY ";x", 1, CHECKSUM_SHA256, 0xe3},
        {"sha-256=" OTHER ", sha-256=" EMPTY, 1, CHECKSUM_SHA256, 0xe3},
        {"md5=:AA==:, unknown", 0, 0, 0},
        {"", 0, 0, 0},
        {"sha-512=" EMPTY, -EINVAL, 0, 0},
        {"sha-512=" EMPTY ", sha-256=" EMPTY, -EINVAL, 0, 0},
        {"sha-256=" EMPTY512, -EINVAL, 0, 0},
        {"sha-512=\"x\"", -EINVAL, 0, 0},
        {"sha-512", -EINVAL, 0, 0},
        {"sha-512=" EMPTY512 ", sha-256=" EMPTY ",", -EINVAL, 0, 0},
        {"sha-512=" EMPTY512 ", =1", -EINVAL, 0, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct checksum_claim claim = {0};
        struct slice field = copy_of(slice_of(cases[i].field));
        check(digest_field_claim(field, &claim) == cases[i].result, i);
        check(claim.algorithm == cases[i].algorithm, i);
        check(claim.digest[0] == cases[i].first_byte, i);
        copy_free(field);
        if (cases[i].result <= 0)
            continue;
        scoped(checksum) checksum = checksum_new(claim.algorithm);
        assert_non_null(checksum);
        check(checksum_matches(checksum, &claim), i);
    }
}

static void wish__with_a_weight__is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        bool is_wanted;
    } cases[] = {
        {"sha-256=10", true},
        {"sha-512=3, sha-256=1, unixsum=0", true},
        {"sha-256=0", false},
        {"sha-256=11", false},
        {"sha-256=-1", false},
        {"sha-256=0.5", false},
        {"sha-256", false},
        {"sha-512=10", false},
        {"", false},
        {"sha-256=10,", false},
        {"sha-256=10, sha-256=0", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check(digest_field_is_wanted(slice_of(cases[i].field)) == cases[i].is_wanted, i);
}

static void members__of_each_kind__have_their_values(void **state)
{
    (void)state;
    struct slice rest = SLICE("a=-15, b=?0, c, d=@1659578233, e=tok;x=1, f=\"s\", g=2.5");
    static const struct {
        const char *key;
        enum structured_kind kind;
        int64_t number;
        const char *words;
    } members[] = {
        {"a", STRUCTURED_INTEGER, -15, ""}, {"b", STRUCTURED_BOOLEAN, 0, ""},
        {"c", STRUCTURED_BOOLEAN, 1, ""},   {"d", STRUCTURED_DATE, 1659578233, ""},
        {"e", STRUCTURED_TOKEN, 1, "tok"},  {"f", STRUCTURED_STRING, 1, "s"},
        {"g", STRUCTURED_DECIMAL, 1, ""},
    };
    struct structured_member member;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        check(structured_next(&rest, &member) == 1, i);
        check(is_text(member.key, members[i].key) && member.kind == members[i].kind, i);
        check(member.number == members[i].number && is_text(member.words, members[i].words), i);
    }
    assert_int_equal(structured_next(&rest, &member), 0);
}

static void digest__written__is_read_again(void **state)
{
    (void)state;
    uint8_t room[64], digest[SHA256_BYTES], back[SHA256_BYTES];
    struct text text = text_over((struct span){room, sizeof(room)});
    for (size_t i = 0; i < sizeof(digest); i++)
        digest[i] = (uint8_t)(i * 37);
    digest_field_put(&text, digest);
    assert_false(text.is_full);
    assert_int_equal(digest_field_read(text_slice(&text), back), 1);
    assert_memory_equal(digest, back, sizeof(digest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest__in_a_field__is_found),
        cmocka_unit_test(claim__of_a_field__is_the_strongest),
        cmocka_unit_test(wish__with_a_weight__is_understood),
        cmocka_unit_test(members__of_each_kind__have_their_values),
        cmocka_unit_test(digest__written__is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
