/* Look-ups, as the reader's thread runs them. */
#include "catalog/catalog_sqlite_internal.h"

/* Columns of an object, from `at` on: name, size, crc32, sha256. */
static void read_object(sqlite3_stmt *statement, int at, struct object_row *ret_object)
{
    sqlite_column_text_into(statement, at, ret_object->name, sizeof(ret_object->name));
    ret_object->size_bytes = (uint64_t)sqlite3_column_int64(statement, at + 1);
    ret_object->crc32 = (uint32_t)sqlite3_column_int64(statement, at + 2);
    ret_object->has_sha256 =
        sqlite_column_bytes_into(statement, at + 3, ret_object->sha256, SHA256_BYTES);
}

int sqlite_lookup_row(struct sqlite_session *session, struct link_row *row, int64_t *ret_id)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_FIND);
    sqlite_bind_text(statement, 1, row->link);
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got == 0 ? -ENOENT : got;

    if (ret_id != NULL)
        *ret_id = sqlite3_column_int64(statement, 0);
    sqlite_column_bytes_into(statement, 1, row->key_hash, sizeof(row->key_hash));
    row->state = (enum link_state)sqlite3_column_int(statement, 2);
    row->created_ms = sqlite3_column_int64(statement, 3);
    row->expires_ms = sqlite3_column_int64(statement, 4); /* NULL reads as 0: never */
    row->downloads_max = (uint32_t)sqlite3_column_int64(statement, 5);
    row->downloads = (uint32_t)sqlite3_column_int64(statement, 6);
    sqlite_column_text_into(statement, 7, row->file_name, sizeof(row->file_name));
    sqlite_column_text_into(statement, 8, row->media_type, sizeof(row->media_type));
    read_object(statement, 9, &row->object);
    sqlite3_reset(statement);
    return 0;
}

int sqlite_run_find(struct sqlite_session *session, struct sqlite_request *request)
{
    struct find_request *find = container_of(request, struct find_request, base);
    return sqlite_lookup_row(session, &find->row, NULL);
}

int sqlite_run_known(struct sqlite_session *session, struct sqlite_request *request)
{
    struct known_request *known = container_of(request, struct known_request, base);
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_KNOWN);
    for (size_t i = 0; i < known->count; i++) {
        sqlite_bind_text(statement, 1, known->objects[i].name);
        int got = sqlite_session_step(session, statement);
        if (got < 0)
            return got;
        known->objects[i].is_known = got > 0;
        sqlite3_reset(statement);
    }
    return 0;
}

int sqlite_run_list(struct sqlite_session *session, struct sqlite_request *request)
{
    struct list_request *list = container_of(request, struct list_request, base);
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_LIST);
    sqlite_bind_text(statement, 1, list->after);
    sqlite_bind_number(statement, 2, (int64_t)list->rows_max);
    int got;
    while ((got = sqlite_session_step(session, statement)) > 0) {
        assert(list->count < list->rows_max);
        read_object(statement, 0, &list->rows[list->count]);
        list->count++;
    }
    return got;
}

int sqlite_run_ping(struct sqlite_session *session, struct sqlite_request *request)
{
    (void)request;
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_PING);
    int got = sqlite_session_step(session, statement);
    sqlite3_reset(statement);
    return got < 0 ? got : 0;
}
