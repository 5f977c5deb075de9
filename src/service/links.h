/* Links as this worker knows them: a bounded cache in front of the catalog and the store.
 *
 * An entry holds a link's row and, once somebody read it, its open object. Changes made through
 * this process are seen at once by all workers: links_forget() raises a number that each entry
 * compares. */
#pragma once

#include "service/arrivals.h"
#include "service/service.h"

/* One of the objects that a file is made of. */
struct link_part {
    char object[STORE_NAME_CHARS + 1];
    uint64_t end; /* where it ends in the file */
};

struct link_entry {
    unsigned references;
    uint32_t generation;
    struct list node; /* youngest last */
    struct link_entry *hash_next;
    int64_t used_ms; /* when it was last found */
    struct link_row row;
    struct blob *blob;       /* NULL until links_open(), and where the file is made of parts */
    struct link_part *parts; /* row.object.parts of them; NULL until links_open() */
};

/* Finds a link. Returns 0, -ENOENT, or the catalog's error. A link that is gone is found, too, and
 * one whose bytes are arriving: links_state() tells. The entry is shared: drop it. */
awaits must_use int links_find(struct service *service, const char *link,
                               struct link_entry **ret_entry);
/* Finds one only if the calling worker has it at hand, else NULL. Never waits. */
must_use struct link_entry *links_cached(const char *link);
/* Like links_find(), and gives the arrival of a link whose bytes are arriving, else NULL; then the
 * entry is the caller's own, and tells what the catalog does or, before the catalog knows the link,
 * what it will. -ENOENT also for an upload that has failed. */
awaits must_use int links_find_arriving(struct service *service, const char *link,
                                        struct link_entry **ret_entry,
                                        struct arrival **ret_arrival);
/* An entry of the caller's own for a row that it made up of others, not yet opened; NULL when there
 * is no memory. */
must_use struct link_entry *links_entry_of(const struct link_row *row);
void link_entry_drop(struct link_entry *entry);
SCOPED_TYPE(link_entry)

/* The state of a link now: LINK_EXPIRED also when its time is over and nobody swept it yet. */
enum link_state links_state(const struct link_entry *entry);

/* Whether no change of the link was told since it was found; may be false for nothing. */
bool links_is_current(const struct link_entry *entry);

/* Opens the entry's object if it isn't open, or gets to know what parts it is made of. Returns 0 or
 * the store's or the catalog's error; -ENOENT when the link has ended meanwhile; -EIO when the
 * object is lost or its size differs from the row's. */
awaits must_use int links_open(struct service *service, struct link_entry *entry);
/* Opens one of the parts. Fails in the same way. */
awaits must_use int links_open_part(struct service *service, const struct link_entry *entry,
                                    size_t index, struct blob **ret_blob);
/* Where a part begins in the file. */
uint64_t links_part_begin(const struct link_entry *entry, size_t index);

/* Makes all workers ask the catalog again: called after each change of a link. Any worker. */
void links_forget(const char *link);

/* Gives up what the calling worker holds in vain: entries that have changed or ended, and objects
 * that nobody read for LINK_IDLE_MS, so that what is deleted also leaves the disk. */
void links_tidy(void);
/* Gives up all that the calling worker has cached; called when it ends. */
void links_clear(void);

/* Answers 404 or 410 for a link that can't be served. */
awaits must_use int links_answer_gone(struct request *req, enum link_state state);
