/* What the tests of wire/ share: slices compared, and heads made of lines. */
#pragma once

#include "base/base.h"
#include "base/text.h"
#include "wire/http1_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Fails the test with the case that it happened in. */
#define check(condition, at)                                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("case %zu: %s", (size_t)(at), #condition);                                    \
    } while (0)

static inline bool is_text(struct slice bytes, const char *text)
{
    return slice_is_equal(bytes, slice_of(text));
}

/* A copy in a block of its own, so that the sanitizer sees each byte read beyond it. */
static inline struct slice copy_of(struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    assert_non_null(copy);
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    return slice_from(copy, bytes.len);
}

static inline void copy_free(struct slice copy)
{
    free((void *)(uintptr_t)copy.ptr);
}

/* Parses `GET / HTTP/1.1`, Host and the given lines into `head`. */
static inline void head_of(struct http_head *head, const char *method, const char *lines)
{
    static char request[HTTP_HEAD_BYTES_MAX];
    size_t len;
    struct parse_refusal refusal = {0};
    int printed =
        snprintf(request, sizeof(request), "%s / HTTP/1.1\r\nHost: x\r\n%s\r\n", method, lines);
    assert_true(printed > 0 && (size_t)printed < sizeof(request));
    if (http1_parse_head(slice_of(request), head, &len, &refusal) != PARSE_DONE)
        fail_msg("%s: %s", lines, refusal.reason);
}

/* Adds `byte` many times. */
static inline void text_fill(struct text *text, uint8_t byte, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_put_byte(text, byte);
}
