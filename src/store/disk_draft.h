/* A draft of the disk store, and the writes of it that are under way. For the files of the disk
 * store only. */
#pragma once

#include "store/disk_internal.h"

/* A write under way; it owns its chunk. */
struct disk_write {
    struct io_op op;
    struct disk_draft *draft;
    struct chunk *chunk;
};

struct disk_draft {
    struct draft base;
    struct disk_store *store;
    int fd;
    int err; /* the first error of a write */
    bool is_created, is_direct, is_published, is_dropped, is_writing_out;
    unsigned writing; /* writes (and the write-out) that are under way */
    uint32_t crc32;
    uint64_t promised_bytes;  /* of the store's space */
    uint64_t allocated_bytes; /* the file's size while larger than what was received */
    uint64_t written_out_bytes;
    struct fiber *waiter;
    struct disk_write *writes; /* STORE_WRITES_MAX of them, made with the first */
    struct io_op write_out;
    char name[STORE_NAME_CHARS + 1];
};

/* Ends a draft whose writes have all ended: closes, and removes what was not published. */
void disk_draft_close(struct disk_draft *draft);

/* Waits until at most `most` writes are under way. Returns the draft's first error, or 0. */
awaits must_use int disk_write_wait(struct disk_draft *draft, unsigned most);
/* Starts to write the first `len` bytes of a chunk at the draft's end and gives it the chunk.
 * Returns 0 or -ENOMEM. */
must_use int disk_write_start(struct disk_draft *draft, struct chunk **chunk, size_t len);
/* Begins the write-out of what lies in the page cache, so that the sync at the end is short. */
void disk_write_out(struct disk_draft *draft);
