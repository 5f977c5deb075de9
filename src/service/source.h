/* The bytes of a link, wherever they lie: in one object, in several in a row, or in an upload that
 * is still arriving. At most one file is open for it at a time. */
#pragma once

#include "service/links.h"

struct source {
    struct service *service;
    struct link_entry *entry; /* lent, and opened (links_open()) unless it is arriving */
    struct arrival *arrival;  /* lent; NULL: all is there */
    struct blob *piece;       /* the open one of several; NULL when none is */
    size_t piece_index;
    uint64_t piece_begin; /* in the whole */
};

/* Opens what lies at `first`, so that bytes that are gone are noticed before the answer begins.
 * Returns 0, -ENOENT when the link has ended meanwhile, or the store's error. */
awaits must_use int source_open(struct source *source, uint64_t first);
/* Sends `length` bytes from `first` on as the answer's body; of an upload that is arriving as they
 * come, and with BYTES_UNKNOWN to its end. When they don't all come, the stream is broken. */
awaits must_use int source_send(struct source *source, struct request *req, uint64_t first,
                                uint64_t length);
/* Harmless on a zeroed one and when called again. */
void source_close(struct source *source);
