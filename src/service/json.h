/* JSON as clients send it to change a link or to collect several: one flat object, perhaps with a
 * list of such (RFC 8259), read strictly and without memory of its own. Pure. */
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

/* A member that is an array of such objects. */
struct json_list {
    struct slice name;
    /* Takes an element, whose strings live as long as the body. Returns NULL or one sentence about
     * what is wrong with it. */
    const char *(*take)(void *arg, const struct json_object *element);
    void *arg;
};

/* Reads all of `body` as one object of strings, numbers, booleans and nulls. Strings are decoded in
 * place, so `body` is changed and must live as long as the members. Whatever is malformed, nested,
 * named twice or followed by more makes all of it worthless.
 * Returns 0, or -EINVAL with one sentence about what is wrong. */
must_use int json_read_object(struct span body, struct json_object *ret_object,
                              const char **ret_reason);
/* The same of an object whose member `list->name`, if it is there, is an array of flat objects. */
must_use int json_read_list(struct span body, const struct json_list *list,
                            struct json_object *ret_object, const char **ret_reason);
