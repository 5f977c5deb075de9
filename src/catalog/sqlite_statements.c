/* Every statement the catalog runs, prepared once a connection. Each reaches its rows through an
 * index, whatever the size of the tables; a test asks SQLite whether that is so. */
#include "catalog/catalog_sqlite_internal.h"

static const char *const statements[STATEMENTS] = {
    [STATEMENT_BEGIN_READ] = "BEGIN",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_FIND] =
        "SELECT links.id, key_hash, state, links.created, expires, downloads_max, downloads,"
        " file_name, media_type, name, size, crc32, sha256 FROM links"
        " LEFT JOIN entries ON entries.link = links.id AND position = 0"
        " LEFT JOIN objects ON objects.id = entries.object WHERE links.link = ?1",
    [STATEMENT_KNOWN] = "SELECT id FROM objects WHERE name = ?1",
    [STATEMENT_LIST] = "SELECT name, size, crc32, sha256 FROM objects"
                       " WHERE name > ?1 ORDER BY name LIMIT ?2",
    [STATEMENT_PING] = "SELECT id FROM links WHERE id = 0",
    [STATEMENT_BEGIN_CHANGE] = "BEGIN IMMEDIATE",
    [STATEMENT_PAGE_COUNT] = "PRAGMA page_count",
    [STATEMENT_INSERT_LINK] =
        "INSERT INTO links (link, key_hash, state, created, expires, downloads_max, downloads)"
        " VALUES (?1, ?2, 0, ?3, nullif(?4, 0), ?5, ?6) ON CONFLICT (link) DO NOTHING",
    [STATEMENT_INSERT_OBJECT] = "INSERT INTO objects (name, size, crc32, sha256, created)"
                                " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO NOTHING",
    [STATEMENT_INSERT_ENTRY] = "INSERT INTO entries (link, position, file_name, media_type, object)"
                               " VALUES (?1, 0, ?2, ?3, ?4)",
    [STATEMENT_EDIT_LINK] =
        "UPDATE links SET expires = nullif(?2, 0), downloads_max = ?3 WHERE id = ?1",
    [STATEMENT_EDIT_ENTRY] = "UPDATE entries SET file_name = ?2 WHERE link = ?1 AND position = 0",
    [STATEMENT_LINK_ID] = "SELECT id, state FROM links WHERE link = ?1",
    [STATEMENT_END_LINK] = "UPDATE links SET state = ?2, ended = ?3 WHERE id = ?1",
    [STATEMENT_DELETE_LINK] = "DELETE FROM links WHERE id = ?1",
    [STATEMENT_FIRST_ENTRY] =
        "SELECT position, object FROM entries WHERE link = ?1 ORDER BY position LIMIT 1",
    [STATEMENT_DELETE_ENTRY] = "DELETE FROM entries WHERE link = ?1 AND position = ?2",
    [STATEMENT_DELETE_OBJECT] =
        "DELETE FROM objects WHERE id = ?1"
        " AND NOT EXISTS (SELECT 1 FROM entries WHERE object = ?1) RETURNING name",
    [STATEMENT_EXPIRED_LINK] =
        "SELECT id, downloads_max > 0 AND downloads >= downloads_max FROM links"
        " WHERE state = 0 AND expires <= ?1 ORDER BY expires LIMIT 1",
    [STATEMENT_FORGET_LINKS] = "DELETE FROM links WHERE id IN"
                               " (SELECT id FROM links WHERE ended <= ?1 ORDER BY ended LIMIT ?2)",
    [STATEMENT_COUNT_DOWNLOADS] = "UPDATE links SET downloads = downloads + ?2, expires ="
                                  " CASE WHEN downloads_max > 0 AND downloads + ?2 >= downloads_max"
                                  " THEN min(ifnull(expires, ?3), ?3) ELSE expires END"
                                  " WHERE link = ?1 RETURNING downloads",
    [STATEMENT_KEEP_SHA256] = "UPDATE objects SET sha256 = ?2 WHERE name = ?1",
};

const char *sqlite_statement_sql(enum sqlite_statement statement)
{
    assert(statement < STATEMENTS);
    return statements[statement];
}
