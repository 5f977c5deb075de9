/* A hash table of each worker, ordered by use. The entries in it are bounded; one that a request
 * still uses lives on outside. */
#include "service/links.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/list.h"
#include "runtime/worker.h"
#include "wire/answer.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { BUCKETS = CATALOG_CACHE_ENTRIES * 2, GENERATIONS = 4096 };

static struct {
    _Atomic uint32_t numbers[GENERATIONS];
} changed;

static _Thread_local struct {
    struct link_entry **buckets;
    struct list by_use;
    size_t count;
} cache;

/* Links are random: any of their bits are a good hash. */
static uint64_t hash_of(const char *link)
{
    uint64_t first, second;
    memcpy(&first, link, sizeof first);
    memcpy(&second, link + sizeof first, sizeof second);
    return (first ^ (second << 3)) * UINT64_C(0x9E3779B97F4A7C15) >> 20;
}

static uint32_t generation_of(const char *link)
{
    return atomic_load(&changed.numbers[hash_of(link) % GENERATIONS]);
}

void links_forget(const char *link)
{
    atomic_fetch_add(&changed.numbers[hash_of(link) % GENERATIONS], 1);
}

void link_entry_drop(struct link_entry *entry)
{
    if (entry == NULL)
        return;
    assert(entry->references > 0);
    if (--entry->references > 0)
        return;
    blob_drop(entry->blob);
    free(entry);
}

static bool cache_open(void)
{
    if (cache.buckets != NULL)
        return true;
    cache.buckets = calloc(BUCKETS, sizeof(struct link_entry *));
    list_init(&cache.by_use);
    return cache.buckets != NULL;
}

static struct link_entry **place_of(const char *link)
{
    struct link_entry **place = &cache.buckets[hash_of(link) % BUCKETS];
    while (*place != NULL && memcmp((*place)->row.link, link, LINK_CHARS) != 0)
        place = &(*place)->hash_next;
    return place;
}

/* Takes the entry at `place` out of the cache. */
static void evict(struct link_entry **place)
{
    struct link_entry *entry = *place;
    assert(entry != NULL);
    *place = entry->hash_next;
    list_remove(&entry->node);
    cache.count--;
    link_entry_drop(entry);
}

static void keep(struct link_entry *entry)
{
    if (!cache_open())
        return;
    struct link_entry **place = place_of(entry->row.link);
    if (*place != NULL)
        evict(place);
    if (cache.count == CATALOG_CACHE_ENTRIES) {
        struct link_entry *oldest = container_of(cache.by_use.next, struct link_entry, node);
        evict(place_of(oldest->row.link));
    }
    place = place_of(entry->row.link);
    entry->hash_next = *place;
    *place = entry;
    entry->used_ms = worker_now_ms();
    entry->references++;
    list_push(&cache.by_use, &entry->node);
    cache.count++;
}

void links_tidy(void)
{
    int64_t idle_ms = worker_now_ms() - LINK_IDLE_MS;
    struct list *node = cache.buckets == NULL ? &cache.by_use : cache.by_use.next;
    while (node != &cache.by_use) {
        struct link_entry *entry = container_of(node, struct link_entry, node);
        node = node->next;
        if (!links_is_current(entry) || entry->used_ms < idle_ms ||
            links_state(entry) != LINK_READY)
            evict(place_of(entry->row.link));
    }
}

void links_clear(void)
{
    while (cache.count > 0) {
        struct link_entry *oldest = container_of(cache.by_use.next, struct link_entry, node);
        evict(place_of(oldest->row.link));
    }
    free(cache.buckets);
    cache.buckets = NULL;
}

static struct link_entry *cached(const char *link)
{
    if (cache.buckets == NULL)
        return NULL;
    struct link_entry **place = place_of(link);
    struct link_entry *entry = *place;
    if (entry == NULL)
        return NULL;
    if (entry->generation != generation_of(link)) {
        evict(place);
        return NULL;
    }
    list_remove(&entry->node);
    list_push(&cache.by_use, &entry->node);
    entry->used_ms = worker_now_ms();
    entry->references++;
    counter_add(COUNTER_catalog_cache_hits_total, 1);
    return entry;
}

awaits int links_find(struct service *service, const char *link, struct link_entry **ret_entry)
{
    *ret_entry = cached(link);
    if (*ret_entry != NULL)
        return 0;
    scoped(link_entry) entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return -ENOMEM;
    entry->references = 1;
    list_init(&entry->node);
    entry->generation = generation_of(link); /* before asking: a change meanwhile shows */
    int err = catalog_find(service->catalog, link, &entry->row);
    if (err < 0)
        return err;
    keep(entry);
    *ret_entry = entry;
    entry = NULL;
    return 0;
}

bool links_is_current(const struct link_entry *entry)
{
    return entry->generation == generation_of(entry->row.link);
}

enum link_state links_state(const struct link_entry *entry)
{
    const struct link_row *row = &entry->row;
    if (row->state == LINK_READY && row->expires_ms != 0 && row->expires_ms <= clock_wall_ms())
        return LINK_EXPIRED;
    return row->state;
}

/* An object that isn't there: either its link has ended since we found it, which is nobody's
 * fault, or the store has lost it. */
static awaits int explain_missing(struct service *service, const struct link_entry *entry)
{
    struct link_row row;
    links_forget(entry->row.link);
    int err = catalog_find(service->catalog, entry->row.link, &row);
    if (err < 0)
        return err;
    return row.state == LINK_READY ? fail(-EIO, "a link's object is missing") : -ENOENT;
}

awaits int links_open(struct service *service, struct link_entry *entry)
{
    if (entry->blob != NULL)
        return 0;
    struct blob *blob = NULL;
    int err = blob_open(service->store, entry->row.object.name, &blob);
    if (err < 0)
        return err == -ENOENT ? explain_missing(service, entry) : err;
    if (blob->size_bytes != entry->row.object.size_bytes) {
        blob_drop(blob);
        return fail(-EIO, "an object's size differs from its row");
    }
    if (entry->blob != NULL) /* somebody else was quicker while we waited */
        blob_drop(blob);
    else
        entry->blob = blob;
    return 0;
}

awaits int links_answer_gone(struct request *req, enum link_state state)
{
    if (state == LINK_EXPIRED)
        return answer_problem(req, 410, "This link has expired; ask its sender for a new one.");
    if (state == LINK_USED_UP)
        return answer_problem(req, 410,
                              "This link was downloaded as often as its sender allowed; ask for a "
                              "new one.");
    return answer_problem(req, 404, "There is nothing under this link.");
}
