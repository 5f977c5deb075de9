/* Rows of objects and of the parts that some are made of, as changes put them in and take them
 * away.
 *
 * An object lives as long as an entry, an object made of it, or an upload names it. A part is never
 * made of parts itself. */
#include "catalog/sqlite_rows.h"

#include "base/digest.h"

int sqlite_object_find(struct sqlite_session *session, const char *name, int64_t *ret_id)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_KNOWN);
    sqlite_bind_text(statement, 1, name);
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got;
    if (ret_id != NULL)
        *ret_id = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return got;
}

static struct slice sha256_of_object(const struct object_row *object)
{
    return object->has_sha256 ? slice_from(object->sha256, SHA256_BYTES) : SLICE_NONE;
}

int sqlite_object_insert(struct sqlite_session *session, const struct object_row *object,
                         int64_t created_ms, int64_t *ret_id)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_INSERT_OBJECT);
    sqlite_bind_text(statement, 1, object->name);
    sqlite_bind_number(statement, 2, (int64_t)object->size_bytes);
    sqlite_bind_crc32(statement, 3, object->has_crc32, object->crc32);
    sqlite_bind_bytes(statement, 4, sha256_of_object(object));
    sqlite_bind_number(statement, 5, created_ms);
    sqlite_bind_number(statement, 6, object->is_arriving);
    int err = sqlite_session_run(session, STATEMENT_INSERT_OBJECT);
    if (err < 0)
        return err;
    if (sqlite3_changes(session->db) > 0) {
        *ret_id = sqlite3_last_insert_rowid(session->db);
        return 0;
    }
    int got = sqlite_object_find(session, object->name, ret_id);
    assert(got != 0);
    return got < 0 ? got : 0;
}

int sqlite_object_finish(struct sqlite_session *session, int64_t id,
                         const struct object_row *object, int64_t now_ms)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_FINISH_OBJECT);
    sqlite_bind_number(statement, 1, id);
    sqlite_bind_number(statement, 2, (int64_t)object->size_bytes);
    sqlite_bind_crc32(statement, 3, object->has_crc32, object->crc32);
    sqlite_bind_bytes(statement, 4, sha256_of_object(object));
    sqlite_bind_number(statement, 5, now_ms);
    return sqlite_session_run(session, STATEMENT_FINISH_OBJECT);
}

/* ---- Parts ---- */

int sqlite_object_add_part(struct sqlite_session *session, int64_t object, int64_t position,
                           int64_t part)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_INSERT_SEGMENT);
    sqlite_bind_number(statement, 1, object);
    sqlite_bind_number(statement, 2, position);
    sqlite_bind_number(statement, 3, part);
    return sqlite_session_run(session, STATEMENT_INSERT_SEGMENT);
}

int sqlite_object_sum_parts(struct sqlite_session *session, int64_t object,
                            struct object_row *ret_sum)
{
    struct object_row sum = {.has_crc32 = true};
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_SEGMENTS);
    sqlite_bind_number(statement, 1, object);
    int got;
    while ((got = sqlite_session_step(session, statement)) > 0) {
        uint64_t part_bytes = (uint64_t)sqlite3_column_int64(statement, 0);
        uint32_t crc32;
        if (!sqlite_column_crc32_into(statement, 1, &crc32))
            sum.has_crc32 = false;
        if (sqlite3_column_int(statement, 2) != 0) {
            sqlite3_reset(statement);
            return 0;
        }
        if (sum.has_crc32)
            sum.crc32 = crc32_join(sum.crc32, crc32, part_bytes);
        sum.size_bytes += part_bytes;
    }
    if (got < 0)
        return got;
    *ret_sum = sum;
    return 1;
}

int sqlite_object_next_joined(struct sqlite_session *session, int64_t part, int64_t after,
                              int64_t *ret_object)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_NEXT_JOINED);
    sqlite_bind_number(statement, 1, part);
    sqlite_bind_number(statement, 2, after);
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got;
    *ret_object = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return got;
}

/* ---- Deleting ---- */

/* Returns 1, 0, or fails. */
static int is_used(struct sqlite_session *session, int64_t id)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_OBJECT_IS_USED);
    sqlite_bind_number(statement, 1, id);
    int got = sqlite_session_step(session, statement);
    sqlite3_reset(statement);
    return got;
}

/* Deletes an object's row; with `gone`, gives its name as well, or keeps the row until there is
 * room for it. */
static int delete_row(struct sqlite_session *session, int64_t id, struct object_names *gone)
{
    if (gone != NULL && gone->count == ARRAY_LEN(gone->names)) {
        sqlite_bind_number(sqlite_session_take(session, STATEMENT_DOOM_OBJECT), 1, id);
        return sqlite_session_run(session, STATEMENT_DOOM_OBJECT);
    }
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_DELETE_OBJECT);
    sqlite_bind_number(statement, 1, id);
    int got;
    while ((got = sqlite_session_step(session, statement)) > 0) {
        if (gone == NULL)
            continue;
        char *name = gone->names[gone->count++];
        sqlite_column_text_into(statement, 0, name, sizeof(gone->names[0]));
    }
    return got;
}

/* Takes the first part out of an object, and deletes it if it isn't used any more. Returns 1, 0
 * when there is no part, or fails. */
static int take_first_part(struct sqlite_session *session, int64_t object,
                           struct object_names *gone)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_FIRST_SEGMENT);
    sqlite_bind_number(statement, 1, object);
    int got = sqlite_session_step(session, statement);
    if (got <= 0)
        return got;
    int64_t position = sqlite3_column_int64(statement, 0);
    int64_t part = sqlite3_column_int64(statement, 1);
    sqlite3_reset(statement);

    statement = sqlite_session_take(session, STATEMENT_DELETE_SEGMENT);
    sqlite_bind_number(statement, 1, object);
    sqlite_bind_number(statement, 2, position);
    int err = sqlite_session_run(session, STATEMENT_DELETE_SEGMENT);
    if (err < 0)
        return err;
    got = is_used(session, part);
    err = got == 0 ? delete_row(session, part, gone) : got;
    return err < 0 ? err : 1;
}

int sqlite_object_delete(struct sqlite_session *session, int64_t id, struct object_names *gone)
{
    int got = is_used(session, id);
    if (got != 0)
        return got < 0 ? got : 0;
    bool has_parts = false;
    while ((got = take_first_part(session, id, gone)) > 0)
        has_parts = true;
    return got < 0 ? got : delete_row(session, id, has_parts ? NULL : gone);
}

int sqlite_objects_collect(struct sqlite_session *session, struct object_names *gone)
{
    while (gone->count < ARRAY_LEN(gone->names)) {
        sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_DOOMED_OBJECT);
        int got = sqlite_session_step(session, statement);
        if (got <= 0)
            return got;
        int64_t id = sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
        int err = delete_row(session, id, gone);
        if (err < 0)
            return err;
    }
    return 0;
}
