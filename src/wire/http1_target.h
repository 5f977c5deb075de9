/* The target of a request, in the forms that a file server is asked for: RFC 9112 section 3.2. */
#pragma once

#include "wire/http.h"

/* Reads `target` into path, query, authority and is_asterisk of `head`, whose method stands
 * already. The authority is set for an absolute form only. Returns NULL, or what is wrong with it:
 * one plain sentence. */
const char *http1_target_read(struct slice target, struct http_head *head);
