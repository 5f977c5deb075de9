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

static void compare(struct check *check, const struct object_row *row,
                    const struct blob_digests *digests)
{
    if (digests->crc32 != row->crc32)
        find(check, row->name,
             "damaged: the CRC-32 of its bytes is %08" PRIx32
             ", that of what was stored %08" PRIx32,
             digests->crc32, row->crc32);
    else if (row->has_sha256 && memcmp(digests->sha256, row->sha256, SHA256_BYTES) != 0)
        find(check, row->name, "damaged: its SHA-256 is not that of what was stored");
}

static awaits int check_object(struct check *check, const struct object_row *row,
                               struct chunk *chunk)
{
    scoped(blob) blob = NULL;
    error_clear();
    int err = blob_open(check->store, row->name, &blob);
    if (err == -ECANCELED)
        return err;
    check->objects++;
    if (err == -ENOENT) {
        find(check, row->name, "missing: a link names it, and it is not in the store");
        return 0;
    }
    if (err == 0 && blob->size_bytes != row->size_bytes) {
        find(check, row->name, "has %" PRIu64 " bytes, and %" PRIu64 " were stored",
             blob->size_bytes, row->size_bytes);
        return 0;
    }
    struct blob_digests digests = {0};
    if (err == 0)
        err = blob_digest(blob, chunk, row->has_sha256, &digests);
    if (err == -ECANCELED)
        return err;
    if (err < 0) {
        find(check, row->name, "can't be read: %s (%s)", error_text(), strerrorname_np(-err));
        return 0;
    }
    check->object_bytes += row->size_bytes;
    compare(check, row, &digests);
    return 0;
}

/* Checks all objects of the catalog; `rows` is room for CHECK_ROWS. Returns 0 or why it can't go
 * on. */
static awaits int check_catalog(struct check *check, struct object_row *rows, struct chunk *chunk)
{
    char after[STORE_NAME_CHARS + 1] = "";
    size_t count;
    do {
        int err = catalog_list(check->catalog, after, rows, CHECK_ROWS, &count);
        for (size_t i = 0; err == 0 && i < count; i++)
            err = check_object(check, &rows[i], chunk);
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
    struct object_row *rows = arena_alloc(&arena, CHECK_ROWS * sizeof *rows);
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
    (void)printf("checked: %" PRIu64 " objects, %" PRIu64 " bytes; removed: %" PRIu64
                 "; problems left: %" PRIu64 "\n",
                 check->objects, check->object_bytes, check->repaired, check->problems);
    (void)fflush(stdout);
}
