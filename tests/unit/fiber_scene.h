/* A stage for tests of fibers and what is built on them: each test runs in the first fiber of a
 * real worker. A check that fails ends the program, since cmocka can't leave a fiber: assert(). */
#pragma once

#include "base/clock.h"
#include "limits.h"
#include "runtime/fiber.h"
#include "runtime/io.h"
#include "unit.h"

struct scene {
    void (*body)(void);
    atomic_uint workers;
};

static inline awaits void play_scene(void *arg)
{
    struct scene *scene = arg;
    atomic_fetch_add(&scene->workers, 1);
    if (worker_index(worker_self()) == 0) {
        scene->body();
        workers_stop();
    }
}

/* Runs the body in a fiber of the first worker. Others have no fibers of their own. On epoll,
 * because every machine has that, emulated ones too. */
static inline void on_workers(unsigned workers, unsigned fibers_max, void (*body)(void))
{
    struct scene scene = {.body = body};
    struct worker_config config = {
        .workers = workers,
        .chunk_bytes_total = (size_t)workers * CHUNKS_MIN * CHUNK_BYTES,
        .fibers_max = fibers_max,
        .start = play_scene,
        .arg = &scene,
    };
    const char *reason;
    assert_int_equal(io_choose("epoll", &config.io, &reason), 0);
    assert_int_equal(workers_start(&config), 0);
    workers_join();
    assert_int_equal(scene.workers, workers); /* none was left out */
}

/* Defines the test `sentence` from the body that follows: it runs in a fiber, and so may at most
 * `fibers_max - 1` others. */
#define FIBER_TEST(sentence, fibers_max)                                                           \
    static awaits void sentence##_body(void);                                                      \
    TEST(sentence)                                                                                 \
    {                                                                                              \
        on_workers(1, fibers_max, sentence##_body);                                                \
    }                                                                                              \
    static awaits void sentence##_body(void)

static inline void spawn(void (*entry)(void *arg), void *arg)
{
    assert(fiber_spawn("test", entry, arg) == 0);
}

/* Waits until all other fibers of this worker have ended. */
static inline awaits void join_all(void)
{
    while (worker_fibers() > 1)
        fiber_yield();
}

/* Gives every other fiber as many turns as a test needs to come to rest. */
static inline awaits void let_others_run(void)
{
    for (int i = 0; i < 4; i++)
        fiber_yield();
}

static inline int64_t soon(int64_t span_ms)
{
    return clock_ms() + span_ms;
}
