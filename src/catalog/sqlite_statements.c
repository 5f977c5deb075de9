/* Every statement the catalog runs, prepared once a connection. Each reaches its rows through an
 * index, whatever the size of the tables; a test asks SQLite whether that is so. */
#include "catalog/catalog_sqlite_internal.h"

/* Columns of an object, as sqlite_column_object_into() reads them. */
#define OBJECT_COLUMNS                                                                             \
    " objects.name, objects.size, objects.crc32, objects.sha256, objects.arriving,"                \
    " (SELECT segments.position + 1 FROM segments WHERE segments.object = objects.id"              \
    " ORDER BY segments.position DESC LIMIT 1)"

#define UPLOAD_COLUMNS                                                                             \
    " upload, links.link, kind, complete, uploads.size, offset_max, uploads.created,"              \
    " uploads.expires, uploads.sha256, metadata, concat," OBJECT_COLUMNS

static const char *const statements[STATEMENTS] = {
    [STATEMENT_BEGIN_READ] = "BEGIN",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_FIND] =
        "SELECT links.id, key_hash, state, links.created, expires, downloads_max, downloads,"
        " ifnull(title, file_name), media_type, title IS NOT NULL," OBJECT_COLUMNS " FROM links"
        " LEFT JOIN entries ON entries.link = links.id AND entries.position = 0"
        " AND links.title IS NULL"
        " LEFT JOIN objects ON objects.id = entries.object WHERE links.link = ?1",
    [STATEMENT_KNOWN] = "SELECT id FROM objects WHERE name = ?1",
    [STATEMENT_LIST] = "SELECT" OBJECT_COLUMNS " FROM objects"
                       " WHERE name > ?1 AND arriving < 2 ORDER BY name LIMIT ?2",
    [STATEMENT_FIND_UPLOAD] = "SELECT" UPLOAD_COLUMNS " FROM uploads"
                              " JOIN objects ON objects.id = uploads.object"
                              " LEFT JOIN links ON links.id = uploads.link"
                              " WHERE upload = ?1",
    [STATEMENT_FIND_UPLOAD_OF_LINK] = "SELECT" UPLOAD_COLUMNS " FROM links"
                                      " JOIN uploads ON uploads.link = links.id"
                                      " JOIN objects ON objects.id = uploads.object"
                                      " WHERE links.link = ?1",
    [STATEMENT_FIND_UPLOAD_OF_OBJECT] = "SELECT" UPLOAD_COLUMNS " FROM objects"
                                        " JOIN uploads ON uploads.object = objects.id"
                                        " LEFT JOIN links ON links.id = uploads.link"
                                        " WHERE objects.name = ?1",
    [STATEMENT_OLD_UPLOADS] = "SELECT upload, complete FROM uploads"
                              " WHERE expires <= ?1 ORDER BY expires LIMIT ?2",
    [STATEMENT_PARTS] = "SELECT" OBJECT_COLUMNS " FROM objects AS whole"
                        " JOIN segments AS segment ON segment.object = whole.id"
                        " JOIN objects ON objects.id = segment.part"
                        " WHERE whole.name = ?1 AND segment.position >= ?2"
                        " ORDER BY segment.position LIMIT ?3",
    [STATEMENT_ENTRIES] = "SELECT position, file_name, media_type," OBJECT_COLUMNS " FROM links"
                          " JOIN entries ON entries.link = links.id"
                          " JOIN objects ON objects.id = entries.object"
                          " WHERE links.link = ?1 AND position >= ?2"
                          " ORDER BY position LIMIT ?3",
    [STATEMENT_PING] = "SELECT id FROM links WHERE id = 0",
    [STATEMENT_BEGIN_CHANGE] = "BEGIN IMMEDIATE",
    [STATEMENT_PAGE_COUNT] = "PRAGMA page_count",
    [STATEMENT_INSERT_LINK] =
        "INSERT INTO links (link, key_hash, state, created, expires, downloads_max, downloads,"
        " title) VALUES (?1, ?2, ?7, ?3, nullif(?4, 0), ?5, ?6, ?8)"
        " ON CONFLICT (link) DO NOTHING",
    [STATEMENT_INSERT_OBJECT] = "INSERT INTO objects (name, size, crc32, sha256, created, arriving)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO NOTHING",
    [STATEMENT_INSERT_ENTRY] = "INSERT INTO entries (link, position, file_name, media_type, object)"
                               " VALUES (?1, 0, ?2, ?3, ?4)",
    [STATEMENT_COPY_ENTRY] = "INSERT INTO entries (link, position, file_name, media_type, object)"
                             " SELECT ?1, ?2, file_name, media_type, object FROM entries"
                             " WHERE link = ?3 AND position = 0",
    [STATEMENT_EDIT_LINK] =
        "UPDATE links SET expires = nullif(?2, 0), downloads_max = ?3 WHERE id = ?1",
    [STATEMENT_EDIT_TITLE] = "UPDATE links SET title = ?2 WHERE id = ?1",
    [STATEMENT_EDIT_ENTRY] = "UPDATE entries SET file_name = ?2 WHERE link = ?1 AND position = 0",
    [STATEMENT_LINK_ID] = "SELECT id, state FROM links WHERE link = ?1",
    [STATEMENT_END_LINK] = "UPDATE links SET state = ?2, ended = ?3 WHERE id = ?1",
    [STATEMENT_DELETE_LINK] = "DELETE FROM links WHERE id = ?1 RETURNING link",
    [STATEMENT_FIRST_ENTRY] =
        "SELECT position, object FROM entries WHERE link = ?1 ORDER BY position LIMIT 1",
    [STATEMENT_DELETE_ENTRY] = "DELETE FROM entries WHERE link = ?1 AND position = ?2",
    [STATEMENT_OBJECT_IS_USED] = "SELECT id FROM objects WHERE id = ?1"
                                 " AND (EXISTS (SELECT 1 FROM entries WHERE object = ?1)"
                                 " OR EXISTS (SELECT 1 FROM segments WHERE part = ?1)"
                                 " OR EXISTS (SELECT 1 FROM uploads WHERE object = ?1))",
    [STATEMENT_DELETE_OBJECT] = "DELETE FROM objects WHERE id = ?1 RETURNING name",
    [STATEMENT_DOOM_OBJECT] = "UPDATE objects SET arriving = 2 WHERE id = ?1",
    [STATEMENT_DOOMED_OBJECT] = "SELECT id FROM objects WHERE arriving = 2 LIMIT 1",
    [STATEMENT_INSERT_SEGMENT] =
        "INSERT INTO segments (object, position, part) VALUES (?1, ?2, ?3)",
    [STATEMENT_FIRST_SEGMENT] =
        "SELECT position, part FROM segments WHERE object = ?1 ORDER BY position LIMIT 1",
    [STATEMENT_DELETE_SEGMENT] = "DELETE FROM segments WHERE object = ?1 AND position = ?2",
    [STATEMENT_SEGMENTS] = "SELECT size, crc32, arriving FROM segments"
                           " JOIN objects ON objects.id = segments.part"
                           " WHERE segments.object = ?1 ORDER BY position",
    [STATEMENT_NEXT_JOINED] = "SELECT object FROM segments WHERE part = ?1 AND object > ?2"
                              " ORDER BY object LIMIT 1",
    [STATEMENT_EXPIRED_LINK] =
        "SELECT id, downloads_max > 0 AND downloads >= downloads_max FROM links"
        " WHERE state = 0 AND expires <= ?1 ORDER BY expires LIMIT 1",
    [STATEMENT_FORGET_LINKS] = "DELETE FROM links WHERE id IN"
                               " (SELECT id FROM links WHERE ended <= ?1 ORDER BY ended LIMIT ?2)",
    [STATEMENT_COUNT_DOWNLOADS] = "UPDATE links SET downloads = downloads + ?2, expires ="
                                  " CASE WHEN downloads_max > 0 AND downloads + ?2 >= downloads_max"
                                  " THEN min(ifnull(expires, ?3), ?3) ELSE expires END"
                                  " WHERE link = ?1 RETURNING downloads",
    [STATEMENT_KEEP_DIGESTS] = "UPDATE objects SET sha256 = ?2,"
                               " crc32 = CASE WHEN crc32 < 0 THEN ?3 ELSE crc32 END"
                               " WHERE name = ?1",
    [STATEMENT_INSERT_UPLOAD] =
        "INSERT INTO uploads (upload, link, object, kind, complete, size, offset_max, created,"
        " expires, sha256, metadata, concat)"
        " VALUES (?1, nullif(?2, 0), ?3, ?4, 0, nullif(?5, -1), nullif(?6, -1), ?7, ?8, ?9, ?10,"
        " ?11)",
    [STATEMENT_UPLOAD_KEY] =
        "SELECT id, link, object, kind, complete FROM uploads WHERE upload = ?1",
    [STATEMENT_UPLOAD_KEY_OF_OBJECT] =
        "SELECT id, link, object, kind, complete FROM uploads WHERE object = ?1",
    [STATEMENT_EDIT_UPLOAD] = "UPDATE uploads SET"
                              " size = CASE WHEN ?2 THEN nullif(?3, -1) ELSE size END,"
                              " offset_max = CASE WHEN ?4 THEN nullif(?5, -1) ELSE offset_max END,"
                              " expires = CASE WHEN ?6 THEN ?7 ELSE expires END"
                              " WHERE upload = ?1 AND complete = 0",
    [STATEMENT_FINISH_OBJECT] = "UPDATE objects SET size = ?2, crc32 = ?3, sha256 = ?4,"
                                " created = ?5, arriving = 0 WHERE id = ?1",
    [STATEMENT_FINISH_LINK] = "UPDATE links SET state = 0 WHERE id = ?1 RETURNING link",
    [STATEMENT_FINISH_UPLOAD] = "UPDATE uploads SET complete = 1, size = ?2 WHERE id = ?1",
    [STATEMENT_DELETE_UPLOAD] = "DELETE FROM uploads WHERE id = ?1",
    [STATEMENT_DELETE_UPLOAD_OF_LINK] = "DELETE FROM uploads WHERE link = ?1",
};

const char *sqlite_statement_sql(enum sqlite_statement statement)
{
    assert(statement < STATEMENTS);
    return statements[statement];
}
