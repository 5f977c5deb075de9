/* In both forms a value that isn't plain is the inside of a JSON string: one escaping to trust. */
#include "base/log_line.h"

#include "limits.h"

/* One value can't push out all that follows it. */
enum { VALUE_BYTES_MAX = LOG_LINE_BYTES_MAX / 4 };

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* Whether a value needs no quotes after `key=`. */
static bool is_plain(struct slice value)
{
    if (value.len == 0 || value.len > VALUE_BYTES_MAX)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.ptr[i];
        if (byte <= ' ' || byte >= 0x7F || byte == '"' || byte == '=' || byte == '\\')
            return false;
    }
    return true;
}

static void put_quoted(struct text *line, struct slice value)
{
    text_put_byte(line, '"');
    size_t room = size_min(line->room - line->len, VALUE_BYTES_MAX);
    struct text inside = text_over((struct span){line->ptr + line->len, room});
    text_put_json(&inside, value);
    line->len += inside.len;
    if (inside.is_full)
        text_put(line, SLICE("..."));
    text_put_byte(line, '"');
}

static void put_field(struct text *line, bool is_json, const struct log_field *field)
{
    size_t begin = line->len;
    if (is_json) {
        text_put(line, SLICE(",\""));
        text_put(line, slice_of(field->key));
        text_put(line, SLICE("\":"));
    } else {
        text_put_byte(line, ' ');
        text_put(line, slice_of(field->key));
        text_put_byte(line, '=');
    }
    if (field->is_number)
        text_put_u64(line, field->number);
    else if (!is_json && is_plain(field->text))
        text_put(line, field->text);
    else
        put_quoted(line, field->text);
    /* A field is there whole or not at all. */
    if (line->is_full)
        line->len = begin;
}

/* RFC 3339 with milliseconds. */
static void put_time(struct text *line, int64_t wall_ms)
{
    text_put_rfc3339(line, wall_ms);
    assert(!line->is_full && line->ptr[line->len - 1] == 'Z');
    unsigned ms = (unsigned)((wall_ms % 1000 + 1000) % 1000);
    const uint8_t fraction[] = {'.', (uint8_t)('0' + ms / 100), (uint8_t)('0' + ms / 10 % 10),
                                (uint8_t)('0' + ms % 10), 'Z'};
    line->len--;
    text_put(line, slice_from(fraction, sizeof(fraction)));
}

void log_line_put(struct text *line, bool is_json, const struct log_entry *entry)
{
    struct slice end = is_json ? SLICE("}\n") : SLICE("\n");
    assert(entry->level < ARRAY_LEN(level_names));
    assert(line->room >= 128 + end.len);

    line->room -= end.len;
    text_put(line, is_json ? SLICE("{\"time\":\"") : SLICE("time="));
    put_time(line, entry->wall_ms);
    if (is_json)
        text_put_byte(line, '"');
    const struct log_field level = log_text("level", slice_of(level_names[entry->level]));
    const struct log_field event = log_text("event", slice_of(entry->event));
    put_field(line, is_json, &level);
    put_field(line, is_json, &event);
    for (size_t i = 0; i < entry->fields_len && !line->is_full; i++)
        put_field(line, is_json, &entry->fields[i]);

    line->room += end.len;
    line->is_full = false;
    text_put(line, end);
}
