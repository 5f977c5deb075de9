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
#include <sqlite3.h>
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

static inline bool is_same_object(const struct object_row *a, const struct object_row *b)
{
    return strcmp(a->name, b->name) == 0 && a->size_bytes == b->size_bytes &&
           a->is_arriving == b->is_arriving && a->parts == b->parts &&
           a->has_crc32 == b->has_crc32 && a->crc32 == b->crc32 && a->has_sha256 == b->has_sha256 &&
           memcmp(a->sha256, b->sha256, SHA256_BYTES) == 0;
}

/* A row that belongs to `number` and no other. */
static inline struct link_row row_of(unsigned number)
{
    struct link_row row = {
        .created_ms = 1700000000000 + number,
        .expires_ms = 1800000000000,
        .downloads_max = 3,
        .media_type = "text/plain",
        .object = {.size_bytes = 5000000000 + number,
                   .has_crc32 = true,
                   .crc32 = 0xffffffff - number},
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

/* An upload that belongs to `number` and no other; what it makes has the names of row_of(number).
 * Rows are large, and the frames of fibers small: lent until the next call. */
static inline struct upload_row *upload_of(unsigned number, enum upload_kind kind)
{
    static struct upload_row upload;
    struct link_row made = row_of(number);
    memset(&upload, 0, sizeof(upload));
    upload.kind = kind;
    upload.size_bytes = 5000 + number;
    upload.offset_max = UINT64_MAX;
    upload.created_ms = made.created_ms;
    upload.expires_ms = 2000 + number;
    snprintf(upload.upload, sizeof(upload.upload), "upload-%015u", number);
    if (kind != UPLOAD_PART)
        memcpy(upload.link, made.link, sizeof(upload.link));
    memcpy(upload.object.name, made.object.name, sizeof(upload.object.name));
    upload.object.is_arriving = true;
    snprintf(upload.metadata, sizeof(upload.metadata), "filename %u", number);
    snprintf(upload.concat, sizeof(upload.concat), "%s", kind == UPLOAD_PART ? "partial" : "");
    return &upload;
}

static inline awaits int begin_number(unsigned number, enum upload_kind kind)
{
    struct link_row link = row_of(number);
    bool is_complete;
    link.state = LINK_ARRIVING;
    return catalog_begin_upload(scene_catalog, upload_of(number, kind),
                                kind == UPLOAD_PART ? NULL : &link, NULL, 0, &is_complete);
}

static inline awaits int find_upload_number(unsigned number, struct upload_row *ret_row)
{
    return catalog_find_upload(scene_catalog, upload_of(number, UPLOAD_WHOLE)->upload, ret_row);
}

static inline awaits int drop_number(unsigned number, struct object_names *ret_gone,
                                     struct link_names *ret_ended)
{
    const char *upload = upload_of(number, UPLOAD_WHOLE)->upload;
    return catalog_drop_upload(scene_catalog, upload, ret_gone, ret_ended);
}

static inline awaits int forget_number(unsigned number, struct object_names *ret_gone)
{
    const char *upload = upload_of(number, UPLOAD_WHOLE)->upload;
    return catalog_forget_upload(scene_catalog, upload, ret_gone);
}

/* Whether these are the links of `numbers`, in any order. */
static inline bool are_links(const struct link_names *names, const unsigned *numbers, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct link_row row = row_of(numbers[i]);
        for (size_t k = 0; k < names->count; k++)
            found += strcmp(names->names[k], row.link) == 0;
    }
    return names->count == count && found == count;
}

/* Whether these are the objects of `numbers`, in any order. */
static inline bool are_objects(const struct object_names *names, const unsigned *numbers,
                               size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct link_row row = row_of(numbers[i]);
        for (size_t k = 0; k < names->count; k++)
            found += strcmp(names->names[k], row.object.name) == 0;
    }
    return names->count == count && found == count;
}

#define NUMBERS(...) (const unsigned[]){__VA_ARGS__}, ARRAY_LEN(((const unsigned[]){__VA_ARGS__}))

/* Runs SQL on the catalog's file by a connection of its own and gives the number that it answers.
 * Outside fibers: SQLite needs more stack than they have. */
static inline int64_t scene_sql(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;
    if (sqlite3_open(scene_path, &db) == SQLITE_OK && sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_ROW)
            number = sqlite3_column_int64(statement, 0);
        else if (code == SQLITE_DONE)
            number = 0;
    }
    if (number < 0)
        fprintf(stderr, "# %s: %s\n", sql, sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

/* How many rows all tables have together. */
static inline int64_t scene_rows(void)
{
    return scene_sql("SELECT (SELECT count(*) FROM links) + (SELECT count(*) FROM entries)"
                     " + (SELECT count(*) FROM objects) + (SELECT count(*) FROM segments)"
                     " + (SELECT count(*) FROM uploads)");
}
