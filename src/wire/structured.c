/* Structured fields: RFC 9651 section 4.2, the parsing of dictionaries and items. */
#include "wire/structured.h"

#include "base/text.h"
#include "wire/field.h"

enum {
    INTEGER_DIGITS_MAX = 15,
    DECIMAL_DIGITS_MAX = 12,
    FRACTION_DIGITS_MAX = 3,
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_lower(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_alpha(uint8_t byte)
{
    return is_lower(byte | 0x20);
}

/* Cuts the first `len` bytes. */
static struct slice take(struct slice *rest, size_t len)
{
    struct slice front = slice_head(*rest, len);
    *rest = slice_skip(*rest, len);
    return front;
}

static void skip_spaces(struct slice *rest)
{
    while (field_take_byte(rest, ' '))
        ;
}

static size_t count_digits(struct slice bytes)
{
    size_t count = 0;
    while (count < bytes.len && is_digit(bytes.ptr[count]))
        count++;
    return count;
}

/* Section 4.2.3.3. */
static int take_key(struct slice *rest, struct slice *ret_key)
{
    if (rest->len == 0 || !(is_lower(rest->ptr[0]) || rest->ptr[0] == '*'))
        return -EINVAL;
    size_t len = 1;
    while (len < rest->len && (is_lower(rest->ptr[len]) || is_digit(rest->ptr[len]) ||
                               memchr("_-.*", rest->ptr[len], 4) != NULL))
        len++;
    *ret_key = take(rest, len);
    return 0;
}

/* Section 4.2.4. */
static int take_number(struct slice *rest, struct structured_member *member)
{
    bool is_negative = field_take_byte(rest, '-');
    size_t digits = count_digits(*rest);
    if (digits == 0 || digits > INTEGER_DIGITS_MAX)
        return -EINVAL;
    struct slice whole = take(rest, digits);
    if (field_take_byte(rest, '.')) {
        size_t fraction = count_digits(*rest);
        if (digits > DECIMAL_DIGITS_MAX || fraction == 0 || fraction > FRACTION_DIGITS_MAX)
            return -EINVAL;
        take(rest, fraction);
        member->kind = STRUCTURED_DECIMAL;
        return 0;
    }
    uint64_t value;
    int err = parse_u64(whole, &value);
    if (err < 0)
        return err;
    member->kind = STRUCTURED_INTEGER;
    member->number = is_negative ? -(int64_t)value : (int64_t)value;
    return 0;
}

/* Section 4.2.5: only ASCII, and only a quote and a backslash may be escaped. */
static int take_string(struct slice *rest, struct structured_member *member)
{
    for (size_t i = 1; i < rest->len; i++) {
        uint8_t byte = rest->ptr[i];
        if (byte == '"') {
            member->kind = STRUCTURED_STRING;
            member->words = slice_from(rest->ptr + 1, i - 1);
            take(rest, i + 1);
            return 0;
        }
        if (byte < ' ' || byte >= 0x7f)
            return -EINVAL;
        if (byte == '\\' && (++i == rest->len || (rest->ptr[i] != '"' && rest->ptr[i] != '\\')))
            return -EINVAL;
    }
    return -EINVAL;
}

/* Section 4.2.6. */
static int take_token(struct slice *rest, struct structured_member *member)
{
    size_t len = 1;
    while (len < rest->len && ((field_bytes[rest->ptr[len]] & FIELD_TOKEN) != 0 ||
                               rest->ptr[len] == ':' || rest->ptr[len] == '/'))
        len++;
    member->kind = STRUCTURED_TOKEN;
    member->words = take(rest, len);
    return 0;
}

/* Section 4.2.7; whether it is base64 shows when it is decoded. */
static int take_bytes(struct slice *rest, struct structured_member *member)
{
    size_t len = slice_find(slice_skip(*rest, 1), ':');
    if (len + 2 > rest->len)
        return -EINVAL;
    member->kind = STRUCTURED_BYTES;
    member->words = slice_from(rest->ptr + 1, len);
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = member->words.ptr[i];
        if (!is_alpha(byte) && !is_digit(byte) && byte != '+' && byte != '/' && byte != '=')
            return -EINVAL;
    }
    take(rest, len + 2);
    return 0;
}

/* Section 4.2.10: %"..." with escapes %xx in lower case. */
static int take_display(struct slice *rest, struct structured_member *member)
{
    if (rest->len < 2 || rest->ptr[1] != '"')
        return -EINVAL;
    for (size_t i = 2; i < rest->len; i++) {
        uint8_t byte = rest->ptr[i];
        if (byte == '"') {
            member->kind = STRUCTURED_DISPLAY;
            member->words = slice_from(rest->ptr + 2, i - 2);
            take(rest, i + 1);
            return 0;
        }
        if (byte < ' ' || byte >= 0x7f)
            return -EINVAL;
        for (size_t digit = 1; byte == '%' && digit <= 2; digit++) {
            if (++i == rest->len ||
                !(is_digit(rest->ptr[i]) || (rest->ptr[i] >= 'a' && rest->ptr[i] <= 'f')))
                return -EINVAL;
        }
    }
    return -EINVAL;
}

/* Section 4.2.8. */
static int take_boolean(struct slice *rest, struct structured_member *member)
{
    take(rest, 1);
    member->kind = STRUCTURED_BOOLEAN;
    member->number = field_take_byte(rest, '1');
    return member->number == 1 || field_take_byte(rest, '0') ? 0 : -EINVAL;
}

/* Section 4.2.9. */
static int take_date(struct slice *rest, struct structured_member *member)
{
    take(rest, 1);
    int err = take_number(rest, member);
    bool is_date = err == 0 && member->kind == STRUCTURED_INTEGER;
    member->kind = STRUCTURED_DATE;
    return is_date ? 0 : -EINVAL;
}

/* Section 4.2.3.1: the first byte tells the kind. */
static int take_item(struct slice *rest, struct structured_member *member)
{
    uint8_t first = rest->len > 0 ? rest->ptr[0] : 0;
    switch (first) {
    case '"':
        return take_string(rest, member);
    case ':':
        return take_bytes(rest, member);
    case '%':
        return take_display(rest, member);
    case '?':
        return take_boolean(rest, member);
    case '@':
        return take_date(rest, member);
    default:
        if (first == '-' || is_digit(first))
            return take_number(rest, member);
        return first == '*' || is_alpha(first) ? take_token(rest, member) : -EINVAL;
    }
}

/* Section 4.2.3.2. */
static int skip_parameters(struct slice *rest)
{
    struct structured_member ignored = {0};
    while (field_take_byte(rest, ';')) {
        skip_spaces(rest);
        int err = take_key(rest, &ignored.key);
        if (err == 0 && field_take_byte(rest, '='))
            err = take_item(rest, &ignored);
        if (err < 0)
            return err;
    }
    return 0;
}

/* Section 4.2.1.2. */
static int take_list(struct slice *rest, struct structured_member *member)
{
    struct structured_member ignored = {0};
    take(rest, 1);
    for (;;) {
        skip_spaces(rest);
        if (field_take_byte(rest, ')')) {
            member->kind = STRUCTURED_LIST;
            return 0;
        }
        int err = take_item(rest, &ignored);
        if (err == 0)
            err = skip_parameters(rest);
        if (err < 0)
            return err;
        if (rest->len == 0 || (rest->ptr[0] != ' ' && rest->ptr[0] != ')'))
            return -EINVAL;
    }
}

int structured_next(struct slice *rest, struct structured_member *ret_member)
{
    struct structured_member member = {.kind = STRUCTURED_BOOLEAN, .number = 1};
    skip_spaces(rest);
    if (rest->len == 0)
        return 0;
    int err = take_key(rest, &member.key);
    if (err == 0 && field_take_byte(rest, '='))
        err = rest->len > 0 && rest->ptr[0] == '(' ? take_list(rest, &member)
                                                   : take_item(rest, &member);
    if (err == 0)
        err = skip_parameters(rest);
    if (err < 0)
        return -EINVAL;

    field_skip_space(rest);
    if (rest->len > 0) {
        /* A comma must be followed by another member. */
        bool is_comma = field_take_byte(rest, ',');
        field_skip_space(rest);
        if (!is_comma || rest->len == 0)
            return -EINVAL;
    }
    *ret_member = member;
    return 1;
}

/* Section 4.2, of a field that is an item. */
static int read_item(struct slice field, enum structured_kind kind, int64_t *ret_number)
{
    struct structured_member item = {0};
    skip_spaces(&field);
    int err = take_item(&field, &item);
    if (err == 0)
        err = skip_parameters(&field);
    skip_spaces(&field);
    if (err < 0 || field.len > 0 || item.kind != kind)
        return -EINVAL;
    *ret_number = item.number;
    return 0;
}

int structured_read_boolean(struct slice field, bool *ret_value)
{
    int64_t number;
    int err = read_item(field, STRUCTURED_BOOLEAN, &number);
    if (err == 0)
        *ret_value = number == 1;
    return err;
}

int structured_read_integer(struct slice field, int64_t *ret_value)
{
    return read_item(field, STRUCTURED_INTEGER, ret_value);
}
