/* Structured items: a number that was read is read again when it is written; no field is two kinds,
 * and an item is what a dictionary says of it. */
#include "fuzz.h"

#include "wire/structured.h"

/* The same item as the only member of a dictionary. */
static void compare_with_member(struct slice field, enum structured_kind kind, int64_t number)
{
    uint8_t room[1024];
    struct text text = text_over((struct span){room, sizeof(room)});
    struct structured_member member;
    while (field.len > 0 && field.ptr[0] == ' ')
        field = slice_skip(field, 1);
    text_put(&text, SLICE("a="));
    text_put(&text, field);
    if (text.is_full)
        return;
    struct slice rest = text_slice(&text);
    assert(structured_next(&rest, &member) == 1 && rest.len == 0);
    assert(member.kind == kind && member.number == number);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct slice field = copy_of(slice_from(bytes, len));
    int64_t number, back;
    bool is_true, is_again;
    bool is_integer = structured_read_integer(field, &number) == 0;
    bool is_boolean = structured_read_boolean(field, &is_true) == 0;
    uint8_t room[32];
    struct text text = text_over((struct span){room, sizeof(room)});
    assert(!is_integer || !is_boolean);
    if (is_integer) {
        assert(number >= -INT64_C(999999999999999) && number <= INT64_C(999999999999999));
        text_format(&text, "%" PRId64, number);
        assert(structured_read_integer(text_slice(&text), &back) == 0 && back == number);
        compare_with_member(field, STRUCTURED_INTEGER, number);
    }
    if (is_boolean) {
        text_format(&text, "?%d", is_true);
        assert(structured_read_boolean(text_slice(&text), &is_again) == 0 && is_again == is_true);
        compare_with_member(field, STRUCTURED_BOOLEAN, is_true);
    }
    copy_free(field);
    return 0;
}
