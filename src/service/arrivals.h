/* Arrivals: uploads under way as all workers know them, while somebody sends, follows or watches.
 *
 * One connection writes an upload at a time. A newer one takes over at once: the older is
 * cancelled, what it has stored counts, and nobody ever finds a lock. Readers and watchers take no
 * part in that: they look at numbers that the writer advances and wait for them to change.
 *
 * An arrival is counted; everything not marked otherwise may be called from any worker. */
#pragma once

#include "base/list.h"
#include "runtime/worker.h"
#include "service/service.h"

enum arrival_state {
    ARRIVAL_ARRIVING, /* somebody is sending */
    ARRIVAL_WAITING,  /* its sender is gone and may come back */
    ARRIVAL_READY,    /* all there, durable, its row says so */
    ARRIVAL_FAILED,   /* will never be complete; what is there is of no use */
    ARRIVAL_DELETED,  /* taken back by its sender */
};

/* Whether the upload can still go on: the other states are the last of each. */
static inline bool arrival_state_is_open(enum arrival_state state)
{
    return state == ARRIVAL_ARRIVING || state == ARRIVAL_WAITING;
}

/* What is told of an upload at one moment. */
struct arrival_progress {
    enum arrival_state state;
    const char *reason;      /* of a failure, in plain words; a literal */
    uint64_t received_bytes; /* read from the sender */
    uint64_t readable_bytes; /* can be read from the store, and were verified where they must be */
    uint64_t stored_bytes;   /* survive a power cut */
    uint64_t size_bytes;     /* BYTES_UNKNOWN */
    uint64_t rate;           /* bytes a second, of the last seconds */
    int64_t expires_ms;      /* wall clock: may be resumed until then; 0: can't be resumed */
    uint64_t version;        /* grows with each change */
};

/* How one stands whose bytes are all there. */
static inline struct arrival_progress arrival_all_there(uint64_t size_bytes)
{
    return (struct arrival_progress){.state = ARRIVAL_READY,
                                     .received_bytes = size_bytes,
                                     .readable_bytes = size_bytes,
                                     .stored_bytes = size_bytes,
                                     .size_bytes = size_bytes};
}

struct arrival;
struct arrival_hub;

/* ---- Finding ---- */

/* Finds an upload by its own name, its link, or its object's name, in memory or in the catalog; one
 * that is complete is found, too, as long as its row is there. Returns 0, -ENOENT, the catalog's or
 * the store's error. */
awaits must_use int arrivals_find(struct service *service, const char *name,
                                  struct arrival **ret_arrival);
/* Like arrivals_find(), but only in memory: NULL when it isn't there. Never waits. */
must_use struct arrival *arrivals_known(const char *name);
struct arrival *arrival_share(struct arrival *arrival);
void arrival_drop(struct arrival *arrival);
SCOPED_TYPE(arrival)

/* ---- Facts that never change ---- */

const char *
arrival_upload(const struct arrival *arrival);           /* its name; "" when it can't be resumed */
const char *arrival_link(const struct arrival *arrival); /* "" for a part */
const char *arrival_object(const struct arrival *arrival); /* its name in the store */
/* Of one that has no row in the catalog (only its link was told early), what the row will be; NULL
 * for all others, whose rows may be edited meanwhile. */
const struct link_row *arrival_row(const struct arrival *arrival);
enum upload_kind arrival_kind(const struct arrival *arrival);
const char *arrival_metadata(const struct arrival *arrival); /* as its sender wrote it, or "" */
const char *arrival_concat(const struct arrival *arrival);   /* as its sender wrote it, or "" */

/* What a joined upload is made of, in order; parts may be arriving themselves. 0 for others. */
size_t arrival_parts(const struct arrival *arrival);
struct arrival *arrival_part(const struct arrival *arrival, size_t index);

/* Opens the bytes of an arrival that is not a joined one, for reading up to readable_bytes. */
awaits must_use int arrival_open(struct service *service, const struct arrival *arrival,
                                 struct blob **ret_blob);

/* ---- Following ---- */

/* How it stands; of a joined one the sums over its parts (readable_bytes: from the front). */
struct arrival_progress arrival_progress(struct arrival *arrival);

/* Waits until the version is not `version` any more, at most until the deadline.
 * Returns 0, -ETIMEDOUT, -ECANCELED, -ENOMEM. */
awaits must_use int arrival_wait(struct arrival *arrival, uint64_t version, int64_t deadline_ms);

/* For a fiber that waits for several things at once: from begin to end every change of the arrival
 * wakes it (fiber_wake). Compare versions after begin and before parking. The caller keeps its
 * reference until the end. Returns 0 or -ENOMEM. */
struct arrival_watch {
    struct list node; /* of the hub */
    struct fiber *fiber;
    struct arrival_hub *hub;
};
must_use int arrival_watch_begin(struct arrival *arrival, struct arrival_watch *ret_watch);
void arrival_watch_end(struct arrival_watch *watch);

/* Ends all that arrivals keep in memory; after the workers have ended. */
void arrivals_close(void);
