/* Workers: one thread each, running a loop of four steps: what others posted, timers whose time
 * has come, fibers that can run, and the kernel. */
#include "runtime/worker.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "limits.h"
#include "runtime/fiber_internal.h"
#include "runtime/helpers.h"
#include "runtime/worker_internal.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
    pthread_barrier_t all_open; /* nobody posts to a worker without backend */
    struct worker *workers;
    unsigned count;
    const struct io_ops *ops;
    _Atomic int open_err; /* of the worker that could not open its backend */
    atomic_bool is_stopping;
    void (*start)(void *arg);
    void *arg;
} house;

static _Thread_local struct worker *worker_mine;

__attribute__((noinline)) struct worker *worker_self(void)
{
    return worker_mine;
}

unsigned workers_count(void)
{
    return house.count;
}

struct worker *worker_at(unsigned index)
{
    assert(index < house.count);
    return &house.workers[index];
}

unsigned worker_index(const struct worker *worker)
{
    return worker->index;
}

const char *worker_io_name(void)
{
    return house.ops == NULL ? "none" : house.ops->name;
}

int64_t worker_now_ms(void)
{
    return worker_self()->now_ms;
}

unsigned worker_fibers(void)
{
    return worker_self()->fibers_open;
}

int worker_timer_add(struct timer *timer)
{
    return timer_heap_add(&worker_self()->timers, timer);
}

void worker_timer_remove(struct timer *timer)
{
    timer_heap_remove(&worker_self()->timers, timer);
}

void worker_post(struct worker *worker, struct post *post)
{
    /* The worker may end as soon as it has run the post; it waits for us to let go of it. */
    atomic_fetch_add(&worker->posters, 1);
    struct post *first = atomic_load(&worker->posts);
    do
        post->next = first;
    while (!atomic_compare_exchange_weak(&worker->posts, &first, post));
    /* Pairs with the store and the load in sleep_until_due(): one of the two sees the other. */
    if (atomic_load(&worker->is_asleep))
        worker->ops->interrupt(worker->io);
    atomic_fetch_sub(&worker->posters, 1);
}

static void run_posts(struct worker *worker)
{
    if (atomic_load_explicit(&worker->posts, memory_order_relaxed) == NULL)
        return;
    struct post *newest = atomic_exchange(&worker->posts, NULL);
    struct post *oldest = NULL;
    while (newest != NULL) { /* turn the pile into a queue */
        struct post *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct post *post = oldest;
        oldest = post->next;
        post->run(post);
    }
}

static void read_clock(struct worker *worker)
{
    worker->now_ns = clock_ns();
    worker->now_ms = worker->now_ns / 1000000;
}

#ifdef SLUICE_DEBUG
enum { TELLS_STALLS = true };
#else
enum { TELLS_STALLS = false };
#endif

/* How long the calling worker could have run but had no processor, since its start; 0 where the
 * kernel doesn't tell. Source: Documentation/scheduler/sched-stats.rst. */
static int64_t starved_ns(const struct worker *worker)
{
    uint8_t text[64];
    uint64_t starved = 0;
    ssize_t len = TELLS_STALLS ? pread(worker->schedstat_fd, text, sizeof text, 0) : 0;
    if (len <= 0)
        return 0;
    struct slice numbers = slice_from(text, (size_t)len); /* ran, waited, turns */
    struct slice waited = slice_skip(numbers, slice_find(numbers, ' ') + 1);
    int err = parse_u64(slice_head(waited, slice_find(waited, ' ')), &starved);
    return err < 0 ? 0 : (int64_t)starved;
}

/* Tells of a fiber that computed too long or called what blocks: everybody else on this worker
 * waited for it. Where the machine only had no processor for the thread, no fiber is to blame. */
static void check_stall(struct worker *worker, const char *name, int64_t began_ns,
                        int64_t starved_before_ns)
{
    if (worker->now_ns - began_ns < FIBER_STALL_MS * INT64_C(1000000))
        return;
    int64_t starved = starved_ns(worker) - starved_before_ns;
    int64_t held_ms = (worker->now_ns - began_ns - starved) / 1000000;
    if (held_ms < FIBER_STALL_MS)
        return;
    counter_add(COUNTER_fiber_stalls_total, 1);
    if (TELLS_STALLS)
        log_event(LOG_WARN, "fiber held its worker", log_text("fiber", slice_of(name)),
                  log_number("ms", (uint64_t)held_ms));
}

/* Runs the fibers that were runnable when the turn began: those they wake come next turn. */
static void run_fibers(struct worker *worker)
{
    struct list turn;
    list_init(&turn);
    struct list *node;
    while ((node = list_pop(&worker->ready)) != NULL)
        list_push(&turn, node);
    while ((node = list_pop(&turn)) != NULL) {
        struct fiber *fiber = container_of(node, struct fiber, ready_node);
        const char *name = fiber->name;
        int64_t began_ns = worker->now_ns;
        int64_t starved_before_ns = starved_ns(worker);
        fiber_run(fiber);
        read_clock(worker);
        check_stall(worker, name, began_ns, starved_before_ns);
    }
}

static int64_t wait_of(const struct worker *worker)
{
    if (!list_is_empty(&worker->ready))
        return 0;
    int64_t next_ms = timer_heap_next(&worker->timers);
    if (next_ms == DEADLINE_NONE)
        return -1;
    return next_ms > worker->now_ms ? next_ms - worker->now_ms : 0;
}

static void sleep_until_due(struct worker *worker)
{
    int64_t wait_ms = wait_of(worker);
    if (wait_ms != 0) {
        atomic_store(&worker->is_asleep, true);
        if (atomic_load(&worker->posts) != NULL ||
            (atomic_load(&house.is_stopping) && !worker->is_ending))
            wait_ms = 0;
    }
    worker->ops->wait(worker->io, wait_ms);
    atomic_store_explicit(&worker->is_asleep, false, memory_order_relaxed);
    read_clock(worker);
}

static void cancel_all(struct worker *worker)
{
    worker->is_ending = true;
    for (struct list *node = worker->fibers.next; node != &worker->fibers; node = node->next)
        fiber_cancel(container_of(node, struct fiber, all_node));
}

static void run_loop(struct worker *worker)
{
    read_clock(worker);
    while (worker->fibers_open > 0 || worker->ops_open > 0 || !worker->is_ending) {
        if (atomic_load_explicit(&house.is_stopping, memory_order_relaxed) && !worker->is_ending)
            cancel_all(worker);
        run_posts(worker);
        timer_heap_fire(&worker->timers, worker->now_ms);
        run_fibers(worker);
        if (worker->fibers_open > 0 || worker->ops_open > 0 || !worker->is_ending)
            sleep_until_due(worker);
    }
}

/* What a worker needs before others may post to it. */
static int worker_open(struct worker *worker, const struct worker_config *config, unsigned index)
{
    worker->index = index;
    worker->schedstat_fd = -1;
    worker->ops = config->io;
    worker->fibers_max = config->fibers_max;
    list_init(&worker->fibers);
    list_init(&worker->ready);
    stack_pool_open(&worker->stacks, config->fibers_max);
    return chunk_pools_open(worker, config->chunk_bytes_total / config->workers);
}

static void worker_close(struct worker *worker)
{
    while (atomic_load(&worker->posters) > 0)
        (void)sched_yield();
    if (worker->schedstat_fd >= 0)
        (void)close(worker->schedstat_fd);
    if (worker->io != NULL)
        worker->ops->close(worker->io);
    pipe_pool_close(worker);
    chunk_pools_close(worker);
    stack_pool_close(&worker->stacks);
    timer_heap_close(&worker->timers);
}

static void first_fiber(void *arg)
{
    (void)arg;
    house.start(house.arg);
}

static void *worker_thread(void *arg)
{
    struct worker *worker = arg;
    char name[16];
    (void)snprintf(name, sizeof name, "worker %u", worker->index % 1000);
    (void)pthread_setname_np(pthread_self(), name);
    counters_register();
    worker_mine = worker;
    if (TELLS_STALLS)
        worker->schedstat_fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    int err = worker->ops->open(&worker->io);
    if (err < 0)
        atomic_store(&house.open_err, err);
    (void)pthread_barrier_wait(&house.all_open);
    if (atomic_load(&house.open_err) == 0) {
        read_clock(worker);
        if (fiber_spawn("start", first_fiber, NULL) < 0)
            abort();
        run_loop(worker);
    }
    run_posts(worker); /* those that were on their way */
    worker_mine = NULL;
    return NULL;
}

/* Starts the threads. Their first act is to open their backend. */
static void start_threads(void)
{
    for (unsigned i = 0; i < house.count; i++) {
        struct worker *worker = &house.workers[i];
        if (pthread_create(&worker->thread, NULL, worker_thread, worker) != 0)
            abort(); /* the others wait at the barrier: there is no way back */
    }
}

int workers_start(const struct worker_config *config)
{
    assert(house.workers == NULL && config->workers > 0);
    house.workers = calloc(config->workers, sizeof *house.workers);
    if (house.workers == NULL)
        return -ENOMEM;
    house.count = config->workers;
    house.ops = config->io;
    house.start = config->start;
    house.arg = config->arg;
    atomic_store(&house.open_err, 0);
    atomic_store(&house.is_stopping, false);

    int err = helpers_start();
    for (unsigned i = 0; i < house.count && err == 0; i++)
        err = worker_open(&house.workers[i], config, i);
    if (err < 0)
        return err; /* the program ends: what was opened goes with it */
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    (void)pthread_barrier_init(&house.all_open, NULL, house.count + 1);
    start_threads();
    (void)pthread_barrier_wait(&house.all_open);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    err = atomic_load(&house.open_err);
    if (err < 0)
        workers_join();
    return err;
}

void workers_stop(void)
{
    atomic_store(&house.is_stopping, true);
    for (unsigned i = 0; i < house.count; i++)
        house.ops->interrupt(house.workers[i].io);
}

void workers_join(void)
{
    for (unsigned i = 0; i < house.count; i++)
        (void)pthread_join(house.workers[i].thread, NULL);
    helpers_stop();
    for (unsigned i = 0; i < house.count; i++)
        worker_close(&house.workers[i]);
    free(house.workers);
    (void)pthread_barrier_destroy(&house.all_open);
    house.workers = NULL;
    house.count = 0;
}
