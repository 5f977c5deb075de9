/* Which bytes of a file a Range field asks for, RFC 9110 section 14. */
#pragma once

#include "base/base.h"
#include "limits.h"

struct byte_range {
    uint64_t first, last; /* both included */
};

enum ranges_result {
    RANGES_IGNORED,      /* answer 200 with the whole: another unit, malformed, too many */
    RANGES_SATISFIABLE,  /* answer 206 */
    RANGES_UNSATISFIABLE /* answer 416 */
};

/* Reads `field` for a file of `size` bytes. With RANGES_SATISFIABLE, `ret_count` (>= 1) ranges
 * stand in the client's order; such that overlap or touch have become one, at the place of the
 * earliest. A file of no bytes has no satisfiable range; its last bytes ("-5") are the whole of
 * it, so that field is ignored. */
enum ranges_result ranges_parse(struct slice field, uint64_t size,
                                struct byte_range ret_ranges[HTTP_RANGES_MAX], size_t *ret_count);
