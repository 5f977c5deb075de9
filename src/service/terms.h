/* What an uploader asks for besides storing the bytes: life, uses, a digest to be verified. */
#pragma once

#include "service/service.h"

struct terms {
    int64_t expires_ms; /* wall clock; 0: never */
    uint32_t downloads_max;
    bool has_sha256; /* Repr-Digest: the bytes must have this digest */
    bool wants_sha256;
    uint8_t sha256[SHA256_BYTES];
};

/* Reads the terms from a request's fields: Sluice-Expires, Max-Days, Max-Downloads, Repr-Digest,
 * Want-Repr-Digest. Returns NULL, or one sentence that says what is wrong with them. */
must_use const char *terms_read(const struct request *req, struct terms *ret_terms);

/* A point in time from "7d" or an RFC 3339 date, bounded by the server's longest life. Returns
 * NULL or one sentence. */
must_use const char *terms_read_expires(const struct service *service, struct slice words,
                                        int64_t *ret_wall_ms);
