/* Digests in header fields, RFC 9530: Repr-Digest, Content-Digest and what asks for them. Of the
 * algorithms only the two that are active are known here; others are ignored, as the RFC wants. */
#pragma once

#include "base/base.h"
#include "base/checksum.h"
#include "base/digest.h"
#include "base/text.h"

/* Takes sha-256 out of a Repr-Digest or Content-Digest. Returns 1 with the digest, 0 when the
 * field has none, -EINVAL when it is malformed. */
must_use int digest_field_read(struct slice field, uint8_t ret_digest[SHA256_BYTES]);

/* The strongest of sha-512 and sha-256 that a Repr-Digest or Content-Digest has. Returns 1 with it,
 * 0 when the field has none of them, -EINVAL when it is malformed. */
must_use int digest_field_claim(struct slice field, struct checksum_claim *ret_claim);

/* Whether a Want-Repr-Digest or Want-Content-Digest asks for sha-256. A malformed one doesn't. */
bool digest_field_is_wanted(struct slice field);

/* Writes `sha-256=:...:`. */
void digest_field_put(struct text *text, const uint8_t digest[SHA256_BYTES]);
