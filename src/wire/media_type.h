/* Media types of files: which one a file is kept with, and how it may be shown. */
#pragma once

#include "base/base.h"
#include "limits.h"

/* Chooses the type of a new file: what the uploader says when that is well-formed and means
 * something, else what the extension of its name says, else application/octet-stream. Lower case,
 * without parameters, ended by a NUL. Returns its length. */
size_t media_type_choose(struct slice declared, struct slice file_name,
                         char ret_type[MEDIA_TYPE_BYTES_MAX + 1]);

/* Whether a Content-Type field or an element of Accept names this type, with any parameters (RFC
 * 9110 section 8.3.1). */
bool media_type_is(struct slice field, struct slice type);

/* Whether a browser may show the type in place; all others are saved. `type` as chosen above. */
bool media_type_is_inline_safe(struct slice type);

/* The Content-Type to answer with: plain text tells its encoding, and what a browser could run as
 * a page or a script is sent as plain bytes. Valid as long as `type`. */
struct slice media_type_to_send(struct slice type);
