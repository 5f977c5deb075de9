/* What the files of the upload's verbs share; nobody else includes it. */
#pragma once

#include "service/upload.h"

/* Checks the limits and counts it. Returns 0, -E2BIG, -EDQUOT. */
must_use int upload_admit(struct upload *upload, uint64_t size_bytes);
/* Writes down what a link will be, with new random names. Returns 0 or -ENOMEM. */
must_use int upload_describe(const struct upload *upload, struct slice file_name,
                             struct slice declared_type, struct receipt *ret_receipt);
/* Lets the arrival know how far its draft gets. */
void upload_follow_draft(struct upload *upload);
/* Before bytes without a checksum are appended: lets all stored bytes count again, where an earlier
 * request with a checksum had bound them. Returns 0 or the catalog's error. */
awaits must_use int upload_count_all(struct upload *upload);
void upload_drop_checksums(struct upload *upload);
/* Drops the draft, of which the arrival hears no more; harmless without one. */
void upload_drop_draft(struct upload *upload);
/* Writes into an object's row what the store has made of the draft. */
void upload_note_stored(struct object_row *object, const struct stored_object *stored);
/* The row is durable: tells all who follow that the bytes are there. */
void upload_tell_ready(struct arrival *arrival, uint64_t size_bytes);
/* The end of a request to one that can be resumed: keeps what was stored, gives back the right to
 * write and the arrival. */
awaits void upload_keep(struct upload *upload);
