#include "service/terms.h"

#include "base/clock.h"
#include "unit.h"

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static struct service service;
static struct terms terms;

static const char *read(struct terms_words words)
{
    memset(&terms, 0x55, sizeof(terms));
    return terms_read_words(&service, &words, &terms);
}

static bool is_near(int64_t wall_ms, int64_t from_now_ms)
{
    int64_t off_ms = wall_ms - clock_wall_ms() - from_now_ms;
    return off_ms > -5000 && off_ms < 5000;
}

TEST(terms_read_words__nothing_told__are_the_servers)
{
    service = (struct service){0};
    assert_null(read((struct terms_words){0}));
    assert_int_equal(terms.expires_ms, 0);
    assert_int_equal(terms.downloads_max, 0);
    assert_false(terms.has_sha256);
    assert_false(terms.wants_sha256);

    service.expires_max_ms = 3 * (int64_t)DAY_MS;
    assert_null(read((struct terms_words){0}));
    assert_true(is_near(terms.expires_ms, service.expires_max_ms));
    service.expires_ms = DAY_MS;
    assert_null(read((struct terms_words){0}));
    assert_true(is_near(terms.expires_ms, DAY_MS));
}

TEST(terms_read_words__life__is_read_and_bounded)
{
    service = (struct service){.expires_max_ms = 3 * (int64_t)DAY_MS};
    assert_null(read((struct terms_words){.expires = SLICE("2d"), .max_days = SLICE("1")}));
    assert_true(is_near(terms.expires_ms, 2 * (int64_t)DAY_MS));
    assert_null(read((struct terms_words){.max_days = SLICE("1")}));
    assert_true(is_near(terms.expires_ms, DAY_MS));
    assert_non_null(read((struct terms_words){.expires = SLICE("4d")}));
    assert_non_null(read((struct terms_words){.max_days = SLICE("4")}));
    assert_non_null(read((struct terms_words){.max_days = SLICE("0")}));
    assert_non_null(read((struct terms_words){.expires = SLICE("2001-01-01T00:00:00Z")}));
    assert_non_null(read((struct terms_words){.expires = SLICE("")}));
}

TEST(terms_read_words__downloads__are_a_whole_number)
{
    service = (struct service){0};
    assert_null(read((struct terms_words){.downloads = SLICE("4294967295")}));
    assert_int_equal(terms.downloads_max, UINT32_MAX);
    assert_non_null(read((struct terms_words){.downloads = SLICE("0")}));
    assert_non_null(read((struct terms_words){.downloads = SLICE("4294967296")}));
    assert_non_null(read((struct terms_words){.downloads = SLICE("-1")}));
    assert_non_null(read((struct terms_words){.downloads = SLICE("")}));
}

TEST(terms_read_words__digest__is_taken_when_it_is_known)
{
    service = (struct service){0};
    static const char field[] = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
    static const uint8_t zeros[SHA256_BYTES];
    assert_null(read((struct terms_words){.digest = slice_of(field)}));
    assert_true(terms.has_sha256);
    assert_memory_equal(terms.sha256, zeros, SHA256_BYTES);
    assert_null(read((struct terms_words){.digest = SLICE("md5=:AAAAAAAAAAAAAAAAAAAAAA==:")}));
    assert_false(terms.has_sha256);
    assert_non_null(read((struct terms_words){.digest = SLICE("sha-256=AAAA")}));
    assert_null(read((struct terms_words){.wanted = SLICE("sha-256=10")}));
    assert_true(terms.wants_sha256);
}

TEST(terms_read_words__refused__leaves_the_terms_alone)
{
    service = (struct service){0};
    assert_non_null(read((struct terms_words){.downloads = SLICE("x")}));
    assert_int_equal(terms.downloads_max, 0x55555555);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_read_words__nothing_told__are_the_servers),
        cmocka_unit_test(terms_read_words__life__is_read_and_bounded),
        cmocka_unit_test(terms_read_words__downloads__are_a_whole_number),
        cmocka_unit_test(terms_read_words__digest__is_taken_when_it_is_known),
        cmocka_unit_test(terms_read_words__refused__leaves_the_terms_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
