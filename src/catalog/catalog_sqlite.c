/* The catalog in one SQLite file: its calls, as fibers make them, and how it is opened.
 *
 * Each call copies its arguments into a request, hands it to a thread (sqlite_threads.c) and parks
 * until the answer is back. A fiber that gives up leaves the request to the thread. */
#include "catalog/catalog_sqlite.h"

#include "catalog/catalog_sqlite_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct sqlite_catalog *sqlite_catalog_of(struct catalog *base)
{
    return container_of(base, struct sqlite_catalog, base);
}

int sqlite_copy_name(char *ret_name, size_t room, const char *name)
{
    size_t len = strnlen(name, room);
    if (len == room)
        return -ENOENT;
    memcpy(ret_name, name, len + 1);
    return 0;
}

static awaits int ask_insert(struct catalog *base, const struct link_row *row)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_insert, sizeof(struct insert_request));
    if (request == NULL)
        return -ENOMEM;
    container_of(request, struct insert_request, base)->row = *row;
    return sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, &request);
}

static awaits int ask_find(struct catalog *base, const char *link, struct link_row *ret_row)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_find, sizeof(struct find_request));
    if (request == NULL)
        return -ENOMEM;
    struct find_request *find = container_of(request, struct find_request, base);
    int err = sqlite_copy_name(find->row.link, sizeof(find->row.link), link);
    if (err == 0)
        err = sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
    if (err == 0)
        *ret_row = find->row;
    return err;
}

static awaits int ask_edit(struct catalog *base, const char *link, const struct link_edit *edit,
                           struct link_row *ret_row)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_edit, sizeof(struct edit_request));
    if (request == NULL)
        return -ENOMEM;
    struct edit_request *change = container_of(request, struct edit_request, base);
    change->edit = *edit;
    int err = sqlite_copy_name(change->row.link, sizeof(change->row.link), link);
    if (err == 0)
        err = sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, &request);
    if (err == 0)
        *ret_row = change->row;
    return err;
}

/* The rest of the three calls that end links. */
static awaits int ask_end(struct catalog *base, struct sqlite_request **request,
                          struct object_names *ret_gone)
{
    int err = sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, request);
    if (err == 0)
        *ret_gone = container_of(*request, struct end_request, base)->gone;
    return err;
}

static awaits int ask_remove(struct catalog *base, const char *link, struct object_names *ret_gone)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_remove, sizeof(struct end_request));
    if (request == NULL)
        return -ENOMEM;
    struct end_request *end = container_of(request, struct end_request, base);
    int err = sqlite_copy_name(end->link, sizeof(end->link), link);
    return err < 0 ? err : ask_end(base, &request, ret_gone);
}

static awaits int ask_retire(struct catalog *base, const char *link, enum link_state state,
                             struct object_names *ret_gone)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_retire, sizeof(struct end_request));
    if (request == NULL)
        return -ENOMEM;
    struct end_request *end = container_of(request, struct end_request, base);
    end->state = state;
    int err = sqlite_copy_name(end->link, sizeof(end->link), link);
    return err < 0 ? err : ask_end(base, &request, ret_gone);
}

static awaits int ask_expire(struct catalog *base, int64_t now_ms, struct object_names *ret_gone)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_expire, sizeof(struct end_request));
    if (request == NULL)
        return -ENOMEM;
    container_of(request, struct end_request, base)->now_ms = now_ms;
    return ask_end(base, &request, ret_gone);
}

static awaits int ask_count_downloads(struct catalog *base, struct link_count *counts, size_t count)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_count_downloads, sizeof(struct downloads_request));
    if (request == NULL)
        return -ENOMEM;
    struct downloads_request *downloads = container_of(request, struct downloads_request, base);
    downloads->count = count;
    memcpy(downloads->counts, counts, count * sizeof *counts);
    int err = sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, &request);
    if (err == 0)
        memcpy(counts, downloads->counts, count * sizeof *counts);
    return err;
}

static awaits int ask_keep_digests(struct catalog *base, const char *object, uint32_t crc32,
                                   const uint8_t sha256[SHA256_BYTES])
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_keep_digests, sizeof(struct digests_request));
    if (request == NULL)
        return -ENOMEM;
    struct digests_request *keep = container_of(request, struct digests_request, base);
    keep->crc32 = crc32;
    memcpy(keep->sha256, sha256, SHA256_BYTES);
    int err = sqlite_copy_name(keep->object, sizeof(keep->object), object);
    return err < 0 ? err : sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, &request);
}

static awaits int ask_known(struct catalog *base, const char (*names)[STORE_NAME_CHARS + 1],
                            size_t count, bool *ret_known)
{
    struct known_request *known;
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_known, sizeof(*known) + count * sizeof(known->objects[0]));
    if (request == NULL)
        return -ENOMEM;
    known = container_of(request, struct known_request, base);
    known->count = count;
    for (size_t i = 0; i < count; i++)
        memcpy(known->objects[i].name, names[i], sizeof(known->objects[i].name));
    int err = sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
    for (size_t i = 0; err == 0 && i < count; i++)
        ret_known[i] = known->objects[i].is_known;
    return err;
}

static awaits int ask_list(struct catalog *base, const char *after, struct object_row *ret_rows,
                           size_t rows_max, size_t *ret_count)
{
    struct list_request *list;
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_list, sizeof(*list) + rows_max * sizeof(list->rows[0]));
    if (request == NULL)
        return -ENOMEM;
    list = container_of(request, struct list_request, base);
    list->rows_max = rows_max;
    int err = sqlite_copy_name(list->after, sizeof(list->after), after);
    if (err == 0)
        err = sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
    if (err < 0)
        return err;
    memcpy(ret_rows, list->rows, list->count * sizeof(list->rows[0]));
    *ret_count = list->count;
    return 0;
}

static awaits int ask_ping(struct catalog *base)
{
    scoped(sqlite_request) request =
        sqlite_request_new(sqlite_run_ping, sizeof(struct sqlite_request));
    if (request == NULL)
        return -ENOMEM;
    return sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
}

/* The file holds whom each link belongs to; nobody else needs to read it. */
static int make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return fail(-errno, "catalog: can't open the file: %s", strerrordesc_np(errno));
    close(fd);
    return 0;
}

static int use_log(struct sqlite_session *session)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(session->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    char mode[8] = "";
    if (code == SQLITE_ROW)
        sqlite_column_text_into(statement, 0, mode, sizeof(mode));
    sqlite3_finalize(statement);
    if (code != SQLITE_ROW)
        return sqlite_session_error(session, code);
    if (strcmp(mode, "wal") != 0)
        return fail(-ENOTSUP, "catalog: this filesystem can't share memory between threads");
    return 0;
}

static int open_sessions(struct sqlite_catalog *catalog, const char *path)
{
    int err = sqlite_disk_guard();
    if (err == 0)
        err = make_file(path);
    if (err == 0)
        err = sqlite_session_open(&catalog->writer, path, SQLITE_OPEN_READWRITE);
    if (err == 0)
        err = use_log(&catalog->writer);
    if (err == 0)
        err = sqlite_schema_migrate(&catalog->writer);
    if (err == 0)
        err = sqlite_session_prepare(&catalog->writer, STATEMENTS);
    if (err == 0)
        err = sqlite_session_open(&catalog->reader, path, SQLITE_OPEN_READONLY);
    if (err == 0)
        err = sqlite_session_prepare(&catalog->reader, STATEMENTS_OF_READER);
    if (err == 0)
        err = sqlite_session_open(&catalog->keeper, path, SQLITE_OPEN_READWRITE);
    if (err == 0)
        sqlite_disk_reserve_log(&catalog->writer);
    return err;
}

static void close_catalog(struct catalog *base)
{
    struct sqlite_catalog *catalog = sqlite_catalog_of(base);
    sqlite_threads_join(catalog);
    sqlite_session_close(&catalog->keeper);
    sqlite_session_close(&catalog->reader);
    if (catalog->writer.db != NULL)
        sqlite_disk_empty_log(&catalog->writer);
    sqlite_session_close(&catalog->writer);
    sqlite_inbox_close(&catalog->changes);
    sqlite_inbox_close(&catalog->lookups);
    sem_destroy(&catalog->keeper_asked);
    free(catalog);
}

static int open_catalog(const char *url, struct catalog **ret_catalog, const char **ret_reason)
{
    struct sqlite_catalog *catalog = calloc(1, sizeof(*catalog));
    if (catalog == NULL) {
        *ret_reason = "no memory";
        return -ENOMEM;
    }
    /* Before SQLite's first use: without its statistics its threads share no lock. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    catalog->base.ops = &catalog_sqlite;
    sqlite_inbox_open(&catalog->changes);
    sqlite_inbox_open(&catalog->lookups);
    sem_init(&catalog->keeper_asked, 0, 0);

    int err = open_sessions(catalog, url);
    if (err == 0)
        err = sqlite_threads_start(catalog);
    if (err < 0) {
        *ret_reason = error_text();
        close_catalog(&catalog->base);
        return err;
    }
    *ret_catalog = &catalog->base;
    return 0;
}

const struct catalog_ops catalog_sqlite = {
    .scheme = "sqlite",
    .open = open_catalog,
    .close = close_catalog,
    .insert = ask_insert,
    .find = ask_find,
    .edit = ask_edit,
    .remove = ask_remove,
    .retire = ask_retire,
    .expire = ask_expire,
    .count_downloads = ask_count_downloads,
    .keep_digests = ask_keep_digests,
    .known = ask_known,
    .list = ask_list,
    .begin_upload = sqlite_ask_begin_upload,
    .find_upload = sqlite_ask_find_upload,
    .edit_upload = sqlite_ask_edit_upload,
    .finish_upload = sqlite_ask_finish_upload,
    .drop_upload = sqlite_ask_drop_upload,
    .old_uploads = sqlite_ask_old_uploads,
    .forget_upload = sqlite_ask_forget_upload,
    .parts = sqlite_ask_parts,
    .collect = sqlite_ask_collect,
    .entries = sqlite_ask_entries,
    .ping = ask_ping,
};
