/* The inside of an arrival, for the files that keep it and the verbs that write it; everybody else
 * knows arrivals.h.
 *
 * What readers look at is atomic; what changes rarely is under the mutex, which is held for some
 * arithmetic only; what belongs to the writing is touched by nobody but who has the right to write.
 * Locks are taken in this order: the registry's, a part's, that of what is joined from it. */
#pragma once

#include "base/digest.h"
#include "service/arrivals.h"

#include <pthread.h>
#include <stdatomic.h>

/* The right to write, held by a request's fiber. */
struct arrival_writer {
    struct post post; /* on its way to the fiber's worker, to cancel it */
    struct worker *worker;
    struct fiber *fiber;
    bool is_posted;     /* under the arrival's mutex */
    bool is_removing;   /* ends the upload: who comes meanwhile waits for that */
    bool is_superseded; /* on the fiber's worker: a newer connection wants to write */
};

/* The watchers of one worker: told of changes by one post, however many they are. */
struct arrival_hub {
    struct arrival_hub *next;
    struct arrival *arrival;
    struct worker *worker;
    struct post post;
    atomic_bool is_posted;
    atomic_uint watchers;
    struct list watches; /* of its worker only */
};

/* A part's way to what is joined from it. */
struct arrival_join {
    struct list node; /* of the part's joins, under the part's mutex */
    struct arrival *joined;
};

struct arrival {
    atomic_uint references; /* 0: idle, kept by the registry */

    /* Facts. */
    struct service *service;
    char upload[LINK_CHARS + 1], link[LINK_CHARS + 1];
    char object[STORE_NAME_CHARS + 1];
    enum upload_kind kind;
    char *metadata, *concat; /* NULL: empty */
    bool has_sha256;         /* of all bytes, told by the sender */
    bool wants_sha256;
    uint8_t sha256[SHA256_BYTES];
    struct link_row *row; /* of one that has none in the catalog, else NULL */
    size_t parts_len;
    struct arrival **parts;
    struct arrival_join *joins; /* one for each of the parts */

    pthread_mutex_t mutex;
    enum arrival_state state;
    const char *reason;
    uint64_t size_bytes;
    struct arrival_writer *writer;
    unsigned claims; /* how many have wanted to write; the newest counts */
    struct arrival_hub *hubs;
    struct list joined_from_this;
    int64_t rate_ms; /* when the rate was measured last */
    uint64_t rate_bytes, rate;

    /* Of whoever holds the right to write. */
    struct draft_mark mark; /* offset UINT64_MAX: the store must be asked */
    uint64_t offset_max;    /* as its row says */
    bool is_max_unsure;     /* a change of that had no answer: it may still be made */
    uint64_t held_at;       /* bytes beyond aren't verified yet; UINT64_MAX: none */
    struct sha256 *running; /* over the first running_bytes */
    uint64_t running_bytes;

    _Atomic uint64_t received_bytes, readable_bytes, stored_bytes, version;
    _Atomic int64_t written_ms; /* wall clock */
    atomic_uint watchers, joins_len;

    /* Of the registry. */
    bool is_listed;
    struct arrival *next_by_upload, *next_by_link;
    struct list idle; /* oldest first */
};

/* ---- arrivals.c ---- */

/* A new one with one reference, not yet listed; NULL when there is no memory. */
must_use struct arrival *arrival_new(struct service *service);
/* Lets others find it by its names. */
void arrivals_list(struct arrival *arrival);
/* From now on nobody finds it any more; who has it keeps it. */
void arrivals_unlist(struct arrival *arrival);
/* Lists what was read from the catalog, unless another worker was quicker: then that one is
 * returned, and `loaded` dropped. */
struct arrival *arrivals_settle(struct arrival *loaded);
/* Makes `arrival` one that is joined of these parts, whose references it takes. -ENOMEM. */
must_use int arrival_join(struct arrival *arrival, struct arrival **parts, size_t parts_len);

/* ---- arrival_load.c ---- */

/* Copies the facts of its row. Returns 0 or -ENOMEM. */
must_use int arrival_keep_facts(struct arrival *arrival, const struct upload_row *row);
/* Makes it one that has no row in the catalog, only this one to be. Returns 0 or -ENOMEM. */
must_use int arrival_keep_row(struct arrival *arrival, const struct link_row *row);
/* Asks the store how far it has got: what is stored counts, but nothing that was to be verified and
 * wasn't. For who has the right to write, or before it is listed. Returns 0 or the store's error.
 */
awaits must_use int arrival_measure(struct arrival *arrival);
/* Finds the parts of a joined one. Returns 0, the catalog's error, -ENOMEM. */
awaits must_use int arrival_load_parts(struct arrival *arrival);

/* ---- arrival_follow.c ---- */

/* Tells everybody who waits that something has changed. */
void arrival_changed(struct arrival *arrival);
/* Notes how far the writing has got. On the writer's worker. */
void arrival_advance(struct arrival *arrival, uint64_t received, uint64_t readable,
                     uint64_t stored);
/* The same where it went back, or was read anew. */
void arrival_set_offset(struct arrival *arrival, uint64_t offset);
/* Ends it in one of the last states. */
void arrival_settle_state(struct arrival *arrival, enum arrival_state state, const char *reason);
void arrival_set_size(struct arrival *arrival, uint64_t size_bytes);

/* ---- arrival_write.c ---- */

/* Takes the right to write, from an older connection if there is one, which is cancelled.
 * `is_any_state`: to remove it, so also of one that is complete or has failed, and nobody takes
 * over meanwhile. Returns 0; -EALREADY complete; -ENOENT failed or deleted; -EBUSY the older one
 * does not end; -ECANCELED a newer one came. */
awaits must_use int arrival_claim(struct arrival *arrival, bool is_any_state,
                                  struct arrival_writer **ret_writer);
/* Gives it back; what the writer has kept in the arrival is for the next one. NULL is fine. */
awaits void arrival_release(struct arrival *arrival, struct arrival_writer *writer);
/* Ends an older connection, if there is one. Returns 0, -EBUSY, -ECANCELED. */
awaits must_use int arrival_interrupt(struct arrival *arrival);
