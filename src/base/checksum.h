/* Checksums that a sender tells about the bytes of one request, of any algorithm we know. */
#pragma once

#include "base/base.h"

enum checksum_algorithm {
    CHECKSUM_SHA1,
    CHECKSUM_SHA256,
    CHECKSUM_SHA512,
    CHECKSUM_MD5,
    CHECKSUM_CRC32C, /* as four bytes, the highest first */
    CHECKSUM_ALGORITHMS,
};

enum { CHECKSUM_BYTES_MAX = 64 };

/* What somebody says the checksum is. */
struct checksum_claim {
    enum checksum_algorithm algorithm;
    uint8_t digest[CHECKSUM_BYTES_MAX]; /* checksum_bytes() of them */
};

/* Length of a digest of this algorithm. */
size_t checksum_bytes(enum checksum_algorithm algorithm);
/* "sha1", "sha256", "sha512", "md5", "crc32c": as tus names them. */
const char *checksum_name(enum checksum_algorithm algorithm);

struct checksum;
/* A running checksum; NULL when there is no memory. */
must_use struct checksum *checksum_new(enum checksum_algorithm algorithm);
void checksum_add(struct checksum *checksum, struct slice bytes);
/* Ends it and compares, in constant time. It can only be dropped afterwards. */
must_use bool checksum_matches(struct checksum *checksum, const struct checksum_claim *claim);
void checksum_drop(struct checksum *checksum);
SCOPED_TYPE(checksum)
