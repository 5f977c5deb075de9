/* JSON as clients send it to change a link: one flat object (RFC 8259), read strictly and without
 * memory of its own. Pure. */
#pragma once

#include "base/base.h"
#include "limits.h"

enum json_kind { JSON_STRING, JSON_NUMBER, JSON_BOOLEAN, JSON_NULL };

struct json_member {
    struct slice name;
    enum json_kind kind;
    struct slice text; /* a string decoded; a number, boolean or null as it is written */
};

struct json_object {
    size_t count;
    struct json_member members[JSON_MEMBERS_MAX];
};

/* Reads all of `body` as one object of strings, numbers, booleans and nulls. Strings are decoded in
 * place, so `body` is changed and must live as long as the members. Whatever is malformed, nested,
 * named twice or followed by more makes all of it worthless.
 * Returns 0, or -EINVAL with one sentence about what is wrong. */
must_use int json_read_object(struct span body, struct json_object *ret_object,
                              const char **ret_reason);
