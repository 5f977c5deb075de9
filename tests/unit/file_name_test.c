/* Names of files: cleaned, or refused with the reason. */
#include "wire/file_name.h"
#include "wire_check.h"

static void name__of_each_kind__is_cleaned_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *name;
        int err; /* 0 with a name */
    } cases[] = {
        {"a.txt", "a.txt", 0},
        {"a b%20c", "a b%20c", 0},
        {".hidden", ".hidden", 0},
        {"...", "...", 0},
        {"dir/a.txt", "a.txt", 0},
        {"C:\\dir\\a.txt", "a.txt", 0},
        {"a\\b/c", "c", 0},
        {"/etc/passwd", "passwd", 0},
        {"../../a", "a", 0},
        {"", "file", 0},
        {".", "file", 0},
        {"..", "file", 0},
        {"dir/", "file", 0},
        {"dir/..", "file", 0},
        {"..\\.", "file", 0},
        {".\xe2\x80\x8b.", "file", 0},
        {"\xef\xbb\xbf", "file", 0},
        {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.txt", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.txt", 0},
        {"a\xe2\x80\xaegpj.exe", "agpj.exe", 0},
        {"a\xe2\x81\xa6"
         "b\xe2\x81\xa9\xd8\x9c\xc2\xad"
         "c",
         "abc", 0},
        {"a\nb", NULL, -EINVAL},
        {"a\x7f", NULL, -EINVAL},
        {"\x1b[2J", NULL, -EINVAL},
        {"a\xc2\x85"
         "b",
         NULL, -EINVAL},
        {"a\xc2\xa0"
         "b",
         "a\xc2\xa0"
         "b",
         0},
        {"dir\n/b", "b", 0},
        {"\xe4.txt", NULL, -EILSEQ},
        {"\xc0\xaf", NULL, -EILSEQ},
        {"\xed\xa0\x80", NULL, -EILSEQ},
        {"\xe4/a", NULL, -EILSEQ},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char name[FILE_NAME_BYTES_MAX + 1] = "untouched";
        struct slice raw = copy_of(slice_of(cases[i].raw));
        int result = file_name_clean(raw, name);
        copy_free(raw);
        check(result == (cases[i].err < 0 ? cases[i].err : (int)strlen(cases[i].name)), i);
        check(strcmp(name, cases[i].err < 0 ? "untouched" : cases[i].name) == 0, i);
    }
}

static void name__of_255_bytes__is_the_longest(void **state)
{
    (void)state;
    char raw[512], name[FILE_NAME_BYTES_MAX + 1];
    memset(raw, 'a', sizeof(raw));
    assert_int_equal(file_name_clean(slice_from(raw, 255), name), 255);
    assert_int_equal(file_name_clean(slice_from(raw, 256), name), -ENAMETOOLONG);
    memcpy(raw + 254, "\xc3\xa4", 2);
    assert_int_equal(file_name_clean(slice_from(raw, 256), name), -ENAMETOOLONG);
    memcpy(raw + 200, "\xe2\x80\x8b", 3);
    assert_int_equal(file_name_clean(slice_from(raw, 256), name), 253);
    memset(raw, 'a', sizeof(raw));
    raw[300] = '/';
    assert_int_equal(file_name_clean(slice_from(raw, 400), name), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name__of_each_kind__is_cleaned_or_refused),
        cmocka_unit_test(name__of_255_bytes__is_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
