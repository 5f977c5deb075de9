/* A measure begins only after a while that does not count: a new stream needs that to get fast. */
#include "client/streams.h"

#include "limits.h"

static const unsigned counts[] = {1, 2, 4};

unsigned streams_count(const struct streams *streams)
{
    return counts[streams->is_settled ? streams->best : streams->level];
}

void streams_disturb(struct streams *streams)
{
    streams->from_ms = 0;
    streams->is_measuring = false;
}

/* The measure of one number is over. */
static void take_rate(struct streams *streams, uint64_t rate)
{
    bool is_faster = streams->level == 0 || rate > streams->best_rate + streams->best_rate / 10;
    if (is_faster) {
        streams->best = streams->level;
        streams->best_rate = rate;
    }
    if (!is_faster || streams->level + 1 == ARRAY_LEN(counts))
        streams->is_settled = true;
    else
        streams->level++;
    streams_disturb(streams);
}

unsigned streams_wanted(struct streams *streams, int64_t now_ms, uint64_t sent_bytes)
{
    if (streams->is_settled)
        return streams_count(streams);
    int64_t spent_ms = now_ms - streams->from_ms;
    if (streams->from_ms == 0) {
        streams->from_ms = now_ms;
    } else if (!streams->is_measuring && spent_ms >= PUT_SETTLE_MS) {
        streams->is_measuring = true;
        streams->from_ms = now_ms;
        streams->from_bytes = sent_bytes;
    } else if (streams->is_measuring && spent_ms >= PUT_MEASURE_MS) {
        take_rate(streams, (sent_bytes - streams->from_bytes) * 1000 / (uint64_t)spent_ms);
    }
    return streams_count(streams);
}
