/* A worker: one thread, its fibers, its timers, its ring. Workers share nothing but what they
 * post to one another. */
#pragma once

#include "base/base.h"
#include "runtime/timer.h"

#include <stdatomic.h>

struct worker;
struct io_ops;

/* Something to be run on a worker's loop, posted from any thread. */
struct post {
    struct post *next;
    void (*run)(struct post *post); /* must not await; may free the post */
};

struct worker_config {
    unsigned workers;                /* threads to start */
    const struct io_ops *io;         /* the backend, from io_choose() */
    size_t chunk_bytes_total;        /* memory of transfer chunks, all workers together */
    unsigned fibers_max;             /* a worker */
    awaits void (*start)(void *arg); /* first fiber of each worker */
    void *arg;
};

/* Starts the workers; each spawns a fiber that runs config->start(config->arg).
 * Returns 0 or -errno; on an error no thread is left. */
must_use int workers_start(const struct worker_config *config);

/* Asks all workers to end: every fiber is cancelled, a worker ends when its last fiber has. */
void workers_stop(void);

/* Waits for the threads (called by the main thread, outside fibers). */
void workers_join(void);

unsigned workers_count(void);
struct worker *worker_at(unsigned index);

/* The calling thread's worker; NULL on other threads. */
struct worker *worker_self(void);
unsigned worker_index(const struct worker *worker);
const char *worker_io_name(void);

/* Runs post->run(post) on `worker`, soon. Any thread. Never waits. */
void worker_post(struct worker *worker, struct post *post);

/* Arms a timer of the calling worker. Returns 0 or -ENOMEM. */
must_use int worker_timer_add(struct timer *timer);
void worker_timer_remove(struct timer *timer);

/* The worker's clock in milliseconds, read once a turn of its loop: cheap, at most a turn old. */
int64_t worker_now_ms(void);

/* Number of fibers alive on the calling worker, and a limit that admission can ask for. */
unsigned worker_fibers(void);
