/* JSON: what is an object of plain values is read exactly, whatever else is refused whole. */
#include "service/json.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define check(condition, at)                                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("case %zu: %s", (size_t)(at), #condition);                                    \
    } while (0)

/* A copy in a block of its own, so that the sanitizer sees each byte read beyond it; the members of
 * the object last read lie in it. */
static struct span body;
static const char *reason;

static void keep_body(struct slice json)
{
    free(body.ptr);
    body = (struct span){malloc(json.len > 0 ? json.len : 1), json.len};
    assert_non_null(body.ptr);
    if (json.len > 0)
        memcpy(body.ptr, json.ptr, json.len);
    reason = NULL;
}

static int read_bytes(struct slice json, struct json_object *ret_object)
{
    keep_body(json);
    return json_read_object(body, ret_object, &reason);
}

static int read_text(const char *json, struct json_object *ret_object)
{
    return read_bytes(slice_of(json), ret_object);
}

static int drop_body(void **state)
{
    (void)state;
    free(body.ptr);
    body.ptr = NULL;
    return 0;
}

static void object__of_each_kind__is_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum json_kind kind;
        const char *text;
    } expected[] = {
        {"name", JSON_STRING, "a b"},  {"n", JSON_NUMBER, "-12.50e+3"}, {"zero", JSON_NUMBER, "0"},
        {"yes", JSON_BOOLEAN, "true"}, {"no", JSON_BOOLEAN, "false"},   {"", JSON_NULL, "null"},
    };
    struct json_object object;
    assert_int_equal(read_text(" \t\r\n{ \"name\" : \"a b\",\"n\":-12.50e+3,\n\"zero\":0 , "
                               "\"yes\":true,\"no\":false,\"\":null }\r\n",
                               &object),
                     0);
    assert_int_equal(object.count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        check(slice_is_equal(object.members[i].name, slice_of(expected[i].name)), i);
        check(object.members[i].kind == expected[i].kind, i);
        check(slice_is_equal(object.members[i].text, slice_of(expected[i].text)), i);
    }
    assert_int_equal(read_text("{}", &object), 0);
    assert_int_equal(object.count, 0);
    assert_int_equal(read_text(" { } ", &object), 0);
}

static void string__with_escapes__is_decoded(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        struct slice text;
    } cases[] = {
        {"\\\"\\\\\\/\\b\\f\\n\\r\\t", {(const uint8_t *)"\"\\/\b\f\n\r\t", 8}},
        {"\\u0041\\u00e9\\u20AC", {(const uint8_t *)"A\xC3\xA9\xE2\x82\xAC", 6}},
        {"\\u007f\\u0080\\u07ff\\u0800", {(const uint8_t *)"\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80", 8}},
        {"\\ud83d\\uDE00!", {(const uint8_t *)"\xF0\x9F\x98\x80!", 5}},
        {"\\uD800\\uDC00\\uDBFF\\uDFFF", {(const uint8_t *)"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8}},
        {"a\\u0000b", {(const uint8_t *)"a\0b", 3}},
        {"\xC3\xA9 \xF0\x9F\x98\x80", {(const uint8_t *)"\xC3\xA9 \xF0\x9F\x98\x80", 7}},
        {"", {(const uint8_t *)"", 0}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char json[128];
        struct json_object object;
        (void)snprintf(json, sizeof json, "{\"%s\":\"%s\"}", cases[i].json, cases[i].json);
        check(read_text(json, &object) == 0, i);
        check(object.count == 1 && object.members[0].kind == JSON_STRING, i);
        check(slice_is_equal(object.members[0].name, cases[i].text), i);
        check(slice_is_equal(object.members[0].text, cases[i].text), i);
    }
}

static const char *const malformed[] = {
    "",
    " ",
    "{",
    "}",
    "[]",
    "null",
    "\"a\"",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,}",
    "{,}",
    "{,\"a\":1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1}}",
    "{\"a\":1}{}",
    "{\"a\":1} x",
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{\"a\" 1}",
    "{\"a\"::1}",
    "\xEF\xBB\xBF{}",
    "{\"a\":1}//",
    /* nested */
    "{\"a\":{}}",
    "{\"a\":[]}",
    "{\"a\":[1]}",
    /* named twice, also when written otherwise */
    "{\"a\":1,\"a\":1}",
    "{\"a\":1,\"\\u0061\":2}",
    /* words */
    "{\"a\":True}",
    "{\"a\":tru}",
    "{\"a\":truee}",
    "{\"a\":nul}",
    "{\"a\":NaN}",
    "{\"a\":undefined}",
    /* numbers */
    "{\"a\":01}",
    "{\"a\":-}",
    "{\"a\":+1}",
    "{\"a\":.5}",
    "{\"a\":1.}",
    "{\"a\":1e}",
    "{\"a\":1e+}",
    "{\"a\":0x10}",
    "{\"a\":-01}",
    "{\"a\":1e+-1}",
    "{\"a\":Infinity}",
    "{\"a\":1_0}",
    /* strings */
    "{\"a\":\"}",
    "{\"a\":\"\\\"}",
    "{\"a\":\"\\x41\"}",
    "{\"a\":\"\\u12\"}",
    "{\"a\":\"\\u12g4\"}",
    "{\"a\":\"\\u+123\"}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\t\"}",
    "{\"a\":\"\\'\"}",
    "{\"a\":\"\\u12",
    "{\"a\":\"\\",
    /* halves of surrogate pairs */
    "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udc00\"}",
    "{\"a\":\"\\ud800x\"}",
    "{\"a\":\"\\ud800\\u0041\"}",
    "{\"a\":\"\\ud800\\ud800\"}",
    "{\"a\":\"\\ud800\\n\"}",
    /* not UTF-8: an overlong form, a surrogate, a cut sequence */
    "{\"a\":\"\xC0\xAF\"}",
    "{\"a\":\"\xED\xA0\x80\"}",
    "{\"a\":\"\xE2\x82\"}",
    "{\"a\":\"\xFF\"}",
};

static void object__malformed__is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct json_object object;
        check(read_text(malformed[i], &object) == -EINVAL, i);
        check(object.count == 0 && reason != NULL, i);
    }
}

static void object__cut_anywhere__is_refused(void **state)
{
    (void)state;
    static const char json[] = "{\"name\":\"\\ud83d\\ude00\",\"n\":-1.5e3,\"b\":true,\"z\":null}";
    struct json_object object;
    assert_int_equal(read_text(json, &object), 0);
    for (size_t len = 0; len < sizeof json - 1; len++)
        check(read_bytes(slice_from(json, len), &object) == -EINVAL, len);
}

static void object__with_a_byte_of_any_value__has_members_inside_it(void **state)
{
    (void)state;
    static const char json[] = "{\"na\\tme\":\"\\u00e9\xC3\xA9\",\"n\":-1.5e3,\"b\":true}";
    for (size_t at = 0; at < sizeof json - 1; at++)
        for (unsigned byte = 0; byte < 256; byte++) {
            char changed[sizeof json];
            struct json_object object;
            memcpy(changed, json, sizeof json);
            changed[at] = (char)byte;
            int err = read_bytes(slice_from(changed, sizeof json - 1), &object);
            check((err == 0) == (reason == NULL), at);
            for (size_t i = 0; i < object.count; i++) {
                const struct json_member *member = &object.members[i];
                check(member->text.ptr >= body.ptr &&
                          member->text.ptr + member->text.len <= body.ptr + body.len,
                      at);
                check(utf8_is_valid(member->name) && utf8_is_valid(member->text), at);
            }
        }
}

static void object__with_too_many_members__is_refused(void **state)
{
    (void)state;
    for (size_t count = JSON_MEMBERS_MAX; count <= JSON_MEMBERS_MAX + 1; count++) {
        uint8_t room[32 * (JSON_MEMBERS_MAX + 1)];
        struct text text = text_over((struct span){room, sizeof room});
        struct json_object object;
        for (size_t i = 0; i < count; i++)
            text_format(&text, "%s\"m%zu\":%zu", i == 0 ? "{" : ",", i, i);
        text_put_byte(&text, '}');
        assert_false(text.is_full);
        int err = read_bytes(text_slice(&text), &object);
        assert_int_equal(err, count > JSON_MEMBERS_MAX ? -EINVAL : 0);
        assert_int_equal(object.count, count > JSON_MEMBERS_MAX ? 0 : count);
    }
}

/* ---- Lists ---- */

/* What take_element() was given: the texts of all members, a comma behind each element. */
static uint8_t taken_room[256];
static struct text taken;

static const char *take_element(void *arg, const struct json_object *element)
{
    for (size_t i = 0; i < element->count; i++) {
        text_put(&taken, element->members[i].name);
        text_put_byte(&taken, '=');
        text_put(&taken, element->members[i].text);
        text_put_byte(&taken, ';');
    }
    text_put_byte(&taken, ',');
    return arg;
}

static int read_list(const char *json, const char *complaint, struct json_object *ret_object)
{
    static char words[64];
    const struct json_list list = {
        .name = SLICE("files"), .take = take_element, .arg = complaint == NULL ? NULL : words};
    if (complaint != NULL)
        snprintf(words, sizeof words, "%s", complaint);
    taken = text_over((struct span){taken_room, sizeof taken_room});
    keep_body(slice_of(json));
    return json_read_list(body, &list, ret_object, &reason);
}

static void list__of_objects__is_given_one_by_one(void **state)
{
    (void)state;
    static const struct {
        const char *json, *taken;
        size_t members;
    } cases[] = {
        {"{}", "", 0},
        {"{\"files\":[]}", "", 0},
        {" { \"files\" : [ ] , \"name\" : \"x\" } ", "", 1},
        {"{\"files\":[{}]}", ",", 0},
        {"{\"a\":1,\"files\":[{\"link\":\"L\",\"key\":\"K\\n\"} , { \"link\":\"M\"}],\"b\":2}",
         "link=L;key=K\n;,link=M;,", 2},
        {"{\"fi\\u006ces\":[{\"n\":1}],\"na\\\"me\":null}", "n=1;,", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_object object;
        check(read_list(cases[i].json, NULL, &object) == 0, i);
        check(object.count == cases[i].members &&
                  slice_is_equal(text_slice(&taken), slice_of(cases[i].taken)),
              i);
    }
}

static void list__malformed_or_deeper__is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "{\"files\":1}",
        "{\"files\":{}}",
        "{\"files\":[1]}",
        "{\"files\":[{}",
        "{\"files\":[{},]}",
        "{\"files\":[{}{}]}",
        "{\"files\":[[{}]]}",
        "{\"files\":[{\"files\":[]}]}",
        "{\"files\":[{\"a\":{}}]}",
        "{\"files\":[],\"files\":[]}",
        "{\"a\":[]}",
        "{\"files\":[{\"a\":1,\"a\":2}]}",
        "{\"files\":[}",
        "[{}]",
        "{\"files\":[{}]}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json_object object;
        check(read_list(cases[i], NULL, &object) == -EINVAL, i);
        check(reason != NULL && object.count == 0, i);
    }
}

static void list__element_is_not_wanted__is_refused_by_its_sentence(void **state)
{
    (void)state;
    struct json_object object;
    assert_int_equal(read_list("{\"files\":[{},{}]}", "Not that.", &object), -EINVAL);
    assert_string_equal(reason, "Not that.");
    assert_true(slice_is_equal(text_slice(&taken), SLICE(",")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(object__of_each_kind__is_read, drop_body),
        cmocka_unit_test_teardown(string__with_escapes__is_decoded, drop_body),
        cmocka_unit_test_teardown(object__malformed__is_refused, drop_body),
        cmocka_unit_test_teardown(object__cut_anywhere__is_refused, drop_body),
        cmocka_unit_test_teardown(object__with_a_byte_of_any_value__has_members_inside_it,
                                  drop_body),
        cmocka_unit_test_teardown(object__with_too_many_members__is_refused, drop_body),
        cmocka_unit_test_teardown(list__of_objects__is_given_one_by_one, drop_body),
        cmocka_unit_test_teardown(list__malformed_or_deeper__is_refused, drop_body),
        cmocka_unit_test_teardown(list__element_is_not_wanted__is_refused_by_its_sentence,
                                  drop_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
