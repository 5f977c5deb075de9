/* Slices compared and cut, buffers filled in bounds.
 *
 * A put writes all of its smallest unit (a slice, an escaped character) or nothing, and after the
 * first that doesn't fit nothing more is written: a buffer never has a hole in its middle. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

/* Formatted text up to here may fill a buffer to its last byte. */
enum { FORMAT_SCRATCH_BYTES = 256 };

static const char hex_digits[] = "0123456789abcdef";

void text_put(struct text *text, struct slice bytes)
{
    assert(text->len <= text->room);
    if (text->is_full || bytes.len > text->room - text->len) {
        text->is_full = true;
        return;
    }
    if (bytes.len > 0)
        memcpy(text->ptr + text->len, bytes.ptr, bytes.len);
    text->len += bytes.len;
}

void text_put_byte(struct text *text, uint8_t byte)
{
    assert(text->len <= text->room);
    if (text->is_full || text->len == text->room) {
        text->is_full = true;
        return;
    }
    text->ptr[text->len++] = byte;
}

void text_format(struct text *text, const char *format, ...)
{
    char scratch[FORMAT_SCRATCH_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(scratch, sizeof(scratch), format, arguments);
    va_end(arguments);
    assert(len >= 0);

    if ((size_t)len < sizeof(scratch)) {
        text_put(text, slice_from(scratch, (size_t)len));
        return;
    }
    /* vsnprintf ends with a NUL that must fit too, though it isn't part of the text. */
    if (text->is_full || (size_t)len >= text->room - text->len) {
        text->is_full = true;
        return;
    }
    va_start(arguments, format);
    len = vsnprintf((char *)text->ptr + text->len, text->room - text->len, format, arguments);
    va_end(arguments);
    assert(len >= 0 && (size_t)len < text->room - text->len);
    text->len += (size_t)len;
}

/* The value in decimal, with zeros in front up to `digits_min`. */
static void put_decimal(struct text *text, uint64_t value, size_t digits_min)
{
    uint8_t digits[20];
    size_t at = sizeof(digits);
    assert(digits_min <= sizeof(digits));
    do {
        digits[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0 || sizeof(digits) - at < digits_min);
    text_put(text, slice_from(digits + at, sizeof(digits) - at));
}

void text_put_u64(struct text *text, uint64_t value)
{
    put_decimal(text, value, 1);
}

/* The length of the well-formed UTF-8 character in front, 0 when there is none.
 * Source: RFC 3629 section 4. */
static size_t utf8_character(struct slice bytes)
{
    assert(bytes.len > 0);
    uint8_t lead = bytes.ptr[0];
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;

    size_t len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (bytes.len < len)
        return 0;
    /* The second byte's range keeps out long forms, surrogates and what is above U+10FFFF. */
    uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (bytes.ptr[1] < low || bytes.ptr[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((bytes.ptr[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

bool utf8_is_valid(struct slice bytes)
{
    while (bytes.len > 0) {
        size_t len = utf8_character(bytes);
        if (len == 0)
            return false;
        bytes = slice_skip(bytes, len);
    }
    return true;
}

static void put_json_unicode(struct text *text, unsigned code)
{
    uint8_t escape[6] = {'\\', 'u'};
    assert(code <= 0xFFFF);
    for (size_t i = 0; i < 4; i++)
        escape[2 + i] = (uint8_t)hex_digits[code >> (12 - 4 * i) & 15];
    text_put(text, slice_from(escape, sizeof(escape)));
}

static void put_json_ascii(struct text *text, uint8_t byte)
{
    static const char short_escapes[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    assert(byte < 0x80);
    uint8_t escape[2] = {'\\', byte};
    if (byte == '"' || byte == '\\') {
        text_put(text, slice_from(escape, sizeof(escape)));
    } else if (byte < 0x20 && short_escapes[byte] != 0) {
        escape[1] = (uint8_t)short_escapes[byte];
        text_put(text, slice_from(escape, sizeof(escape)));
    } else if (byte < 0x20 || byte == 0x7F) {
        put_json_unicode(text, byte);
    } else {
        text_put_byte(text, byte);
    }
}

/* Beyond what RFC 8259 asks, the characters that steer terminals (U+0080 to U+009F), end lines of
 * scripts (U+2028, U+2029) or turn the direction of text around are escaped too: names of files
 * come from strangers, and this is also how the log quotes them. */
static void put_json_character(struct text *text, struct slice character)
{
    const uint8_t *ptr = character.ptr;
    unsigned code = 0;
    if (character.len == 2)
        code = (unsigned)(ptr[0] & 0x1F) << 6 | (ptr[1] & 0x3F);
    else if (character.len == 3)
        code = (unsigned)(ptr[0] & 0x0F) << 12 | (unsigned)(ptr[1] & 0x3F) << 6 | (ptr[2] & 0x3F);

    if ((code >= 0x80 && code <= 0x9F) || (code >= 0x2028 && code <= 0x202E) ||
        (code >= 0x2066 && code <= 0x2069))
        put_json_unicode(text, code);
    else
        text_put(text, character);
}

void text_put_json(struct text *text, struct slice bytes)
{
    while (bytes.len > 0 && !text->is_full) {
        size_t len = utf8_character(bytes);
        if (len == 0)
            text_put(text, SLICE("\xEF\xBF\xBD"));
        else if (len == 1)
            put_json_ascii(text, bytes.ptr[0]);
        else
            put_json_character(text, slice_head(bytes, len));
        bytes = slice_skip(bytes, len == 0 ? 1 : len);
    }
}

void text_put_html(struct text *text, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && !text->is_full; i++) {
        switch (bytes.ptr[i]) {
        case '&':
            text_put(text, SLICE("&amp;"));
            break;
        case '<':
            text_put(text, SLICE("&lt;"));
            break;
        case '>':
            text_put(text, SLICE("&gt;"));
            break;
        case '"':
            text_put(text, SLICE("&quot;"));
            break;
        case '\'':
            text_put(text, SLICE("&#39;"));
            break;
        default:
            text_put_byte(text, bytes.ptr[i]);
        }
    }
}

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

/* Source: attr-char of RFC 8187 section 3.2.1, less those (# ^ ` |) that pchar of RFC 3986
 * section 3.3 doesn't have: a bare # would end a path. */
static bool is_bare_in_url(uint8_t byte)
{
    return is_alphanumeric(byte) || (byte != 0 && memchr("!$&+-._~", byte, 8) != NULL);
}

void text_put_percent(struct text *text, struct slice bytes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < bytes.len && !text->is_full; i++) {
        uint8_t byte = bytes.ptr[i];
        uint8_t escape[3] = {'%', (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};
        if (is_bare_in_url(byte))
            text_put_byte(text, byte);
        else
            text_put(text, slice_from(escape, sizeof(escape)));
    }
}

void text_put_hex(struct text *text, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len && !text->is_full; i++) {
        uint8_t pair[2] = {(uint8_t)hex_digits[bytes.ptr[i] >> 4],
                           (uint8_t)hex_digits[bytes.ptr[i] & 15]};
        text_put(text, slice_from(pair, sizeof(pair)));
    }
}

void text_put_base64(struct text *text, struct slice bytes)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (bytes.len > 0 && !text->is_full) {
        unsigned bits = (unsigned)bytes.ptr[0] << 16;
        if (bytes.len > 1)
            bits |= (unsigned)bytes.ptr[1] << 8;
        if (bytes.len > 2)
            bits |= bytes.ptr[2];
        uint8_t four[4] = {(uint8_t)alphabet[bits >> 18], (uint8_t)alphabet[bits >> 12 & 63],
                           (uint8_t)alphabet[bits >> 6 & 63], (uint8_t)alphabet[bits & 63]};
        if (bytes.len < 3)
            four[3] = '=';
        if (bytes.len < 2)
            four[2] = '=';
        text_put(text, slice_from(four, sizeof(four)));
        bytes = slice_skip(bytes, 3);
    }
}

void text_put_rfc3339(struct text *text, int64_t wall_ms)
{
    /* The format has four digits for the year. */
    const int64_t first_ms = INT64_C(-62167219200000), last_ms = INT64_C(253402300799999);
    wall_ms = wall_ms < first_ms ? first_ms : i64_min(wall_ms, last_ms);

    /* Days since 0000-03-01: a year that begins in March has its leap day at its end. */
    uint64_t seconds = (uint64_t)(wall_ms - first_ms) / 1000;
    uint64_t day = seconds / 86400 + 146097 - 60;
    uint64_t second = seconds % 86400;
    uint64_t era = day / 146097;
    uint64_t era_day = day % 146097;
    uint64_t year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    uint64_t year_day = era_day - (365 * year + year / 4 - year / 100);
    uint64_t march_month = (5 * year_day + 2) / 153;
    uint64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    year += era * 400 + (month <= 2 ? 1 : 0) - 400;

    const uint64_t numbers[] = {year,
                                month,
                                year_day - (153 * march_month + 2) / 5 + 1,
                                second / 3600,
                                second / 60 % 60,
                                second % 60};
    static const char separators[] = "--T::Z";
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        put_decimal(text, numbers[i], i == 0 ? 4 : 2);
        text_put_byte(text, (uint8_t)separators[i]);
    }
}

bool slice_is_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static uint8_t ascii_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

bool slice_is_same_word(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
            return false;
    return true;
}

bool slice_has_prefix(struct slice whole, struct slice prefix)
{
    return whole.len >= prefix.len && slice_is_equal(slice_head(whole, prefix.len), prefix);
}

struct slice slice_trim(struct slice bytes)
{
    while (bytes.len > 0 && (bytes.ptr[0] == ' ' || bytes.ptr[0] == '\t'))
        bytes = slice_skip(bytes, 1);
    while (bytes.len > 0 && (bytes.ptr[bytes.len - 1] == ' ' || bytes.ptr[bytes.len - 1] == '\t'))
        bytes.len--;
    return bytes;
}

size_t slice_find(struct slice bytes, uint8_t byte)
{
    const uint8_t *found = bytes.len > 0 ? memchr(bytes.ptr, byte, bytes.len) : NULL;
    return found != NULL ? (size_t)(found - bytes.ptr) : bytes.len;
}

bool slice_next(struct slice *rest, uint8_t separator, struct slice *ret_element)
{
    if (rest->len == 0)
        return false;
    size_t len = slice_find(*rest, separator);
    *ret_element = slice_trim(slice_head(*rest, len));
    *rest = slice_skip(*rest, len + 1);
    return true;
}

struct slice slice_skip(struct slice bytes, size_t count)
{
    if (count >= bytes.len)
        return bytes.len > 0 ? slice_from(bytes.ptr + bytes.len, 0) : bytes;
    return slice_from(bytes.ptr + count, bytes.len - count);
}

struct slice slice_head(struct slice bytes, size_t count)
{
    return slice_from(bytes.ptr, size_min(bytes.len, count));
}
