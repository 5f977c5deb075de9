/* Digests of objects: CRC-32 always (fast, and two parts' sums combine into that of the whole),
 * SHA-256 where a client sends or wants one. */
#pragma once

#include "base/base.h"

enum { SHA256_BYTES = 32 };

/* Continues a CRC-32 (ISO-HDLC, as in zip); starts from 0. */
uint32_t crc32_add(uint32_t crc, struct slice bytes);

/* The CRC-32 of A followed by B, from crc(A), crc(B) and the length of B. */
uint32_t crc32_join(uint32_t first, uint32_t second, uint64_t second_bytes);

struct sha256;
/* A running SHA-256; NULL when there is no memory. */
must_use struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha, struct slice bytes);
/* The digest; the running state can only be dropped afterwards. */
void sha256_end(struct sha256 *sha, uint8_t ret_digest[SHA256_BYTES]);
void sha256_drop(struct sha256 *sha);
SCOPED_TYPE(sha256)

/* The SHA-256 of `bytes` in one call (keys). Returns 0 or -ENOMEM. */
must_use int sha256_of(struct slice bytes, uint8_t ret_digest[SHA256_BYTES]);

/* Compares in constant time. */
bool digest_is_equal(const uint8_t *a, const uint8_t *b, size_t len);
