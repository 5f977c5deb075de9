/* A folder as a store: objects/XX/NAME, XX two digits of the name's random part.
 *
 * A name begins with a number that each process draws at its start: so the sweeper knows, without
 * a list kept anywhere, that an object with another number is written by nobody. */
#include "store/store_disk.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "store/disk_internal.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* ---- Names ---- */

static unsigned hex_value(char digit)
{
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(digit - 'a') + 10;
}

unsigned disk_folder_of(const char *name)
{
    return hex_value(name[8]) * 16 + hex_value(name[9]);
}

bool disk_name_is_valid(const char *name)
{
    return strlen(name) == STORE_NAME_CHARS && strspn(name, "0123456789abcdef") == STORE_NAME_CHARS;
}

void disk_name_make(const struct disk_store *store, char ret_name[STORE_NAME_CHARS + 1])
{
    uint8_t bytes[(STORE_NAME_CHARS - 8) / 2];
    random_fill((struct span){bytes, sizeof bytes});
    struct text text = text_over((struct span){(uint8_t *)ret_name, STORE_NAME_CHARS});
    text_put(&text, slice_of(store->start_number));
    text_put_hex(&text, slice_from(bytes, sizeof bytes));
    ret_name[STORE_NAME_CHARS] = '\0';
}

/* ---- Reading ---- */

struct reading {
    struct disk_store *store;
    const char *name;
    struct stat state;
};

static void call_open(struct io_op *op)
{
    struct reading *reading = op->buffer;
    int folder = reading->store->folder_fds[disk_folder_of(reading->name)];
    /* Noting each first read would write to the journal, behind whatever is being uploaded. */
    int fd = io_open_beneath(folder, reading->name, O_RDONLY | O_NOATIME, 0);
    if (fd == -EPERM) /* the file has another owner */
        fd = io_open_beneath(folder, reading->name, O_RDONLY, 0);
    op->result = fd;
    if (fd >= 0 && fstat(fd, &reading->state) < 0) {
        op->result = -errno;
        (void)close(fd);
    }
}

static awaits int disk_open_blob(struct store *base, const char *name, struct blob **ret_blob)
{
    if (!disk_name_is_valid(name))
        return fail(-EINVAL, "malformed object name");
    struct blob *blob = calloc(1, sizeof *blob);
    if (blob == NULL)
        return -ENOMEM;
    struct reading reading = {.store = disk_of(base), .name = name};
    ssize_t fd = io_call(call_open, &reading);
    if (fd < 0) {
        free(blob);
        return fail((int)fd, "open object %.8s", name);
    }
    *blob = (struct blob){.store = base,
                          .size_bytes = (uint64_t)reading.state.st_size,
                          .fd = (int)fd,
                          .references = 1};
    *ret_blob = blob;
    return 0;
}

static void disk_close_blob(struct blob *blob)
{
    io_close_later(blob->fd);
    free(blob);
}

static void disk_remove(struct store *base, const char *name)
{
    if (disk_name_is_valid(name))
        io_unlink_later(disk_of(base)->folder_fds[disk_folder_of(name)], name);
}

/* ---- Listing ---- */

struct listing {
    struct disk_store *store;
    unsigned folder;
    struct store_names names;
};

static int list_into(DIR *folder, struct store_names *ret_names)
{
    enum { NAME_BYTES = STORE_NAME_CHARS + 1 };
    struct buffer found = BUFFER_EMPTY((size_t)STORE_LIST_MAX * NAME_BYTES);
    struct dirent *entry;
    while (found.len < found.len_max && (entry = readdir(folder)) != NULL) {
        struct text name;
        if (!disk_name_is_valid(entry->d_name))
            continue;
        int err = buffer_room(&found, NAME_BYTES, &name);
        if (err < 0) {
            buffer_clear(&found);
            return err;
        }
        text_put(&name, slice_from(entry->d_name, NAME_BYTES));
        buffer_added(&found, &name);
    }
    ret_names->count = found.len / NAME_BYTES;
    ret_names->names = (void *)found.ptr;
    return 0;
}

static void call_list(struct io_op *op)
{
    struct listing *listing = op->buffer;
    char path[3];
    (void)snprintf(path, sizeof path, "%02x", listing->folder % DISK_FOLDERS);
    int fd = openat(listing->store->objects_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        op->result = -errno;
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    op->result = list_into(folder, &listing->names);
    (void)closedir(folder);
}

static awaits int disk_list(struct store *base, unsigned folder, struct store_names *ret_names)
{
    struct listing listing = {.store = disk_of(base), .folder = folder};
    ssize_t err = io_call(call_list, &listing);
    if (err < 0) {
        store_names_drop(&listing.names);
        return fail((int)err, "list folder %02x", folder);
    }
    *ret_names = listing.names;
    return 0;
}

static bool disk_is_leftover(struct store *base, const char *name)
{
    return memcmp(name, disk_of(base)->start_number, 8) != 0;
}

static void call_ping(struct io_op *op)
{
    const struct disk_store *store = op->buffer;
    op->result = faccessat(store->objects_fd, "00", R_OK | W_OK | X_OK, 0) < 0 ? -errno : 0;
}

static awaits int disk_ping(struct store *base)
{
    return (int)io_call(call_ping, disk_of(base));
}

/* ---- Opening ---- */

static void disk_close(struct store *base)
{
    struct disk_store *store = disk_of(base);
    for (size_t i = 0; i < DISK_FOLDERS; i++)
        if (store->folder_fds[i] >= 0)
            (void)close(store->folder_fds[i]);
    if (store->objects_fd >= 0)
        (void)close(store->objects_fd);
    if (store->lock_fd >= 0)
        (void)close(store->lock_fd);
    if (store->data_fd >= 0)
        (void)close(store->data_fd);
    free(store);
}

static const struct store_ops store_disk = {
    .scheme = "file",
    .begin = disk_begin,
    .begin_kept = disk_begin_kept,
    .resume = disk_resume,
    .measure = disk_measure,
    .append = disk_append,
    .mark = disk_mark,
    .sync = disk_sync,
    .sync_begin = disk_write_sync,
    .rewind = disk_rewind,
    .publish = disk_publish,
    .drop = disk_drop,
    .open_blob = disk_open_blob,
    .close_blob = disk_close_blob,
    .remove = disk_remove,
    .list = disk_list,
    .is_leftover = disk_is_leftover,
    .ping = disk_ping,
    .close = disk_close,
};

/* Opens a folder beneath another, making it when it isn't there. */
static int open_folder(int parent, const char *path)
{
    if (mkdirat(parent, path, 0700) < 0 && errno != EEXIST)
        return -errno;
    int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int take_lock(struct disk_store *store)
{
    store->lock_fd = openat(store->data_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0)
        return -errno;
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    return 0;
}

/* Whether this filesystem takes direct writes: tried with one. */
static bool try_direct(const struct disk_store *store)
{
    static const char path[] = "direct-probe";
    int fd = openat(store->data_fd, path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    void *block = aligned_alloc(DIRECT_ALIGN_BYTES, DIRECT_ALIGN_BYTES);
    bool is_direct = false;
    if (block != NULL) {
        memset(block, 0, DIRECT_ALIGN_BYTES);
        is_direct = pwrite(fd, block, DIRECT_ALIGN_BYTES, 0) == DIRECT_ALIGN_BYTES;
        free(block);
    }
    (void)close(fd);
    (void)unlinkat(store->data_fd, path, 0);
    return is_direct;
}

static int open_folders(struct disk_store *store, const char **ret_reason)
{
    *ret_reason = "its objects folder can't be made";
    store->objects_fd = open_folder(store->data_fd, "objects");
    if (store->objects_fd < 0)
        return store->objects_fd;
    for (unsigned i = 0; i < DISK_FOLDERS; i++) {
        char path[3];
        (void)snprintf(path, sizeof path, "%02x", i);
        store->folder_fds[i] = open_folder(store->objects_fd, path);
        if (store->folder_fds[i] < 0)
            return store->folder_fds[i];
    }
    *ret_reason = "it can't be synced";
    int parent_fd = openat(store->data_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int err = 0;
    if (fsync(store->objects_fd) < 0 || fsync(store->data_fd) < 0)
        err = -errno;
    if (parent_fd >= 0) { /* one that may not be opened was not made by us */
        (void)fsync(parent_fd);
        (void)close(parent_fd);
    }
    return err;
}

static int open_all(struct disk_store *store, const struct store_disk_config *config,
                    const char **ret_reason)
{
    *ret_reason = "it can't be opened or made";
    store->data_fd = open_folder(AT_FDCWD, config->folder);
    if (store->data_fd < 0)
        return store->data_fd;
    *ret_reason = "another process is using it";
    int err = take_lock(store);
    if (err == 0)
        err = open_folders(store, ret_reason);
    if (err < 0)
        return err;
    *ret_reason = "its free space can't be read";
    store->is_direct = config->is_direct_allowed && try_direct(store);
    return disk_space_open(store, config->reserve_bytes);
}

int store_disk_open(const struct store_disk_config *config, struct store **ret_store,
                    const char **ret_reason)
{
    struct disk_store *store = calloc(1, sizeof *store);
    *ret_reason = "there is no memory";
    if (store == NULL)
        return -ENOMEM;
    store->base = (struct store){.ops = &store_disk, .folders = DISK_FOLDERS};
    store->data_fd = store->objects_fd = store->lock_fd = -1;
    for (size_t i = 0; i < DISK_FOLDERS; i++)
        store->folder_fds[i] = -1;
    uint32_t number;
    random_fill((struct span){(uint8_t *)&number, sizeof number});
    (void)snprintf(store->start_number, sizeof store->start_number, "%08" PRIx32, number);
    int err = open_all(store, config, ret_reason);
    if (err < 0) {
        disk_close(&store->base);
        return err;
    }
    *ret_store = &store->base;
    return 0;
}
