/* Documents with places to be filled, {{name}}. Pure. */
#pragma once

#include "base/buffer.h"

struct template_value {
    struct slice name, value;
};

/* Copies `document` behind what `into` holds, each {{name}} replaced by its value, escaped for HTML
 * text and quoted attributes. What is no name of a value stays as it is. Returns 0, -E2BIG,
 * -ENOMEM. */
must_use int template_fill(struct slice document, const struct template_value *values, size_t len,
                           struct buffer *into);
