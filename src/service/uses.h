/* Uses of links with Max-Downloads: who is downloading what, and how much of it was delivered.
 *
 * A use is one client's download of one link, in one request or in many ranges. It is counted when
 * the last byte of the file was delivered; the ranges that the same client still needs belong to
 * it. A download that breaks off, and one that never comes to the end, uses nothing up. Uses live
 * in memory, shared by all workers: what is lost in a restart is only who had begun. */
#pragma once

#include "service/service.h"

struct use;

/* Begins or goes on with the use of this client. `row` tells the limit and what was counted. Who
 * asks for the whole file (`is_whole`) while another request of that client is under way is a
 * person of its own behind the same address.
 * Returns 0; -EBUSY when as many others as may are in the middle of downloading; -ESTALE when the
 * link is used up; -EAGAIN when too many requests are under way on this server; -ENOMEM. */
must_use int use_begin(const struct link_row *row, const struct address *client, bool is_whole,
                       struct use **ret_use);
/* Bytes `first` to `last` were delivered. Returns whether this use must be counted now: the caller
 * then calls catalog_count_downloads(). */
must_use bool use_delivered(struct use *use, uint64_t first, uint64_t last);
/* Ends this request's part in the use. Returns whether the link is used up and nobody needs its
 * bytes any more: then the caller retires it. NULL is fine. */
must_use bool use_end(struct use *use);

/* Retires links that are used up and whose last reader has not come back for USE_IDLE_MS. */
awaits void uses_sweep(struct service *service);

/* Retires a used-up link and removes its bytes. */
awaits void uses_retire(struct service *service, const char *link);
