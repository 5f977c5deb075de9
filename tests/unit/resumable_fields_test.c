/* Fields of Resumable Uploads for HTTP: which version is spoken, what counts, what contradicts. */
#include "service/resumable_fields.h"
#include "wire_check.h"

static struct resumable_fields fields_of(const char *lines)
{
    static struct http_head head;
    struct resumable_fields fields;
    head_of(&head, "PATCH", lines);
    resumable_fields_read(&head, &fields);
    return fields;
}

static struct slice text_of(const char *text)
{
    return text == NULL ? SLICE_NONE : slice_of(text);
}

static void version__known__has_the_ways_of_its_draft(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned version;
        bool has_media_type, has_length;
        const char *age_key;
    } cases[] = {
        {"Upload-Draft-Interop-Version: 5\r\n", 5, false, false, NULL},
        {"Upload-Draft-Interop-Version: 6\r\n", 6, true, true, "expires"},
        {"Upload-Draft-Interop-Version: 8\r\n", 8, true, true, "max-age"},
        {"Upload-Draft-Interop-Version: 9;a=1\r\n", 9, true, true, "max-age"},
        {"", 0, true, true, "max-age"},
        {"Upload-Draft-Interop-Version: 3\r\n", 0, true, true, "max-age"},
        {"Upload-Draft-Interop-Version: 10\r\n", 0, true, true, "max-age"},
        {"Upload-Draft-Interop-Version: -9\r\n", 0, true, true, "max-age"},
        {"Upload-Draft-Interop-Version: 9.0\r\n", 0, true, true, "max-age"},
        {"Upload-Draft-Interop-Version: nine\r\n", 0, true, true, "max-age"},
        {"Upload-Draft-Interop-Version: 9\r\nUpload-Draft-Interop-Version: 9\r\n", 0, true, true,
         "max-age"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct resumable_dialect *dialect = fields_of(cases[i].line).dialect;
        check(dialect->version == cases[i].version, i);
        check(dialect->has_media_type == cases[i].has_media_type, i);
        check(dialect->has_length == cases[i].has_length, i);
        check(slice_is_equal(text_of(dialect->age_key), text_of(cases[i].age_key)), i);
    }
}

static void complete__malformed_or_told_twice__counts_as_absent(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        bool has, is;
    } cases[] = {
        {"Upload-Complete: ?1\r\n", true, true},
        {"upload-complete: ?0\r\n", true, false},
        {"Upload-Complete: ?1;why=\"end\"\r\n", true, true},
        {"", false, false},
        {"Upload-Complete: 1\r\n", false, false},
        {"Upload-Complete: true\r\n", false, false},
        {"Upload-Complete: ?2\r\n", false, false},
        {"Upload-Complete: ?1, ?1\r\n", false, false},
        {"Upload-Complete:\r\n", false, false},
        {"Upload-Complete: ?1\r\nUpload-Complete: ?1\r\n", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct resumable_fields fields = fields_of(cases[i].lines);
        check(fields.has_complete == cases[i].has, i);
        check(fields.is_complete == cases[i].is, i);
    }
}

static void numbers__malformed_or_negative__count_as_absent(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool has;
        uint64_t number;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"12", true, 12},
        {"999999999999999", true, UINT64_C(999999999999999)},
        {"1000000000000000", false, 0},
        {"-1", false, 0},
        {"1.0", false, 0},
        {"\"1\"", false, 0},
        {"?1", false, 0},
        {"1, 2", false, 0},
        {"", false, 0},
        {"0x10", false, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char lines[160];
        (void)snprintf(lines, sizeof(lines), "Upload-Offset: %s\r\nUpload-Length: %s\r\n",
                       cases[i].value, cases[i].value);
        struct resumable_fields fields = fields_of(lines);
        check(fields.has_offset == cases[i].has && fields.offset == cases[i].number, i);
        check(fields.has_length == cases[i].has && fields.length == cases[i].number, i);
    }
}

static void total__told_in_one_way_or_both__is_one_number_or_none(void **state)
{
    (void)state;
    static const struct {
        bool has_length, is_complete;
        uint64_t length, offset, body;
        int result;
        uint64_t total;
    } cases[] = {
        {false, false, 0, 0, 10, 0, UINT64_MAX},
        {false, false, 0, 5, UINT64_MAX, 0, UINT64_MAX},
        {false, true, 0, 0, 0, 0, 0},
        {false, true, 0, 5, 10, 0, 15},
        {false, true, 0, 5, UINT64_MAX, 0, UINT64_MAX},
        {true, false, 20, 5, 10, 0, 20},
        {true, false, 15, 5, 10, 0, 15},
        {true, true, 15, 5, 10, 0, 15},
        {true, true, 15, 5, UINT64_MAX, 0, 15},
        {true, true, 16, 5, 10, -EINVAL, 0},
        {true, true, 14, 5, 10, -EINVAL, 0},
        {true, false, 14, 5, 10, -EFBIG, 0},
        {true, false, 4, 5, UINT64_MAX, -EFBIG, 0},
        {true, true, 4, 5, UINT64_MAX, -EFBIG, 0},
        {false, true, 0, UINT64_C(999999999999999), UINT64_MAX - 1, -EFBIG, 0},
        {false, false, 0, 0, UINT64_C(1000000000000000), -EFBIG, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct resumable_fields fields = {.is_complete = cases[i].is_complete,
                                          .has_length = cases[i].has_length,
                                          .length = cases[i].length};
        uint64_t total = 77;
        int result = resumable_total(&fields, cases[i].offset, cases[i].body, &total);
        check(result == cases[i].result, i);
        check(total == (result == 0 ? cases[i].total : 77), i);
    }
}

static void limit__of_each_version__tells_size_and_age_in_its_words(void **state)
{
    (void)state;
    static const struct {
        const char *version;
        uint64_t size_max;
        int64_t life_ms;
        const char *value;
    } cases[] = {
        {"9", 0, 0, "min-size=0"},
        {"9", 0, -5, "min-size=0"},
        {"9", 1000, 0, "max-size=1000"},
        {"9", 0, 86400000, "max-age=86400"},
        {"8", 1000, 1999, "max-size=1000, max-age=1"},
        {"6", 1000, 2000, "max-size=1000, expires=2"},
        {"5", 1000, 2000, "max-size=1000"},
        {"9", UINT64_MAX, 0, "max-size=999999999999999"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char line[64];
        uint8_t room[96];
        struct text text = text_over((struct span){room, sizeof(room)});
        (void)snprintf(line, sizeof(line), "Upload-Draft-Interop-Version: %s\r\n",
                       cases[i].version);
        resumable_limit_put(&text, fields_of(line).dialect, cases[i].size_max, cases[i].life_ms);
        check(is_text(text_slice(&text), cases[i].value), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version__known__has_the_ways_of_its_draft),
        cmocka_unit_test(complete__malformed_or_told_twice__counts_as_absent),
        cmocka_unit_test(numbers__malformed_or_negative__count_as_absent),
        cmocka_unit_test(total__told_in_one_way_or_both__is_one_number_or_none),
        cmocka_unit_test(limit__of_each_version__tells_size_and_age_in_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
