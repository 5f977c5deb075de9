/* What is known of a link, to one file or to several, as the JSON that everybody gets who asks. */
#pragma once

#include "base/buffer.h"
#include "service/arrivals.h"

/* Puts it behind what `into` holds, and tells how the whole stands. `arrival`: NULL when the bytes
 * of a link to one file are all there. Returns 0, -E2BIG, -ENOMEM, the catalog's error. */
awaits must_use int facts_put(struct request *req, const struct link_row *row,
                              struct arrival *arrival, struct buffer *into,
                              struct arrival_progress *ret_progress);
/* Answers 200 with it. */
awaits must_use int facts_answer(struct request *req, const struct link_row *row,
                                 struct arrival *arrival);
