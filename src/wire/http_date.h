/* Dates of HTTP, RFC 9110 section 5.6.7. */
#pragma once

#include "base/base.h"
#include "base/text.h"

/* Reads the form that is sent today and the two that must still be understood:
 *   Sun, 06 Nov 1994 08:49:37 GMT, Sunday, 06-Nov-94 08:49:37 GMT, Sun Nov  6 08:49:37 1994.
 * A year of two digits is one from 1970 to 2069, so that the answer doesn't depend on today. The
 * day's name is checked to be one, not to be right. Returns 0 or -EINVAL. */
must_use int http_date_parse(struct slice words, int64_t *ret_wall_ms);

/* Writes the form that is sent today; whole seconds, the rest cut off. What lies outside the years
 * 0 to 9999 becomes their begin or end. */
void http_date_put(struct text *text, int64_t wall_ms);
