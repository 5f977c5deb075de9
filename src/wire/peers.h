/* What one client address may have at once, counted over all workers.
 *
 * An IPv6 client is its /64, since a single host can have all the addresses of one. */
#pragma once

#include "wire/address.h"

enum peer_kind { PEER_CONNECTIONS, PEER_UPLOADS, PEER_KINDS };

/* Counts one more. Returns 0, -EAGAIN when `max` are there already, -ENOMEM. Any thread. */
must_use int peer_take(enum peer_kind kind, const struct address *address, unsigned max);
/* Gives back what peer_take() counted. */
void peer_give(enum peer_kind kind, const struct address *address);
