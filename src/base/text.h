/* Text without surprises: slices compared and cut, numbers parsed whole, buffers filled in bounds.
 */
#pragma once

#include "base/base.h"

/* A buffer being filled. What does not fit is not written and `is_full` stays set: check it once,
 * at the end. */
struct text {
    uint8_t *ptr;
    size_t len, room;
    bool is_full;
};

static inline struct text text_over(struct span room)
{
    return (struct text){room.ptr, 0, room.len, false};
}

static inline struct slice text_slice(const struct text *text)
{
    return (struct slice){text->ptr, text->len};
}

void text_put(struct text *text, struct slice bytes);
void text_put_byte(struct text *text, uint8_t byte);
/* printf into the buffer; the formats this project uses need no floating point. */
void text_format(struct text *text, const char *format, ...) format_like(2, 3);
void text_put_u64(struct text *text, uint64_t value);
/* `bytes` as the inside of a JSON string (RFC 8259 section 7); invalid UTF-8 becomes U+FFFD. */
void text_put_json(struct text *text, struct slice bytes);
/* `bytes` escaped for HTML text and attribute values. */
void text_put_html(struct text *text, struct slice bytes);
/* Percent-encodes all but the characters that RFC 8187 allows bare (also right in a URL path). */
void text_put_percent(struct text *text, struct slice bytes);
void text_put_hex(struct text *text, struct slice bytes);
/* RFC 4648 section 4, with padding. */
void text_put_base64(struct text *text, struct slice bytes);
/* RFC 3339 in UTC with milliseconds cut off: 2026-12-24T00:00:00Z. */
void text_put_rfc3339(struct text *text, int64_t wall_ms);

bool slice_is_equal(struct slice a, struct slice b);
/* Equal but for the case of ASCII letters. */
bool slice_is_same_word(struct slice a, struct slice b);
bool slice_has_prefix(struct slice whole, struct slice prefix);
/* Without spaces and tabs at both ends (OWS of RFC 9110 section 5.6.3). */
struct slice slice_trim(struct slice bytes);
/* Index of the first `byte`, or `bytes.len`. */
size_t slice_find(struct slice bytes, uint8_t byte);
/* Cuts the next element before `separator` off the front of `*rest`, trimmed; false at the end. */
bool slice_next(struct slice *rest, uint8_t separator, struct slice *ret_element);
struct slice slice_skip(struct slice bytes, size_t count);
struct slice slice_head(struct slice bytes, size_t count);

/* A whole decimal number without sign. Returns 0, -EINVAL (not digits only, empty), -ERANGE. */
must_use int parse_u64(struct slice digits, uint64_t *ret_value);
/* A whole hexadecimal number without sign or prefix. Returns like parse_u64. */
must_use int parse_hex_u64(struct slice digits, uint64_t *ret_value);
/* "10", "64KiB", "4G": binary units. Returns 0, -EINVAL, -ERANGE. */
must_use int parse_bytes(struct slice words, uint64_t *ret_bytes);
/* "250ms", "30s", "5m", "2h", "7d". Returns 0, -EINVAL, -ERANGE. */
must_use int parse_duration_ms(struct slice words, int64_t *ret_ms);
/* RFC 3339 date and time with `Z` or an offset. Returns 0 or -EINVAL. */
must_use int parse_rfc3339(struct slice words, int64_t *ret_wall_ms);
/* RFC 4648 section 4, padding needed. Returns the number of bytes, -EINVAL, -ENOSPC. */
must_use ssize_t parse_base64(struct slice words, struct span into);
/* Decodes %XX once. Returns the number of bytes; -EINVAL on a broken escape, -ENOSPC. */
must_use ssize_t parse_percent(struct slice words, struct span into);

/* Whether `bytes` is well-formed UTF-8 (RFC 3629). */
bool utf8_is_valid(struct slice bytes);
