/* The store: bytes at rest. One interface, a backend by URL.
 *
 * An object is written once, front to back, as a draft; publishing makes it durable; from then on
 * it never changes. Its name is random and never the user's. The store knows no links: what no
 * catalog row names is removed by the sweeper.
 *
 * A kept draft may be written over many connections and starts of the program: how far it has got
 * is read from the bytes themselves, so nobody has to write that down while they arrive. */
#pragma once

#include "base/base.h"
#include "limits.h"
#include "runtime/chunk.h"

struct store;
struct draft;
struct blob;

/* A length that nobody has told. */
#define BYTES_UNKNOWN UINT64_MAX

/* What a published draft has become. */
struct stored_object {
    char name[STORE_NAME_CHARS + 1];
    uint64_t size_bytes;
    bool has_crc32; /* not when a part of it was written by an earlier start */
    uint32_t crc32;
};

/* How far a draft has got. */
struct draft_mark {
    uint64_t offset; /* bytes from the front that are there */
    bool has_crc32;
    uint32_t crc32; /* of them */
};

/* Names found in one of the store's folders; `names` belongs to the receiver (store_names_drop). */
struct store_names {
    size_t count;
    char (*names)[STORE_NAME_CHARS + 1];
};

struct store_ops {
    const char *scheme;
    awaits int (*begin)(struct store *store, uint64_t size_bytes, struct draft **ret_draft);
    awaits int (*begin_kept)(struct store *store, uint64_t size_bytes, struct draft **ret_draft);
    awaits int (*resume)(struct store *store, const char *name, uint64_t size_bytes,
                         const struct draft_mark *mark, struct draft **ret_draft);
    awaits int (*measure)(struct store *store, const char *name, uint64_t *ret_offset,
                          int64_t *ret_written_ms);
    awaits int (*append)(struct draft *draft, struct chunk **chunk, size_t len);
    struct draft_mark (*mark)(const struct draft *draft);
    awaits int (*sync)(struct draft *draft);
    void (*sync_begin)(struct draft *draft);
    awaits int (*rewind)(struct draft *draft, const struct draft_mark *mark);
    awaits int (*publish)(struct draft *draft, struct stored_object *ret_object);
    void (*drop)(struct draft *draft);
    awaits int (*open_blob)(struct store *store, const char *name, struct blob **ret_blob);
    void (*close_blob)(struct blob *blob);
    void (*remove)(struct store *store, const char *name);
    awaits int (*list)(struct store *store, unsigned folder, struct store_names *ret_names);
    bool (*is_leftover)(struct store *store, const char *name);
    awaits int (*ping)(struct store *store);
    void (*close)(struct store *store);
};

struct store {
    const struct store_ops *ops;
    unsigned folders; /* how many store_list() can be asked for */
};

struct draft {
    const struct store_ops *ops;
    char name[STORE_NAME_CHARS + 1]; /* of the object that it becomes */
    uint64_t received_bytes;         /* appended so far, with what was there before */
    uint64_t written_bytes; /* of them, from the front: whoever opens the object reads them */
    uint64_t durable_bytes; /* of them, from the front: survive a power cut */
    /* When set: called on the worker's loop after written_bytes or durable_bytes has grown (it must
     * not await), and what is written is made durable every STORE_SYNC_MS while bytes come. */
    void (*advanced)(struct draft *draft);
    void *owner; /* of whoever set `advanced` */
};

/* An object open for reading; belongs to the worker that opened it, and is counted, not copied. */
struct blob {
    struct store *store;
    uint64_t size_bytes;
    int fd; /* -1 when the backend has none */
    unsigned references;
};

/* Begins an object of `size_bytes` (BYTES_UNKNOWN: as much as comes) and reserves its space.
 * Returns 0, -ENOSPC when the space is not there, -EMFILE, -EIO. */
awaits must_use int store_begin(struct store *store, uint64_t size_bytes, struct draft **ret_draft);
/* Like store_begin(), for a draft that outlives its connection: draft_drop() keeps the bytes, and
 * all of `size_bytes` is allocated on the disk at once, where it stays reserved. */
awaits must_use int store_begin_kept(struct store *store, uint64_t size_bytes,
                                     struct draft **ret_draft);
/* Goes on with a kept draft. `mark`: how far it has got, when the caller knows (as told by
 * draft_mark() after the last draft_sync(), with a CRC-32 or without); what lies behind is cut off.
 * With mark->offset UINT64_MAX the bytes themselves tell, and are made durable. `size_bytes` may be
 * BYTES_UNKNOWN. A draft that isn't there is begun anew if mark->offset is 0 or UINT64_MAX. Two
 * drafts of one object must not be open at a time, nor may a write of an earlier one be under way.
 * Returns 0, -ENOENT, -EIO (also when fewer bytes are there than the mark says), -ENOSPC … */
awaits must_use int store_resume(struct store *store, const char *name, uint64_t size_bytes,
                                 const struct draft_mark *mark, struct draft **ret_draft);
/* How far a kept draft that nobody writes has got, and the wall clock when it was last written. The
 * bytes that it tells of are made durable by that. Returns 0, -ENOENT, -EIO. */
awaits must_use int store_measure(struct store *store, const char *name, uint64_t *ret_offset,
                                  int64_t *ret_written_ms);
/* Appends the first `len` bytes of a chunk and takes the chunk (*chunk becomes NULL, also on an
 * error): it may be written while the caller fills the next. All but the last append should be of
 * full large chunks; others cost more. Returns 0, or the error of this or an earlier write. */
awaits must_use int draft_append(struct draft *draft, struct chunk **chunk, size_t len);
/* How many bytes the next append is best made of: so many that what follows is aligned. */
size_t draft_wanted(const struct draft *draft);
/* Makes durable what was appended, of a kept draft: afterwards that is what store_measure() tells,
 * also after a power cut, and draft_mark() may be told to the client. Whatever it returns, no write
 * of the draft is under way then. */
awaits must_use int draft_sync(struct draft *draft);
/* Begins to do so in the background, for a draft whose `advanced` is set: that tells of its end.
 * Nothing happens when it was done less than STORE_SYNC_MS ago, or when others are busy with it. */
void draft_sync_begin(struct draft *draft);
/* How far the draft has got: received_bytes and their CRC-32. */
struct draft_mark draft_mark(const struct draft *draft);
/* Takes back what was appended after `mark` (of this draft): bytes whose checksum is wrong. */
awaits must_use int draft_rewind(struct draft *draft, const struct draft_mark *mark);
/* Makes the object durable: its bytes, its size, its name. Returns 0 or -errno; either way the
 * draft is only good for draft_drop(). */
awaits must_use int draft_publish(struct draft *draft, struct stored_object *ret_object);
/* Ends a draft; what was not published is removed in the background, unless it is a kept one (then
 * store_remove() does so). Writes that are under way go on: who wants to resume a kept draft calls
 * draft_sync() before. NULL is fine. */
void draft_drop(struct draft *draft);
SCOPED_TYPE(draft)

/* Opens an object for reading. Returns 0, -ENOENT, -EMFILE, -EIO. */
awaits must_use int blob_open(struct store *store, const char *name, struct blob **ret_blob);
struct blob *blob_share(struct blob *blob);
/* Gives a reference back; the last one closes in the background. NULL is fine. */
void blob_drop(struct blob *blob);
SCOPED_TYPE(blob)

/* Removes an object in the background; one that isn't there is fine. Never awaits. */
void store_remove(struct store *store, const char *name);
/* Lists one of the store's folders (0 … store->folders − 1). */
awaits must_use int store_list(struct store *store, unsigned folder, struct store_names *ret_names);
void store_names_drop(struct store_names *names);
/* Whether an object of this name was begun before this start (so that nobody is writing it). */
bool store_is_leftover(struct store *store, const char *name);
/* 0 when the store answers. */
awaits must_use int store_ping(struct store *store);
/* Outside fibers, after the workers have ended. NULL is fine. */
void store_close(struct store *store);
