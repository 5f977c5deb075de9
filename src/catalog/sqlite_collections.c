/* Collections: links to several files, which other links name as well.
 *
 * A collection's link has a title, and an entry for each file; the entries of other links are only
 * copied, so that the bytes stay as long as either names them. An upload that ends before its bytes
 * are all there takes its entries out of collections (a trigger, see sqlite_schema.c). */
#include "catalog/sqlite_rows.h"

/* ---- What the threads run ---- */

/* Finds the links whose files are wanted. Returns 0, -ENOENT, -EINVAL, or fails. */
static int find_members(struct sqlite_session *session, struct collect_request *collect)
{
    for (size_t i = 0; i < collect->len; i++) {
        struct link_row row;
        memcpy(row.link, collect->members[i].link, sizeof(row.link));
        int err = sqlite_lookup_row(session, &row, &collect->members[i].id);
        if (err == 0 && row.state != LINK_READY && row.state != LINK_ARRIVING)
            err = -ENOENT;
        if (err == 0 && row.is_collection)
            err = fail(-EINVAL, "catalog: a collection can't be part of another");
        if (err < 0)
            return err;
    }
    return 0;
}

static int copy_entry(struct sqlite_session *session, int64_t link, size_t position, int64_t member)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_COPY_ENTRY);
    sqlite_bind_number(statement, 1, link);
    sqlite_bind_number(statement, 2, (int64_t)position);
    sqlite_bind_number(statement, 3, member);
    return sqlite_session_run(session, STATEMENT_COPY_ENTRY);
}

int sqlite_run_collect(struct sqlite_session *session, struct sqlite_request *request)
{
    struct collect_request *collect = container_of(request, struct collect_request, base);
    /* Nobody would ever learn of this link. */
    if (sqlite_request_is_abandoned(request))
        return -ECANCELED;
    /* Its entries are so many that a few of these would use up what one commit may add. */
    int err = sqlite_disk_make_room(session);
    if (err < 0)
        return err;
    if (session->is_full)
        return fail(-ENOSPC, "catalog: the disk is full");
    err = find_members(session, collect);
    int64_t link = 0;
    if (err == 0)
        err = sqlite_link_insert(session, &collect->row, &link);
    for (size_t i = 0; err == 0 && i < collect->len; i++)
        err = copy_entry(session, link, i, collect->members[i].id);
    return err;
}

int sqlite_run_entries(struct sqlite_session *session, struct sqlite_request *request)
{
    struct entries_request *entries = container_of(request, struct entries_request, base);
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_ENTRIES);
    sqlite_bind_text(statement, 1, entries->link);
    sqlite_bind_number(statement, 2, entries->first);
    sqlite_bind_number(statement, 3, (int64_t)entries->rows_max);
    int got;
    while ((got = sqlite_session_step(session, statement)) > 0) {
        assert(entries->count < entries->rows_max);
        struct entry_row *row = &entries->rows[entries->count++];
        row->position = (unsigned)sqlite3_column_int64(statement, 0);
        sqlite_column_text_into(statement, 1, row->file_name, sizeof(row->file_name));
        sqlite_column_text_into(statement, 2, row->media_type, sizeof(row->media_type));
        sqlite_column_object_into(statement, 3, &row->object);
    }
    return got;
}

/* ---- What fibers call ---- */

awaits int sqlite_ask_collect(struct catalog *base, const struct link_row *row,
                              const char (*links)[LINK_CHARS + 1], size_t len)
{
    struct collect_request *collect;
    scoped(sqlite_request) request = sqlite_request_new(
        sqlite_run_collect, sizeof(*collect) + len * sizeof(collect->members[0]));
    if (request == NULL)
        return -ENOMEM;
    collect = container_of(request, struct collect_request, base);
    collect->row = *row;
    collect->len = len;
    for (size_t i = 0; i < len; i++)
        memcpy(collect->members[i].link, links[i], sizeof(collect->members[i].link));
    return sqlite_inbox_ask(&sqlite_catalog_of(base)->changes, &request);
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are those of the catalog's call */
awaits int sqlite_ask_entries(struct catalog *base, const char *link, unsigned first,
                              struct entry_row *ret_rows, size_t rows_max, size_t *ret_count)
{
    struct entries_request *entries;
    scoped(sqlite_request) request = sqlite_request_new(
        sqlite_run_entries, sizeof(*entries) + rows_max * sizeof(entries->rows[0]));
    if (request == NULL)
        return -ENOMEM;
    entries = container_of(request, struct entries_request, base);
    entries->first = first;
    entries->rows_max = rows_max;
    int err = sqlite_copy_name(entries->link, sizeof(entries->link), link);
    if (err == 0)
        err = sqlite_inbox_ask(&sqlite_catalog_of(base)->lookups, &request);
    if (err < 0)
        return err;
    memcpy(ret_rows, entries->rows, entries->count * sizeof(entries->rows[0]));
    *ret_count = entries->count;
    return 0;
}
