/* Structured fields (RFC 9651): single items, and dictionaries, read member by member, strictly:
 * whatever is malformed makes the whole field worthless, so a reader of a dictionary goes on to the
 * end before it decides. */
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

/* Read a field that is one item of this kind (RFC 9651 section 3.3), its parameters skipped.
 * Returns 0; -EINVAL when it is malformed or another kind: then it counts as absent. */
must_use int structured_read_boolean(struct slice field, bool *ret_value);
must_use int structured_read_integer(struct slice field, int64_t *ret_value);
