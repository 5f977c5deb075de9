/* A link to several files: its list, and each of them at LINK/POSITION/NAME. */
#pragma once

#include "base/buffer.h"
#include "service/arrivals.h"

/* Puts the files as JSON objects with commas between them, and tells how all of them together
 * stand. Returns 0, -E2BIG, -ENOMEM, the catalog's or the store's error. */
awaits must_use int collection_put_files(struct request *req, const struct link_row *row,
                                         struct buffer *into,
                                         struct arrival_progress *ret_progress);
/* Only how they stand. Returns 0, -ENOMEM, the catalog's or the store's error. */
awaits must_use int collection_progress(struct request *req, const char *link,
                                        struct arrival_progress *ret_progress);
/* GET and HEAD of what `rest`, the path behind the link, names: the list or one file's bytes.
 * Returns -ESTALE when nothing was answered because something has changed meanwhile. */
awaits must_use int collection_answer(struct request *req, const struct link_row *row,
                                      struct slice rest);
