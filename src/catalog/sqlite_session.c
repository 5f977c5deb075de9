/* A connection to the catalog's file: how it is set up, its statements, its errors. */
#include "catalog/catalog_sqlite_internal.h"

#include <stdio.h>

/* A full disk, also where SQLite sees only a call that failed. */
static bool is_no_space(sqlite3 *db, int code)
{
    if ((code & 0xff) == SQLITE_FULL)
        return true;
    int system = sqlite3_system_errno(db);
    return (code & 0xff) == SQLITE_IOERR && (system == ENOSPC || system == EDQUOT);
}

int sqlite_session_error(struct sqlite_session *session, int code)
{
    assert(code != SQLITE_OK);
    if (session->failure == SQLITE_OK)
        session->failure = code;
    int err = is_no_space(session->db, code) ? -ENOSPC : -EIO;
    return fail(err, "catalog: %s (SQLite %d)", sqlite3_errmsg(session->db), code);
}

static int set_up(struct sqlite_session *session)
{
    sqlite3_busy_timeout(session->db, 5000); /* only another process can make us wait */

    /* The log survives the last close with its disk space, so that a start on a full disk works. */
    int keep_log = 1;
    int grow_bytes = CATALOG_GROW_BYTES;
    int code = sqlite3_file_control(session->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_log);
    if (code == SQLITE_OK)
        code = sqlite3_file_control(session->db, "main", SQLITE_FCNTL_CHUNK_SIZE, &grow_bytes);
    if (code != SQLITE_OK)
        return sqlite_session_error(session, code);

    /* No mmap: a read error would be a signal instead of an error. Temporary things stay in
     * memory, where a full disk can't reach them. Deleted names are wiped where that is free. */
    char sql[200];
    snprintf(sql, sizeof(sql),
             "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0;"
             "PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = FAST",
             CATALOG_PAGES_BYTES / 1024);
    code = sqlite3_exec(session->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : sqlite_session_error(session, code);
}

int sqlite_session_open(struct sqlite_session *session, const char *path, int flags)
{
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(path, &session->db, flags, NULL);
    if (session->db == NULL)
        return fail(-ENOMEM, "catalog: no memory for SQLite");
    if (code != SQLITE_OK)
        return sqlite_session_error(session, code);
    return set_up(session);
}

int sqlite_session_prepare(struct sqlite_session *session, int count)
{
    assert(count <= STATEMENTS);
    for (int i = 0; i < count; i++) {
        const char *sql = sqlite_statement_sql((enum sqlite_statement)i);
        int code = sqlite3_prepare_v3(session->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      &session->statements[i], NULL);
        if (code != SQLITE_OK)
            return sqlite_session_error(session, code);
    }
    return 0;
}

void sqlite_session_close(struct sqlite_session *session)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(session->statements[i]);
    int code = sqlite3_close(session->db);
    assert(code == SQLITE_OK);
    (void)code;
    session->db = NULL;
}

sqlite3_stmt *sqlite_session_take(struct sqlite_session *session, enum sqlite_statement statement)
{
    sqlite3_stmt *taken = session->statements[statement];
    assert(taken != NULL && !sqlite3_stmt_busy(taken));
    return taken;
}

int sqlite_session_step(struct sqlite_session *session, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    int err = code == SQLITE_DONE ? 0 : sqlite_session_error(session, code);
    sqlite3_reset(statement);
    return err;
}

int sqlite_session_run(struct sqlite_session *session, enum sqlite_statement statement)
{
    int got = sqlite_session_step(session, sqlite_session_take(session, statement));
    assert(got <= 0);
    return got;
}

void sqlite_bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    int code = sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
    assert(code == SQLITE_OK);
    (void)code;
}

void sqlite_bind_bytes(sqlite3_stmt *statement, int at, struct slice bytes)
{
    int code = sqlite3_bind_blob(statement, at, bytes.ptr, (int)bytes.len, SQLITE_STATIC);
    assert(code == SQLITE_OK);
    (void)code;
}

void sqlite_bind_number(sqlite3_stmt *statement, int at, int64_t number)
{
    int code = sqlite3_bind_int64(statement, at, number);
    assert(code == SQLITE_OK);
    (void)code;
}

void sqlite_bind_crc32(sqlite3_stmt *statement, int at, bool has_crc32, uint32_t crc32)
{
    sqlite_bind_number(statement, at, has_crc32 ? (int64_t)crc32 : -1);
}

void sqlite_column_text_into(sqlite3_stmt *statement, int at, char *ret_text, size_t room)
{
    assert(room > 0);
    const unsigned char *text = sqlite3_column_text(statement, at);
    size_t len = text == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, at);
    len = size_min(len, room - 1);
    if (len > 0)
        memcpy(ret_text, text, len);
    ret_text[len] = '\0';
}

bool sqlite_column_bytes_into(sqlite3_stmt *statement, int at, uint8_t *ret_bytes, size_t len)
{
    const void *bytes = sqlite3_column_blob(statement, at);
    if (bytes == NULL || (size_t)sqlite3_column_bytes(statement, at) != len)
        return false;
    memcpy(ret_bytes, bytes, len);
    return true;
}

bool sqlite_column_crc32_into(sqlite3_stmt *statement, int at, uint32_t *ret_crc32)
{
    bool has_crc32 = sqlite3_column_type(statement, at) != SQLITE_NULL &&
                     sqlite3_column_int64(statement, at) >= 0;
    *ret_crc32 = has_crc32 ? (uint32_t)sqlite3_column_int64(statement, at) : 0;
    return has_crc32;
}
