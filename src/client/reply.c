/* A server may answer anything: what is too long or malformed counts as absent. */
#include "client/reply.h"

#include <curl/curl.h>

/* Copies a value with a NUL; one that is too long counts as absent. */
static void keep(char *room, size_t room_len, struct slice value)
{
    size_t len = value.len < room_len ? value.len : 0;
    memcpy(room, value.ptr, len);
    room[len] = 0;
}

static void take_status(struct reply *reply, struct slice line)
{
    uint64_t status;
    struct slice rest = slice_skip(line, slice_find(line, ' ') + 1);
    *reply = (struct reply){0};
    if (parse_u64(slice_head(rest, slice_find(rest, ' ')), &status) == 0 && status < 1000)
        reply->status = (unsigned)status;
}

static void take_date(struct reply *reply, struct slice value)
{
    char words[64];
    keep(words, sizeof words, value);
    time_t seconds = curl_getdate(words, NULL);
    if (seconds > 0)
        reply->expires_ms = (int64_t)seconds * 1000;
}

static void take_field(struct reply *reply, struct slice name, struct slice value)
{
    if (slice_is_same_word(name, SLICE("location")))
        keep(reply->location, sizeof reply->location, value);
    else if (slice_is_same_word(name, SLICE("sluice-link")))
        keep(reply->link, sizeof reply->link, value);
    else if (slice_is_same_word(name, SLICE("sluice-key")))
        keep(reply->key, sizeof reply->key, value);
    else if (slice_is_same_word(name, SLICE("upload-offset")))
        reply->has_offset = parse_u64(value, &reply->offset) == 0;
    else if (slice_is_same_word(name, SLICE("upload-length")))
        reply->has_length = parse_u64(value, &reply->length) == 0;
    else if (slice_is_same_word(name, SLICE("upload-expires")))
        take_date(reply, value);
    else if (slice_is_same_word(name, SLICE("content-type")))
        reply->is_plain = slice_is_same_word(slice_head(value, 10), SLICE("text/plain"));
}

void reply_take_line(struct reply *reply, struct slice line)
{
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r'))
        line.len--;
    if (slice_has_prefix(line, SLICE("HTTP/"))) {
        take_status(reply, line);
        return;
    }
    size_t name_len = slice_find(line, ':');
    if (name_len < line.len)
        take_field(reply, slice_head(line, name_len), slice_trim(slice_skip(line, name_len + 1)));
}

void reply_take_body(struct reply *reply, struct slice bytes)
{
    size_t len = size_min(bytes.len, sizeof reply->sentence - reply->sentence_len);
    if (!reply->is_plain || len == 0)
        return;
    memcpy(reply->sentence + reply->sentence_len, bytes.ptr, len);
    reply->sentence_len += len;
}

enum reply_verdict reply_verdict(const struct reply *reply)
{
    unsigned status = reply->status;
    if (status >= 200 && status < 300)
        return REPLY_FINE;
    if (status == 409)
        return REPLY_MOVED;
    if (status == 404 || status == 410)
        return REPLY_GONE;
    /* A full disk (507) and what a server has not got (501, 505) don't mend by asking again. */
    if (status == 501 || status == 505 || status == 507)
        return REPLY_REFUSED;
    if (status == 0 || status == 408 || status == 423 || status == 425 || status == 429 ||
        status >= 500)
        return REPLY_LATER;
    return REPLY_REFUSED;
}

void reply_put_sentence(const struct reply *reply, struct text *into)
{
    struct slice sentence = slice_from(reply->sentence, reply->sentence_len);
    sentence = slice_head(sentence, slice_find(sentence, '\n'));
    sentence = slice_trim(slice_head(sentence, slice_find(sentence, '\r')));
    if (sentence.len > 0)
        text_put_json(into, sentence);
    else
        text_put(into, SLICE("the server gave no reason"));
    text_format(into, " (status %u)", reply->status);
    if (reply->status >= 300 && reply->status < 400 && reply->location[0] != 0) {
        text_put(into, SLICE("; it points to "));
        text_put_json(into, slice_of(reply->location));
    }
}
