/* What the fuzz targets share. A target is one function over bytes; what it asserts must hold for
 * all of them. Run one with: build/tests/fuzz/ranges_fuzz tests/fuzz/corpus/ranges */
#pragma once

#include "base/base.h"
#include "base/text.h"
#include "wire/http1_parse.h"

#include <stdlib.h>

/* NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Whether `inner` lies in `outer`; an empty slice lies everywhere. */
static inline bool is_inside(struct slice inner, struct slice outer)
{
    return inner.len == 0 ||
           (inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len);
}

/* A copy in a block of its own, so that the sanitizer sees each byte read beyond it. */
static inline struct slice copy_of(struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len > 0 ? bytes.len : 1);
    assert(copy != NULL);
    if (bytes.len > 0)
        memcpy(copy, bytes.ptr, bytes.len);
    return slice_from(copy, bytes.len);
}

static inline void copy_free(struct slice copy)
{
    free((void *)(uintptr_t)copy.ptr);
}

/* Pieces of a body: their lengths come from the front of the input, one byte each, in a circle. */
struct cutter {
    struct slice lengths, rest;
    size_t next;
};

static inline struct cutter cutter_over(struct slice input)
{
    size_t count = input.len > 0 ? size_min(input.ptr[0] % 8U, input.len - 1) : 0;
    struct slice behind = slice_skip(input, 1);
    return (struct cutter){slice_head(behind, count), slice_skip(behind, count), 0};
}

static inline bool cutter_next(struct cutter *cutter, struct slice *ret_piece)
{
    size_t len = cutter->rest.len;
    if (len == 0)
        return false;
    if (cutter->lengths.len > 0)
        len = size_min(len, 1U + cutter->lengths.ptr[cutter->next++ % cutter->lengths.len] % 64U);
    *ret_piece = slice_head(cutter->rest, len);
    cutter->rest = slice_skip(cutter->rest, len);
    return true;
}

/* Parses the lines as fields of a GET. False when they aren't fields. */
static inline bool head_over(struct slice lines, uint8_t room[HTTP_HEAD_BYTES_MAX],
                             struct http_head *ret_head)
{
    struct text text = text_over((struct span){room, HTTP_HEAD_BYTES_MAX});
    struct parse_refusal refusal;
    size_t len;
    text_put(&text, SLICE("GET / HTTP/1.1\r\nHost: x\r\n"));
    text_put(&text, lines);
    text_put(&text, SLICE("\r\n\r\n"));
    return !text.is_full &&
           http1_parse_head(text_slice(&text), ret_head, &len, &refusal) == PARSE_DONE;
}
