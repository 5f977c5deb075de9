/* The fields are items of structured fields, of which a second one makes both worthless. */
#include "service/resumable_fields.h"

#include "wire/structured.h"

/* RFC 9651 section 3.3.1. */
static const uint64_t integer_max = UINT64_C(999999999999999);

static const struct resumable_dialect dialects[] = {
    {.version = 5},
    {.version = 6, .has_media_type = true, .has_length = true, .age_key = "expires"},
    {.version = 8, .has_media_type = true, .has_length = true, .age_key = "max-age"},
    {.version = 9, .has_media_type = true, .has_length = true, .age_key = "max-age"},
};

static const struct resumable_dialect newest = {
    .has_media_type = true, .has_length = true, .age_key = "max-age"};

/* The only field of this name; .ptr is NULL when there is none or more than one. */
static struct slice find_only(const struct http_head *head, struct slice name)
{
    return http_header_count(head, name) == 1 ? http_header_find(head, name) : SLICE_NONE;
}

static bool read_size(const struct http_head *head, struct slice name, uint64_t *ret_value)
{
    struct slice field = find_only(head, name);
    int64_t value;
    if (field.ptr == NULL || structured_read_integer(field, &value) < 0 || value < 0)
        return false;
    *ret_value = (uint64_t)value;
    return true;
}

static const struct resumable_dialect *find_dialect(const struct http_head *head)
{
    uint64_t version;
    if (!read_size(head, SLICE("upload-draft-interop-version"), &version))
        return &newest;
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
        if (dialects[i].version == version)
            return &dialects[i];
    return &newest;
}

void resumable_fields_read(const struct http_head *head, struct resumable_fields *ret_fields)
{
    struct resumable_fields fields = {.dialect = find_dialect(head)};
    struct slice complete = find_only(head, SLICE("upload-complete"));
    fields.has_complete =
        complete.ptr != NULL && structured_read_boolean(complete, &fields.is_complete) == 0;
    fields.has_offset = read_size(head, SLICE("upload-offset"), &fields.offset);
    fields.has_length = read_size(head, SLICE("upload-length"), &fields.length);
    *ret_fields = fields;
}

int resumable_total(const struct resumable_fields *fields, uint64_t offset, uint64_t body_bytes,
                    uint64_t *ret_total)
{
    bool is_body_known = body_bytes != UINT64_MAX;
    if (is_body_known && body_bytes > integer_max)
        return -EFBIG;
    bool is_end_known = fields->is_complete && is_body_known;
    uint64_t end = is_body_known ? offset + body_bytes : offset;
    if (is_end_known && fields->has_length && end != fields->length)
        return -EINVAL;
    if (fields->has_length && end > fields->length)
        return -EFBIG;
    *ret_total = fields->has_length ? fields->length : is_end_known ? end : UINT64_MAX;
    return 0;
}

void resumable_limit_put(struct text *text, const struct resumable_dialect *dialect,
                         uint64_t size_max, int64_t life_ms)
{
    bool has_age = life_ms > 0 && dialect->age_key != NULL;
    if (size_max > 0)
        text_format(text, "max-size=%" PRIu64, u64_min(size_max, integer_max));
    if (size_max > 0 && has_age)
        text_put(text, SLICE(", "));
    if (has_age)
        text_format(text, "%s=%" PRIi64, dialect->age_key, life_ms / 1000);
    if (size_max == 0 && !has_age)
        text_put(text, SLICE("min-size=0"));
}
