/* Rows of links and of the files in them, as changes put them in and take them away.
 *
 * An upload's row belongs to its link: it goes when the link loses its files, or else it would keep
 * an object that nobody can ask for. */
#include "catalog/sqlite_rows.h"

int sqlite_link_insert(struct sqlite_session *session, const struct link_row *row, int64_t *ret_id)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_INSERT_LINK);
    sqlite_bind_text(statement, 1, row->link);
    sqlite_bind_bytes(statement, 2, slice_from(row->key_hash, sizeof(row->key_hash)));
    sqlite_bind_number(statement, 3, row->created_ms);
    sqlite_bind_number(statement, 4, row->expires_ms);
    sqlite_bind_number(statement, 5, row->downloads_max);
    sqlite_bind_number(statement, 6, row->downloads);
    sqlite_bind_number(statement, 7, row->state);
    sqlite_bind_text(statement, 8, row->is_collection ? row->file_name : NULL);
    int err = sqlite_session_run(session, STATEMENT_INSERT_LINK);
    if (err < 0)
        return err;
    if (sqlite3_changes(session->db) == 0)
        return fail(-EEXIST, "catalog: the link is taken");
    *ret_id = sqlite3_last_insert_rowid(session->db);
    return 0;
}

int sqlite_link_insert_entry(struct sqlite_session *session, int64_t link,
                             const struct link_row *row, int64_t object)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_INSERT_ENTRY);
    sqlite_bind_number(statement, 1, link);
    sqlite_bind_text(statement, 2, row->file_name);
    sqlite_bind_text(statement, 3, row->media_type);
    sqlite_bind_number(statement, 4, object);
    return sqlite_session_run(session, STATEMENT_INSERT_ENTRY);
}

int sqlite_link_find(struct sqlite_session *session, const char *link, int64_t *ret_id,
                     enum link_state *ret_state)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_LINK_ID);
    sqlite_bind_text(statement, 1, link);
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got == 0 ? -ENOENT : got;
    *ret_id = sqlite3_column_int64(statement, 0);
    *ret_state = (enum link_state)sqlite3_column_int(statement, 1);
    sqlite3_reset(statement);
    return 0;
}

int sqlite_link_empty(struct sqlite_session *session, int64_t link, struct object_names *gone)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_DELETE_UPLOAD_OF_LINK);
    sqlite_bind_number(statement, 1, link);
    int err = sqlite_session_run(session, STATEMENT_DELETE_UPLOAD_OF_LINK);
    while (err == 0) {
        statement = sqlite_session_take(session, STATEMENT_FIRST_ENTRY);
        sqlite_bind_number(statement, 1, link);
        int got = sqlite_session_step(session, statement);
        if (got <= 0)
            return got;
        int64_t position = sqlite3_column_int64(statement, 0);
        int64_t object = sqlite3_column_int64(statement, 1);
        sqlite3_reset(statement);

        statement = sqlite_session_take(session, STATEMENT_DELETE_ENTRY);
        sqlite_bind_number(statement, 1, link);
        sqlite_bind_number(statement, 2, position);
        err = sqlite_session_run(session, STATEMENT_DELETE_ENTRY);
        if (err == 0)
            err = sqlite_object_delete(session, object, gone);
    }
    return err;
}

int sqlite_link_delete(struct sqlite_session *session, int64_t link, struct object_names *gone,
                       struct link_names *ended)
{
    int err = sqlite_link_empty(session, link, gone);
    return err < 0 ? err : sqlite_link_change(session, STATEMENT_DELETE_LINK, link, ended);
}

int sqlite_link_change(struct sqlite_session *session, enum sqlite_statement change, int64_t link,
                       struct link_names *names)
{
    sqlite3_stmt *statement = sqlite_session_take(session, change);
    sqlite_bind_number(statement, 1, link);
    int got;
    while ((got = sqlite_session_step(session, statement)) > 0)
        if (names != NULL && names->count < ARRAY_LEN(names->names)) {
            char *name = names->names[names->count++];
            sqlite_column_text_into(statement, 0, name, sizeof(names->names[0]));
        }
    return got;
}
