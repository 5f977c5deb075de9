/* Disk space, asked for before it is needed, so that a full disk refuses what adds and nothing
 * else.
 *
 * The log owns space from the start and is written over from its beginning again and again. The
 * file has space ahead of what a transaction may add, so copying the log into it never needs any.
 * Where a filesystem can't allocate ahead, both still keep the space that they once had. */
#include "catalog/catalog_sqlite_internal.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

/* In the place of SQLite's mmap, which it uses for the index of the log alone. It allocates that
 * file one byte a page, which on a filesystem with smaller blocks leaves holes, and on a full disk
 * touching a hole is a signal instead of an error. */
/* NOLINTNEXTLINE(readability-function-size): the parameters are those of mmap(2) */
static void *map_allocated(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    if ((protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0) {
        if (fallocate(fd, 0, offset, (off_t)len) < 0 && (errno == ENOSPC || errno == EDQUOT))
            return MAP_FAILED;
        /* A start empties the file first. What that gives back must be enough for all this and for
         * the filesystem's bookkeeping, also when nothing else is left. */
        (void)fallocate(fd, FALLOC_FL_KEEP_SIZE, offset, (off_t)len * 2);
    }
    return mmap(at, len, protection, flags, fd, offset);
}

int sqlite_disk_guard(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    if (vfs == NULL || vfs->iVersion < 3 ||
        vfs->xSetSystemCall(vfs, "mmap", (sqlite3_syscall_ptr)map_allocated) != SQLITE_OK)
        return fail(-ENOTSUP, "catalog: this SQLite was built without a log");
    return 0;
}

void sqlite_disk_reserve_log(struct sqlite_session *session)
{
    const char *path = sqlite3_filename_wal(sqlite3_db_filename(session->db, "main"));
    session->log_bytes_max = CATALOG_LOG_BYTES_MAX;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;

    /* Beyond the end of the file, so that SQLite sees no difference. */
    struct statvfs disk;
    if (fstatvfs(fd, &disk) == 0) {
        uint64_t spare_bytes = (uint64_t)disk.f_bavail * disk.f_frsize / 4;
        uint64_t room_bytes = u64_min(spare_bytes, CATALOG_LOG_ROOM_BYTES);
        if (room_bytes > 0)
            (void)fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)room_bytes);
    }
    struct stat file;
    if (fstat(fd, &file) == 0 && file.st_blocks > 0)
        session->log_bytes_max = i64_min(file.st_blocks * 512 / 4 * 3, CATALOG_LOG_BYTES_MAX);
    close(fd);
}

void sqlite_disk_empty_log(struct sqlite_session *session)
{
    /* Whoever puts an older file in the place of ours must not find a log that changes it. When
     * this fails nothing is lost: the next start reads the log as after a crash. */
    int code =
        sqlite3_wal_checkpoint_v2(session->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code == SQLITE_OK)
        sqlite_disk_reserve_log(session);
}

int sqlite_disk_make_room(struct sqlite_session *session)
{
    sqlite3_stmt *statement = sqlite_session_take(session, STATEMENT_PAGE_COUNT);
    int got = sqlite_session_step(session, statement);
    if (got < 0)
        return got;
    assert(got > 0);
    sqlite3_int64 needed_bytes = sqlite3_column_int64(statement, 0) * PAGE_BYTES;
    needed_bytes += CATALOG_GROW_BYTES;
    sqlite3_reset(statement);

    sqlite3_file *file = NULL;
    sqlite3_int64 size_bytes = 0;
    int code = sqlite3_file_control(session->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code == SQLITE_OK)
        code = file->pMethods->xFileSize(file, &size_bytes);
    if (code != SQLITE_OK)
        return sqlite_session_error(session, code);
    session->is_full = size_bytes < needed_bytes &&
                       sqlite3_file_control(session->db, "main", SQLITE_FCNTL_SIZE_HINT,
                                            &needed_bytes) != SQLITE_OK;
    return 0;
}
