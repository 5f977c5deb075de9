/* Latencies, counted in buckets of a microsecond. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_US_MAX = 4 << 20 }; /* four seconds; what is slower counts as this */

struct histogram {
    uint64_t count;
    int64_t max_ns;
    uint32_t buckets[HISTOGRAM_US_MAX + 1];
};

void histogram_add(struct histogram *histogram, int64_t latency_ns);

/* The latency in microseconds that `share` (0..1) of all stay at or below; 0 when there are none.
 */
uint32_t histogram_us(const struct histogram *histogram, double share);

#endif
