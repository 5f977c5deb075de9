/* What speakers of Resumable Uploads for HTTP tell in a request's fields, and which version of the
 * draft they speak. Pure functions.
 *
 * Source: draft-ietf-httpbis-resumable-upload, interop versions 5 (its draft 03), 6 (05), 8 (09)
 * and 9 (12). Who tells no version, or one that isn't here, gets the newest, but never a 104. */
#pragma once

#include "base/text.h"
#include "wire/http.h"

/* How the versions differ. */
struct resumable_dialect {
    unsigned version;    /* 0: not told, or unknown */
    bool has_media_type; /* appends are application/partial-upload */
    bool has_length;     /* the Upload-Length field is told */
    const char *age_key; /* of Upload-Limit: the life that is left; NULL: the field is unknown */
};

/* A field of the draft that is malformed counts as absent (draft section 4.1). */
struct resumable_fields {
    const struct resumable_dialect *dialect;
    bool has_complete, is_complete; /* Upload-Complete: this body is the last */
    bool has_offset;
    uint64_t offset;
    bool has_length;
    uint64_t length; /* of the whole upload */
};

void resumable_fields_read(const struct http_head *head, struct resumable_fields *ret_fields);

/* The length of the whole upload as a request at `offset` tells it, by Upload-Length, by being the
 * last one, or both; `body_bytes` of it follow (UINT64_MAX: not known). `ret_total`: UINT64_MAX
 * when it isn't told. Returns 0, -EINVAL when the two contradict (draft section 4.1.3), -EFBIG when
 * the body reaches beyond. */
must_use int resumable_total(const struct resumable_fields *fields, uint64_t offset,
                             uint64_t body_bytes, uint64_t *ret_total);

/* Writes the value of Upload-Limit: the largest size (0: no limit) and the life that is left (0 or
 * less: none is told). With no limit at all it says so (draft section 4.1.4). */
void resumable_limit_put(struct text *text, const struct resumable_dialect *dialect,
                         uint64_t size_max, int64_t life_ms);
