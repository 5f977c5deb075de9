/* The catalog: which link names which object. One interface, a backend by URL.
 *
 * Promises: a change that was answered with 0 survives a power cut; an object's row is inserted
 * only after its bytes are durable, and the row of a link is gone before its bytes are. All calls
 * await the catalog at most CATALOG_WAIT_MS and may be made from any worker. -EIO and -ETIMEDOUT
 * of a change mean "unknown": it may have happened. */
#pragma once

#include "base/base.h"
#include "base/digest.h"
#include "limits.h"

struct catalog;

enum link_state {
    LINK_READY,    /* names bytes */
    LINK_EXPIRED,  /* its time is over; the bytes are gone or going */
    LINK_USED_UP,  /* it was downloaded as often as allowed */
    LINK_ARRIVING, /* its bytes are still being sent, see struct upload_row */
};

/* A stored object. */
struct object_row {
    char name[STORE_NAME_CHARS + 1]; /* in the store */
    uint64_t size_bytes;             /* 0 while arriving */
    bool is_arriving;                /* its bytes are not all there */
    unsigned parts; /* 0: it has bytes of its own; else it is so many others in a row */
    bool has_crc32; /* not when a part of it was written by an earlier start */
    uint32_t crc32;
    bool has_sha256;
    uint8_t sha256[SHA256_BYTES];
};

/* A link to one file, or to a collection of several (struct entry_row): then the name is that of
 * the whole, and there is neither a type nor an object. */
struct link_row {
    char link[LINK_CHARS + 1];
    uint8_t key_hash[SHA256_BYTES]; /* SHA-256 of the key that edits and deletes */
    enum link_state state;
    int64_t created_ms;     /* wall clock */
    int64_t expires_ms;     /* wall clock; 0: never */
    uint32_t downloads_max; /* 0: no limit */
    uint32_t downloads;     /* counted so far */
    char file_name[FILE_NAME_BYTES_MAX + 1];
    char media_type[MEDIA_TYPE_BYTES_MAX + 1];
    bool is_collection;
    struct object_row object;
};

/* A file of a collection. */
struct entry_row {
    unsigned position; /* from 0 on; one that is missing was never completed */
    char file_name[FILE_NAME_BYTES_MAX + 1];
    char media_type[MEDIA_TYPE_BYTES_MAX + 1];
    struct object_row object;
};

/* What the sender of an upload makes with it. */
enum upload_kind {
    UPLOAD_WHOLE,  /* one file */
    UPLOAD_PART,   /* a part of a file: has no link */
    UPLOAD_JOINED, /* a file made of parts: has no bytes of its own */
};

/* An upload that its sender can come back to. How far it has got is not in its row, but known from
 * the store. The row stays for a while after it is complete, so that its sender can ask. */
struct upload_row {
    char upload[LINK_CHARS + 1]; /* names it to its sender */
    char link[LINK_CHARS + 1];   /* "" for a part */
    enum upload_kind kind;
    bool is_complete;
    uint64_t size_bytes; /* UINT64_MAX: not told yet */
    /* Bytes beyond are not verified and don't count; UINT64_MAX: all that are stored count. */
    uint64_t offset_max;
    int64_t created_ms;
    int64_t expires_ms; /* not before; see catalog_old_uploads() */
    bool has_sha256;    /* all of its bytes must have this digest */
    uint8_t sha256[SHA256_BYTES];
    struct object_row object;
    char metadata[UPLOAD_METADATA_BYTES_MAX + 1]; /* as its sender wrote it */
    char concat[UPLOAD_CONCAT_BYTES_MAX + 1];     /* as its sender wrote it */
};

/* What an edit of an upload changes; fields whose flag is not set stay. */
struct upload_edit {
    bool has_size, has_offset_max, has_expires;
    uint64_t size_bytes;
    uint64_t offset_max;
    int64_t expires_ms;
};

/* The links that a change has made ready or ended; of more, the rest is not told. */
struct link_names {
    size_t count;
    char names[32][LINK_CHARS + 1];
};

/* Some uploads whose time may be over. */
struct old_uploads {
    size_t count;
    struct {
        char upload[LINK_CHARS + 1];
        bool is_complete;
    } uploads[32];
};

/* What an edit changes; fields whose flag is not set stay. */
struct link_edit {
    bool has_file_name, has_expires, has_downloads_max;
    char file_name[FILE_NAME_BYTES_MAX + 1];
    int64_t expires_ms;
    uint32_t downloads_max;
};

/* Downloads of a link that were delivered. */
struct link_count {
    char link[LINK_CHARS + 1];
    uint32_t added;
    uint32_t downloads; /* afterwards */
};

/* What became of a call that ends links: the objects that no link names any more. */
struct object_names {
    size_t count;
    char names[32][STORE_NAME_CHARS + 1];
};

struct catalog_ops {
    const char *scheme; /* of its URL: "sqlite" */
    /* Opens and migrates; called outside fibers. `ret_reason` tells in words what failed. */
    int (*open)(const char *url, struct catalog **ret_catalog, const char **ret_reason);
    void (*close)(struct catalog *catalog);
    awaits int (*insert)(struct catalog *catalog, const struct link_row *row);
    awaits int (*find)(struct catalog *catalog, const char *link, struct link_row *ret_row);
    awaits int (*edit)(struct catalog *catalog, const char *link, const struct link_edit *edit,
                       struct link_row *ret_row);
    awaits int (*remove)(struct catalog *catalog, const char *link, struct object_names *ret_gone);
    awaits int (*retire)(struct catalog *catalog, const char *link, enum link_state state,
                         struct object_names *ret_gone);
    awaits int (*expire)(struct catalog *catalog, int64_t now_ms, struct object_names *ret_gone);
    awaits int (*count_downloads)(struct catalog *catalog, struct link_count *counts, size_t count);
    awaits int (*keep_digests)(struct catalog *catalog, const char *object, uint32_t crc32,
                               const uint8_t sha256[SHA256_BYTES]);
    awaits int (*known)(struct catalog *catalog, const char (*names)[STORE_NAME_CHARS + 1],
                        size_t count, bool *ret_known);
    awaits int (*list)(struct catalog *catalog, const char *after, struct object_row *ret_rows,
                       size_t rows_max, size_t *ret_count);
    awaits int (*begin_upload)(struct catalog *catalog, const struct upload_row *row,
                               const struct link_row *link, const char (*parts)[LINK_CHARS + 1],
                               size_t parts_len, bool *ret_is_complete);
    awaits int (*find_upload)(struct catalog *catalog, const char *name,
                              struct upload_row *ret_row);
    awaits int (*edit_upload)(struct catalog *catalog, const char *upload,
                              const struct upload_edit *edit);
    awaits int (*finish_upload)(struct catalog *catalog, const char *upload,
                                const struct object_row *object, int64_t now_ms,
                                struct link_names *ret_ready);
    awaits int (*drop_upload)(struct catalog *catalog, const char *upload,
                              struct object_names *ret_gone, struct link_names *ret_ended);
    awaits int (*old_uploads)(struct catalog *catalog, int64_t now_ms,
                              struct old_uploads *ret_uploads);
    awaits int (*forget_upload)(struct catalog *catalog, const char *upload,
                                struct object_names *ret_gone);
    awaits int (*parts)(struct catalog *catalog, const char *object, unsigned first,
                        struct object_row *ret_rows, size_t rows_max, size_t *ret_count);
    awaits int (*collect)(struct catalog *catalog, const struct link_row *row,
                          const char (*links)[LINK_CHARS + 1], size_t len);
    awaits int (*entries)(struct catalog *catalog, const char *link, unsigned first,
                          struct entry_row *ret_rows, size_t rows_max, size_t *ret_count);
    awaits int (*ping)(struct catalog *catalog);
};

struct catalog {
    const struct catalog_ops *ops;
};

/* Inserts an object and the link to it, durable when it returns 0. Returns: -EEXIST when the link
 * is taken, -EIO/-ETIMEDOUT unknown, -ENOSPC, -EAGAIN when the queue is full (nothing happened). */
awaits must_use int catalog_insert(struct catalog *catalog, const struct link_row *row);
/* Finds a link, also one that is gone (see state). Returns 0 or -ENOENT, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_find(struct catalog *catalog, const char *link,
                                 struct link_row *ret_row);

/* ---- Uploads that their sender can come back to ---- */

/* Inserts an upload: its object (row->object.name, arriving), and with a `link` (all kinds but a
 * part) the link to it, arriving. A joined one is made of the uploads named in `parts`, in this
 * order, each a part and any of them several times; it is complete at once when all of them are
 * (size and CRC-32 follow from theirs), else when the last of them is.
 * Returns 0; -EEXIST; -ENOENT when a part isn't there; -EINVAL when one is no part; -ENOSPC,
 * -EAGAIN (nothing happened); -EIO, -ETIMEDOUT unknown. */
awaits must_use int catalog_begin_upload(struct catalog *catalog, const struct upload_row *row,
                                         const struct link_row *link,
                                         const char (*parts)[LINK_CHARS + 1], size_t parts_len,
                                         bool *ret_is_complete);
/* Finds an upload by its own name, by its link, or by its object's name. Returns 0, -ENOENT, -EIO,
 * -ETIMEDOUT. */
awaits must_use int catalog_find_upload(struct catalog *catalog, const char *name,
                                        struct upload_row *ret_row);
/* Edits an upload that is not complete. Returns 0, -ENOENT, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_edit_upload(struct catalog *catalog, const char *upload,
                                        const struct upload_edit *edit);
/* The bytes are all there and durable: the object gets its size and digests, its link is ready, and
 * so is each joined upload of which this was the last part. At `now_ms` the object counts as
 * created. Returns 0 (also when it was complete before), -ENOENT, -EIO/-ETIMEDOUT unknown. */
awaits must_use int catalog_finish_upload(struct catalog *catalog, const char *upload,
                                          const struct object_row *object, int64_t now_ms,
                                          struct link_names *ret_ready);
/* Takes an upload back, complete or not: its row, its link, its object if nothing else uses it,
 * and with a part that isn't complete also the joined ones that wait for it. `ret_ended`: the links
 * that are no more. Returns 0, -ENOENT, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_drop_upload(struct catalog *catalog, const char *upload,
                                        struct object_names *ret_gone,
                                        struct link_names *ret_ended);
/* Some uploads whose expires_ms is over: the caller asks the store when they were last written,
 * then edits, drops or (complete ones) forgets them. Returns 0, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_old_uploads(struct catalog *catalog, int64_t now_ms,
                                        struct old_uploads *ret_uploads);
/* Removes the row of a complete upload; its link stays, and so does an object that is still used
 * (that of a part only if something is joined from it). Returns 0, -ENOENT, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_forget_upload(struct catalog *catalog, const char *upload,
                                          struct object_names *ret_gone);
/* The parts of an object in their order, from number `first` on. Returns 0, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_parts(struct catalog *catalog, const char *object, unsigned first,
                                  struct object_row *ret_rows, size_t rows_max, size_t *ret_count);

/* ---- Collections ---- */

/* Inserts a link (row->is_collection) to the files of other links, in this order, some perhaps
 * several times: at most COLLECTION_FILES_MAX that are ready or arriving and no collections. From
 * then on their bytes are kept for either. Returns 0; -EEXIST; -ENOENT when a link isn't there;
 * -EINVAL when one is a collection; -ENOSPC, -EAGAIN (nothing happened); -EIO, -ETIMEDOUT unknown.
 */
awaits must_use int catalog_collect(struct catalog *catalog, const struct link_row *row,
                                    const char (*links)[LINK_CHARS + 1], size_t len);
/* The files of a link in their order, from position `first` on; one whose upload ended before it
 * was complete is not among them any more. Returns 0, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_entries(struct catalog *catalog, const char *link, unsigned first,
                                    struct entry_row *ret_rows, size_t rows_max, size_t *ret_count);

/* ---- Links and objects ---- */

/* Edits a link that is ready or arriving and gives its new row. Returns 0, -ENOENT, -EIO,
 * -ETIMEDOUT. */
awaits must_use int catalog_edit(struct catalog *catalog, const char *link,
                                 const struct link_edit *edit, struct link_row *ret_row);
/* Removes a link for good, as if it had never been. Returns 0, -ENOENT, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_remove(struct catalog *catalog, const char *link,
                                   struct object_names *ret_gone);
/* Ends a link that is ready but remembers why (LINK_EXPIRED, LINK_USED_UP) for LINK_GONE_DAYS.
 * Returns 0 (also when it had ended before), -ENOENT, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_retire(struct catalog *catalog, const char *link, enum link_state state,
                                   struct object_names *ret_gone);
/* Retires links whose time is over at `now_ms`, at most as many as ret_gone holds, and forgets
 * those that ended LINK_GONE_DAYS ago. Call again while ret_gone comes back full. */
awaits must_use int catalog_expire(struct catalog *catalog, int64_t now_ms,
                                   struct object_names *ret_gone);
/* Adds delivered downloads to at most LINK_COUNTS_MAX links in one change, and tells how many each
 * has then (0: there is no such link). A link that is used up by it expires in USE_IDLE_MS. Returns
 * 0, -EIO, -ETIMEDOUT. */
awaits must_use int catalog_count_downloads(struct catalog *catalog, struct link_count *counts,
                                            size_t count);
/* Keeps the digests of an object that was stored without a SHA-256, perhaps also without a CRC-32.
 */
awaits must_use int catalog_keep_digests(struct catalog *catalog, const char *object,
                                         uint32_t crc32, const uint8_t sha256[SHA256_BYTES]);
/* Which of these objects have a row: asked by the sweeper before it removes anything. */
awaits must_use int catalog_known(struct catalog *catalog,
                                  const char (*names)[STORE_NAME_CHARS + 1], size_t count,
                                  bool *ret_known);
/* The objects whose names come after `after` (start with ""), in order of name. */
awaits must_use int catalog_list(struct catalog *catalog, const char *after,
                                 struct object_row *ret_rows, size_t rows_max, size_t *ret_count);
/* 0 when the catalog answers. */
awaits must_use int catalog_ping(struct catalog *catalog);
/* Finishes what is queued and closes; outside fibers, after the workers have ended. NULL is fine.
 */
void catalog_close(struct catalog *catalog);
