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

/* The words that tell terms, as they were sent; .ptr is NULL for those that weren't. */
struct terms_words {
    struct slice expires;   /* Sluice-Expires */
    struct slice max_days;  /* Max-Days */
    struct slice downloads; /* Max-Downloads */
    struct slice digest;    /* Repr-Digest */
    struct slice wanted;    /* Want-Repr-Digest */
};

/* The words of a request's fields. */
struct terms_words terms_words_of(const struct request *req);
/* Reads the terms. Returns NULL, or one sentence that says what is wrong with them. */
must_use const char *terms_read_words(const struct service *service,
                                      const struct terms_words *words, struct terms *ret_terms);
/* Both in one: the terms that a request's fields tell. */
must_use const char *terms_read(const struct request *req, struct terms *ret_terms);

/* A point in time from "7d" or an RFC 3339 date, bounded by the server's longest life. Returns
 * NULL or one sentence. */
must_use const char *terms_read_expires(const struct service *service, struct slice words,
                                        int64_t *ret_wall_ms);
