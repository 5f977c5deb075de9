/* One table for all workers, under one lock that is held for a short look-up only. Links with a
 * limit are few, and so are the clients of each. */
#include "service/uses.h"

#include "base/clock.h"
#include "base/list.h"
#include "runtime/fiber.h"
#include "service/links.h"
#include "wire/address.h"

#include <pthread.h>
#include <stdlib.h>

enum { INTERVALS_MAX = 32 };

/* Bytes first..last, both delivered. */
struct interval {
    uint64_t first, last;
};

struct use {
    struct list node;
    char link[LINK_CHARS + 1];
    struct address client;
    uint64_t size_bytes;
    uint32_t downloads_max, downloads; /* of the link, as last known */
    unsigned active;                   /* requests under way */
    bool is_counted;
    int64_t idle_since_ms;
    size_t intervals_len;
    struct interval intervals[INTERVALS_MAX]; /* ascending, apart from one another */
};

static struct {
    pthread_mutex_t mutex;
    struct list uses;
    size_t count;
} table = {.mutex = PTHREAD_MUTEX_INITIALIZER, .uses = {&table.uses, &table.uses}};

static struct use *use_of(struct list *node)
{
    return container_of(node, struct use, node);
}

/* What the table knows of one link. */
struct tally {
    struct use *mine;      /* the client's youngest */
    struct use *mine_idle; /* one of the client's without a request under way */
    unsigned active;       /* uses under way and not counted, this client's as well */
    uint32_t downloads;    /* counted, as far as uses know */
    unsigned uses;
};

static struct tally tally_of(const char *link, const struct address *client)
{
    struct tally tally = {0};
    for (struct list *node = table.uses.next; node != &table.uses; node = node->next) {
        struct use *use = use_of(node);
        if (memcmp(use->link, link, LINK_CHARS) != 0)
            continue;
        tally.uses++;
        if (use->downloads > tally.downloads)
            tally.downloads = use->downloads;
        if (use->active > 0 && !use->is_counted)
            tally.active++;
        if (client == NULL || memcmp(&use->client, client, sizeof *client) != 0)
            continue;
        tally.mine = use;
        if (use->active == 0)
            tally.mine_idle = use;
    }
    return tally;
}

static void forget(struct use *use)
{
    list_remove(&use->node);
    table.count--;
    free(use);
}

/* Forgets the use that has been idle for longest; false when none is. Its client may have to begin
 * anew; what it was counted for stands in the catalog. */
static bool make_room(void)
{
    struct use *oldest = NULL;
    for (struct list *node = table.uses.next; node != &table.uses; node = node->next) {
        struct use *use = use_of(node);
        if (use->active == 0 && (oldest == NULL || use->idle_since_ms < oldest->idle_since_ms))
            oldest = use;
    }
    if (oldest != NULL)
        forget(oldest);
    return oldest != NULL;
}

/* Whether a use has nothing left to wait for: all delivered, or idle for too long. */
static bool is_over(const struct use *use, int64_t now_ms)
{
    if (use->active > 0)
        return false;
    bool is_whole = use->intervals_len == 1 && use->intervals[0].first == 0 &&
                    use->intervals[0].last + 1 == use->size_bytes;
    bool is_whole_empty = use->size_bytes == 0 && use->is_counted;
    return is_whole || is_whole_empty || now_ms - use->idle_since_ms > USE_IDLE_MS;
}

/* Makes a use for a client that has none. */
static int add_use(const struct link_row *row, const struct address *client, struct use **ret_use)
{
    if (table.count >= USES_MAX && !make_room())
        return -EAGAIN;
    struct use *use = calloc(1, sizeof *use);
    if (use == NULL)
        return -ENOMEM;
    memcpy(use->link, row->link, sizeof row->link);
    use->client = *client;
    use->size_bytes = row->object.size_bytes;
    use->downloads_max = row->downloads_max;
    list_push(&table.uses, &use->node);
    table.count++;
    *ret_use = use;
    return 0;
}

static int begin_locked(const struct link_row *row, const struct address *client, bool is_whole,
                        struct use **ret_use)
{
    struct tally tally = tally_of(row->link, client);
    struct use *use = is_whole ? tally.mine_idle : tally.mine;
    uint32_t downloads = row->downloads > tally.downloads ? row->downloads : tally.downloads;
    /* A use that is counted or under way has its place; any other must find one free. */
    bool has_place = use != NULL && (use->is_counted || use->active > 0);
    if (!has_place && downloads >= row->downloads_max)
        return -ESTALE;
    if (!has_place && downloads + tally.active >= row->downloads_max)
        return -EBUSY;
    int err = use == NULL ? add_use(row, client, &use) : 0;
    if (err < 0)
        return err;
    use->downloads = downloads;
    use->active++;
    *ret_use = use;
    return 0;
}

int use_begin(const struct link_row *row, const struct address *client, bool is_whole,
              struct use **ret_use)
{
    (void)pthread_mutex_lock(&table.mutex);
    int err = begin_locked(row, client, is_whole, ret_use);
    (void)pthread_mutex_unlock(&table.mutex);
    return err;
}

/* Adds an interval, merging it with those it touches. When the list is full the last two become
 * one, as if the gap between them had been delivered: a client of that many pieces gets its use
 * counted a little early rather than never. */
static void add_interval(struct use *use, struct interval added)
{
    size_t at = 0;
    while (at < use->intervals_len && use->intervals[at].last + 1 < added.first)
        at++;
    size_t end = at;
    while (end < use->intervals_len && use->intervals[end].first <= added.last + 1) {
        if (use->intervals[end].first < added.first)
            added.first = use->intervals[end].first;
        if (use->intervals[end].last > added.last)
            added.last = use->intervals[end].last;
        end++;
    }
    if (at == end && use->intervals_len == INTERVALS_MAX) {
        use->intervals[INTERVALS_MAX - 1].last = use->size_bytes - 1;
        return;
    }
    memmove(&use->intervals[at + 1], &use->intervals[end],
            (use->intervals_len - end) * sizeof added);
    use->intervals[at] = added;
    use->intervals_len = use->intervals_len - (end - at) + 1;
}

bool use_delivered(struct use *use, uint64_t first, uint64_t last)
{
    (void)pthread_mutex_lock(&table.mutex);
    bool is_end = use->size_bytes == 0 || last + 1 == use->size_bytes;
    if (use->size_bytes > 0)
        add_interval(use, (struct interval){first, last});
    bool is_to_count = is_end && !use->is_counted;
    if (is_to_count) {
        use->is_counted = true;
        use->downloads = tally_of(use->link, NULL).downloads + 1;
    }
    (void)pthread_mutex_unlock(&table.mutex);
    return is_to_count;
}

bool use_end(struct use *use)
{
    if (use == NULL)
        return false;
    (void)pthread_mutex_lock(&table.mutex);
    assert(use->active > 0);
    use->active--;
    use->idle_since_ms = clock_ms();
    struct tally tally = tally_of(use->link, NULL);
    bool is_gone = is_over(use, use->idle_since_ms);
    bool is_used_up = is_gone && tally.uses == 1 && tally.downloads >= use->downloads_max;
    /* The number of downloads must outlive the use while the link's rows may lag behind. */
    if (is_gone && tally.uses > 1)
        for (struct list *node = table.uses.next; node != &table.uses; node = node->next)
            if (memcmp(use_of(node)->link, use->link, LINK_CHARS) == 0)
                use_of(node)->downloads = tally.downloads;
    if (is_gone)
        forget(use);
    (void)pthread_mutex_unlock(&table.mutex);
    return is_used_up;
}

awaits void uses_retire(struct service *service, const char *link)
{
    struct object_names gone = {0};
    int err = catalog_retire(service->catalog, link, LINK_USED_UP, &gone);
    links_forget(link);
    if (err == 0)
        service_remove_objects(service, &gone);
}

/* Takes one use that is over out of the table. Returns 1 with the link to retire, 0 when the link
 * lives on, -ENOENT when no use is over. */
static int sweep_one(char ret_link[LINK_CHARS + 1])
{
    int result = -ENOENT;
    int64_t now_ms = clock_ms();
    (void)pthread_mutex_lock(&table.mutex);
    for (struct list *node = table.uses.next; node != &table.uses; node = node->next) {
        struct use *use = use_of(node);
        if (!is_over(use, now_ms))
            continue;
        struct tally tally = tally_of(use->link, NULL);
        memcpy(ret_link, use->link, sizeof use->link);
        result = tally.uses == 1 && tally.downloads >= use->downloads_max ? 1 : 0;
        forget(use);
        break;
    }
    (void)pthread_mutex_unlock(&table.mutex);
    return result;
}

awaits void uses_sweep(struct service *service)
{
    char link[LINK_CHARS + 1];
    int result;
    while ((result = sweep_one(link)) >= 0) {
        if (result == 1)
            uses_retire(service, link);
        fiber_yield();
    }
}
