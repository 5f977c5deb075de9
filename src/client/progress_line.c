/* Whole numbers only: what is shown needs no more. */
#include "client/progress_line.h"

#include "client/file_title.h"

void rate_add(struct rate *rate, int64_t now_ms, uint64_t bytes)
{
    uint64_t newest = (rate->taken + RATE_SAMPLES - 1) % RATE_SAMPLES;
    if (rate->taken > 0 && now_ms - rate->at_ms[newest] < RATE_STEP_MS)
        return;
    rate->at_ms[rate->taken % RATE_SAMPLES] = now_ms;
    rate->bytes[rate->taken % RATE_SAMPLES] = bytes;
    rate->taken++;
}

uint64_t rate_get(const struct rate *rate, int64_t now_ms)
{
    if (rate->taken < 2)
        return 0;
    uint64_t newest = (rate->taken - 1) % RATE_SAMPLES;
    uint64_t oldest = rate->taken > RATE_SAMPLES ? rate->taken % RATE_SAMPLES : 0;
    int64_t spent_ms = now_ms - rate->at_ms[oldest];
    if (spent_ms <= 0)
        return 0;
    return (rate->bytes[newest] - rate->bytes[oldest]) * 1000 / (uint64_t)spent_ms;
}

void progress_line_put_bytes(struct text *into, uint64_t bytes)
{
    const uint64_t mib = 1 << 20, gib = 1 << 30;
    if (bytes < mib)
        text_format(into, "%" PRIu64 ".%" PRIu64 " KiB", bytes >> 10, bytes % 1024 * 10 / 1024);
    else if (bytes < gib)
        text_format(into, "%" PRIu64 ".%" PRIu64 " MiB", bytes / mib, bytes % mib * 10 / mib);
    else
        text_format(into, "%" PRIu64 ".%02" PRIu64 " GiB", bytes / gib, bytes % gib * 100 / gib);
}

static bool is_known(const struct progress *progress)
{
    return progress->size_bytes != UINT64_MAX;
}

/* 100 only when nothing is missing. */
static unsigned percent(const struct progress *progress)
{
    if (progress->done_bytes >= progress->size_bytes)
        return 100;
    return (unsigned)((double)progress->done_bytes * 100 / (double)progress->size_bytes);
}

static void put_amounts(struct text *into, const struct progress *progress)
{
    progress_line_put_bytes(into, progress->done_bytes);
    if (is_known(progress)) {
        text_put(into, SLICE(" of "));
        progress_line_put_bytes(into, progress->size_bytes);
    }
}

static void put_time_left(struct text *into, const struct progress *progress)
{
    if (progress->rate == 0 || !is_known(progress) || progress->done_bytes > progress->size_bytes)
        return;
    uint64_t seconds =
        (progress->size_bytes - progress->done_bytes + progress->rate - 1) / progress->rate;
    if (seconds >= 100 * 3600)
        text_format(into, ", %" PRIu64 " days left", seconds / 86400);
    else if (seconds >= 3600)
        text_format(into, ", %" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left", seconds / 3600,
                    seconds / 60 % 60, seconds % 60);
    else
        text_format(into, ", %" PRIu64 ":%02" PRIu64 " left", seconds / 60, seconds % 60);
}

/* Amounts, then what moves or why nothing does. */
static void put_facts(struct text *into, const struct progress *progress)
{
    put_amounts(into, progress);
    if (progress->status[0] != 0)
        text_format(into, ", %s", progress->status);
    if (progress->status[0] != 0 || progress->rate == 0)
        return;
    text_put(into, SLICE(", "));
    progress_line_put_bytes(into, progress->rate);
    text_put(into, SLICE("/s"));
    put_time_left(into, progress);
}

static void put_bar(struct text *into, const struct progress *progress, size_t columns)
{
    size_t filled = columns * percent(progress) / 100;
    text_put(into, SLICE(" ["));
    for (size_t i = 0; i < columns; i++)
        text_put_byte(into, i < filled ? '#' : '.');
    text_put_byte(into, ']');
}

void progress_line_put(struct text *into, const struct progress *progress, size_t columns)
{
    enum { FACTS_BYTES = 512, BAR_MIN = 10, BAR_MAX = 30, NAME_MIN = 12, PERCENT = 6, FRAME = 3 };
    uint8_t room[FACTS_BYTES];
    struct text facts = text_over((struct span){room, sizeof room});
    put_facts(&facts, progress);
    text_put_byte(&facts, 0);
    size_t name = file_title_columns(slice_of(progress->title));
    size_t rest = 1 + file_title_columns(slice_of((const char *)room));
    rest += is_known(progress) ? PERCENT : 0;

    /* Facts go first, then the name, then a bar where there is room. */
    name = size_min(name, columns > rest + NAME_MIN ? columns - rest : NAME_MIN);
    size_t left = columns > name + rest ? columns - name - rest : 0;
    size_t bar =
        is_known(progress) && left >= BAR_MIN + FRAME ? size_min(left - FRAME, BAR_MAX) : 0;
    uint8_t line_room[FACTS_BYTES * 2];
    struct text line = text_over((struct span){line_room, sizeof line_room});
    file_title_put_columns(&line, progress->title, name);
    if (is_known(progress))
        text_format(&line, " %3u %%", percent(progress));
    if (bar > 0)
        put_bar(&line, progress, bar);
    text_put_byte(&line, ' ');
    text_put(&line, slice_of((const char *)room));
    text_put_byte(&line, 0);
    file_title_put_columns(into, (const char *)line_room, columns);
}

void progress_line_put_plain(struct text *into, const struct progress *progress)
{
    text_put(into, slice_of(progress->title));
    text_put(into, SLICE(": "));
    if (is_known(progress))
        text_format(into, "%u %%, ", percent(progress));
    put_facts(into, progress);
}
