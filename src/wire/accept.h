/* Which kind of answer a client prefers, from its Accept field (RFC 9110 section 12.5.1), and in
 * which coding it takes one. */
#pragma once

#include "base/base.h"

enum accept {
    ACCEPT_ANY, /* plain text: curl, or a client that doesn't say */
    ACCEPT_JSON,
    ACCEPT_HTML,
};

/* Reads the field (empty when absent). Only what it names outright makes JSON or HTML preferred;
 * among kinds of the same weight the one named first wins, and all of them over a wildcard. */
enum accept accept_preferred(struct slice field);

/* Codings that a client takes, from its Accept-Encoding field (section 12.5.3), as flags. */
enum accept_coding { ACCEPT_GZIP = 1, ACCEPT_BROTLI = 2 };

/* Reads the field (empty when absent) into flags; of malformed elements none is taken. */
unsigned accept_codings(struct slice field);
