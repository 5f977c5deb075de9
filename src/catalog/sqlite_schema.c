/* The schema, as numbered steps that only ever add: an older program runs on a newer file.
 *
 * Links and objects have a rowid besides their random name. New rows are appended, so at ten
 * million rows an insert dirties one leaf in each of two narrow indexes and shares every other
 * page with its whole commit; and rows of the same age, which expire together, lie together.
 * Entries have no rowid: they are only ever reached by their link, which is their order; so have
 * segments, which say of what parts an object is made.
 *
 * A state of 3 (arriving) and a crc32 of -1 (unknown) are new with step 2: an older program takes
 * such a link for one that isn't there. Of a collection (step 3) it shows the first file. */
#include "catalog/catalog_sqlite_internal.h"

#include <stdio.h>

static const char *const migrations[] = {
    /* 1 */
    "CREATE TABLE objects (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL,"
    " crc32 INTEGER NOT NULL, sha256 BLOB, created INTEGER NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX objects_name ON objects (name);"

    "CREATE TABLE links (id INTEGER PRIMARY KEY, link TEXT NOT NULL, key_hash BLOB NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL, expires INTEGER,"
    " downloads_max INTEGER NOT NULL, downloads INTEGER NOT NULL, ended INTEGER) STRICT;"
    "CREATE UNIQUE INDEX links_link ON links (link);"
    "CREATE INDEX links_expires ON links (expires) WHERE state = 0 AND expires IS NOT NULL;"
    "CREATE INDEX links_ended ON links (ended) WHERE ended IS NOT NULL;"

    "CREATE TABLE entries (link INTEGER NOT NULL, position INTEGER NOT NULL,"
    " file_name TEXT NOT NULL, media_type TEXT NOT NULL, object INTEGER NOT NULL,"
    " PRIMARY KEY (link, position)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX entries_object ON entries (object);",

    /* 2; objects.arriving: 1 until all bytes are there, 2 when only its removal is left to do */
    "ALTER TABLE objects ADD COLUMN arriving INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX objects_doomed ON objects (arriving) WHERE arriving = 2;"

    "CREATE TABLE segments (object INTEGER NOT NULL, position INTEGER NOT NULL,"
    " part INTEGER NOT NULL, PRIMARY KEY (object, position)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX segments_part ON segments (part);"

    "CREATE TABLE uploads (id INTEGER PRIMARY KEY, upload TEXT NOT NULL, link INTEGER,"
    " object INTEGER NOT NULL, kind INTEGER NOT NULL, complete INTEGER NOT NULL, size INTEGER,"
    " offset_max INTEGER, created INTEGER NOT NULL, expires INTEGER NOT NULL, sha256 BLOB,"
    " metadata TEXT NOT NULL, concat TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX uploads_upload ON uploads (upload);"
    "CREATE UNIQUE INDEX uploads_link ON uploads (link) WHERE link IS NOT NULL;"
    "CREATE UNIQUE INDEX uploads_object ON uploads (object);"
    "CREATE INDEX uploads_expires ON uploads (expires);"

    /* An older program deletes objects without knowing of these, and a number is used again. */
    "CREATE TRIGGER objects_deleted AFTER DELETE ON objects BEGIN"
    " DELETE FROM segments WHERE object = old.id;"
    " DELETE FROM uploads WHERE object = old.id;"
    " END;",

    /* 3; links.title: of a collection, NULL of a link to one file */
    "ALTER TABLE links ADD COLUMN title TEXT;"

    /* Bytes that will never be complete are no file of any collection. */
    "CREATE TRIGGER uploads_ended AFTER DELETE ON uploads WHEN old.complete = 0 BEGIN"
    " DELETE FROM entries WHERE object = old.object AND link IS NOT old.link;"
    " END;",
};

/* Which step the file has seen last. */
static int read_version(struct sqlite_session *session, size_t *ret_version)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(session->db, "PRAGMA user_version", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret_version = (size_t)sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return code == SQLITE_ROW ? 0 : sqlite_session_error(session, code);
}

static int run_sql(struct sqlite_session *session, const char *sql)
{
    int code = sqlite3_exec(session->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : sqlite_session_error(session, code);
}

static int run_migrations(struct sqlite_session *session)
{
    /* Asked again now that nobody else can write. */
    size_t version = 0;
    int err = read_version(session, &version);
    if (err < 0 || version >= ARRAY_LEN(migrations))
        return err;
    for (size_t step = version; err == 0 && step < ARRAY_LEN(migrations); step++)
        err = run_sql(session, migrations[step]);
    if (err < 0)
        return err;

    char sql[40];
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %zu", ARRAY_LEN(migrations));
    return run_sql(session, sql);
}

int sqlite_schema_migrate(struct sqlite_session *session)
{
    size_t version = 0;
    int err = read_version(session, &version);
    if (err < 0 || version >= ARRAY_LEN(migrations))
        return err; /* a start on a full disk has nothing to write */

    err = run_sql(session, "BEGIN IMMEDIATE");
    if (err == 0)
        err = run_migrations(session);
    if (err == 0)
        err = run_sql(session, "COMMIT");
    if (err < 0 && sqlite3_get_autocommit(session->db) == 0)
        sqlite3_exec(session->db, "ROLLBACK", NULL, NULL, NULL);
    return err;
}
