/* Following an upload: its bytes go out as they come in. */
#pragma once

#include "service/download.h"

/* What source_send() does for an arrival. */
awaits must_use int follow_send(struct source *source, struct request *req, uint64_t first,
                                uint64_t length);
/* Answers with the bytes of an upload that is arriving; `entry` is the caller's own. Returns
 * -ESTALE, with nothing answered, when it isn't arriving any more. */
awaits must_use int follow_answer(struct request *req, struct link_entry *entry,
                                  struct arrival *arrival);
/* Decides which ranges of a file that is arriving can be answered as such; for one whose size
 * nobody knows, waits until the bytes are there. Returns 0; -ESTALE when the upload ended
 * meanwhile; another error when the client is gone. */
awaits must_use int follow_settle_ranges(struct download *download);
