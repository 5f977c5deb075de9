/* The header fields of tus 1.0.0 that have a grammar of their own. Pure functions. */
#pragma once

#include "base/base.h"
#include "base/checksum.h"

/* Checks a whole Upload-Metadata field: keys unique, not empty and without space or comma, values
 * base64 or absent; white space around the commas is allowed. Returns 0 or -EINVAL.
 * Source: tus 1.0.0, "Upload-Metadata". */
must_use int tus_metadata_check(struct slice field);
/* Decodes the value of the first of `keys` (compared without case) that a checked field has.
 * Returns the value's length, -ENOENT when it has none of them, -ENOSPC when `into` is too short.
 */
must_use ssize_t tus_metadata_find(struct slice field, const struct slice *keys, size_t keys_len,
                                   struct span into);

/* The same for the file's name, by the keys that clients tell it with. */
must_use ssize_t tus_metadata_find_name(struct slice field, struct span into);

enum tus_concat { TUS_CONCAT_NONE, TUS_CONCAT_PARTIAL, TUS_CONCAT_FINAL };

/* Reads an Upload-Concat field (absent: .ptr NULL). With TUS_CONCAT_FINAL `ret_urls` is the list of
 * the parts' URLs, for tus_concat_next(). Returns 0 or -EINVAL. */
must_use int tus_concat_read(struct slice field, enum tus_concat *ret_concat,
                             struct slice *ret_urls);
/* Cuts the next URL off; false at the end. */
bool tus_concat_next(struct slice *urls, struct slice *ret_url);

/* Reads an Upload-Checksum field: "sha1 BASE64". Returns 0; -EINVAL when it is malformed or its
 * digest has not the algorithm's length; -ENOTSUP when the algorithm is not known. */
must_use int tus_checksum_read(struct slice field, struct checksum_claim *ret_claim);
