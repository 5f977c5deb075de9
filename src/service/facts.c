/* The same text for GET /api/files/LINK, for the answer to an edit, and inside the page. */
#include "service/facts.h"

#include "service/collection.h"
#include "service/files.h"
#include "wire/answer.h"

/* Room for the JSON of one link without its base, all of its names escaped. */
enum { FILE_JSON_BYTES_MAX = 4096, ESCAPE_BYTES_MAX = 6 };

static_assert(FILE_JSON_BYTES_MAX > (6 + 3) * FILE_NAME_BYTES_MAX + 6 * MEDIA_TYPE_BYTES_MAX + 512,
              "the longest names fit, as JSON and in a URL");

/* Puts all but the files of a collection. */
static int put_link(struct request *req, const struct link_row *row,
                    const struct arrival_progress *progress, struct buffer *into)
{
    struct slice base_url = answer_base_url(req);
    if (base_url.ptr == NULL)
        return -ENOMEM;
    struct text text;
    int err = buffer_room(into, FILE_JSON_BYTES_MAX + ESCAPE_BYTES_MAX * base_url.len, &text);
    if (err < 0)
        return err;
    files_put_arriving_json(&text, row, progress, base_url);
    buffer_added(into, &text);
    return 0;
}

/* Puts the link of a collection with its files as one more member of the object. */
static awaits int put_collection(struct request *req, const struct link_row *row,
                                 struct buffer *into, struct arrival_progress *ret_progress)
{
    struct buffer list = BUFFER_EMPTY(FACTS_BYTES_MAX);
    struct text text;
    int err = collection_put_files(req, row, &list, ret_progress);
    if (err == 0)
        err = put_link(req, row, ret_progress, into);
    if (err == 0)
        err = buffer_room(into, SLICE(",\"files\":[]}").len + list.len, &text);
    if (err == 0) {
        into->len--; /* the closing brace gives way */
        text = text_over((struct span){text.ptr - 1, text.room});
        text_put(&text, SLICE(",\"files\":["));
        text_put(&text, buffer_slice(&list));
        text_put(&text, SLICE("]}"));
        buffer_added(into, &text);
    }
    buffer_clear(&list);
    return err;
}

awaits int facts_put(struct request *req, const struct link_row *row, struct arrival *arrival,
                     struct buffer *into, struct arrival_progress *ret_progress)
{
    if (row->is_collection)
        return put_collection(req, row, into, ret_progress);
    *ret_progress =
        arrival == NULL ? arrival_all_there(row->object.size_bytes) : arrival_progress(arrival);
    return put_link(req, row, ret_progress, into);
}

static awaits int answer_json(struct request *req, struct slice json)
{
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    answer_field(req, "Content-Type", SLICE("application/json"));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    return answer_body(req, json);
}

awaits int facts_answer(struct request *req, const struct link_row *row, struct arrival *arrival)
{
    struct buffer json = BUFFER_EMPTY(FACTS_BYTES_MAX);
    struct arrival_progress progress;
    struct text line_end;
    int err = facts_put(req, row, arrival, &json, &progress);
    if (err == 0)
        err = buffer_room(&json, 1, &line_end);
    if (err == 0) {
        text_put_byte(&line_end, '\n');
        buffer_added(&json, &line_end);
    }
    err = err < 0 ? answer_error(req, err) : answer_json(req, buffer_slice(&json));
    buffer_clear(&json);
    return err;
}
