/* A pause is at least half of what it may be, so that nobody asks at once again. */
#include "client/retry.h"

#include "limits.h"

void retry_reset(struct retry *retry)
{
    *retry = (struct retry){0};
}

int64_t retry_due_ms(struct retry *retry, int64_t now_ms, int64_t after_ms, uint32_t random)
{
    int64_t pause_ms = PUT_RETRY_FIRST_MS;
    for (unsigned i = 0; i < retry->failures && pause_ms < PUT_RETRY_LONGEST_MS; i++)
        pause_ms *= 2;
    pause_ms = i64_min(pause_ms, PUT_RETRY_LONGEST_MS);
    pause_ms = pause_ms / 2 + (int64_t)random % (pause_ms / 2 + 1);
    if (retry->failures == 0)
        retry->stuck_since_ms = now_ms;
    retry->failures++;
    after_ms = i64_min(after_ms, PUT_RETRY_AFTER_MAX_MS);
    return now_ms + (pause_ms > after_ms ? pause_ms : after_ms);
}

bool retry_is_over(const struct retry *retry, int64_t now_ms, int64_t patience_ms)
{
    return retry->failures > 0 && now_ms - retry->stuck_since_ms >= patience_ms;
}
