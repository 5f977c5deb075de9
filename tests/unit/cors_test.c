/* Origins: which are allowed, and what the answers to their pages say. */
#include "service/cors.h"

#include "unit.h"
#include "wire/wire.h"
#include "wire_check.h"

static struct wire wire = {.base_url = ""};

/* A request with these lines in its head; end_request() gives it back. */
static struct request *begin_request(const char *method, const char *lines)
{
    static struct request req;
    memset(&req, 0, sizeof(req));
    req.wire = &wire;
    head_of(&req.head, method, lines);
    return &req;
}

static void end_request(struct request *req)
{
    arena_clear(&req->arena);
}

static bool is_allowed(const struct cors *cors, const char *lines)
{
    struct request *req = begin_request("POST", lines);
    bool result = cors_is_allowed(cors, req);
    end_request(req);
    return result;
}

static struct cors listed(const char *first, const char *second)
{
    struct cors cors = {0};
    assert_int_equal(cors_add(&cors, slice_of(first)), 0);
    assert_int_equal(cors_add(&cors, slice_of(second)), 0);
    return cors;
}

TEST(cors_add__what_is_no_origin__is_refused)
{
    static const char *const bad[] = {
        "",
        "example.org",
        "https://",
        "https:/x",
        "https://x/",
        "https://x y",
        "https://x:99999999",
        "https://u@x",
        "://x",
        "http s://x",
        "null",
        "**",
        "https://x/files",
        "https://x?a",
        "NONE",
    };
    struct cors cors = {0};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        check(cors_add(&cors, slice_of(bad[i])) == -EINVAL, i);
    assert_int_equal(cors.len, 0);
    assert_false(cors.is_open);
}

TEST(cors_add__more_than_there_is_room_for__is_refused)
{
    struct cors cors = {0};
    for (size_t i = 0; i < CORS_ORIGINS_MAX; i++)
        assert_int_equal(cors_add(&cors, SLICE("https://x")), 0);
    assert_int_equal(cors_add(&cors, SLICE("https://x")), -EINVAL);
    assert_int_equal(cors_add(&cors, SLICE("*")), 0);
}

TEST(cors_is_allowed__no_origin__is_not_a_page)
{
    const struct cors cors = {0};
    assert_true(is_allowed(&cors, ""));
}

TEST(cors_is_allowed__star__is_everybody)
{
    struct cors cors = {0};
    assert_int_equal(cors_add(&cors, SLICE("*")), 0);
    assert_true(is_allowed(&cors, "Origin: https://anything.example\r\n"));
    assert_true(is_allowed(&cors, "Origin: null\r\n"));
}

TEST(cors_is_allowed__none__is_only_our_own_pages)
{
    struct cors cors = {0};
    assert_int_equal(cors_add(&cors, SLICE("none")), 0);
    assert_false(is_allowed(&cors, "Origin: https://anything.example\r\n"));
    assert_false(is_allowed(&cors, "Origin: null\r\n"));
    assert_true(is_allowed(&cors, "Origin: http://x\r\n"));
    assert_true(is_allowed(&cors, "Origin: HTTP://X\r\n"));
    assert_false(is_allowed(&cors, "Origin: https://x\r\n"));
    assert_false(is_allowed(&cors, "Origin: http://x:81\r\n"));
    assert_false(is_allowed(&cors, "Origin: http://x.evil\r\n"));
    assert_false(is_allowed(&cors, "Origin: http://\r\n"));
    assert_false(is_allowed(&cors, "Origin: x\r\n"));
}

TEST(cors_is_allowed__browser_says_same_origin__is_our_own)
{
    const struct cors cors = {0};
    assert_true(is_allowed(&cors, "Origin: null\r\nSec-Fetch-Site: same-origin\r\n"));
    assert_false(is_allowed(&cors, "Origin: null\r\nSec-Fetch-Site: same-site\r\n"));
    assert_false(is_allowed(&cors, "Origin: null\r\nSec-Fetch-Site: cross-site\r\n"));
}

TEST(cors_is_allowed__usual_port__may_be_told_or_not)
{
    const struct cors cors = listed("https://a.example:443", "http://b.example:80");
    assert_true(is_allowed(&cors, "Origin: https://a.example\r\n"));
    assert_true(is_allowed(&cors, "Origin: http://b.example\r\n"));
    assert_false(is_allowed(&cors, "Origin: http://a.example\r\n"));
    assert_false(is_allowed(&cors, "Origin: https://b.example\r\n"));

    const struct cors nobody = {0};
    struct request *req = begin_request("POST", "Origin: http://y\r\n");
    req->head.authority = SLICE("y:80");
    assert_true(cors_is_allowed(&nobody, req));
    req->head.authority = SLICE("y:443");
    assert_false(cors_is_allowed(&nobody, req));
    end_request(req);
}

TEST(cors_is_allowed__behind_a_proxy__the_base_url_is_our_own)
{
    const struct cors cors = {0};
    wire.base_url = "https://files.example/below";
    assert_true(is_allowed(&cors, "Origin: https://files.example\r\n"));
    assert_false(is_allowed(&cors, "Origin: https://files.example.evil\r\n"));
    wire.base_url = "https://files.example:443";
    assert_true(is_allowed(&cors, "Origin: https://files.example\r\n"));
    wire.base_url = "";
}

TEST(cors_is_allowed__listed__is_compared_whole)
{
    const struct cors cors = listed("https://a.example", "capacitor://localhost");
    assert_true(is_allowed(&cors, "Origin: https://a.example\r\n"));
    assert_true(is_allowed(&cors, "Origin: capacitor://localhost\r\n"));
    assert_false(is_allowed(&cors, "Origin: https://a.example.evil\r\n"));
    assert_false(is_allowed(&cors, "Origin: https://a.exampl\r\n"));
    assert_false(is_allowed(&cors, "Origin: https://a.example, https://evil\r\n"));
}

/* The lines that an answer gets, as text. */
static const char *applied(const struct cors *cors, const char *lines)
{
    static char text[4096];
    struct request *req = begin_request("GET", lines);
    assert_int_equal(cors_apply(cors, req), 0);
    assert_true(req->common_fields.len < sizeof(text));
    if (req->common_fields.len > 0)
        memcpy(text, req->common_fields.ptr, req->common_fields.len);
    text[req->common_fields.len] = '\0';
    end_request(req);
    return text;
}

TEST(cors_apply__star__names_no_origin_and_no_credentials)
{
    struct cors cors = {0};
    assert_int_equal(cors_add(&cors, SLICE("*")), 0);
    const char *text = applied(&cors, "Origin: https://a.example\r\n");
    assert_non_null(strstr(text, "Access-Control-Allow-Origin: *\r\n"));
    assert_non_null(strstr(text, "Access-Control-Expose-Headers: Location, Upload-Offset, "));
    assert_null(strstr(text, "Credentials"));
    assert_null(strstr(text, "Vary"));
    assert_string_equal(applied(&cors, ""), "");
}

TEST(cors_apply__list__names_the_origin_and_tells_caches)
{
    const struct cors cors = listed("https://a.example", "https://b.example");
    const char *text = applied(&cors, "Origin: https://b.example\r\n");
    assert_non_null(strstr(text, "Access-Control-Allow-Origin: https://b.example\r\n"));
    assert_non_null(strstr(text, "Access-Control-Allow-Credentials: true\r\n"));
    assert_non_null(strstr(text, "Vary: Origin\r\n"));
    assert_string_equal(applied(&cors, "Origin: https://c.example\r\n"), "Vary: Origin\r\n");
    assert_string_equal(applied(&cors, "Origin: http://x\r\n"), "Vary: Origin\r\n");
    assert_string_equal(applied(&cors, ""), "Vary: Origin\r\n");
}

TEST(cors_apply__nobody_listed__tells_nothing)
{
    const struct cors cors = {0};
    assert_string_equal(applied(&cors, "Origin: https://c.example\r\n"), "");
}

TEST(cors_is_preflight__options_with_both_fields__is_one)
{
    static const struct {
        const char *method, *lines;
        bool is_preflight;
    } cases[] = {
        {"OPTIONS", "Origin: https://x\r\nAccess-Control-Request-Method: PUT\r\n", true},
        {"OPTIONS", "Origin: https://x\r\n", false},
        {"OPTIONS", "Access-Control-Request-Method: PUT\r\n", false},
        {"POST", "Origin: https://x\r\nAccess-Control-Request-Method: PUT\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct request *req = begin_request(cases[i].method, cases[i].lines);
        check(cors_is_preflight(req) == cases[i].is_preflight, i);
        end_request(req);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cors_add__what_is_no_origin__is_refused),
        cmocka_unit_test(cors_add__more_than_there_is_room_for__is_refused),
        cmocka_unit_test(cors_is_allowed__no_origin__is_not_a_page),
        cmocka_unit_test(cors_is_allowed__star__is_everybody),
        cmocka_unit_test(cors_is_allowed__none__is_only_our_own_pages),
        cmocka_unit_test(cors_is_allowed__browser_says_same_origin__is_our_own),
        cmocka_unit_test(cors_is_allowed__usual_port__may_be_told_or_not),
        cmocka_unit_test(cors_is_allowed__behind_a_proxy__the_base_url_is_our_own),
        cmocka_unit_test(cors_is_allowed__listed__is_compared_whole),
        cmocka_unit_test(cors_apply__star__names_no_origin_and_no_credentials),
        cmocka_unit_test(cors_apply__list__names_the_origin_and_tells_caches),
        cmocka_unit_test(cors_apply__nobody_listed__tells_nothing),
        cmocka_unit_test(cors_is_preflight__options_with_both_fields__is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
