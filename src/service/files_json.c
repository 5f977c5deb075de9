/* A link as JSON. */
#include "service/files.h"
#include "service/progress_message.h"
#include "service/url.h"

void files_put_size(struct text *text, uint64_t size_bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    if (size_bytes == BYTES_UNKNOWN) {
        text_put(text, SLICE("size unknown"));
        return;
    }
    uint64_t unit = 1;
    size_t step = 0;
    while (size_bytes / unit >= 1000 && step + 1 < ARRAY_LEN(units)) {
        unit *= 1000;
        step++;
    }
    uint64_t tenths = size_bytes % unit * 10 / unit;
    text_put_u64(text, size_bytes / unit);
    if (tenths > 0)
        text_format(text, ".%" PRIu64, tenths);
    text_format(text, " %s", size_bytes == 1 ? "byte" : units[step]);
}

static void put_string(struct text *text, const char *name, struct slice value)
{
    text_format(text, "\"%s\":\"", name);
    text_put_json(text, value);
    text_put(text, SLICE("\","));
}

static void put_time(struct text *text, const char *name, int64_t wall_ms)
{
    text_format(text, "\"%s\":\"", name);
    text_put_rfc3339(text, wall_ms);
    text_put(text, SLICE("\","));
}

static void put_url(struct text *text, const struct link_row *row, struct slice base_url)
{
    text_put(text, SLICE("\"url\":\""));
    text_put_json(text, base_url);
    text_format(text, "/%s", row->link);
    if (!row->is_collection) {
        text_put_byte(text, '/');
        text_put_percent(text, slice_of(row->file_name));
    }
    text_put(text, SLICE("\","));
}

void files_put_bytes_json(struct text *text, const struct arrival_progress *progress)
{
    text_put(text, SLICE("\"size\":"));
    if (progress->size_bytes == BYTES_UNKNOWN)
        text_put(text, SLICE("null"));
    else
        text_put_u64(text, progress->size_bytes);
    text_format(text, ",\"received\":%" PRIu64 ",\"stored\":%" PRIu64 ",\"state\":\"%s\",",
                progress->received_bytes, progress->stored_bytes,
                progress_state_name(progress->state));
}

void files_put_arriving_json(struct text *text, const struct link_row *row,
                             const struct arrival_progress *progress, struct slice base_url)
{
    const struct object_row *object = &row->object;
    text_put_byte(text, '{');
    put_string(text, "link", slice_of(row->link));
    put_url(text, row, base_url);
    put_string(text, "name", slice_of(row->file_name));
    put_string(text, "type", slice_of(row->media_type));
    files_put_bytes_json(text, progress);
    put_time(text, "created", row->created_ms);
    if (row->expires_ms != 0)
        put_time(text, "expires", row->expires_ms);
    else
        text_put(text, SLICE("\"expires\":null,"));
    text_put(text, SLICE("\"digest\":{"));
    if (object->has_sha256) {
        text_put(text, SLICE("\"sha-256\":\""));
        text_put_base64(text, slice_from(object->sha256, SHA256_BYTES));
        text_put_byte(text, '"');
    }
    text_put(text, SLICE("},"));
    text_format(text, "\"downloads\":%" PRIu32 ",\"downloads_max\":", row->downloads);
    if (row->downloads_max != 0)
        text_put_u64(text, row->downloads_max);
    else
        text_put(text, SLICE("null"));
    text_put_byte(text, '}');
}

void files_put_json(struct text *text, const struct link_row *row, struct slice base_url)
{
    struct arrival_progress all_there = arrival_all_there(row->object.size_bytes);
    files_put_arriving_json(text, row, &all_there, base_url);
}
