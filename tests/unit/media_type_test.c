/* Media types: chosen for new files, and allowed to be shown. */
#include "wire/media_type.h"
#include "wire_check.h"

static void type__declared_or_by_extension__is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *declared, *name, *type;
    } cases[] = {
        {"image/png", "a.txt", "image/png"},
        {"Image/PNG; x=y", "a", "image/png"},
        {"text/plain; charset=\"utf-8\"", "a", "text/plain"},
        {"", "a.PDF", "application/pdf"},
        {"", "archive.tar.gz", "application/gzip"},
        {"", "a.c", "text/plain"},
        {"", "README", "application/octet-stream"},
        {"", "a.", "application/octet-stream"},
        {"", "png", "application/octet-stream"},
        {"", "a.unheardof", "application/octet-stream"},
        {"", "", "application/octet-stream"},
        {"application/octet-stream", "a.mp4", "video/mp4"},
        {"application/x-www-form-urlencoded", "a.mp4", "video/mp4"},
        {"multipart/form-data; boundary=x", "a.mp4", "video/mp4"},
        {"not a type", "a.webp", "image/webp"},
        {"image/", "a.webp", "image/webp"},
        {"/png", "a.webp", "image/webp"},
        {"image", "a.webp", "image/webp"},
        {"image/png; x", "a.webp", "image/webp"},
        {"image/png, image/gif", "a.webp", "image/webp"},
        {"image/<script>", "a.webp", "image/webp"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char type[MEDIA_TYPE_BYTES_MAX + 1];
        size_t len = media_type_choose(slice_of(cases[i].declared), slice_of(cases[i].name), type);
        check(strcmp(type, cases[i].type) == 0 && len == strlen(type), i);
    }
}

static void type__too_long__is_not_taken(void **state)
{
    (void)state;
    char declared[MEDIA_TYPE_BYTES_MAX + 2], type[MEDIA_TYPE_BYTES_MAX + 1];
    memset(declared, 'a', sizeof(declared));
    declared[1] = '/';
    assert_int_equal(media_type_choose(slice_from(declared, MEDIA_TYPE_BYTES_MAX), SLICE(""), type),
                     MEDIA_TYPE_BYTES_MAX);
    media_type_choose(slice_from(declared, MEDIA_TYPE_BYTES_MAX + 1), SLICE("a.gif"), type);
    assert_string_equal(type, "image/gif");
}

static void type__that_can_run__is_neither_shown_nor_sent(void **state)
{
    (void)state;
    static const struct {
        const char *type, *sent;
        bool is_inline_safe;
    } cases[] = {
        {"image/png", "image/png", true},
        {"audio/mpeg", "audio/mpeg", true},
        {"video/webm", "video/webm", true},
        {"application/pdf", "application/pdf", true},
        {"text/plain", "text/plain; charset=utf-8", true},
        {"text/csv", "text/csv", false},
        {"application/zip", "application/zip", false},
        {"application/octet-stream", "application/octet-stream", false},
        {"text/html", "application/octet-stream", false},
        {"image/svg+xml", "application/octet-stream", false},
        {"application/xhtml+xml", "application/octet-stream", false},
        {"text/xml", "application/octet-stream", false},
        {"text/javascript", "application/octet-stream", false},
        {"application/x-javascript", "application/octet-stream", false},
        {"text/css", "application/octet-stream", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check(media_type_is_inline_safe(slice_of(cases[i].type)) == cases[i].is_inline_safe, i);
        check(is_text(media_type_to_send(slice_of(cases[i].type)), cases[i].sent), i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type__declared_or_by_extension__is_chosen),
        cmocka_unit_test(type__too_long__is_not_taken),
        cmocka_unit_test(type__that_can_run__is_neither_shown_nor_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
