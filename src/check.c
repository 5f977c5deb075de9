/* Two walks: along the catalog, reading each object that it names, and along the store's folders,
 * asking the catalog for each object that is there. */
#include "check.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "limits.h"
#include "service/digests.h"

#include <stdarg.h>
#include <stdio.h>

/* Prints one finding about an object and counts it. */
static void find(struct check *check, const char *name, const char *format, ...) format_like(3, 4);

static void find(struct check *check, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)printf("%s: ", name);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    va_end(arguments);
    check->problems++;
}

/* ---- Along the catalog ---- */

/* Bytes that were sent over several starts of the server may have no CRC-32 yet. Nothing tells
 * whether they are the ones that were sent, so this finding is no problem. */
static awaits int keep_digests(struct check *check, const struct object_row *row,
                               const struct blob_digests *digests)
{
    if (!check->is_repair) {
        (void)printf("%s: has no CRC-32 to compare with; `sluice check --repair` or the next "
                     "question for its digest keeps that of its bytes\n",
                     row->name);
        return 0;
    }
    int err = catalog_keep_digests(check->catalog, row->name, digests->crc32, digests->sha256);
    if (err < 0)
        return err;
    (void)printf("%s: had no CRC-32 to compare with; that of its bytes is kept\n", row->name);
    return 0;
}

static awaits int compare(struct check *check, const struct object_row *row,
                          const struct blob_digests *digests)
{
    if (row->has_crc32 && digests->crc32 != row->crc32)
        find(check, row->name,
             "damaged: the CRC-32 of its bytes is %08" PRIx32
             ", that of what was stored %08" PRIx32,
             digests->crc32, row->crc32);
    else if (row->has_sha256 && memcmp(digests->sha256, row->sha256, SHA256_BYTES) != 0)
        find(check, row->name, "damaged: its SHA-256 is not that of what was stored");
    else if (!row->has_crc32)
        return keep_digests(check, row, digests);
    return 0;
}

static awaits int check_bytes(struct check *check, const struct object_row *row, struct blob *blob,
                              struct chunk *chunk)
{
    struct blob_digests digests = {0};
    bool wants_sha256 = row->has_sha256 || !row->has_crc32;
    int err = blob_digest(blob, chunk, wants_sha256, &digests);
    if (err == 0) {
        check->object_bytes += row->size_bytes;
        err = compare(check, row, &digests);
    }
    return err;
}

/* An object that has bytes of its own. */
static awaits int check_object(struct check *check, const struct object_row *row,
                               struct chunk *chunk)
{
    scoped(blob) blob = NULL;
    error_clear();
    int err = blob_open(check->store, row->name, &blob);
    if (err == -ENOENT && row->is_arriving)
        return 0; /* nothing has come yet */
    if (err == -ENOENT) {
        find(check, row->name, "missing: a link names it, and it is not in the store");
        return 0;
    }
    if (err == 0 && row->is_arriving)
        return 0;
    if (err == 0 && blob->size_bytes != row->size_bytes) {
        find(check, row->name, "has %" PRIu64 " bytes, and %" PRIu64 " were stored",
             blob->size_bytes, row->size_bytes);
        return 0;
    }
    if (err == 0)
        err = check_bytes(check, row, blob, chunk);
    if (err < 0 && err != -ECANCELED) {
        find(check, row->name, "can't be read: %s (%s)", error_text(), strerrorname_np(-err));
        return 0;
    }
    return err;
}

/* An object that is made of others, which are checked by themselves. `parts` is room for
 * CHECK_ROWS. */
static awaits int check_joined(struct check *check, const struct object_row *row,
                               struct object_row *parts)
{
    uint64_t parts_bytes = 0;
    unsigned first = 0;
    bool is_arriving = false;
    size_t count;
    do {
        int err = catalog_parts(check->catalog, row->name, first, parts, CHECK_ROWS, &count);
        if (err < 0)
            return err;
        for (size_t i = 0; i < count; i++) {
            is_arriving = is_arriving || parts[i].is_arriving;
            parts_bytes += parts[i].size_bytes;
        }
        first += (unsigned)count;
    } while (count == CHECK_ROWS);
    if (row->is_arriving)
        return 0;
    if (first != row->parts)
        find(check, row->name, "is made of %u parts, and %u of them have a row", row->parts, first);
    else if (is_arriving)
        find(check, row->name, "is told to be complete, and one of its parts isn't");
    else if (parts_bytes != row->size_bytes)
        find(check, row->name,
             "has %" PRIu64 " bytes, and its parts have %" PRIu64 " bytes together",
             row->size_bytes, parts_bytes);
    return 0;
}

static_assert(sizeof(struct object_row) * CHECK_ROWS * 2 < ARENA_BYTES_MAX, "an arena holds them");

/* Checks all objects of the catalog; `rows` is room for twice CHECK_ROWS. Returns 0 or why it can't
 * go on. */
static awaits int check_catalog(struct check *check, struct object_row *rows, struct chunk *chunk)
{
    struct object_row *parts = rows + CHECK_ROWS;
    char after[STORE_NAME_CHARS + 1] = "";
    size_t count;
    do {
        int err = catalog_list(check->catalog, after, rows, CHECK_ROWS, &count);
        for (size_t i = 0; err == 0 && i < count; i++) {
            const struct object_row *row = &rows[i];
            check->objects++;
            check->arriving += row->is_arriving;
            err =
                row->parts > 0 ? check_joined(check, row, parts) : check_object(check, row, chunk);
        }
        if (err < 0)
            return err;
        if (count > 0)
            memcpy(after, rows[count - 1].name, sizeof after);
    } while (count == CHECK_ROWS);
    return 0;
}

/* ---- Along the store ---- */

static void settle_orphan(struct check *check, const char *name)
{
    if (!check->is_repair) {
        find(check, name,
             "orphan: no link names it; `sluice check --repair` or the next start removes it");
        return;
    }
    store_remove(check->store, name);
    (void)printf("%s: orphan: no link names it; removed\n", name);
    check->repaired++;
}

static awaits int check_names(struct check *check, const struct store_names *names)
{
    for (size_t at = 0; at < names->count; at += SWEEP_NAMES) {
        bool is_known[SWEEP_NAMES];
        size_t count = size_min(names->count - at, SWEEP_NAMES);
        int err = catalog_known(check->catalog, names->names + at, count, is_known);
        if (err < 0)
            return err;
        for (size_t i = 0; i < count; i++)
            if (!is_known[i])
                settle_orphan(check, names->names[at + i]);
    }
    return 0;
}

static awaits int check_store(struct check *check)
{
    for (unsigned folder = 0; folder < check->store->folders; folder++) {
        struct store_names names = {0};
        int err = store_list(check->store, folder, &names);
        if (err == 0)
            err = check_names(check, &names);
        bool is_cut = names.count == STORE_LIST_MAX;
        store_names_drop(&names);
        if (err < 0)
            return err;
        if (is_cut)
            (void)printf("folder %02x has more than %d objects; orphans among the others are not "
                         "looked for\n",
                         folder, STORE_LIST_MAX);
    }
    return 0;
}

/* ---- Both ---- */

static awaits int check_all(struct check *check)
{
    struct arena arena = ARENA_EMPTY;
    scoped(chunk) chunk = NULL;
    struct object_row *rows = arena_alloc(&arena, sizeof(struct object_row) * CHECK_ROWS * 2);
    int err = rows == NULL ? -ENOMEM : chunk_take(&chunk, worker_now_ms() + CATALOG_WAIT_MS);
    if (err == 0)
        err = check_catalog(check, rows, chunk);
    arena_clear(&arena);
    return err < 0 ? err : check_store(check);
}

awaits void check_run(struct check *check)
{
    int err = check_all(check);
    if (err < 0) {
        (void)printf("the check could not go on: %s (%s)\n", error_text(), strerrorname_np(-err));
        check->problems++;
    }
    (void)printf("checked: %" PRIu64 " objects, %" PRIu64 " bytes; arriving: %" PRIu64
                 "; removed: %" PRIu64 "; problems left: %" PRIu64 "\n",
                 check->objects, check->object_bytes, check->arriving, check->repaired,
                 check->problems);
    (void)fflush(stdout);
}
