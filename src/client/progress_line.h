/* How far an upload is, in one line. */
#pragma once

#include "base/text.h"

/* The rate is that of four seconds, looked at in steps. */
enum { RATE_SAMPLES = 16, RATE_STEP_MS = 250 };

/* {0} is an empty one. */
struct rate {
    int64_t at_ms[RATE_SAMPLES];
    uint64_t bytes[RATE_SAMPLES];
    uint64_t taken; /* samples so far */
};

/* `bytes` is the sum so far; called often, it keeps one sample a step. */
void rate_add(struct rate *rate, int64_t now_ms, uint64_t bytes);
/* Bytes a second; 0 before there is anything to compare. */
uint64_t rate_get(const struct rate *rate, int64_t now_ms);

struct progress {
    const char *title;
    const char *status; /* why nothing moves; "" when it does */
    uint64_t done_bytes;
    uint64_t size_bytes; /* UINT64_MAX: not known */
    uint64_t rate;
};

/* For a terminal of so many columns: name, percent, a bar where there is room, amounts, rate and
 * time left. */
void progress_line_put(struct text *into, const struct progress *progress, size_t columns);
/* For a file or a pipe. */
void progress_line_put_plain(struct text *into, const struct progress *progress);
/* "12.3 MiB", "4.00 GiB". */
void progress_line_put_bytes(struct text *into, uint64_t bytes);
