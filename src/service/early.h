/* Telling the link before the bytes have come, to a client that listens: it sent `Sluice-Early: ?1`
 * and gets a 103 (RFC 8297) with Sluice-Link and Sluice-Key. From then on the link can be followed
 * and watched. Others get no such answer, as many programs take the first answer for the last. */
#pragma once

#include "service/upload.h"

/* Does so if the client asked for it. `size_bytes` may be BYTES_UNKNOWN; upload_publish() must get
 * the same receipt. Returns 0, also when it was not asked; -ENOMEM or the stream's
 * error: then upload_end() takes it back. */
awaits must_use int early_tell(struct upload *upload, struct slice file_name,
                               struct slice declared_type, uint64_t size_bytes,
                               struct receipt *ret_receipt);
