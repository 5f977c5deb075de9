/* What addresses look like, told in this place only: BASE/LINK/NAME for a file, BASE/files/UPLOAD
 * for an upload. BASE is that of answer_base_url(). */
#pragma once

#include "base/text.h"
#include "service/service.h"

/* Whether a segment of a path can name a link or an upload: LINK_CHARS of base64url. */
bool url_is_name(struct slice segment);
/* Puts "/LINK/NAME", the name percent-encoded. */
void url_put_path(struct text *text, const struct link_row *row);
/* BASE/LINK/NAME, in the request's arena; .ptr is NULL when there is no memory. */
must_use struct slice url_of_link(struct request *req, const struct link_row *row);
/* BASE/files/UPLOAD, likewise. */
must_use struct slice url_of_upload(struct request *req, const char *upload);
