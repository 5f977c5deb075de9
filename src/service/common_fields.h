/* Lines that the head of a request's answer has whoever makes it, see req->common_fields. */
#pragma once

#include "wire/request.h"

/* Adds whole lines, each with its CRLF, that live as long as the request. Returns 0 or -ENOMEM. */
static inline int common_fields_add(struct request *req, struct slice lines)
{
    if (lines.ptr != NULL && req->common_fields.len > 0)
        lines = arena_format(&req->arena, "%.*s%.*s", (int)req->common_fields.len,
                             (const char *)req->common_fields.ptr, (int)lines.len,
                             (const char *)lines.ptr);
    if (lines.ptr == NULL)
        return -ENOMEM;
    req->common_fields = lines;
    return 0;
}
