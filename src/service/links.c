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

enum {
    BUCKETS = CATALOG_CACHE_ENTRIES * 2,
    GENERATIONS = 4096,
    PARTS_ASKED = 12, /* at once */
};

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
    free(entry->parts);
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

struct link_entry *links_cached(const char *link)
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

static struct link_entry *new_entry(const char *link)
{
    struct link_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->references = 1;
    list_init(&entry->node);
    entry->generation = generation_of(link); /* before asking: a change meanwhile shows */
    return entry;
}

struct link_entry *links_entry_of(const struct link_row *row)
{
    struct link_entry *entry = new_entry(row->link);
    if (entry != NULL)
        entry->row = *row;
    return entry;
}

awaits int links_find(struct service *service, const char *link, struct link_entry **ret_entry)
{
    struct link_entry *known = links_cached(link);
    if (known != NULL) {
        *ret_entry = known;
        return 0;
    }
    scoped(link_entry) entry = new_entry(link);
    if (entry == NULL)
        return -ENOMEM;
    int err = catalog_find(service->catalog, link, &entry->row);
    if (err < 0)
        return err;
    if (entry->row.state != LINK_ARRIVING) /* an upload need not tell each worker of its end */
        keep(entry);
    *ret_entry = entry;
    entry = NULL;
    return 0;
}

/* The upload behind a row that says that it is arriving: 0, or -ESTALE when that has changed. */
static awaits int find_arrival(struct service *service, const char *link, struct arrival **arrival)
{
    int err = *arrival == NULL ? arrivals_find(service, link, arrival) : 0;
    if (err < 0)
        return err == -ENOENT ? -ESTALE : err;
    enum arrival_state state = arrival_progress(*arrival).state;
    if (arrival_state_is_open(state))
        return 0;
    return state == ARRIVAL_READY ? -ESTALE : -ENOENT;
}

/* One try. Returns -ESTALE when the upload ended between two looks. */
static awaits int try_find(struct service *service, const char *link, struct link_entry **ret_entry,
                           struct arrival **ret_arrival)
{
    scoped(arrival) arrival = arrivals_known(link);
    scoped(link_entry) entry = NULL;
    const struct link_row *row = arrival == NULL ? NULL : arrival_row(arrival);
    int err = 0;
    if (row != NULL && arrival_state_is_open(arrival_progress(arrival).state)) {
        entry = new_entry(link);
        if (entry == NULL)
            return -ENOMEM;
        entry->row = *row;
        entry->row.state = LINK_ARRIVING;
    } else {
        err = links_find(service, link, &entry);
    }
    bool is_arriving = err == 0 && entry->row.state == LINK_ARRIVING;
    if (is_arriving)
        err = find_arrival(service, link, &arrival);
    if (err < 0)
        return err;
    *ret_entry = entry;
    *ret_arrival = is_arriving ? arrival : NULL;
    entry = NULL;
    if (is_arriving)
        arrival = NULL;
    return 0;
}

awaits int links_find_arriving(struct service *service, const char *link,
                               struct link_entry **ret_entry, struct arrival **ret_arrival)
{
    *ret_arrival = NULL;
    *ret_entry = links_cached(link);
    int err = *ret_entry == NULL ? -ESTALE : 0;
    for (int i = 0; err == -ESTALE && i < DOWNLOAD_LOOKUPS_MAX; i++)
        err = try_find(service, link, ret_entry, ret_arrival);
    return err == -ESTALE ? -EAGAIN : err;
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

/* ---- Opening ---- */

static awaits int open_object(struct service *service, const struct link_entry *entry,
                              const char *object, uint64_t size_bytes, struct blob **ret_blob)
{
    struct blob *blob = NULL;
    int err = blob_open(service->store, object, &blob);
    if (err < 0)
        return err == -ENOENT ? explain_missing(service, entry) : err;
    if (blob->size_bytes != size_bytes) {
        blob_drop(blob);
        return fail(-EIO, "an object's size differs from its row");
    }
    *ret_blob = blob;
    return 0;
}

/* Reads which parts there are, from number `first` on, some of them. Returns how many, at least 1.
 */
static awaits int read_parts(struct service *service, const struct link_entry *entry,
                             struct link_part *parts, unsigned first)
{
    struct object_row rows[PARTS_ASKED];
    size_t count = 0;
    unsigned wanted = entry->row.object.parts - first;
    int err = catalog_parts(service->catalog, entry->row.object.name, first, rows,
                            size_min(wanted, PARTS_ASKED), &count);
    if (err < 0)
        return err;
    uint64_t end = first == 0 ? 0 : parts[first - 1].end;
    for (size_t i = 0; i < count; i++) {
        struct link_part *part = &parts[first + i];
        memcpy(part->object, rows[i].name, sizeof part->object);
        end += rows[i].size_bytes;
        part->end = end;
    }
    return count == 0 ? explain_missing(service, entry) : (int)count;
}

static awaits int load_parts(struct service *service, struct link_entry *entry)
{
    const struct object_row *object = &entry->row.object;
    if (object->parts > UPLOAD_PARTS_MAX)
        return fail(-EIO, "an object is made of more parts than there can be");
    struct link_part *parts = calloc(object->parts, sizeof *parts);
    if (parts == NULL)
        return -ENOMEM;
    int err = 0;
    for (unsigned filled = 0; err == 0 && filled < object->parts;) {
        int got = read_parts(service, entry, parts, filled);
        if (got < 0)
            err = got;
        else
            filled += (unsigned)got;
    }
    if (err == 0 && parts[object->parts - 1].end != object->size_bytes)
        err = fail(-EIO, "the parts of an object don't make up its size");
    if (err < 0 || entry->parts != NULL) /* or somebody else was quicker while we waited */
        free(parts);
    else
        entry->parts = parts;
    return err;
}

awaits int links_open(struct service *service, struct link_entry *entry)
{
    if (entry->blob != NULL || entry->parts != NULL)
        return 0;
    if (entry->row.object.parts > 0)
        return load_parts(service, entry);
    struct blob *blob = NULL;
    int err =
        open_object(service, entry, entry->row.object.name, entry->row.object.size_bytes, &blob);
    if (err < 0)
        return err;
    if (entry->blob != NULL) /* somebody else was quicker while we waited */
        blob_drop(blob);
    else
        entry->blob = blob;
    return 0;
}

uint64_t links_part_begin(const struct link_entry *entry, size_t index)
{
    return index == 0 ? 0 : entry->parts[index - 1].end;
}

awaits int links_open_part(struct service *service, const struct link_entry *entry, size_t index,
                           struct blob **ret_blob)
{
    const struct link_part *part = &entry->parts[index];
    return open_object(service, entry, part->object, part->end - links_part_begin(entry, index),
                       ret_blob);
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
