/* Content-Disposition: the name of a file. */
#include "wire/disposition.h"

#include "wire/field.h"

/* The parameters that were found, still encoded. */
struct found {
    struct field_parameter name, plain, extended;
};

/* Keeps a parameter; one that comes twice makes the field ambiguous. */
static int keep(struct field_parameter *place, const struct field_parameter *parameter)
{
    if (place->name.ptr != NULL)
        return -EINVAL;
    *place = *parameter;
    return 0;
}

static int find_parameters(struct slice rest, struct found *ret_found)
{
    struct field_parameter parameter;
    int got;
    while ((got = field_take_parameter(&rest, &parameter)) > 0) {
        if (slice_is_same_word(parameter.name, SLICE("name")))
            got = keep(&ret_found->name, &parameter);
        else if (slice_is_same_word(parameter.name, SLICE("filename")))
            got = keep(&ret_found->plain, &parameter);
        else if (slice_is_same_word(parameter.name, SLICE("filename*")))
            got = keep(&ret_found->extended, &parameter);
        if (got < 0)
            return got;
    }
    return got < 0 || rest.len > 0 ? -EINVAL : 0;
}

/* Puts what has been written so far into a slice and takes its room away. */
static struct slice close_text(struct text *text, struct span *room)
{
    struct slice written = text_slice(text);
    *room = (struct span){room->ptr + text->len, room->len - text->len};
    return written;
}

static int decode_plain(const struct field_parameter *parameter, struct span *room,
                        struct slice *ret_value)
{
    struct text text = text_over(*room);
    struct slice value = parameter->value;
    for (size_t i = 0; i < value.len; i++) {
        if (parameter->is_quoted && value.ptr[i] == '\\' && i + 1 < value.len)
            i++;
        text_put_byte(&text, value.ptr[i]);
    }
    if (text.is_full)
        return -ENOSPC;
    *ret_value = close_text(&text, room);
    return 0;
}

/* How a form writes the three bytes that its quoted names can't hold (HTML standard, "multipart
 * form data"); anything else behind a % is meant as it stands. */
static uint8_t form_escape(struct slice rest)
{
    static const struct {
        const char *escape;
        uint8_t byte;
    } escapes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++)
        if (slice_is_same_word(slice_head(rest, size_min(3, rest.len)),
                               slice_of(escapes[i].escape)))
            return escapes[i].byte;
    return 0;
}

/* A browser sends a backslash as it is, older curl puts one before a quote or another backslash:
 * so only these two pairs are taken for escapes. */
static int decode_form(const struct field_parameter *parameter, struct span *room,
                       struct slice *ret_value)
{
    struct text text = text_over(*room);
    struct slice rest = parameter->value;
    while (rest.len > 0) {
        size_t taken = 1;
        uint8_t byte = rest.ptr[0], escaped = form_escape(rest);
        if (escaped != 0) {
            byte = escaped;
            taken = 3;
        } else if (byte == '\\' && rest.len > 1 && (rest.ptr[1] == '"' || rest.ptr[1] == '\\')) {
            byte = rest.ptr[1];
            taken = 2;
        }
        text_put_byte(&text, byte);
        rest = slice_skip(rest, taken);
    }
    if (text.is_full)
        return -ENOSPC;
    *ret_value = close_text(&text, room);
    return 0;
}

/* Writes one character of ISO-8859-1 as UTF-8. */
static void put_latin1(struct text *text, uint8_t byte)
{
    if (byte >= 0x80) {
        text_put_byte(text, (uint8_t)(0xc0 | byte >> 6));
        byte = (uint8_t)(0x80 | (byte & 0x3f));
    }
    text_put_byte(text, byte);
}

/* Cuts charset and language off an extended value; false when they aren't there. */
static bool take_charset(struct slice *rest, bool *ret_is_latin1)
{
    size_t charset_len = slice_find(*rest, '\'');
    struct slice charset = slice_head(*rest, charset_len);
    if (charset_len == rest->len)
        return false;
    *rest = slice_skip(*rest, charset_len + 1);
    size_t language_len = slice_find(*rest, '\'');
    if (language_len == rest->len)
        return false;
    *rest = slice_skip(*rest, language_len + 1);
    *ret_is_latin1 = slice_is_same_word(charset, SLICE("ISO-8859-1"));
    return *ret_is_latin1 || slice_is_same_word(charset, SLICE("UTF-8"));
}

/* RFC 8187 section 3.2: charset'language'value. Returns 0, or -EINVAL when it is to be ignored. */
static int decode_extended(const struct field_parameter *parameter, struct span *room,
                           struct slice *ret_value)
{
    struct slice rest = parameter->value;
    struct text text = text_over(*room);
    bool is_latin1;
    if (parameter->is_quoted || !take_charset(&rest, &is_latin1))
        return -EINVAL;

    while (rest.len > 0) {
        uint64_t byte = rest.ptr[0];
        size_t taken = 1;
        if (byte == '%') {
            taken = 3;
            if (rest.len < taken || parse_hex_u64(slice_from(rest.ptr + 1, 2), &byte) < 0)
                return -EINVAL;
        }
        if (is_latin1)
            put_latin1(&text, (uint8_t)byte);
        else
            text_put_byte(&text, (uint8_t)byte);
        rest = slice_skip(rest, taken);
    }
    if (text.is_full || !utf8_is_valid(text_slice(&text)))
        return -EINVAL;
    *ret_value = close_text(&text, room);
    return 0;
}

int disposition_read(struct slice field, struct span room, struct disposition *ret)
{
    struct disposition disposition = {0};
    struct found found = {0};
    if (field_take_token(&field).len == 0 || find_parameters(field, &found) < 0)
        return -EINVAL;

    int err = 0;
    if (found.extended.name.ptr != NULL)
        disposition.has_file_name =
            decode_extended(&found.extended, &room, &disposition.file_name) == 0;
    if (!disposition.has_file_name && found.plain.name.ptr != NULL) {
        err = decode_plain(&found.plain, &room, &disposition.file_name);
        disposition.has_file_name = true;
    }
    if (err == 0 && found.name.name.ptr != NULL) {
        err = decode_plain(&found.name, &room, &disposition.name);
        disposition.has_name = true;
    }
    if (err == 0)
        *ret = disposition;
    return err;
}

int disposition_read_part(struct slice field, struct span room, struct disposition *ret)
{
    struct disposition disposition = {.has_name = true};
    struct found found = {0};
    if (!slice_is_same_word(field_take_token(&field), SLICE("form-data")) ||
        find_parameters(field, &found) < 0 || found.name.name.ptr == NULL)
        return -EINVAL;

    int err = decode_form(&found.name, &room, &disposition.name);
    if (err == 0 && found.plain.name.ptr != NULL) {
        err = decode_form(&found.plain, &room, &disposition.file_name);
        disposition.has_file_name = true;
    } else if (err == 0 && found.extended.name.ptr != NULL) {
        disposition.has_file_name =
            decode_extended(&found.extended, &room, &disposition.file_name) == 0;
    }
    if (err == 0)
        *ret = disposition;
    return err;
}

/* What the plain form can't say everywhere: quotes and escapes are read differently, % too. */
static bool is_plain(uint8_t byte)
{
    return byte >= ' ' && byte < 0x7f && byte != '"' && byte != '\\' && byte != '%';
}

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

void disposition_put(struct text *text, bool is_inline, struct slice file_name)
{
    bool is_extended = false;
    text_put(text, is_inline ? SLICE("inline; filename=\"") : SLICE("attachment; filename=\""));
    for (size_t i = 0; i < file_name.len; i++) {
        uint8_t byte = file_name.ptr[i];
        if (is_plain(byte)) {
            text_put_byte(text, byte);
            continue;
        }
        is_extended = true;
        if (!is_continuation(byte)) /* one for each character, not for each byte */
            text_put_byte(text, '_');
    }
    text_put_byte(text, '"');
    if (!is_extended)
        return;
    text_put(text, SLICE("; filename*=UTF-8''"));
    text_put_percent(text, file_name);
}
