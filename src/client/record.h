/* What must be known of an upload to go on with it, and how that is written. */
#pragma once

#include "base/text.h"
#include "limits.h"

struct record_part {
    uint64_t offset, len; /* in the file */
    char url[PUT_URL_BYTES_MAX];
};

struct record {
    char upload[PUT_URL_BYTES_MAX]; /* of the whole; "" before it was created */
    char link[PUT_URL_BYTES_MAX];
    char key[64];
    int64_t expires_ms; /* wall clock, as the server told at first; 0: it didn't */
    uint64_t size_bytes;
    size_t parts_len; /* 0: sent as one */
    struct record_part parts[PUT_PARTS_MAX];
};

/* Splits `size_bytes` into at most `parts_max` parts that begin at whole blocks; a file too small
 * for two is left as one. The record is otherwise empty then. */
void record_split(struct record *record, uint64_t size_bytes, uint64_t parts_max);

void record_put(struct text *into, const struct record *record, const char *path);
/* Reads what record_put() wrote. Returns 0; -EINVAL when it is anything else, even in part. */
must_use int record_read(struct slice words, struct record *ret_record);
