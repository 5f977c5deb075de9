/* A link as JSON, the same for whoever asks about it and for whoever has just uploaded. */
#pragma once

#include "base/text.h"
#include "service/arrivals.h"
#include "service/service.h"

/* Puts the object that describes a link, from `{` to `}`. `base_url`: see answer_base_url(). */
void files_put_json(struct text *text, const struct link_row *row, struct slice base_url);
/* The same of a link whose bytes are arriving, as `progress` tells. */
void files_put_arriving_json(struct text *text, const struct link_row *row,
                             const struct arrival_progress *progress, struct slice base_url);
