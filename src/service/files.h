/* A link as JSON, the same for whoever asks about it and for whoever has just uploaded. */
#pragma once

#include "base/text.h"
#include "service/service.h"

/* Puts the object that describes a link, from `{` to `}`. `base_url`: see answer_base_url(). */
void files_put_json(struct text *text, const struct link_row *row, struct slice base_url);
