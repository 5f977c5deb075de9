/* The grammar that header fields share, read once for all of them. */
#include "wire/field.h"

#include "base/text.h"

#define NAME (FIELD_TOKEN | FIELD_VALUE | FIELD_TARGET)
#define SEEN (FIELD_VALUE | FIELD_TARGET)

const uint8_t field_bytes[256] = {
    ['\t'] = FIELD_VALUE,
    [' '] = FIELD_VALUE,
    ['!'] = NAME,
    ['"'] = SEEN,
    ['#'] = FIELD_TOKEN | FIELD_VALUE,
    ['$' ... '\''] = NAME,
    ['(' ... ')'] = SEEN,
    ['*' ... '+'] = NAME,
    [','] = SEEN,
    ['-' ... '.'] = NAME,
    ['/'] = SEEN,
    ['0' ... '9'] = NAME,
    [':' ... '@'] = SEEN,
    ['A' ... 'Z'] = NAME,
    ['[' ... ']'] = SEEN,
    ['^' ... 'z'] = NAME,
    ['{'] = SEEN,
    ['|'] = NAME,
    ['}'] = SEEN,
    ['~'] = NAME,
    [0x80 ... 0xff] = FIELD_VALUE,
};

static size_t count_of(struct slice bytes, enum field_byte kind)
{
    size_t count = 0;
    while (count < bytes.len && (field_bytes[bytes.ptr[count]] & kind) != 0)
        count++;
    return count;
}

bool field_is_token(struct slice bytes)
{
    return bytes.len > 0 && count_of(bytes, FIELD_TOKEN) == bytes.len;
}

bool field_is_value(struct slice bytes)
{
    return count_of(bytes, FIELD_VALUE) == bytes.len;
}

struct slice field_take_token(struct slice *rest)
{
    struct slice token = {rest->ptr, count_of(*rest, FIELD_TOKEN)};
    *rest = slice_skip(*rest, token.len);
    return token;
}

bool field_take_byte(struct slice *rest, uint8_t byte)
{
    if (rest->len == 0 || rest->ptr[0] != byte)
        return false;
    *rest = slice_skip(*rest, 1);
    return true;
}

void field_skip_space(struct slice *rest)
{
    size_t count = 0;
    while (count < rest->len && (rest->ptr[count] == ' ' || rest->ptr[count] == '\t'))
        count++;
    *rest = slice_skip(*rest, count);
}

/* The length of the quoted string at the front, its quotes included; 0 when it has no end. */
static size_t quoted_len(struct slice bytes)
{
    assert(bytes.len > 0 && bytes.ptr[0] == '"');
    for (size_t i = 1; i < bytes.len; i++) {
        if (bytes.ptr[i] == '"')
            return i + 1;
        if (bytes.ptr[i] == '\\')
            i++;
    }
    return 0;
}

int field_take_quoted(struct slice *rest, struct slice *ret_inside)
{
    if (rest->len == 0 || rest->ptr[0] != '"')
        return -EINVAL;
    size_t len = quoted_len(*rest);
    if (len == 0)
        return -EINVAL;
    struct slice inside = {rest->ptr + 1, len - 2};
    if (!field_is_value(inside))
        return -EINVAL;
    *ret_inside = inside;
    *rest = slice_skip(*rest, len);
    return 0;
}

int field_take_pair(struct slice *rest, struct field_parameter *ret_pair)
{
    struct field_parameter pair = {.name = field_take_token(rest)};
    if (pair.name.len == 0 || !field_take_byte(rest, '='))
        return -EINVAL;
    pair.is_quoted = rest->len > 0 && rest->ptr[0] == '"';
    if (pair.is_quoted) {
        int err = field_take_quoted(rest, &pair.value);
        if (err < 0)
            return err;
    } else {
        pair.value = field_take_token(rest);
        if (pair.value.len == 0)
            return -EINVAL;
    }
    *ret_pair = pair;
    return 1;
}

int field_take_parameter(struct slice *rest, struct field_parameter *ret_parameter)
{
    bool is_begun = false;
    field_skip_space(rest);
    while (field_take_byte(rest, ';')) {
        field_skip_space(rest);
        is_begun = true;
    }
    return is_begun && rest->len > 0 ? field_take_pair(rest, ret_parameter) : 0;
}

ssize_t field_unescape(struct slice inside, struct span into)
{
    size_t len = 0;
    for (size_t i = 0; i < inside.len; i++) {
        if (inside.ptr[i] == '\\' && i + 1 < inside.len)
            i++;
        if (len == into.len)
            return -ENOSPC;
        into.ptr[len++] = inside.ptr[i];
    }
    return (ssize_t)len;
}

bool field_next_element(struct slice *rest, struct slice *ret_element)
{
    while (rest->len > 0) {
        size_t end = 0;
        while (end < rest->len && rest->ptr[end] != ',') {
            size_t step = 1;
            if (rest->ptr[end] == '"')
                step = quoted_len(slice_skip(*rest, end));
            /* A string without an end takes the rest; who reads the element will refuse it. */
            end = step > 0 ? end + step : rest->len;
        }
        struct slice element = slice_trim(slice_head(*rest, end));
        *rest = slice_skip(*rest, end + 1);
        if (element.len > 0) {
            *ret_element = element;
            return true;
        }
    }
    return false;
}

bool field_has_word(struct slice list, struct slice word)
{
    struct slice element;
    while (field_next_element(&list, &element))
        if (slice_is_same_word(element, word))
            return true;
    return false;
}
