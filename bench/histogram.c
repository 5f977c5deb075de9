/* Latencies, counted in buckets of a microsecond: exact enough, and nothing to sort at the end. */
#include "histogram.h"

#include "program.h"

#include <assert.h>

void histogram_add(struct histogram *histogram, int64_t latency_ns)
{
    assert(latency_ns >= 0);
    int64_t us = latency_ns / NS_PER_US;

    histogram->buckets[us < HISTOGRAM_US_MAX ? us : HISTOGRAM_US_MAX]++;
    histogram->count++;
    if (latency_ns > histogram->max_ns)
        histogram->max_ns = latency_ns;
}

uint32_t histogram_us(const struct histogram *histogram, double share)
{
    uint64_t below = 0;
    double wanted = share * (double)histogram->count;

    assert(share >= 0 && share <= 1);
    if (histogram->count == 0)
        return 0;
    for (uint32_t us = 0; us < HISTOGRAM_US_MAX; us++) {
        below += histogram->buckets[us];
        if ((double)below >= wanted)
            return us;
    }
    return HISTOGRAM_US_MAX;
}
