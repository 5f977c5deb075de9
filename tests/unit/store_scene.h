/* A stage for tests of drafts: a disk store in a folder of its own, and bytes that tell where in an
 * object they belong. Each test runs in a fiber, on both backends, with direct writes and without.
 */
#pragma once

#include "io_scene.h"

#include "base/digest.h"
#include "store/disk_internal.h"
#include "store/store_disk.h"

#include <ftw.h>

enum { KIB = 1024, MIB = 1024 * 1024 };

static const struct draft_mark untold = {.offset = UINT64_MAX};

/* ---- The stage: a store in a folder of its own ---- */

static struct store *store;
static char folder[] = "store_draft_test.XXXXXX";

static inline int remove_entry(const char *path, const struct stat *status, int type,
                               struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static inline int open_store(bool is_direct)
{
    const char *reason;
    struct store_disk_config config = {.folder = folder, .is_direct_allowed = is_direct};
    return store_disk_open(&config, &store, &reason);
}

static inline int begin_stage(bool is_direct)
{
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    return mkdtemp(folder) == NULL ? -1 : open_store(is_direct);
}

static inline int begin_direct(void **state)
{
    (void)state;
    return begin_stage(true);
}

static inline int begin_cached(void **state)
{
    (void)state;
    return begin_stage(false);
}

static inline int end_stage(void **state)
{
    (void)state;
    store_close(store);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int64_t promised(void)
{
    return disk_of(store)->space.promised_bytes;
}

/* The object's file. */
static inline int open_object(const char *name)
{
    int fd = openat(disk_of(store)->folder_fds[disk_folder_of(name)], name, O_RDWR | O_CLOEXEC);
    assert(fd >= 0);
    return fd;
}

static inline struct stat look_at(const char *name)
{
    struct stat status;
    int fd = open_object(name);
    assert(fstat(fd, &status) == 0 && close(fd) == 0);
    return status;
}

/* ---- What is written: never a zero, so that what is missing shows ---- */

static inline void fill(uint8_t *into, uint64_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t at = offset + i;
        into[i] = (uint8_t)(at ^ at >> 8 ^ at >> 16 ^ at >> 24) | 1;
    }
}

static inline uint32_t crc_of(uint64_t len)
{
    static uint8_t bytes[64 * KIB];
    uint32_t crc = 0;
    for (uint64_t at = 0; at < len; at += sizeof bytes) {
        fill(bytes, at, sizeof bytes);
        crc = crc32_add(crc, slice_from(bytes, (size_t)u64_min(sizeof bytes, len - at)));
    }
    return crc;
}

/* Appends what belongs at `offset`, which is not always where it comes to lie. */
static inline awaits int append_from(struct draft *draft, uint64_t offset, size_t len)
{
    struct chunk *chunk;
    if (len > CHUNK_SMALL_BYTES)
        assert(chunk_take(&chunk, DEADLINE_NONE) == 0);
    else
        assert(chunk_take_small(&chunk, DEADLINE_NONE) == 0);
    fill(chunk->room.ptr, offset, len);
    int err = draft_append(draft, &chunk, len);
    assert(chunk == NULL);
    return err;
}

/* Appends up to `end`, in steps of at most `step` bytes. */
static inline awaits void append_to(struct draft *draft, uint64_t end, size_t step)
{
    while (draft->received_bytes < end) {
        size_t len = size_min(step, draft_wanted(draft));
        len = (size_t)u64_min(len, end - draft->received_bytes);
        assert(append_from(draft, draft->received_bytes, len) == 0);
        assert(draft->written_bytes <= draft->received_bytes);
    }
    assert(draft->received_bytes == end);
}

static inline awaits void assert_bytes(const char *name, uint64_t len)
{
    static uint8_t got[64 * KIB], wanted[64 * KIB];
    struct blob *blob;
    assert(blob_open(store, name, &blob) == 0 && blob->size_bytes >= len);
    for (uint64_t at = 0; at < len;) {
        struct span into = {got, (size_t)u64_min(sizeof got, len - at)};
        ssize_t count = io_read(blob->fd, into, at);
        assert(count > 0);
        fill(wanted, at, (size_t)count);
        assert(memcmp(got, wanted, (size_t)count) == 0);
        at += (uint64_t)count;
    }
    blob_drop(blob);
}

static inline awaits uint64_t measure(const char *name)
{
    uint64_t offset;
    int64_t written_ms;
    assert(store_measure(store, name, &offset, &written_ms) == 0);
    assert(written_ms <= clock_wall_ms() + 100 && written_ms > clock_wall_ms() - 100 * 1000);
    return offset;
}

/* Drops a draft without a sync and waits for its writes. Its name is left in `ret_name`. */
static inline awaits void drop_at(struct draft *draft, char ret_name[STORE_NAME_CHARS + 1])
{
    uint64_t end = draft->received_bytes;
    int64_t until_ms = clock_ms() + 10 * 1000;
    memcpy(ret_name, draft->name, STORE_NAME_CHARS + 1);
    draft_drop(draft);
    while (disk_of(store)->drafts_open > 0 && clock_ms() < until_ms)
        nap(1);
    assert(measure(ret_name) == end);
}

static inline awaits void publish(struct draft *draft, uint64_t size_bytes, bool has_crc32)
{
    struct stored_object object;
    assert(draft_publish(draft, &object) == 0);
    assert(object.size_bytes == size_bytes && object.has_crc32 == has_crc32);
    assert(!has_crc32 || object.crc32 == crc_of(size_bytes));
    assert(strcmp(object.name, draft->name) == 0);
    draft_drop(draft);
    struct stat status = look_at(object.name);
    assert((uint64_t)status.st_size == size_bytes);
    assert((uint64_t)status.st_blocks * 512 <= size_bytes + 64 * KIB); /* all else was given back */
    assert_bytes(object.name, size_bytes);
    store_remove(store, object.name);
}

/* clang-format off */
#define ON_EACH(test)                                                                              \
    {#test " (epoll)", test, begin_direct, end_stage, (void *)(uintptr_t)"epoll"},                 \
    {#test " (uring)", test, begin_direct, end_stage, (void *)(uintptr_t)"uring"},                 \
    {#test " (epoll, page cache)", test, begin_cached, end_stage, (void *)(uintptr_t)"epoll"},     \
    {#test " (uring, page cache)", test, begin_cached, end_stage, (void *)(uintptr_t)"uring"}
/* clang-format on */
