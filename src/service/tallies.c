/* A short table of each worker, searched from its end: the links that are downloaded most are met
 * first. When it is full the round's other links go uncounted: the number is for people to look
 * at, and isn't worth memory without bound. */
#include "service/tallies.h"

#include "base/counters.h"
#include "service/links.h"

static _Thread_local struct {
    struct link_count counts[TALLIES_MAX];
    size_t len;
} tallies;

void tally_add(const char *link)
{
    counter_add(COUNTER_downloads_total, 1);
    for (size_t i = tallies.len; i-- > 0;) {
        if (memcmp(tallies.counts[i].link, link, LINK_CHARS) == 0) {
            tallies.counts[i].added++;
            return;
        }
    }
    if (tallies.len == TALLIES_MAX)
        return;
    struct link_count *added = &tallies.counts[tallies.len++];
    *added = (struct link_count){.added = 1};
    memcpy(added->link, link, LINK_CHARS);
}

awaits void tallies_flush(struct service *service)
{
    while (tallies.len > 0) {
        struct link_count batch[LINK_COUNTS_MAX];
        size_t count = size_min(tallies.len, LINK_COUNTS_MAX);
        tallies.len -= count;
        memcpy(batch, &tallies.counts[tallies.len], count * sizeof batch[0]);
        /* On an error the numbers are lost, as in a crash; the catalog's own log tells of it. */
        if (catalog_count_downloads(service->catalog, batch, count) < 0)
            return;
        for (size_t i = 0; i < count; i++)
            links_forget(batch[i].link);
    }
}
