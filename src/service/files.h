/* A link as JSON, the same for whoever asks about it and for whoever has just uploaded. */
#pragma once

#include "base/text.h"
#include "service/json.h"
#include "service/links.h"

/* Finds a link that is ready, or arriving: then with its arrival. When it can't be had, that is
 * answered, *ret_entry stays as it is, and the result is what became of the answer. */
awaits must_use int files_find(struct request *req, const char *link, struct link_entry **ret_entry,
                               struct arrival **ret_arrival);
/* Whether `key` is the one that edits and deletes the link. Returns 1, 0, -errno. */
must_use int files_has_key(const struct link_row *row, struct slice key);
/* Cleans the name of a file as JSON tells it. Returns NULL or one sentence. */
must_use const char *files_read_name(const struct json_member *member,
                                     char ret_name[FILE_NAME_BYTES_MAX + 1]);

/* How a state is called. */
/* A size as people write it: "1.4 MB". */
void files_put_size(struct text *text, uint64_t size_bytes);
/* Puts the members that tell how many bytes there are, and the state, each with a comma behind. */
void files_put_bytes_json(struct text *text, const struct arrival_progress *progress);
/* Puts the object that describes a link, from `{` to `}`. `base_url`: see answer_base_url(). */
void files_put_json(struct text *text, const struct link_row *row, struct slice base_url);
/* The same of a link whose bytes are arriving, as `progress` tells. */
void files_put_arriving_json(struct text *text, const struct link_row *row,
                             const struct arrival_progress *progress, struct slice base_url);
