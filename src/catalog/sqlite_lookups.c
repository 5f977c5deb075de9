/* Look-ups, as the reader's thread runs them. */
#include "catalog/catalog_sqlite_internal.h"

void sqlite_column_object_into(sqlite3_stmt *statement, int at, struct object_row *ret_object)
{
    sqlite_column_text_into(statement, at, ret_object->name, sizeof(ret_object->name));
    ret_object->size_bytes = (uint64_t)sqlite3_column_int64(statement, at + 1);
    ret_object->has_crc32 = sqlite_column_crc32_into(statement, at + 2, &ret_object->crc32);
    ret_object->has_sha256 =
        sqlite_column_bytes_into(statement, at + 3, ret_object->sha256, SHA256_BYTES);
    ret_object->is_arriving = sqlite3_column_int(statement, at + 4) != 0;
    ret_object->parts = (unsigned)sqlite3_column_int(statement, at + 5); /* NULL reads as 0 */
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
    row->is_collection = sqlite3_column_int(statement, 9) != 0;
    sqlite_column_object_into(statement, 10, &row->object);
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
        sqlite_column_object_into(statement, 0, &list->rows[list->count]);
        list->count++;
    }
    return got;
}

/* A size that may be unknown. */
static uint64_t column_size(sqlite3_stmt *statement, int at)
{
    bool is_unknown = sqlite3_column_type(statement, at) == SQLITE_NULL;
    return is_unknown ? UINT64_MAX : (uint64_t)sqlite3_column_int64(statement, at);
}

/* Finds an upload by one of its names. Returns 1, 0, or fails. */
static int find_upload(struct sqlite_session *session, enum sqlite_statement by,
                       struct find_upload_request *find)
{
    sqlite3_stmt *statement = sqlite_session_take(session, by);
    sqlite_bind_text(statement, 1, find->name);
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got;

    struct upload_row *row = &find->row;
    sqlite_column_text_into(statement, 0, row->upload, sizeof(row->upload));
    sqlite_column_text_into(statement, 1, row->link, sizeof(row->link));
    row->kind = (enum upload_kind)sqlite3_column_int(statement, 2);
    row->is_complete = sqlite3_column_int(statement, 3) != 0;
    row->size_bytes = column_size(statement, 4);
    row->offset_max = column_size(statement, 5);
    row->created_ms = sqlite3_column_int64(statement, 6);
    row->expires_ms = sqlite3_column_int64(statement, 7);
    row->has_sha256 = sqlite_column_bytes_into(statement, 8, row->sha256, SHA256_BYTES);
    sqlite_column_text_into(statement, 9, row->metadata, sizeof(row->metadata));
    sqlite_column_text_into(statement, 10, row->concat, sizeof(row->concat));
    sqlite_column_object_into(statement, 11, &row->object);
    sqlite3_reset(statement);
    return got;
}

int sqlite_run_find_upload(struct sqlite_session *session, struct sqlite_request *request)
{
    struct find_upload_request *find = container_of(request, struct find_upload_request, base);
    bool is_object = strlen(find->name) > LINK_CHARS;
    int got = find_upload(
        session, is_object ? STATEMENT_FIND_UPLOAD_OF_OBJECT : STATEMENT_FIND_UPLOAD, find);
    if (got == 0 && !is_object)
        got = find_upload(session, STATEMENT_FIND_UPLOAD_OF_LINK, find);
    return got == 0 ? -ENOENT : got < 0 ? got : 0;
}

int sqlite_run_old_uploads(struct sqlite_session *session, struct sqlite_request *request)
{
    struct old_uploads_request *old = container_of(request, struct old_uploads_request, base);
    struct old_uploads *uploads = &old->uploads;
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_OLD_UPLOADS);
    sqlite_bind_number(statement, 1, old->now_ms);
    sqlite_bind_number(statement, 2, ARRAY_LEN(uploads->uploads));
    int got;
    for (size_t i = 0; (got = sqlite_session_step(session, statement)) > 0; i++) {
        assert(i < ARRAY_LEN(uploads->uploads));
        sqlite_column_text_into(statement, 0, uploads->uploads[i].upload, LINK_CHARS + 1);
        uploads->uploads[i].is_complete = sqlite3_column_int(statement, 1) != 0;
        uploads->count = i + 1;
    }
    return got;
}

int sqlite_run_parts(struct sqlite_session *session, struct sqlite_request *request)
{
    struct parts_request *parts = container_of(request, struct parts_request, base);
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_PARTS);
    sqlite_bind_text(statement, 1, parts->object);
    sqlite_bind_number(statement, 2, parts->first);
    sqlite_bind_number(statement, 3, (int64_t)parts->rows_max);
    int got;
    while ((got = sqlite_session_step(session, statement)) > 0) {
        assert(parts->count < parts->rows_max);
        sqlite_column_object_into(statement, 0, &parts->rows[parts->count]);
        parts->count++;
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
