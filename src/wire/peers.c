/* A hash table with a lock a bucket. An address is in it while something of it is counted, so the
 * table is bounded by the limits on connections and uploads. The locks are held for the length of
 * a short list and never over an await. */
#include "wire/peers.h"

#include "base/random.h"

#include <pthread.h>
#include <stdlib.h>

enum { BUCKETS = 1024 };

struct peer {
    struct peer *next;
    struct address address;
    unsigned counts[PEER_KINDS];
};

static struct bucket {
    pthread_mutex_t mutex;
    struct peer *first;
} buckets[BUCKETS] = {[0 ... BUCKETS - 1] = {.mutex = PTHREAD_MUTEX_INITIALIZER}};

static uint64_t seed;
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
    random_fill((struct span){(uint8_t *)&seed, sizeof seed});
}

/* Drops what doesn't tell clients apart: the interface half of an IPv6 address. */
static struct address client_of(const struct address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct address client = *address;
    if (memcmp(client.bytes, mapped, sizeof mapped) != 0)
        memset(client.bytes + 8, 0, 8);
    return client;
}

/* Nobody outside can choose addresses that meet in one bucket: the seed is secret. */
static struct bucket *bucket_of(const struct address *client)
{
    (void)pthread_once(&seeded, make_seed);
    uint64_t halves[2];
    memcpy(halves, client->bytes, sizeof halves);
    uint64_t hash = (halves[0] ^ seed) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ (hash >> 32) ^ halves[1]) * UINT64_C(0xD6E8FEB86659FD93);
    return &buckets[(hash >> 40) % BUCKETS];
}

static struct peer **place_of(struct bucket *bucket, const struct address *client)
{
    struct peer **place = &bucket->first;
    while (*place != NULL && memcmp(&(*place)->address, client, sizeof *client) != 0)
        place = &(*place)->next;
    return place;
}

int peer_take(enum peer_kind kind, const struct address *address, unsigned max)
{
    struct address client = client_of(address);
    struct bucket *bucket = bucket_of(&client);
    int err = 0;
    (void)pthread_mutex_lock(&bucket->mutex);
    struct peer **place = place_of(bucket, &client);
    if (*place == NULL) {
        *place = calloc(1, sizeof **place);
        if (*place != NULL)
            (*place)->address = client;
    }
    if (*place == NULL)
        err = -ENOMEM;
    else if ((*place)->counts[kind] >= max)
        err = -EAGAIN;
    else
        (*place)->counts[kind]++;
    (void)pthread_mutex_unlock(&bucket->mutex);
    return err;
}

void peer_give(enum peer_kind kind, const struct address *address)
{
    struct address client = client_of(address);
    struct bucket *bucket = bucket_of(&client);
    (void)pthread_mutex_lock(&bucket->mutex);
    struct peer **place = place_of(bucket, &client);
    struct peer *peer = *place;
    assert(peer != NULL && peer->counts[kind] > 0);
    peer->counts[kind]--;
    bool is_idle = true;
    for (size_t i = 0; i < PEER_KINDS; i++)
        is_idle = is_idle && peer->counts[i] == 0;
    if (is_idle) {
        *place = peer->next;
        free(peer);
    }
    (void)pthread_mutex_unlock(&bucket->mutex);
}
