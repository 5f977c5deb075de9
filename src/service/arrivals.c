/* The registry of arrivals: one object an upload, whichever worker asks.
 *
 * What somebody uses is counted. What nobody uses stays for a while, because it knows what the
 * catalog does not: the running CRC-32. Of too many such, those idle longest are given up; they
 * are read again from catalog and store when somebody asks. */
#include "service/arrivals.h"

#include "base/error.h"
#include "service/arrival.h"

#include <stdlib.h>

enum { BUCKETS = 16384 };

static struct {
    pthread_mutex_t mutex;
    struct arrival *by_upload[BUCKETS], *by_link[BUCKETS];
    struct list idle;
    size_t idle_len;      /* with the parts of each */
    atomic_size_t listed; /* so that a download with no upload under way needs no lock */
} registry = {.mutex = PTHREAD_MUTEX_INITIALIZER,
              .idle = {.next = &registry.idle, .prev = &registry.idle}};

/* Names are random: any of their bits are a good hash. */
static size_t bucket_of(const char *name)
{
    uint64_t bits;
    memcpy(&bits, name, sizeof bits);
    return (size_t)(bits * UINT64_C(0x9E3779B97F4A7C15) >> 40) % BUCKETS;
}

/* ---- Birth and end ---- */

struct arrival *arrival_new(struct service *service)
{
    struct arrival *arrival = calloc(1, sizeof *arrival);
    if (arrival == NULL)
        return NULL;
    atomic_init(&arrival->references, 1);
    arrival->service = service;
    arrival->state = ARRIVAL_WAITING;
    arrival->size_bytes = BYTES_UNKNOWN;
    arrival->offset_max = UINT64_MAX;
    arrival->held_at = UINT64_MAX;
    list_init(&arrival->joined_from_this);
    list_init(&arrival->idle);
    if (pthread_mutex_init(&arrival->mutex, NULL) != 0) {
        free(arrival);
        return NULL;
    }
    return arrival;
}

static bool give_back(struct arrival *arrival);

static void part_from_parts(struct arrival *arrival)
{
    for (size_t i = 0; i < arrival->parts_len; i++) {
        struct arrival *part = arrival->parts[i];
        (void)pthread_mutex_lock(&part->mutex);
        list_remove(&arrival->joins[i].node);
        atomic_fetch_sub(&part->joins_len, 1);
        (void)pthread_mutex_unlock(&part->mutex);
        (void)give_back(part);
    }
}

/* Nobody can reach it any more. */
static void destroy(struct arrival *arrival)
{
    part_from_parts(arrival);
    while (arrival->hubs != NULL) {
        struct arrival_hub *hub = arrival->hubs;
        arrival->hubs = hub->next;
        free(hub);
    }
    (void)pthread_mutex_destroy(&arrival->mutex);
    sha256_drop(arrival->running);
    free(arrival->metadata);
    free(arrival->concat);
    free(arrival->row);
    free((void *)arrival->parts);
    free(arrival->joins);
    free(arrival);
}

int arrival_join(struct arrival *arrival, struct arrival **parts, size_t parts_len)
{
    arrival->parts = calloc(parts_len, sizeof(struct arrival *));
    arrival->joins = calloc(parts_len, sizeof *arrival->joins);
    if (arrival->parts == NULL || arrival->joins == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < parts_len; i++) {
        arrival->parts[i] = parts[i];
        arrival->joins[i].joined = arrival;
        (void)pthread_mutex_lock(&parts[i]->mutex);
        list_push(&parts[i]->joined_from_this, &arrival->joins[i].node);
        atomic_fetch_add(&parts[i]->joins_len, 1);
        (void)pthread_mutex_unlock(&parts[i]->mutex);
    }
    arrival->parts_len = parts_len;
    return 0;
}

/* ---- The tables. With the registry's mutex held. ---- */

static struct arrival **place_by_upload(const char *upload)
{
    struct arrival **place = &registry.by_upload[bucket_of(upload)];
    while (*place != NULL && strcmp((*place)->upload, upload) != 0)
        place = &(*place)->next_by_upload;
    return place;
}

static struct arrival **place_by_link(const char *link)
{
    struct arrival **place = &registry.by_link[bucket_of(link)];
    while (*place != NULL && strcmp((*place)->link, link) != 0)
        place = &(*place)->next_by_link;
    return place;
}

static void unlist(struct arrival *arrival)
{
    if (!arrival->is_listed)
        return;
    if (arrival->upload[0] != '\0')
        *place_by_upload(arrival->upload) = arrival->next_by_upload;
    if (arrival->link[0] != '\0')
        *place_by_link(arrival->link) = arrival->next_by_link;
    arrival->is_listed = false;
    atomic_fetch_sub(&registry.listed, 1);
}

static void wake_from_idle(struct arrival *arrival)
{
    if (list_is_empty(&arrival->idle))
        return;
    list_remove(&arrival->idle);
    registry.idle_len -= 1 + arrival->parts_len;
}

/* Gives one more reference. */
static struct arrival *take(struct arrival *arrival)
{
    if (arrival == NULL)
        return NULL;
    wake_from_idle(arrival);
    atomic_fetch_add(&arrival->references, 1);
    return arrival;
}

static struct arrival *find(const char *name)
{
    struct arrival *arrival = *place_by_upload(name);
    return take(arrival != NULL ? arrival : *place_by_link(name));
}

/* Takes the one idle longest out; NULL while there is room. */
static struct arrival *evict(void)
{
    if (registry.idle_len <= ARRIVALS_IDLE_MAX)
        return NULL;
    struct arrival *oldest = container_of(registry.idle.next, struct arrival, idle);
    wake_from_idle(oldest);
    unlist(oldest);
    return oldest;
}

/* ---- Counting ---- */

struct arrival *arrival_share(struct arrival *arrival)
{
    atomic_fetch_add(&arrival->references, 1);
    return arrival;
}

/* Gives the last reference back, with the mutex held. Returns what is to be destroyed, or NULL. */
static struct arrival *drop_last(struct arrival *arrival)
{
    if (atomic_fetch_sub(&arrival->references, 1) > 1)
        return NULL; /* somebody has found it meanwhile */
    if (!arrival->is_listed)
        return arrival;
    list_push(&registry.idle, &arrival->idle);
    registry.idle_len += 1 + arrival->parts_len;
    return NULL;
}

/* Gives a reference back. Returns whether it may have been the last. Those that are too many are
 * not given up in here: a part has no parts, so this goes no deeper. */
static bool give_back(struct arrival *arrival)
{
    unsigned references = atomic_load(&arrival->references);
    while (references > 1)
        if (atomic_compare_exchange_weak(&arrival->references, &references, references - 1))
            return false;
    (void)pthread_mutex_lock(&registry.mutex);
    struct arrival *last = drop_last(arrival);
    (void)pthread_mutex_unlock(&registry.mutex);
    if (last != NULL)
        destroy(last);
    return true;
}

void arrival_drop(struct arrival *arrival)
{
    bool is_one_more_idle = arrival != NULL && give_back(arrival);
    while (is_one_more_idle) {
        (void)pthread_mutex_lock(&registry.mutex);
        struct arrival *over = evict();
        (void)pthread_mutex_unlock(&registry.mutex);
        if (over == NULL)
            return;
        destroy(over);
    }
}

static void list_it(struct arrival *arrival)
{
    arrival->is_listed = true;
    atomic_fetch_add(&registry.listed, 1);
    if (arrival->upload[0] != '\0') {
        struct arrival **place = &registry.by_upload[bucket_of(arrival->upload)];
        arrival->next_by_upload = *place;
        *place = arrival;
    }
    if (arrival->link[0] != '\0') {
        struct arrival **place = &registry.by_link[bucket_of(arrival->link)];
        arrival->next_by_link = *place;
        *place = arrival;
    }
}

void arrivals_list(struct arrival *arrival)
{
    (void)pthread_mutex_lock(&registry.mutex);
    list_it(arrival);
    (void)pthread_mutex_unlock(&registry.mutex);
}

void arrivals_unlist(struct arrival *arrival)
{
    (void)pthread_mutex_lock(&registry.mutex);
    unlist(arrival);
    (void)pthread_mutex_unlock(&registry.mutex);
}

struct arrival *arrivals_known(const char *name)
{
    if (atomic_load(&registry.listed) == 0)
        return NULL;
    (void)pthread_mutex_lock(&registry.mutex);
    struct arrival *arrival = find(name);
    (void)pthread_mutex_unlock(&registry.mutex);
    return arrival;
}

struct arrival *arrivals_settle(struct arrival *loaded)
{
    (void)pthread_mutex_lock(&registry.mutex);
    struct arrival *known = find(loaded->upload);
    if (known == NULL)
        list_it(loaded);
    (void)pthread_mutex_unlock(&registry.mutex);
    if (known == NULL)
        return loaded;
    arrival_drop(loaded); /* another worker was quicker */
    return known;
}

void arrivals_close(void)
{
    while (!list_is_empty(&registry.idle)) {
        struct arrival *arrival = container_of(registry.idle.next, struct arrival, idle);
        wake_from_idle(arrival);
        unlist(arrival);
        destroy(arrival);
    }
}

/* ---- Facts ---- */

const char *arrival_upload(const struct arrival *arrival)
{
    return arrival->upload;
}

const char *arrival_link(const struct arrival *arrival)
{
    return arrival->link;
}

const char *arrival_object(const struct arrival *arrival)
{
    return arrival->object;
}

enum upload_kind arrival_kind(const struct arrival *arrival)
{
    return arrival->kind;
}

const char *arrival_metadata(const struct arrival *arrival)
{
    return arrival->metadata != NULL ? arrival->metadata : "";
}

const char *arrival_concat(const struct arrival *arrival)
{
    return arrival->concat != NULL ? arrival->concat : "";
}

const struct link_row *arrival_row(const struct arrival *arrival)
{
    return arrival->row;
}

size_t arrival_parts(const struct arrival *arrival)
{
    return arrival->parts_len;
}

struct arrival *arrival_part(const struct arrival *arrival, size_t index)
{
    assert(index < arrival->parts_len);
    return arrival->parts[index];
}
