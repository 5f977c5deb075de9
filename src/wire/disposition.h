/* Content-Disposition: the name of a file, as a request, a form's part or our answer tells it.
 * RFC 6266, RFC 8187, RFC 7578, and what browsers do (the URL and HTML standards of WHATWG). */
#pragma once

#include "base/base.h"
#include "base/text.h"

struct disposition {
    bool has_name, has_file_name;
    struct slice name;      /* of the form's field */
    struct slice file_name; /* as told: not cleaned, may be empty */
};

/* Reads the field of a request: `filename*` stands before `filename`. The names are decoded into
 * `room`, which always suffices when it is as long as the field. A `filename*` in an unknown or
 * broken encoding is ignored. Returns 0, -EINVAL, -ENOSPC. */
must_use int disposition_read(struct slice field, struct span room, struct disposition *ret);

/* Reads the field of a part of a form: `form-data` with a `name`; %22, %0D and %0A in names are
 * decoded. RFC 7578 forbids `filename*` there; it is used only when there is no `filename`.
 * Returns like disposition_read(). */
must_use int disposition_read_part(struct slice field, struct span room, struct disposition *ret);

/* Writes `attachment; filename="..."` (or inline), with `filename*` when the plain form can't hold
 * the name. `file_name` is valid UTF-8. */
void disposition_put(struct text *text, bool is_inline, struct slice file_name);
