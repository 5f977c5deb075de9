/* The store: bytes at rest. One interface, a backend by URL.
 *
 * An object is written once, front to back, as a draft; publishing makes it durable; from then on
 * it never changes. Its name is random and never the user's. The store knows no links: what no
 * catalog row names is removed by the sweeper. */
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
    uint32_t crc32;
};

/* Names found in one of the store's folders; `names` belongs to the receiver (store_names_drop). */
struct store_names {
    size_t count;
    char (*names)[STORE_NAME_CHARS + 1];
};

struct store_ops {
    const char *scheme;
    awaits int (*begin)(struct store *store, uint64_t size_bytes, struct draft **ret_draft);
    awaits int (*append)(struct draft *draft, struct chunk **chunk, size_t len);
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
    uint64_t received_bytes; /* appended so far */
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
/* Appends the first `len` bytes of a chunk and takes the chunk (*chunk becomes NULL, also on an
 * error): it may be written while the caller fills the next. All but the last append should be of
 * full large chunks; others cost more. Returns 0, or the error of this or an earlier write. */
awaits must_use int draft_append(struct draft *draft, struct chunk **chunk, size_t len);
/* How many bytes the next append is best made of: so many that what follows is aligned. */
size_t draft_wanted(const struct draft *draft);
/* Makes the object durable: its bytes, its size, its name. Returns 0 or -errno; either way the
 * draft is only good for draft_drop(). */
awaits must_use int draft_publish(struct draft *draft, struct stored_object *ret_object);
/* Ends a draft; what was not published is removed in the background. NULL is fine. */
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
