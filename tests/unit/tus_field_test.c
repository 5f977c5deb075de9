/* The fields of tus: what clients send is read, what could be read in two ways is refused. */
#include "wire/tus_field.h"
#include "wire_check.h"

#define ZEROS42 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void metadata__of_clients__is_accepted(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "",
        "filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential",
        "fileName eA==, filetype eQ==",
        "a,b ,c\t, d eA==",
        "name eA==,type eQ==,filename eg==,filetype YQ==,relativePath bnVsbA==",
        "\xc3\xa4 eA==",
        "Name eA==,name eQ==",
    };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        struct slice field = copy_of(slice_of(fields[i]));
        check(tus_metadata_check(field) == 0, i);
        copy_free(field);
    }
}

static void metadata__malformed__is_refused(void **state)
{
    (void)state;
    static const char *const fields[] = {
        ",",          "a,",         ",a",       "a,,b",       "a eA==,",     "a,a",
        "a eA==,b,a", "a eA",       "a eA=",    "a e",        "a eA== eA==", "a  eA==",
        "a eB==",     "a e-A=",     " ",        "a eA==, ,b", "a\tb eA==",   "a\teA==",
        "a\x01 eA==", "a\x7f eA==", "a eA==;b", "a =",        "a ====",      "a eA==\x01",
    };
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        struct slice field = copy_of(slice_of(fields[i]));
        check(tus_metadata_check(field) == -EINVAL, i);
        copy_free(field);
    }
}

static void metadata__with_many_keys__is_accepted_up_to_the_limit(void **state)
{
    (void)state;
    static uint8_t room[4096];
    struct text text = text_over((struct span){room, sizeof(room)});
    text_put(&text, SLICE("k1"));
    for (unsigned i = 2; i <= UPLOAD_METADATA_PAIRS_MAX; i++)
        text_format(&text, ",k%u", i);
    assert_int_equal(tus_metadata_check(text_slice(&text)), 0);
    text_put(&text, SLICE(",k"));
    assert_false(text.is_full);
    assert_int_equal(tus_metadata_check(text_slice(&text)), -EINVAL);
}

static void metadata__asked_for_a_key__has_its_value(void **state)
{
    (void)state;
    static const struct slice keys[] = {SLICE("filename"), SLICE("name")};
    static const struct {
        const char *field, *value;
        ssize_t result;
    } cases[] = {
        {"filename YWJj", "abc", 3},
        {"x eA==, FileName YWJj", "abc", 3},
        {"name eA==,filename YWJj", "abc", 3},
        {"name eHk=", "xy", 2},
        {"name ,x", "", 0},
        {"filename", "", 0},
        {"filenam YWJj,filenamee YWJj", "", -ENOENT},
        {"", "", -ENOENT},
        {"filename YWJjZA==", "", 4},
        {"filename YWJjZGU=", "", -ENOSPC},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t room[4] = {0};
        struct slice field = copy_of(slice_of(cases[i].field));
        check(tus_metadata_check(field) == 0, i);
        check(tus_metadata_find(field, keys, 2, (struct span){room, 4}) == cases[i].result, i);
        check(memcmp(room, cases[i].value, strlen(cases[i].value)) == 0, i);
        copy_free(field);
    }
}

static void concat__of_each_kind__is_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int result;
        enum tus_concat concat;
        const char *urls; /* joined by '|' */
    } cases[] = {
        {"partial", 0, TUS_CONCAT_PARTIAL, ""},
        {"final;/files/a", 0, TUS_CONCAT_FINAL, "/files/a|"},
        {"final;/files/a /files/b", 0, TUS_CONCAT_FINAL, "/files/a|/files/b|"},
        {"final; /a  http://x/b ", 0, TUS_CONCAT_FINAL, "/a|http://x/b|"},
        {"final;a a", 0, TUS_CONCAT_FINAL, "a|a|"},
        {"final;", -EINVAL, TUS_CONCAT_NONE, ""},
        {"final;  ", -EINVAL, TUS_CONCAT_NONE, ""},
        {"final", -EINVAL, TUS_CONCAT_NONE, ""},
        {"final /a", -EINVAL, TUS_CONCAT_NONE, ""},
        {"Partial", -EINVAL, TUS_CONCAT_NONE, ""},
        {"partial;", -EINVAL, TUS_CONCAT_NONE, ""},
        {"", -EINVAL, TUS_CONCAT_NONE, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum tus_concat concat = TUS_CONCAT_NONE;
        struct slice urls = SLICE_NONE, url, field = copy_of(slice_of(cases[i].field));
        uint8_t room[128];
        struct text seen = text_over((struct span){room, sizeof(room)});
        check(tus_concat_read(field, &concat, &urls) == cases[i].result, i);
        check(concat == cases[i].concat, i);
        while (tus_concat_next(&urls, &url)) {
            text_put(&seen, url);
            text_put_byte(&seen, '|');
        }
        check(is_text(text_slice(&seen), cases[i].urls), i);
        copy_free(field);
    }
}

static void concat__absent__is_none(void **state)
{
    (void)state;
    enum tus_concat concat = TUS_CONCAT_FINAL;
    struct slice urls = SLICE("untouched");
    assert_int_equal(tus_concat_read(SLICE_NONE, &concat, &urls), 0);
    assert_int_equal(concat, TUS_CONCAT_NONE);
    assert_true(is_text(urls, "untouched"));
}

static void checksum__told__is_read_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        int result;
        enum checksum_algorithm algorithm;
    } cases[] = {
        {"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", 0, CHECKSUM_SHA1},
        {"md5 Kq5sNclPz7QV2+lfQIuc6Q==", 0, CHECKSUM_MD5},
        {"crc32c 4waSgw==", 0, CHECKSUM_CRC32C},
        {"sha256 KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0, CHECKSUM_SHA256},
        {"sha512 Kg" ZEROS42 ZEROS42 "==", 0, CHECKSUM_SHA512},
        {"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0", -EINVAL, 0},
        {"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu1=", -EINVAL, 0},
        {"sha1 Kq5sNclPz7QV2+lfQIuc6Q==", -EINVAL, 0},
        {"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0AAAA=", -EINVAL, 0},
        {"sha512 Kg" ZEROS42 ZEROS42 "AA", -EINVAL, 0},
        {"sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=", -EINVAL, 0},
        {"sha1", -EINVAL, 0},
        {"sha1 ", -EINVAL, 0},
        {" ", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", -ENOTSUP, 0},
        {"sha3 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", -ENOTSUP, 0},
        {"sha Kq5sNclPz7QV2+lfQIuc6R7oRu0=", -ENOTSUP, 0},
        {"sha11 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", -ENOTSUP, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct checksum_claim claim = {0};
        struct slice field = copy_of(slice_of(cases[i].field));
        check(tus_checksum_read(field, &claim) == cases[i].result, i);
        check(claim.algorithm == cases[i].algorithm, i);
        uint8_t first = cases[i].result < 0 ? 0 : claim.algorithm == CHECKSUM_CRC32C ? 0xe3 : 0x2a;
        check(claim.digest[0] == first, i);
        copy_free(field);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata__of_clients__is_accepted),
        cmocka_unit_test(metadata__malformed__is_refused),
        cmocka_unit_test(metadata__with_many_keys__is_accepted_up_to_the_limit),
        cmocka_unit_test(metadata__asked_for_a_key__has_its_value),
        cmocka_unit_test(concat__of_each_kind__is_told_apart),
        cmocka_unit_test(concat__absent__is_none),
        cmocka_unit_test(checksum__told__is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
