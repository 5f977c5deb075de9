/* How many parts of a file to send at once: measured, not guessed.
 *
 * One stream comes first, then two, then four, as long as that is faster by a tenth at least; what
 * was fastest stays. */
#pragma once

#include "base/base.h"

/* {0} is one that knows nothing yet. */
struct streams {
    unsigned level;      /* index of the number that is tried now */
    unsigned best;       /* index of the fastest so far */
    uint64_t best_rate;  /* bytes a second */
    uint64_t from_bytes; /* sent when the measure began */
    int64_t from_ms;     /* 0: no measure has begun */
    bool is_measuring;   /* the while that doesn't count is over */
    bool is_settled;     /* the best is known */
};

/* Tells how many to send at once now; `sent_bytes` is all that this file has sent so far. To be
 * asked at every turn while nothing else disturbs the measure. */
unsigned streams_wanted(struct streams *streams, int64_t now_ms, uint64_t sent_bytes);
/* What disturbs it (another file, a broken connection): the measure of this number begins again. */
void streams_disturb(struct streams *streams);
/* The number that is tried now, or was found. */
unsigned streams_count(const struct streams *streams);
