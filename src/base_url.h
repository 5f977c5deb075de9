/* The address that links begin with, as --base-url gives it. */
#pragma once

#include "base/base.h"

enum { BASE_URL_BYTES_MAX = 1023 };

/* Reads "http://HOST" or "https://HOST/PATH", or nothing at all; a '/' at its end is not part of
 * what links begin with. Returns 0 or -EINVAL. */
must_use int base_url_read(const char *url, char ret_url[BASE_URL_BYTES_MAX + 1]);
