/* A record is replaced by a rename, so what holds it is a second, empty file beside it. */
#include "client/record_file.h"

#include "base/digest.h"
#include "base/error.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_SUFFIX ".upload"

/* Makes the folder and those above it. */
static int make_folders(char *path)
{
    for (char *at = path + 1; *at != 0; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        int err = mkdir(path, 0700);
        *at = '/';
        if (err < 0 && errno != EEXIST && errno != EACCES && errno != EROFS)
            return -errno;
    }
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    return access(path, W_OK | X_OK) < 0 ? -errno : 0;
}

int record_folder_open(const char *state_home, const char *home, struct text *ret_folder)
{
    /* The XDG Base Directory Specification has relative paths ignored. */
    if (state_home != NULL && state_home[0] == '/')
        text_format(ret_folder, "%s/sluice/put", state_home);
    else if (home != NULL && home[0] == '/')
        text_format(ret_folder, "%s/.local/state/sluice/put", home);
    else
        return -ENOENT;
    text_put_byte(ret_folder, 0);
    return ret_folder->is_full ? -ENAMETOOLONG : make_folders((char *)ret_folder->ptr);
}

/* The whole file into `room`, which is PUT_RECORD_BYTES_MAX large. */
static ssize_t read_all(const char *path, uint8_t *room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < PUT_RECORD_BYTES_MAX) {
        got = read(fd, room + len, PUT_RECORD_BYTES_MAX - len);
        len += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    return got < 0 ? -errno : (ssize_t)len;
}

static int load(const char *path, struct record *ret_record)
{
    uint8_t *room = malloc(PUT_RECORD_BYTES_MAX);
    ssize_t len = room != NULL ? read_all(path, room) : -ENOMEM;
    int err = len < 0 ? (int)len : record_read(slice_from(room, (size_t)len), ret_record);
    free(room);
    return err < 0 ? -ENOENT : 0;
}

/* ---- Holding ---- */

static int lock_path(const char *path, char room[PUT_RECORD_PATH_BYTES_MAX])
{
    int len = snprintf(room, PUT_RECORD_PATH_BYTES_MAX, "%s.lock", path);
    return len < 0 || len >= PUT_RECORD_PATH_BYTES_MAX ? -ENAMETOOLONG : 0;
}

/* Holds `path`. A file that its holder removed meanwhile holds nothing: then again. */
static int hold(const char *path, int *ret_fd)
{
    for (;;) {
        struct stat held, named;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
            return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &held) < 0) {
            int err = errno == EWOULDBLOCK ? -EBUSY : -errno;
            (void)close(fd);
            return err;
        }
        if (stat(path, &named) == 0 && named.st_ino == held.st_ino) {
            *ret_fd = fd;
            return 0;
        }
        (void)close(fd);
    }
}

int record_file_open(struct record_file *ret_file, const char *folder, struct slice identity,
                     const char *of)
{
    uint8_t digest[SHA256_BYTES];
    char lock[PUT_RECORD_PATH_BYTES_MAX];
    int err = sha256_of(identity, digest);
    if (err < 0)
        return err;
    struct text path =
        text_over((struct span){(uint8_t *)ret_file->path, PUT_RECORD_PATH_BYTES_MAX});
    text_format(&path, "%s/", folder);
    text_put_hex(&path, slice_from(digest, sizeof digest));
    text_put(&path, slice_from(RECORD_SUFFIX, sizeof RECORD_SUFFIX));
    if (path.is_full)
        return -ENAMETOOLONG;
    err = lock_path(ret_file->path, lock);
    if (err == 0)
        err = hold(lock, &ret_file->lock_fd);
    ret_file->of = of;
    return err;
}

void record_file_close(struct record_file *file)
{
    char lock[PUT_RECORD_PATH_BYTES_MAX];
    if (file->lock_fd < 0)
        return;
    if (lock_path(file->path, lock) == 0)
        (void)unlink(lock);
    (void)close(file->lock_fd);
    file->lock_fd = -1;
}

/* ---- Reading and writing ---- */

int record_file_load(const struct record_file *file, struct record *ret_record)
{
    return load(file->path, ret_record);
}

static int write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        if (put < 0 && errno != EINTR)
            return -errno;
        bytes = slice_skip(bytes, put > 0 ? (size_t)put : 0);
    }
    return fsync(fd) < 0 ? -errno : 0;
}

/* Makes the new name durable. */
static int sync_folder(const char *path)
{
    char folder[PUT_RECORD_PATH_BYTES_MAX];
    const char *slash = strrchr(path, '/');
    assert(slash != NULL);
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = 0;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int err = fsync(fd) < 0 ? -errno : 0;
    (void)close(fd);
    return err;
}

int record_file_save(const struct record_file *file, const struct record *record)
{
    char made[PUT_RECORD_PATH_BYTES_MAX];
    int len = snprintf(made, sizeof made, "%s.new", file->path);
    if (len < 0 || (size_t)len >= sizeof made)
        return -ENAMETOOLONG;
    uint8_t *room = malloc(PUT_RECORD_BYTES_MAX);
    if (room == NULL)
        return -ENOMEM;
    struct text text = text_over((struct span){room, PUT_RECORD_BYTES_MAX});
    record_put(&text, record, file->of);
    int fd = open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int err = fd < 0 ? -errno : text.is_full ? -E2BIG : write_all(fd, text_slice(&text));
    if (fd >= 0)
        (void)close(fd);
    free(room);
    if (err == 0 && rename(made, file->path) < 0)
        err = -errno;
    return err == 0 ? sync_folder(file->path) : err;
}

void record_file_remove(const struct record_file *file)
{
    if (file->lock_fd >= 0)
        (void)unlink(file->path);
}

/* ---- Sweeping ---- */

/* Whether the file is a record whose time is over, or one that can't be used. */
static bool is_over(const char *path, struct record *room, int64_t now_wall_ms)
{
    struct stat stat_of;
    const int64_t keep_ms = INT64_C(86400) * 1000 * PUT_RECORD_KEEP_DAYS;
    if (stat(path, &stat_of) < 0 || now_wall_ms - stat_of.st_mtim.tv_sec * 1000 < keep_ms)
        return false;
    return load(path, room) < 0 ||
           (room->expires_ms != 0 && now_wall_ms - room->expires_ms > keep_ms);
}

void record_folder_sweep(const char *folder, int64_t now_wall_ms)
{
    const size_t suffix_len = sizeof RECORD_SUFFIX - 1;
    struct record *room = malloc(sizeof *room);
    DIR *names = opendir(folder);
    const struct dirent *entry;
    while (room != NULL && names != NULL && (entry = readdir(names)) != NULL) {
        struct record_file file = {.lock_fd = -1};
        char lock[PUT_RECORD_PATH_BYTES_MAX];
        size_t name_len = strlen(entry->d_name);
        int len = snprintf(file.path, sizeof file.path, "%s/%s", folder, entry->d_name);
        if (len < 0 || (size_t)len >= sizeof file.path || name_len < suffix_len ||
            strcmp(entry->d_name + name_len - suffix_len, RECORD_SUFFIX) != 0 ||
            !is_over(file.path, room, now_wall_ms))
            continue;
        if (lock_path(file.path, lock) == 0 && hold(lock, &file.lock_fd) == 0) {
            record_file_remove(&file);
            record_file_close(&file);
        }
    }
    if (names != NULL)
        (void)closedir(names);
    free(room);
}
