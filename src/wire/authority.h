/* The form of an authority, `host[:port]`, as Host and an absolute target carry it.
 *
 * Links are built from what a client sends as Host, so only what a real host can be is let
 * through: letters, digits, "-", ".", "_", "~", or an IP literal. RFC 3986 section 3.2.2 would
 * also allow "!$&'()*+,;=" and percent-encoding in a registered name; no host in use has them. */
#pragma once

#include "base/base.h"

/* Whether `authority` is a host of at least one byte and, behind a colon, a port of 1 to 65535. */
bool authority_is_valid(struct slice authority);
