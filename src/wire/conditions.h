/* Conditional requests: whether the client's conditions hold for what the server has. */
#pragma once

#include "wire/http.h"

enum condition {
    CONDITION_PASS,         /* go on */
    CONDITION_NOT_MODIFIED, /* 304 */
    CONDITION_FAILED        /* 412 */
};

/* What the server has now. */
struct condition_facts {
    struct slice entity_tag; /* with its quotes, strong; empty when there is nothing yet */
    bool has_last_modified;
    int64_t last_modified_ms; /* wall time; parts of a second are cut off */
    int64_t now_ms;           /* wall time */
};

/* Evaluates If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since and If-Range in the
 * order of RFC 9110 section 13.2.2. Call it only when the plain answer would be a success.
 * `ret_is_range_wanted` says whether Range is to be honoured: with GET, exactly one such field,
 * and an If-Range that holds. A malformed date counts as absent, a malformed tag as no match. */
enum condition conditions_check(const struct http_head *head, const struct condition_facts *facts,
                                bool *ret_is_range_wanted);
