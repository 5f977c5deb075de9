/* Content-Disposition and names: a name that is written is read the same, a clean one stays. */
#include "fuzz.h"

#include "wire/disposition.h"
#include "wire/file_name.h"

static void check_clean(struct slice raw)
{
    char name[FILE_NAME_BYTES_MAX + 1], again[FILE_NAME_BYTES_MAX + 1];
    int len = file_name_clean(raw, name);
    if (len < 0)
        return;
    assert(len > 0 && (size_t)len == strlen(name) && utf8_is_valid(slice_of(name)));
    assert(strpbrk(name, "/\\\r\n") == NULL);
    assert(file_name_clean(slice_of(name), again) == len && strcmp(name, again) == 0);

    uint8_t room[2048], decoded[2048];
    struct disposition disposition;
    struct text text = text_over((struct span){room, sizeof(room)});
    disposition_put(&text, false, slice_of(name));
    assert(!text.is_full);
    struct span into = {decoded, text.len};
    assert(disposition_read(text_slice(&text), into, &disposition) == 0);
    assert(slice_is_equal(disposition.file_name, slice_of(name)));
}

static void check_read(struct slice field,
                       int (*read)(struct slice, struct span, struct disposition *))
{
    struct slice copy = copy_of(field);
    uint8_t *room = malloc(field.len + 1);
    assert(room != NULL);
    struct disposition disposition = {0};
    int result = read(copy, (struct span){room, field.len}, &disposition);
    assert(result == 0 || result == -EINVAL); /* the room suffices */
    if (result == 0) {
        struct slice whole = slice_from(room, field.len);
        assert(is_inside(disposition.name, whole) && is_inside(disposition.file_name, whole));
        assert(disposition.has_file_name || disposition.file_name.len == 0);
        check_clean(disposition.file_name);
    }
    free(room);
    copy_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice input = slice_from(bytes, len);
    check_clean(input);
    check_read(input, disposition_read);
    check_read(input, disposition_read_part);
    return 0;
}
