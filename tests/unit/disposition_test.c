/* Content-Disposition: names read from requests and forms, and written for browsers. */
#include "wire/disposition.h"
#include "wire_check.h"

/* A NULL name: told none. */
struct disposition_case {
    const char *field;
    int result;
    const char *file_name, *name;
};

static void check_cases(const struct disposition_case *cases, size_t cases_len,
                        int (*read)(struct slice, struct span, struct disposition *))
{
    for (size_t i = 0; i < cases_len; i++) {
        struct disposition disposition = {0};
        struct slice field = copy_of(slice_of(cases[i].field));
        uint8_t *room = malloc(field.len + 1);
        assert_non_null(room);
        int result = read(field, (struct span){room, field.len}, &disposition);
        check(result == cases[i].result, i);
        if (result == 0) {
            check(disposition.has_file_name == (cases[i].file_name != NULL), i);
            check(disposition.has_name == (cases[i].name != NULL), i);
            check(cases[i].file_name == NULL || is_text(disposition.file_name, cases[i].file_name),
                  i);
            check(cases[i].name == NULL || is_text(disposition.name, cases[i].name), i);
        }
        free(room);
        copy_free(field);
    }
}

static void field_of_a_request__in_all_spellings__tells_its_names(void **state)
{
    (void)state;
    static const struct disposition_case cases[] = {
        {"attachment", 0, NULL, NULL},
        {"inline; filename=a.txt", 0, "a.txt", NULL},
        {"attachment; FileName=\"a b.txt\"", 0, "a b.txt", NULL},
        {"attachment;filename=\"a\\\"b\\\\c\\d\"", 0, "a\"b\\cd", NULL},
        {"attachment; filename=\"\"", 0, "", NULL},
        {"attachment; filename=\"%22.txt\"", 0, "%22.txt", NULL},
        {"attachment; filename=\"\xc3\xa4.txt\"", 0, "\xc3\xa4.txt", NULL},
        {"attachment; filename=\"a\"; filename*=UTF-8''%e2%82%ac%20b", 0, "\xe2\x82\xac b", NULL},
        {"attachment; filename*=utf-8'en'b; filename=a", 0, "b", NULL},
        {"attachment; filename*=ISO-8859-1''%e4%f6%fc.txt", 0, "\xc3\xa4\xc3\xb6\xc3\xbc.txt",
         NULL},
        {"attachment; filename*=UTF-16''x; filename=a", 0, "a", NULL},
        {"attachment; filename*=UTF-8''%e4; filename=a", 0, "a", NULL},
        {"attachment; filename*=UTF-8''%4; filename=a", 0, "a", NULL},
        {"attachment; filename*=UTF-8''%zz; filename=a", 0, "a", NULL},
        {"attachment; filename*=UTF-8'x; filename=a", 0, "a", NULL},
        {"attachment; filename*=x", 0, NULL, NULL},
        {"attachment; filename*=\"UTF-8''x\"", 0, NULL, NULL},
        {"form-data; name=\"f\"; filename=\"a\"", 0, "a", "f"},
        {"attachment; filename=a; filename=b", -EINVAL, NULL, NULL},
        {"attachment; filename=a b", -EINVAL, NULL, NULL},
        {"attachment; filename=", -EINVAL, NULL, NULL},
        {"attachment; filename", -EINVAL, NULL, NULL},
        {"attachment; filename=\"a", -EINVAL, NULL, NULL},
        {"attachment; filename=\"a\\\"", -EINVAL, NULL, NULL},
        {"attachment filename=a", -EINVAL, NULL, NULL},
        {"; filename=a", -EINVAL, NULL, NULL},
        {"", -EINVAL, NULL, NULL},
    };
    check_cases(cases, ARRAY_LEN(cases), disposition_read);
}

static void field_of_a_part__as_browsers_and_curl_write_it__tells_its_names(void **state)
{
    (void)state;
    static const struct disposition_case cases[] = {
        {"form-data; name=\"f\"", 0, NULL, "f"},
        {"form-data; name=\"f\"; filename=\"\"", 0, "", "f"},
        {"form-data; name=f; filename=a.txt", 0, "a.txt", "f"},
        {"form-data; name=\"a%22b%0D%0Ac\"; filename=\"%22x%22%0d%0a\"", 0, "\"x\"\r\n",
         "a\"b\r\nc"},
        {"form-data; name=\"f\"; filename=\"100%.txt\"", 0, "100%.txt", "f"},
        {"form-data; name=\"f\"; filename=\"a%20b\"", 0, "a%20b", "f"},
        {"form-data; name=\"f\"; filename=\"a\\\"b\\\\c\"", 0, "a\"b\\c", "f"},
        {"form-data; name=\"f\"; filename=\"C:\\dir\\a.txt\"", 0, "C:\\dir\\a.txt", "f"},
        {"form-data; name=\"f\"; filename=\"a\"; filename*=UTF-8''b", 0, "a", "f"},
        {"form-data; name=\"f\"; filename*=UTF-8''%c3%a4", 0, "\xc3\xa4", "f"},
        {"form-data; filename=\"a\"", -EINVAL, NULL, NULL},
        {"attachment; name=\"f\"", -EINVAL, NULL, NULL},
        {"form-data; name=\"f\"; name=\"g\"", -EINVAL, NULL, NULL},
        {"form-data; name=\"f", -EINVAL, NULL, NULL},
        {"", -EINVAL, NULL, NULL},
    };
    check_cases(cases, ARRAY_LEN(cases), disposition_read_part);
}

static void room__that_is_too_small__is_told(void **state)
{
    (void)state;
    uint8_t room[4];
    struct disposition disposition;
    assert_int_equal(disposition_read(SLICE("inline; filename=abcde"),
                                      (struct span){room, sizeof(room)}, &disposition),
                     -ENOSPC);
}

static void name__written__is_plain_or_has_the_star_form(void **state)
{
    (void)state;
    static const struct {
        bool is_inline;
        const char *name, *field;
    } cases[] = {
        {false, "a b.txt", "attachment; filename=\"a b.txt\""},
        {true, "a.png", "inline; filename=\"a.png\""},
        {false, "50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"},
        {false, "\"\\", "attachment; filename=\"__\"; filename*=UTF-8''%22%5C"},
        {false, "\xe2\x82\xac\xc3\xa4 x",
         "attachment; filename=\"__ x\"; filename*=UTF-8''%E2%82%AC%C3%A4%20x"},
        {false, "\xf0\x9f\x98\x80", "attachment; filename=\"_\"; filename*=UTF-8''%F0%9F%98%80"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t room[256], decoded[256];
        struct text text = text_over((struct span){room, sizeof(room)});
        struct disposition disposition;
        disposition_put(&text, cases[i].is_inline, slice_of(cases[i].name));
        check(is_text(text_slice(&text), cases[i].field), i);
        check(disposition_read(text_slice(&text), (struct span){decoded, sizeof(decoded)},
                               &disposition) == 0,
              i);
        check(is_text(disposition.file_name, cases[i].name), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field_of_a_request__in_all_spellings__tells_its_names),
        cmocka_unit_test(field_of_a_part__as_browsers_and_curl_write_it__tells_its_names),
        cmocka_unit_test(room__that_is_too_small__is_told),
        cmocka_unit_test(name__written__is_plain_or_has_the_star_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
