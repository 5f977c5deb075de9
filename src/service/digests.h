/* SHA-256 of objects that were stored without one: computed when somebody asks, kept from then on.
 */
#pragma once

#include "service/links.h"

struct blob_digests {
    uint32_t crc32;
    uint8_t sha256[SHA256_BYTES]; /* only when wanted */
};

/* Reads all bytes of an object through `chunk`, yielding between pieces.
 * Returns 0, -EIO when it is shorter than its size, -ECANCELED, -ENOMEM, the store's error. */
awaits must_use int blob_digest(struct blob *blob, struct chunk *chunk, bool wants_sha256,
                                struct blob_digests *ret_digests);

/* Asks for the digest of a link's object to be computed in the background, by this worker, one
 * object after the other. Later look-ups of the link have it. When DIGEST_QUEUE_MAX are waiting,
 * nothing happens. */
void digests_want(struct service *service, const struct link_entry *entry);

/* Computes it at once, for an object of at most DIGEST_NOW_BYTES_MAX: entry->row.object has it
 * then. Returns 0 or -errno; -EIO also when the bytes are not those that were stored. */
awaits must_use int digest_now(struct service *service, struct link_entry *entry);
