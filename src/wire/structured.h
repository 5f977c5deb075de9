/* Structured fields (RFC 9651): a dictionary, read member by member, strictly: whatever is
 * malformed makes the whole field worthless, so a reader goes on to the end before it decides. */
#pragma once

#include "base/base.h"

enum structured_kind {
    STRUCTURED_INTEGER,
    STRUCTURED_DECIMAL,
    STRUCTURED_STRING,
    STRUCTURED_TOKEN,
    STRUCTURED_BYTES,
    STRUCTURED_BOOLEAN,
    STRUCTURED_DATE,
    STRUCTURED_DISPLAY,
    STRUCTURED_LIST, /* an inner list */
};

struct structured_member {
    struct slice key;
    enum structured_kind kind;
    int64_t number;     /* of an integer, boolean or date */
    struct slice words; /* what stands between the marks, undecoded: of bytes the base64 */
};

/* Cuts the next member off a dictionary, its parameters skipped. Returns 1, 0 at the end, -EINVAL.
 */
must_use int structured_next(struct slice *rest, struct structured_member *ret_member);
