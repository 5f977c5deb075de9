/* Changes of links, as the writer's thread runs them inside a transaction that others share.
 *
 * A change that is refused (-EEXIST, -ENOENT, -ENOSPC on a full disk) finds that out before it has
 * changed anything, so its neighbours need no savepoint. Anything else that fails breaks the
 * transaction (session->failure), and the writer undoes it and runs its changes one by one. */
#include "catalog/sqlite_rows.h"

#include "base/clock.h"

static const int64_t day_ms = 24 * 60 * 60 * 1000;

int sqlite_run_insert(struct sqlite_session *session, struct sqlite_request *request)
{
    /* Nobody would ever learn of this link, and its bytes may be going already. */
    if (sqlite_request_is_abandoned(request))
        return -ECANCELED;
    if (session->is_full)
        return fail(-ENOSPC, "catalog: the disk is full");

    const struct link_row *row = &container_of(request, struct insert_request, base)->row;
    int64_t link_id = 0;
    int64_t object_id = 0;
    int err = sqlite_link_insert(session, row, &link_id);
    if (err == 0)
        err = sqlite_object_insert(session, &row->object, row->created_ms, &object_id);
    return err < 0 ? err : sqlite_link_insert_entry(session, link_id, row, object_id);
}

int sqlite_run_edit(struct sqlite_session *session, struct sqlite_request *request)
{
    struct edit_request *change = container_of(request, struct edit_request, base);
    const struct link_edit *edit = &change->edit;
    struct link_row *row = &change->row;
    int64_t id = 0;
    int err = sqlite_lookup_row(session, row, &id);
    if (err == 0 && row->state != LINK_READY && row->state != LINK_ARRIVING)
        err = -ENOENT;
    if (err < 0)
        return err;

    if (edit->has_expires)
        row->expires_ms = edit->expires_ms;
    if (edit->has_downloads_max)
        row->downloads_max = edit->downloads_max;
    if (edit->has_expires || edit->has_downloads_max) {
        sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_EDIT_LINK);
        sqlite_bind_number(statement, 1, id);
        sqlite_bind_number(statement, 2, row->expires_ms);
        sqlite_bind_number(statement, 3, row->downloads_max);
        err = sqlite_session_run(session, STATEMENT_EDIT_LINK);
    }
    if (err == 0 && edit->has_file_name) {
        memcpy(row->file_name, edit->file_name, sizeof(row->file_name));
        enum sqlite_statement renaming =
            row->is_collection ? STATEMENT_EDIT_TITLE : STATEMENT_EDIT_ENTRY;
        sqlite3_stmt *statement = sqlite_session_take(session, renaming);
        sqlite_bind_number(statement, 1, id);
        sqlite_bind_text(statement, 2, row->file_name);
        err = sqlite_session_run(session, renaming);
    }
    return err;
}

static int end_link(struct sqlite_session *session, int64_t id, enum link_state state,
                    int64_t ended_ms, struct object_names *gone)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_END_LINK);
    sqlite_bind_number(statement, 1, id);
    sqlite_bind_number(statement, 2, state);
    sqlite_bind_number(statement, 3, ended_ms);
    int err = sqlite_session_run(session, STATEMENT_END_LINK);
    return err < 0 ? err : sqlite_link_empty(session, id, gone);
}

int sqlite_run_remove(struct sqlite_session *session, struct sqlite_request *request)
{
    struct end_request *end = container_of(request, struct end_request, base);
    end->gone.count = 0;
    int64_t id = 0;
    enum link_state state = LINK_READY;
    int err = sqlite_link_find(session, end->link, &id, &state);
    return err < 0 ? err : sqlite_link_delete(session, id, &end->gone, NULL);
}

int sqlite_run_retire(struct sqlite_session *session, struct sqlite_request *request)
{
    struct end_request *end = container_of(request, struct end_request, base);
    end->gone.count = 0;
    int64_t id = 0;
    enum link_state state = LINK_READY;
    int err = sqlite_link_find(session, end->link, &id, &state);
    if (err < 0 || state != LINK_READY)
        return err;
    return end_link(session, id, end->state, clock_wall_ms(), &end->gone);
}

int sqlite_run_expire(struct sqlite_session *session, struct sqlite_request *request)
{
    struct end_request *end = container_of(request, struct end_request, base);
    const size_t room = ARRAY_LEN(end->gone.names);
    end->gone.count = 0;
    /* Links to objects that others share give no name; even many of them must not hold everybody
     * up, so there is a bound, and the next call goes on. */
    for (size_t i = 0; i < CATALOG_FORGET_ROWS_MAX && end->gone.count < room; i++) {
        sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_EXPIRED_LINK);
        sqlite_bind_number(statement, 1, end->now_ms);
        int got = sqlite_session_step(session, statement);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        int64_t id = sqlite3_column_int64(statement, 0);
        bool is_used_up = sqlite3_column_int(statement, 1) != 0;
        sqlite3_reset(statement);
        enum link_state state = is_used_up ? LINK_USED_UP : LINK_EXPIRED;
        int err = end_link(session, id, state, end->now_ms, &end->gone);
        if (err < 0)
            return err;
    }
    int err = sqlite_objects_collect(session, &end->gone);
    if (err < 0)
        return err;

    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_FORGET_LINKS);
    sqlite_bind_number(statement, 1, end->now_ms - LINK_GONE_DAYS * day_ms);
    sqlite_bind_number(statement, 2, CATALOG_FORGET_ROWS_MAX);
    return sqlite_session_run(session, STATEMENT_FORGET_LINKS);
}

static int count_downloads(struct sqlite_session *session, struct link_count *counted)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_COUNT_DOWNLOADS);
    sqlite_bind_text(statement, 1, counted->link);
    sqlite_bind_number(statement, 2, counted->added);
    /* Whoever is in the middle of the last use retires the link; should a restart come between,
     * it ends by itself. */
    sqlite_bind_number(statement, 3, clock_wall_ms() + USE_IDLE_MS);
    counted->downloads = 0;
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got;
    counted->downloads = (uint32_t)sqlite3_column_int64(statement, 0);
    got = sqlite_session_step(session, statement); /* only now the change is whole */
    assert(got <= 0);
    return got;
}

int sqlite_run_count_downloads(struct sqlite_session *session, struct sqlite_request *request)
{
    struct downloads_request *downloads = container_of(request, struct downloads_request, base);
    int err = 0;
    for (size_t i = 0; i < downloads->count && err == 0; i++)
        err = count_downloads(session, &downloads->counts[i]);
    return err;
}

int sqlite_run_keep_digests(struct sqlite_session *session, struct sqlite_request *request)
{
    struct digests_request *keep = container_of(request, struct digests_request, base);
    if (session->is_full)
        return fail(-ENOSPC, "catalog: the disk is full");
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_KEEP_DIGESTS);
    sqlite_bind_text(statement, 1, keep->object);
    sqlite_bind_bytes(statement, 2, slice_from(keep->sha256, SHA256_BYTES));
    sqlite_bind_number(statement, 3, keep->crc32);
    int err = sqlite_session_run(session, STATEMENT_KEEP_DIGESTS);
    if (err < 0)
        return err;
    return sqlite3_changes(session->db) > 0 ? 0 : -ENOENT;
}
