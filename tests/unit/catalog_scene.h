/* What the tests of the catalog share: a folder of their own, a catalog in it, and a fiber to call
 * it from. Inside fibers expect() takes the place of cmocka's asserts, which jump. */
#pragma once

#include "catalog/catalog.h"
#include "catalog/catalog_sqlite.h"
#include "runtime/fiber.h"
#include "runtime/io.h"
#include "runtime/worker.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static int expect_failures;

#define expect(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);              \
            expect_failures++;                                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)

static char scene_folder[64];
static char scene_path[128];
static struct catalog *scene_catalog;

static inline int scene_open(void)
{
    const char *reason = "";
    int err = catalog_sqlite.open(scene_path, &scene_catalog, &reason);
    if (err < 0)
        fprintf(stderr, "# the catalog can't be opened: %s\n", reason);
    return err;
}

static inline void scene_close(void)
{
    catalog_close(scene_catalog);
    scene_catalog = NULL;
}

static inline int scene_begin(void **state)
{
    (void)state;
    snprintf(scene_folder, sizeof(scene_folder), "/tmp/catalog-test-XXXXXX");
    if (mkdtemp(scene_folder) == NULL)
        return -1;
    snprintf(scene_path, sizeof(scene_path), "%s/catalog.sqlite", scene_folder);
    expect_failures = 0;
    return scene_open();
}

static inline int scene_end(void **state)
{
    (void)state;
    static const char *const endings[] = {"", "-wal", "-shm"};
    scene_close();
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        char path[160];
        snprintf(path, sizeof(path), "%s%s", scene_path, endings[i]);
        unlink(path);
    }
    return rmdir(scene_folder);
}

static void (*scene_body)(void);

static inline void scene_start(void *arg)
{
    (void)arg;
    scene_body();
    workers_stop();
}

/* Runs `body` in a fiber of a worker, waits for its end, and gives the number of failures. */
static inline int in_fiber(void (*body)(void))
{
    const struct io_ops *io;
    const char *reason;
    if (io_choose("auto", &io, &reason) < 0)
        return 1;
    scene_body = body;
    const struct worker_config config = {
        .workers = 1,
        .io = io,
        .chunk_bytes_total = 16 * 1024 * 1024,
        .fibers_max = 4096,
        .start = scene_start,
    };
    if (workers_start(&config) < 0)
        return 1;
    workers_join();
    return expect_failures;
}

/* The fiber that waits for a crowd, and how many are still at it. */
static struct fiber *crowd_owner;
static unsigned crowd_left;
static void (*crowd_body)(unsigned number);

static inline void crowd_one(void *arg)
{
    crowd_body((unsigned)(uintptr_t)arg);
    if (--crowd_left == 0)
        fiber_wake(crowd_owner);
}

/* Runs body(0) … body(count - 1), each in a fiber, and waits for all. */
static inline awaits void in_crowd(unsigned count, void (*body)(unsigned number))
{
    crowd_owner = fiber_self();
    crowd_left = count;
    crowd_body = body;
    for (unsigned i = 0; i < count; i++)
        expect(fiber_spawn("crowd", crowd_one, (void *)(uintptr_t)i) == 0);
    while (crowd_left > 0)
        fiber_park_deaf();
}

/* A row that belongs to `number` and no other. */
static inline struct link_row row_of(unsigned number)
{
    struct link_row row = {
        .created_ms = 1700000000000 + number,
        .expires_ms = 1800000000000,
        .downloads_max = 3,
        .media_type = "text/plain",
        .object = {.size_bytes = 5000000000 + number, .crc32 = 0xffffffff - number},
    };
    snprintf(row.link, sizeof(row.link), "link-%017u", number);
    snprintf(row.file_name, sizeof(row.file_name), "na\xc3\xafve %u.txt", number);
    snprintf(row.object.name, sizeof(row.object.name), "%032u", number);
    memset(row.key_hash, (int)(number & 0xff), sizeof(row.key_hash));
    return row;
}

static inline awaits int insert_number(unsigned number)
{
    struct link_row row = row_of(number);
    return catalog_insert(scene_catalog, &row);
}

static inline awaits int find_number(unsigned number, struct link_row *ret_row)
{
    struct link_row row = row_of(number);
    return catalog_find(scene_catalog, row.link, ret_row);
}
