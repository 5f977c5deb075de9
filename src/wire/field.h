/* The grammar that header fields share (RFC 9110 section 5.6): tokens, quoted strings, parameters.
 *
 * A reader moves a slice forward over what it has read, so that reading never needs memory. */
#pragma once

#include "base/base.h"

enum field_byte {
    FIELD_TOKEN = 1,  /* tchar */
    FIELD_VALUE = 2,  /* what a field's value may hold: VCHAR, obs-text, space and tab */
    FIELD_TARGET = 4, /* visible ASCII but '#', for a request target */
};

/* What each byte may be, a sum of enum field_byte. */
extern const uint8_t field_bytes[256];

/* One `;name=value` of a field. */
struct field_parameter {
    struct slice name, value; /* a quoted value is without its quotes, its escapes untouched */
    bool is_quoted;
};

/* Whether `bytes` is a token: not empty, only tchar. */
bool field_is_token(struct slice bytes);
/* Whether `bytes` may stand as a field's value. */
bool field_is_value(struct slice bytes);

/* Cuts the token at the front of `*rest`; it is empty when there is none. */
struct slice field_take_token(struct slice *rest);
/* Cuts `byte` from the front of `*rest`; false when another or none stands there. */
bool field_take_byte(struct slice *rest, uint8_t byte);
/* Skips spaces and tabs at the front of `*rest`. */
void field_skip_space(struct slice *rest);
/* Cuts a quoted string; its inside is `*ret_inside`. Returns 0 or -EINVAL. */
must_use int field_take_quoted(struct slice *rest, struct slice *ret_inside);
/* Cuts `name=value`, the value a token or a quoted string. Returns 1 or -EINVAL. */
must_use int field_take_pair(struct slice *rest, struct field_parameter *ret_pair);
/* Cuts the next `; name=value`. Returns 1, 0 when none follows (then `*rest` begins with what
 * does), or -EINVAL. An empty parameter (";;") is skipped. */
must_use int field_take_parameter(struct slice *rest, struct field_parameter *ret_parameter);

/* Writes the inside of a quoted string without its backslashes. Returns the number of bytes or
 * -ENOSPC. */
must_use ssize_t field_unescape(struct slice inside, struct span into);

/* Cuts the next element of a list, trimmed; commas inside quoted strings don't separate, empty
 * elements are skipped. False at the end. */
bool field_next_element(struct slice *rest, struct slice *ret_element);
/* Whether a list of tokens holds `word` (ASCII case ignored). */
bool field_has_word(struct slice list, struct slice word);
