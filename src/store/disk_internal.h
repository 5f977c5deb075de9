/* What the files of the disk store share. Nobody else includes this. */
#pragma once

#include "runtime/io.h"
#include "store/store_disk.h"

#include <pthread.h>
#include <stdatomic.h>

enum { DISK_FOLDERS = 256 };

/* Free space, and what of it has been promised to uploads. One for all workers. */
struct disk_space {
    pthread_mutex_t mutex; /* held for some arithmetic only */
    int64_t free_bytes;    /* as last asked, less what was allocated since */
    int64_t asked_ms;
    int64_t promised_bytes; /* to drafts whose space isn't allocated */
    int64_t reserve_bytes;
};

struct disk_store {
    struct store base;
    int data_fd, objects_fd, lock_fd;
    int folder_fds[DISK_FOLDERS];
    bool is_direct;
    uint64_t block_bytes;         /* what the filesystem allocates is made of such blocks */
    char start_number[9];         /* first part of the names made by this process */
    _Atomic unsigned drafts_open; /* drafts that hold a descriptor */
    _Atomic unsigned syncing;     /* drafts that are made durable in the background */
    struct disk_space space;
};

static inline struct disk_store *disk_of(struct store *store)
{
    return container_of(store, struct disk_store, base);
}

/* Room for "XX/NAME" and a NUL. */
enum { DISK_PATH_BYTES = 3 + STORE_NAME_CHARS + 1 };

/* The folder of a name: two digits of its random part. */
unsigned disk_folder_of(const char *name);
/* Makes a new random name. */
void disk_name_make(const struct disk_store *store, char ret_name[STORE_NAME_CHARS + 1]);
bool disk_name_is_valid(const char *name);

/* Promises `bytes` of free space to a draft. Returns 0, -ENOSPC, -EIO. */
awaits must_use int disk_space_promise(struct disk_store *store, uint64_t bytes);
/* Promises what a draft owns on the disk already, and is about to give back for a moment. */
void disk_space_hold(struct disk_store *store, uint64_t bytes);
/* Part of a promise was kept (allocated or written) or is given back. */
void disk_space_kept(struct disk_store *store, uint64_t bytes);
void disk_space_release(struct disk_store *store, uint64_t bytes);
/* First reading, at start, outside fibers. */
must_use int disk_space_open(struct disk_store *store, uint64_t reserve_bytes);

/* ---- disk_draft.c ---- */
awaits int disk_begin(struct store *base, uint64_t size_bytes, struct draft **ret_draft);
awaits int disk_append(struct draft *base, struct chunk **chunk, size_t len);
awaits int disk_publish(struct draft *base, struct stored_object *ret_object);
struct draft_mark disk_mark(const struct draft *base);
void disk_drop(struct draft *base);

/* ---- disk_kept.c ---- */
awaits int disk_begin_kept(struct store *base, uint64_t size_bytes, struct draft **ret_draft);
awaits int disk_measure(struct store *base, const char *name, uint64_t *ret_offset,
                        int64_t *ret_written_ms);
awaits int disk_sync(struct draft *base);
void disk_write_sync(struct draft *base);
awaits int disk_rewind(struct draft *base, const struct draft_mark *mark);

/* ---- disk_resume.c ---- */
awaits int disk_resume(struct store *base, const char *name, uint64_t size_bytes,
                       const struct draft_mark *mark, struct draft **ret_draft);
