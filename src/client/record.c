/* A record is lines of `name value`, begun by its version and ended by `end`, so that one that was
 * cut is seen to be. */
#include "client/record.h"

static const struct slice first_line = SLICE("sluice put 1");

void record_split(struct record *record, uint64_t size_bytes, uint64_t parts_max)
{
    memset(record, 0, sizeof *record); /* too large for a copy on the stack */
    record->size_bytes = size_bytes;
    assert(parts_max >= 1 && parts_max <= PUT_PARTS_MAX);
    uint64_t part_bytes = size_bytes / parts_max + (size_bytes % parts_max != 0 ? 1 : 0);
    part_bytes = (part_bytes + PUT_PART_ALIGN_BYTES - 1) / PUT_PART_ALIGN_BYTES;
    part_bytes *= PUT_PART_ALIGN_BYTES;
    if (parts_max == 1 || size_bytes <= part_bytes)
        return;
    for (uint64_t at = 0; at < size_bytes; at += part_bytes) {
        assert(record->parts_len < PUT_PARTS_MAX);
        struct record_part *part = &record->parts[record->parts_len++];
        part->offset = at;
        part->len = u64_min(part_bytes, size_bytes - at);
    }
}

void record_put(struct text *into, const struct record *record, const char *path)
{
    text_put(into, first_line);
    text_put(into, SLICE("\nfile "));
    text_put_percent(into, slice_of(path));
    text_format(into, "\nsize %" PRIu64 "\nexpires %" PRId64 "\n", record->size_bytes,
                record->expires_ms);
    text_format(into, "upload %s\n", record->upload);
    text_format(into, "link %s\n", record->link);
    text_format(into, "key %s\n", record->key);
    for (size_t i = 0; i < record->parts_len; i++)
        text_format(into, "part %" PRIu64 " %" PRIu64 " %s\n", record->parts[i].offset,
                    record->parts[i].len, record->parts[i].url);
    text_put(into, SLICE("end\n"));
}

static int take_text(struct slice value, char *room, size_t room_len)
{
    if (value.len >= room_len)
        return -EINVAL;
    memcpy(room, value.ptr, value.len);
    room[value.len] = 0;
    return 0;
}

/* Parts follow one another without a gap; the file's size comes before them. */
static int take_part(struct slice value, struct record *record)
{
    if (record->parts_len == PUT_PARTS_MAX)
        return -EINVAL;
    struct record_part *part = &record->parts[record->parts_len];
    const struct record_part *before = record->parts_len > 0 ? part - 1 : NULL;
    struct slice offset, len;
    if (!slice_next(&value, ' ', &offset) || !slice_next(&value, ' ', &len))
        return -EINVAL;
    if (parse_u64(offset, &part->offset) < 0 || parse_u64(len, &part->len) < 0)
        return -EINVAL;
    if (part->offset != (before != NULL ? before->offset + before->len : 0) || part->len == 0 ||
        part->offset > record->size_bytes || part->len > record->size_bytes - part->offset)
        return -EINVAL;
    record->parts_len++;
    return take_text(value, part->url, sizeof part->url);
}

static int take_line(struct slice line, struct record *record)
{
    size_t name_len = slice_find(line, ' ');
    struct slice name = slice_head(line, name_len), value = slice_skip(line, name_len + 1);
    uint64_t number;
    if (slice_is_equal(name, SLICE("file")))
        return 0;
    if (slice_is_equal(name, SLICE("size")))
        return parse_u64(value, &record->size_bytes);
    if (slice_is_equal(name, SLICE("expires"))) {
        if (parse_u64(value, &number) < 0 || number > INT64_MAX)
            return -EINVAL;
        record->expires_ms = (int64_t)number;
        return 0;
    }
    if (slice_is_equal(name, SLICE("upload")))
        return take_text(value, record->upload, sizeof record->upload);
    if (slice_is_equal(name, SLICE("link")))
        return take_text(value, record->link, sizeof record->link);
    if (slice_is_equal(name, SLICE("key")))
        return take_text(value, record->key, sizeof record->key);
    return slice_is_equal(name, SLICE("part")) ? take_part(value, record) : -EINVAL;
}

/* Whether the parts make up the file, and everything has its address. */
static bool is_whole(const struct record *record)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < record->parts_len; i++) {
        sum += record->parts[i].len;
        if (record->parts[i].url[0] == 0)
            return false;
    }
    return record->upload[0] != 0 && (record->parts_len == 0 || sum == record->size_bytes);
}

int record_read(struct slice words, struct record *ret_record)
{
    struct slice line;
    memset(ret_record, 0, sizeof *ret_record);
    if (!slice_next(&words, '\n', &line) || !slice_is_equal(line, first_line))
        return -EINVAL;
    while (slice_next(&words, '\n', &line)) {
        if (slice_is_equal(line, SLICE("end")))
            return words.len == 0 && is_whole(ret_record) ? 0 : -EINVAL;
        if (take_line(line, ret_record) < 0)
            return -EINVAL;
    }
    return -EINVAL;
}
