/* Following an arrival: numbers that its writer advances, and waiting for them to change.
 *
 * The writer pays for its watchers with one look at a counter; if there are any, with one post for
 * each worker that has some, and not even that while an earlier post is still on its way. */
#include "service/arrival.h"

#include "base/clock.h"
#include "runtime/fiber.h"

#include <stdlib.h>

/* ---- Telling ---- */

/* On the hub's worker. */
static void hub_run(struct post *post)
{
    struct arrival_hub *hub = container_of(post, struct arrival_hub, post);
    atomic_store(&hub->is_posted, false); /* before waking: a change from now on posts again */
    for (struct list *node = hub->watches.next; node != &hub->watches; node = node->next)
        fiber_wake(container_of(node, struct arrival_watch, node)->fiber);
    arrival_drop(hub->arrival);
}

/* Takes a reference, unless there is none any more: a part has none of what is joined from it. */
static bool try_share(struct arrival *arrival)
{
    unsigned references = atomic_load(&arrival->references);
    while (references > 0)
        if (atomic_compare_exchange_weak(&arrival->references, &references, references + 1))
            return true;
    return false; /* then nobody waits for it either */
}

static void tell_hubs(struct arrival *arrival)
{
    (void)pthread_mutex_lock(&arrival->mutex);
    for (struct arrival_hub *hub = arrival->hubs; hub != NULL; hub = hub->next) {
        if (atomic_load(&hub->watchers) == 0 || atomic_exchange(&hub->is_posted, true))
            continue;
        if (try_share(arrival)) /* until the post has run */
            worker_post(hub->worker, &hub->post);
        else
            atomic_store(&hub->is_posted, false);
    }
    (void)pthread_mutex_unlock(&arrival->mutex);
}

static void tell(struct arrival *arrival)
{
    atomic_fetch_add(&arrival->version, 1);
    if (atomic_load(&arrival->watchers) > 0)
        tell_hubs(arrival);
}

void arrival_changed(struct arrival *arrival)
{
    tell(arrival);
    if (atomic_load(&arrival->joins_len) == 0)
        return;
    (void)pthread_mutex_lock(&arrival->mutex);
    struct list *nodes = &arrival->joined_from_this;
    for (struct list *node = nodes->next; node != nodes; node = node->next)
        tell(container_of(node, struct arrival_join, node)->joined);
    (void)pthread_mutex_unlock(&arrival->mutex);
}

/* ---- Advancing ---- */

static void measure_rate(struct arrival *arrival, uint64_t received)
{
    int64_t now_ms = worker_now_ms();
    (void)pthread_mutex_lock(&arrival->mutex);
    int64_t passed_ms = now_ms - arrival->rate_ms;
    if (passed_ms >= ARRIVAL_RATE_STEP_MS && received >= arrival->rate_bytes) {
        uint64_t rate = (received - arrival->rate_bytes) * 1000 / (uint64_t)passed_ms;
        /* Half of it is of the last two steps; a long silence counts as what it was. */
        bool is_first = arrival->rate == 0 || passed_ms >= 4 * ARRIVAL_RATE_STEP_MS;
        arrival->rate = is_first ? rate : (3 * arrival->rate + rate) / 4;
        arrival->rate_ms = now_ms;
        arrival->rate_bytes = received;
    }
    (void)pthread_mutex_unlock(&arrival->mutex);
}

void arrival_advance(struct arrival *arrival, uint64_t received, uint64_t readable, uint64_t stored)
{
    if (received != atomic_load(&arrival->received_bytes))
        measure_rate(arrival, received);
    atomic_store(&arrival->received_bytes, received);
    atomic_store(&arrival->readable_bytes, readable);
    atomic_store(&arrival->stored_bytes, stored);
    atomic_store(&arrival->written_ms, clock_wall_ms());
    arrival_changed(arrival);
}

void arrival_set_offset(struct arrival *arrival, uint64_t offset)
{
    (void)pthread_mutex_lock(&arrival->mutex);
    arrival->rate_ms = clock_ms();
    arrival->rate_bytes = offset;
    arrival->rate = 0;
    (void)pthread_mutex_unlock(&arrival->mutex);
    atomic_store(&arrival->received_bytes, offset);
    atomic_store(&arrival->readable_bytes, offset);
    atomic_store(&arrival->stored_bytes, offset);
    arrival_changed(arrival);
}

void arrival_settle_state(struct arrival *arrival, enum arrival_state state, const char *reason)
{
    (void)pthread_mutex_lock(&arrival->mutex);
    arrival->state = state;
    arrival->reason = reason;
    (void)pthread_mutex_unlock(&arrival->mutex);
    arrival_changed(arrival);
}

void arrival_set_size(struct arrival *arrival, uint64_t size_bytes)
{
    (void)pthread_mutex_lock(&arrival->mutex);
    arrival->size_bytes = size_bytes;
    (void)pthread_mutex_unlock(&arrival->mutex);
    arrival_changed(arrival);
}

/* ---- Looking ---- */

static struct arrival_progress look(struct arrival *arrival)
{
    struct arrival_progress progress = {.version = atomic_load(&arrival->version)};
    (void)pthread_mutex_lock(&arrival->mutex);
    progress.state = arrival->state;
    progress.reason = arrival->reason;
    progress.size_bytes = arrival->size_bytes;
    if (progress.state == ARRIVAL_ARRIVING) {
        int64_t silent_ms = clock_ms() - arrival->rate_ms;
        progress.rate = arrival->rate;
        if (silent_ms > 8 * ARRIVAL_RATE_STEP_MS) /* the rate of what came since then */
            progress.rate = (atomic_load(&arrival->received_bytes) - arrival->rate_bytes) * 1000 /
                            (uint64_t)silent_ms;
    }
    (void)pthread_mutex_unlock(&arrival->mutex);
    progress.received_bytes = atomic_load(&arrival->received_bytes);
    progress.readable_bytes = atomic_load(&arrival->readable_bytes);
    progress.stored_bytes = atomic_load(&arrival->stored_bytes);
    if (arrival_state_is_open(progress.state) && arrival->upload[0] != '\0')
        progress.expires_ms = atomic_load(&arrival->written_ms) + arrival->service->upload_life_ms;
    return progress;
}

/* Adds one part to the sums; `is_gapless`: all parts before it are there. */
static void add_part(struct arrival_progress *sum, const struct arrival_progress *part,
                     bool *is_gapless)
{
    sum->received_bytes += part->received_bytes;
    sum->stored_bytes += part->stored_bytes;
    sum->rate += part->rate;
    if (*is_gapless)
        sum->readable_bytes += part->readable_bytes;
    *is_gapless = *is_gapless && part->state == ARRIVAL_READY;
    bool is_size_known = sum->size_bytes != BYTES_UNKNOWN && part->size_bytes != BYTES_UNKNOWN;
    sum->size_bytes = is_size_known ? sum->size_bytes + part->size_bytes : BYTES_UNKNOWN;
    if (part->expires_ms != 0)
        sum->expires_ms =
            sum->expires_ms == 0 ? part->expires_ms : i64_min(sum->expires_ms, part->expires_ms);
}

static struct arrival_progress look_at_parts(struct arrival *arrival)
{
    struct arrival_progress sum = {.state = ARRIVAL_READY,
                                   .version = atomic_load(&arrival->version)};
    bool is_gapless = true, is_broken = false;
    for (size_t i = 0; i < arrival->parts_len; i++) {
        struct arrival_progress part = look(arrival->parts[i]);
        is_broken = is_broken || part.state == ARRIVAL_FAILED || part.state == ARRIVAL_DELETED;
        if (part.state == ARRIVAL_ARRIVING)
            sum.state = ARRIVAL_ARRIVING;
        else if (part.state == ARRIVAL_WAITING && sum.state == ARRIVAL_READY)
            sum.state = ARRIVAL_WAITING;
        add_part(&sum, &part, &is_gapless);
    }
    if (is_broken) {
        sum.state = ARRIVAL_FAILED;
        sum.reason = "a part of the file was taken back";
    }
    return sum;
}

struct arrival_progress arrival_progress(struct arrival *arrival)
{
    struct arrival_progress own = look(arrival);
    bool is_of_parts = arrival->parts_len > 0 && arrival_state_is_open(own.state);
    return is_of_parts ? look_at_parts(arrival) : own;
}

/* ---- Waiting ---- */

/* The hub of the calling worker, made when it isn't there. */
static struct arrival_hub *take_hub(struct arrival *arrival)
{
    struct worker *worker = worker_self();
    (void)pthread_mutex_lock(&arrival->mutex);
    struct arrival_hub *hub = arrival->hubs;
    while (hub != NULL && hub->worker != worker)
        hub = hub->next;
    if (hub == NULL && (hub = calloc(1, sizeof *hub)) != NULL) {
        hub->arrival = arrival;
        hub->worker = worker;
        hub->post.run = hub_run;
        list_init(&hub->watches);
        hub->next = arrival->hubs;
        arrival->hubs = hub;
    }
    (void)pthread_mutex_unlock(&arrival->mutex);
    return hub;
}

int arrival_watch_begin(struct arrival *arrival, struct arrival_watch *ret_watch)
{
    struct arrival_hub *hub = take_hub(arrival);
    if (hub == NULL)
        return -ENOMEM;
    ret_watch->fiber = fiber_self();
    ret_watch->hub = hub;
    list_push(&hub->watches, &ret_watch->node);
    atomic_fetch_add(&hub->watchers, 1);
    atomic_fetch_add(&arrival->watchers, 1);
    return 0;
}

void arrival_watch_end(struct arrival_watch *watch)
{
    list_remove(&watch->node);
    atomic_fetch_sub(&watch->hub->watchers, 1);
    atomic_fetch_sub(&watch->hub->arrival->watchers, 1);
}

awaits int arrival_wait(struct arrival *arrival, uint64_t version, int64_t deadline_ms)
{
    struct arrival_watch watch;
    int err = arrival_watch_begin(arrival, &watch);
    if (err < 0)
        return err;
    while (err == 0 && atomic_load(&arrival->version) == version)
        err = fiber_park(deadline_ms);
    arrival_watch_end(&watch);
    return err;
}
