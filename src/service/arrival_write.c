/* The right to write an arrival: one holds it, and the newest who wants it gets it.
 *
 * Taking over means: the older request's fiber is cancelled on its own worker, writes down what it
 * has, and releases; there is nothing that could stay locked when a connection, a client or a
 * worker's patience ends. */
#include "service/arrival.h"

#include "base/clock.h"
#include "base/error.h"
#include "runtime/fiber.h"

#include <stdlib.h>

/* On the writer's worker. The writer is not freed before this has run, see arrival_release(). */
static void cancel_writer(struct post *post)
{
    struct arrival_writer *writer = container_of(post, struct arrival_writer, post);
    writer->is_superseded = true;
    fiber_cancel(writer->fiber);
    fiber_wake(writer->fiber); /* also when it is waiting for just this, deaf to cancelling */
}

/* With the mutex held. */
static void supersede(struct arrival *arrival)
{
    struct arrival_writer *writer = arrival->writer;
    if (writer->is_posted || writer->is_removing)
        return;
    writer->is_posted = true;
    worker_post(writer->worker, &writer->post);
}

/* Whether it can still be written. With the mutex held. */
static int check_state(const struct arrival *arrival)
{
    switch (arrival->state) {
    case ARRIVAL_ARRIVING:
    case ARRIVAL_WAITING:
        return 0;
    case ARRIVAL_READY:
        return -EALREADY;
    case ARRIVAL_FAILED:
    case ARRIVAL_DELETED:
        break;
    }
    return -ENOENT;
}

/* Waits, with the mutex released meanwhile, for the older writer to end. */
static awaits int wait_for_older(struct arrival *arrival, int64_t deadline_ms)
{
    supersede(arrival);
    uint64_t version = atomic_load(&arrival->version);
    (void)pthread_mutex_unlock(&arrival->mutex);
    int err = arrival_wait(arrival, version, deadline_ms);
    (void)pthread_mutex_lock(&arrival->mutex);
    return err == -ETIMEDOUT ? fail(-EBUSY, "an older connection doesn't end") : err;
}

awaits int arrival_claim(struct arrival *arrival, bool is_any_state,
                         struct arrival_writer **ret_writer)
{
    struct arrival_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return -ENOMEM;
    *writer = (struct arrival_writer){.post.run = cancel_writer,
                                      .worker = worker_self(),
                                      .fiber = fiber_self(),
                                      .is_removing = is_any_state};
    int64_t deadline_ms = worker_now_ms() + ARRIVAL_CLAIM_MS;
    (void)pthread_mutex_lock(&arrival->mutex);
    unsigned claim = ++arrival->claims;
    int err = 0;
    while (err == 0) {
        if (claim != arrival->claims && !is_any_state)
            err = fail(-ECANCELED, "a newer connection has taken over");
        else if (!is_any_state)
            err = check_state(arrival);
        if (err < 0 || arrival->writer == NULL)
            break;
        err = wait_for_older(arrival, deadline_ms);
    }
    if (err == 0) {
        arrival->writer = writer;
        if (arrival->state == ARRIVAL_WAITING)
            arrival->state = ARRIVAL_ARRIVING;
        arrival->rate_ms = clock_ms();
        arrival->rate_bytes = atomic_load(&arrival->received_bytes);
        arrival->rate = 0;
    }
    (void)pthread_mutex_unlock(&arrival->mutex);
    if (err < 0) {
        free(writer);
        return err;
    }
    arrival_changed(arrival);
    *ret_writer = writer;
    return 0;
}

awaits void arrival_release(struct arrival *arrival, struct arrival_writer *writer)
{
    if (writer == NULL)
        return;
    (void)pthread_mutex_lock(&arrival->mutex);
    assert(arrival->writer == writer);
    arrival->writer = NULL;
    if (arrival->state == ARRIVAL_ARRIVING)
        arrival->state = ARRIVAL_WAITING;
    bool is_posted = writer->is_posted;
    (void)pthread_mutex_unlock(&arrival->mutex);
    arrival_changed(arrival);
    if (is_posted && !writer->is_superseded) {
        while (!writer->is_superseded)
            fiber_park_deaf();
        fiber_uncancel(); /* too late to matter: this writer had come to its end by itself */
    }
    free(writer);
}

awaits int arrival_interrupt(struct arrival *arrival)
{
    int64_t deadline_ms = worker_now_ms() + ARRIVAL_CLAIM_MS;
    int err = 0;
    (void)pthread_mutex_lock(&arrival->mutex);
    while (err == 0 && arrival->writer != NULL)
        err = wait_for_older(arrival, deadline_ms);
    (void)pthread_mutex_unlock(&arrival->mutex);
    return err;
}
