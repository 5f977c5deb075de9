/* A draft of the disk store, its file, and the writes of it that are under way. For the files of
 * the disk store only. */
#pragma once

#include "store/disk_internal.h"

/* A write under way; it owns its chunk. */
struct disk_write {
    struct io_op op;
    struct disk_draft *draft;
    struct chunk *chunk;
    uint64_t begin; /* the operation's own offset moves when it is cut short */
};

struct disk_draft {
    struct draft base;
    struct disk_store *store;
    int fd;  /* -1 while parked */
    int err; /* the first error of an append, a write or a sync */
    bool is_created, is_direct, is_published, is_dropped, is_writing_out, is_syncing;
    bool is_kept;         /* the file outlives the draft; see disk_size.c for its shape */
    bool is_ahead;        /* of a kept draft: the file's size is allocated_bytes already */
    bool is_changed;      /* since it was last made durable as a whole */
    bool is_name_durable; /* the folder was synced since the file is in it */
    bool has_crc32;
    unsigned writing; /* writes (and the write-out, and the sync) that are under way */
    uint32_t crc32;
    uint64_t size_bytes;      /* as declared, or BYTES_UNKNOWN */
    uint64_t promised_bytes;  /* of the store's space */
    uint64_t allocated_bytes; /* blocks are allocated up to here, if that is known */
    uint64_t written_out_bytes;
    uint64_t syncing_bytes; /* what the sync under way makes durable */
    int64_t sync_began_ms;
    struct fiber *waiter;
    struct disk_write *writes; /* STORE_WRITES_MAX of them, made with the first */
    struct io_op write_out, sync;
};

static inline struct disk_draft *disk_draft_of(struct draft *draft)
{
    return container_of(draft, struct disk_draft, base);
}

static inline int disk_draft_folder(const struct disk_draft *draft)
{
    return draft->store->folder_fds[disk_folder_of(draft->base.name)];
}

/* Makes a draft in memory, without a file and a name, and promises it `promise_bytes` of space.
 * Returns 0, -ENOSPC, -ENOMEM, -EIO. */
awaits must_use int disk_draft_new(struct disk_store *store, uint64_t promise_bytes,
                                   struct disk_draft **ret_draft);
/* Makes the file of its name and allocates its first bytes with a mode of fallocate(). */
awaits must_use int disk_draft_create(struct disk_draft *draft, uint64_t allocate_bytes, int mode);
/* Syncs the file and, if need be, its folder; nothing is under way. Returns 0 or -errno. */
awaits must_use int disk_draft_make_durable(struct disk_draft *draft);
/* Ends a draft whose writes have all ended: closes, and removes what was neither published nor is
 * to be kept. */
void disk_draft_close(struct disk_draft *draft);

/* ---- disk_file.c: the descriptor ---- */

/* Runs a call that opens something. When there is no descriptor it is tried again for a while:
 * others only hold theirs for the length of a write. */
awaits must_use ssize_t disk_file_call(void (*call)(struct io_op *op), void *arg);
/* On a helper thread: the draft has a descriptor from now on. */
void disk_file_opened(struct disk_draft *draft, int fd);
/* Gives the descriptor back; the file stays. */
void disk_file_park(struct disk_draft *draft);
/* Takes a descriptor again. */
awaits must_use int disk_file_unpark(struct disk_draft *draft);
/* Whether so many uploads hold a descriptor that connections might find none. A slow upload then
 * gives its own back between two writes: what counts is how many can be served. */
bool disk_file_is_scarce(const struct disk_store *store);

/* ---- disk_size.c: the file's size, and the space that is its own ---- */

/* So much of the draft's promise was kept. */
void disk_size_keep_promise(struct disk_draft *draft, uint64_t bytes);
/* Before an append of `len` bytes: allocates what is needed and, of a kept draft, gives the file
 * the shape in which they can be written. Returns 0, -ENOSPC, -EIO. */
awaits must_use int disk_size_prepare(struct disk_draft *draft, size_t len);
/* Makes the file of a kept draft end at `end`, after all writes; the space behind that was
 * allocated for it is allocated again or, if that fails, promised to it. Returns 0 or -EIO. */
awaits must_use int disk_size_cut(struct disk_draft *draft, uint64_t end);
/* Gives back what was allocated for an unknown length: nobody knows when more comes. Returns 0 or
 * -EIO. */
awaits must_use int disk_size_pause(struct disk_draft *draft);

/* ---- disk_front.c: how far the file of a kept draft has got ---- */

struct disk_front {
    uint64_t front;     /* bytes from the front that were written */
    bool has_more;      /* others were written behind a gap */
    struct stat status; /* of the file */
};

/* Reads that from the file; on a helper thread. Returns 0 or -errno. */
must_use int disk_front_find(int fd, struct disk_front *ret_front);
/* Makes the file and its name durable; on a helper thread. Returns 0 or -errno. */
must_use int disk_front_sync(int fd, int folder);

/* ---- disk_kept.c ---- */

/* Begins the file of a kept draft that has its name and its promise. */
awaits must_use int disk_kept_create(struct disk_draft *draft);

/* ---- disk_write.c ---- */

/* Waits until at most `most` writes are under way. Returns the draft's first error, or 0. */
awaits must_use int disk_write_wait(struct disk_draft *draft, unsigned most);
/* The same for everything that is under way, a sync too. */
awaits must_use int disk_write_settle(struct disk_draft *draft);
/* Starts to write the first `len` bytes of a chunk at the draft's end and gives it the chunk.
 * Returns 0 or -ENOMEM. */
must_use int disk_write_start(struct disk_draft *draft, struct chunk **chunk, size_t len);
/* Begins the write-out of what lies in the page cache, so that the sync at the end is short. */
void disk_write_out(struct disk_draft *draft);
/* Tells of writes that have ended, and begins a sync when it is time for one. */
void disk_write_advance(struct disk_draft *draft);
