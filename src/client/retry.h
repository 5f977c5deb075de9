/* When to try again, and when not any more. */
#pragma once

#include "base/base.h"

/* How an upload fares; {0} is one that fares well. */
struct retry {
    unsigned failures;      /* since a byte was stored */
    int64_t stuck_since_ms; /* of the first of them */
};

/* A byte was stored: all is well again. */
void retry_reset(struct retry *retry);

/* Counts a failure and tells when to try again: `after_ms` is what the server asked for (0: it
 * didn't), `random` any number. Until that time, the pauses double with each failure, and differ at
 * random so that many clients of a server that was down don't come at once. */
int64_t retry_due_ms(struct retry *retry, int64_t now_ms, int64_t after_ms, uint32_t random);

/* Whether nothing was stored for longer than `patience_ms`. */
bool retry_is_over(const struct retry *retry, int64_t now_ms, int64_t patience_ms);
