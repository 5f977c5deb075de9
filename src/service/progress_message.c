/* Numbers are written as they are: the state of one moment, not made to fit together. */
#include "service/progress_message.h"

static const char *const state_names[] = {
    [ARRIVAL_ARRIVING] = "arriving", [ARRIVAL_WAITING] = "waiting", [ARRIVAL_READY] = "ready",
    [ARRIVAL_FAILED] = "failed",     [ARRIVAL_DELETED] = "deleted",
};

const char *progress_state_name(enum arrival_state state)
{
    assert(state < ARRAY_LEN(state_names));
    return state_names[state];
}

/* Seconds with one decimal until all is stored, or null where nobody can know. */
static void put_eta(struct text *text, const struct arrival_progress *progress)
{
    uint64_t size = progress->size_bytes, stored = progress->stored_bytes, rate = progress->rate;
    bool goes_on = progress->state == ARRIVAL_ARRIVING || progress->state == ARRIVAL_READY;
    if (!goes_on || size == BYTES_UNKNOWN || rate == 0) {
        text_put(text, SLICE("null"));
        return;
    }
    uint64_t left = size > stored ? size - stored : 0;
    /* The remainder is less than the rate: nothing here overflows below exabytes a second. */
    text_format(text, "%" PRIu64 ".%" PRIu64, left / rate, left % rate * 10 / rate);
}

void progress_put_json(struct text *text, const char *link, const struct arrival_progress *progress)
{
    text_format(text,
                "{\"link\":\"%s\",\"state\":\"%s\",\"received\":%" PRIu64 ",\"stored\":%" PRIu64
                ",\"size\":",
                link, progress_state_name(progress->state), progress->received_bytes,
                progress->stored_bytes);
    if (progress->size_bytes == BYTES_UNKNOWN)
        text_put(text, SLICE("null"));
    else
        text_put_u64(text, progress->size_bytes);
    text_format(text, ",\"rate\":%" PRIu64 ",\"eta\":", progress->rate);
    put_eta(text, progress);
    if (progress->expires_ms != 0) {
        text_put(text, SLICE(",\"expires\":\""));
        text_put_rfc3339(text, progress->expires_ms);
        text_put_byte(text, '"');
    }
    if (progress->state == ARRIVAL_FAILED) {
        text_put(text, SLICE(",\"reason\":\""));
        text_put_json(text, slice_of(progress->reason != NULL ? progress->reason : "unknown"));
        text_put_byte(text, '"');
    }
    text_put_byte(text, '}');
}

void progress_put_line(struct text *text, const char *link, const struct arrival_progress *progress)
{
    progress_put_json(text, link, progress);
    text_put_byte(text, '\n');
}

void progress_put_event(struct text *text, const char *link,
                        const struct arrival_progress *progress)
{
    text_put(text, SLICE("id: "));
    if (!arrival_state_is_open(progress->state))
        text_put(text, SLICE(PROGRESS_LAST_ID));
    else
        text_put_u64(text, progress->version);
    text_put(text, SLICE("\ndata: "));
    progress_put_json(text, link, progress);
    text_put(text, SLICE("\n\n"));
}
