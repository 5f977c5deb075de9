/* Files of a collection are asked of the catalog each time and some at once: there may be hundreds,
 * and an upload that ends takes its own away. A file has no link of its own here; whoever knows the
 * collection's learns nothing of those that it was made of. */
#include "service/collection.h"

#include "base/text.h"
#include "service/download.h"
#include "service/facts.h"
#include "service/files.h"
#include "service/follow.h"
#include "service/hosts.h"
#include "wire/accept.h"
#include "wire/answer.h"

enum {
    /* One file in any form without the base of its address: its name escaped and in the address. */
    FILE_BYTES_MAX = (6 + 3) * FILE_NAME_BYTES_MAX + 6 * MEDIA_TYPE_BYTES_MAX + 512,
    ESCAPE_BYTES_MAX = 6,
};

/* ---- Walking along the files ---- */

struct walk {
    struct request *req;
    const char *link;
    struct entry_row *rows;
    size_t at, count;
    unsigned next; /* position */
    bool is_over;
};

static int walk_begin(struct walk *walk, struct request *req, const char *link, struct arena *arena)
{
    *walk = (struct walk){.req = req, .link = link};
    walk->rows = arena_alloc(arena, COLLECTION_ENTRIES_ASKED * sizeof *walk->rows);
    return walk->rows == NULL ? -ENOMEM : 0;
}

static awaits int ask_more(struct walk *walk)
{
    int err = catalog_entries(service_of(walk->req)->catalog, walk->link, walk->next, walk->rows,
                              COLLECTION_ENTRIES_ASKED, &walk->count);
    if (err < 0)
        return err;
    walk->at = 0;
    walk->is_over = walk->count < COLLECTION_ENTRIES_ASKED;
    if (walk->count > 0)
        walk->next = walk->rows[walk->count - 1].position + 1;
    return 0;
}

/* How a file stands. Returns 1; 0 when its upload has ended meanwhile; -errno. */
static awaits int look(struct walk *walk, const struct entry_row *row,
                       struct arrival_progress *ret_progress)
{
    *ret_progress = arrival_all_there(row->object.size_bytes);
    if (!row->object.is_arriving)
        return 1;
    scoped(arrival) arrival = NULL;
    int err = arrivals_find(service_of(walk->req), row->object.name, &arrival);
    if (err < 0)
        return err == -ENOENT ? 0 : err;
    *ret_progress = arrival_progress(arrival);
    return ret_progress->state != ARRIVAL_FAILED && ret_progress->state != ARRIVAL_DELETED;
}

/* Returns 1 with the next file, valid until the next call; 0 at the end; -errno. */
static awaits int walk_next(struct walk *walk, const struct entry_row **ret_row,
                            struct arrival_progress *ret_progress)
{
    int got;
    do {
        int err = walk->at < walk->count || walk->is_over ? 0 : ask_more(walk);
        if (err < 0)
            return err;
        if (walk->at == walk->count)
            return 0;
        *ret_row = &walk->rows[walk->at++];
        got = look(walk, *ret_row, ret_progress);
    } while (got == 0);
    return got;
}

/* Adds a file to what is told of all: some are still being sent, or else some have to come, or else
 * all are there. */
static void add_progress(struct arrival_progress *sum, const struct arrival_progress *one)
{
    bool is_known = sum->size_bytes != BYTES_UNKNOWN && one->size_bytes != BYTES_UNKNOWN;
    sum->size_bytes = is_known ? sum->size_bytes + one->size_bytes : BYTES_UNKNOWN;
    sum->received_bytes += one->received_bytes;
    sum->readable_bytes += one->readable_bytes;
    sum->stored_bytes += one->stored_bytes;
    sum->rate += one->rate;
    if (one->state == ARRIVAL_ARRIVING || sum->state == ARRIVAL_READY)
        sum->state = one->state;
}

awaits int collection_progress(struct request *req, const char *link,
                               struct arrival_progress *ret_progress)
{
    /* Of its own: a watcher's request asks again and again. */
    struct arena arena = ARENA_EMPTY;
    struct walk walk;
    const struct entry_row *file = NULL;
    struct arrival_progress one = {0}, sum = {.state = ARRIVAL_READY};
    int got = walk_begin(&walk, req, link, &arena);
    while (got >= 0 && (got = walk_next(&walk, &file, &one)) > 0)
        add_progress(&sum, &one);
    arena_clear(&arena);
    if (got == 0)
        *ret_progress = sum;
    return got;
}

/* ---- The list ---- */

/* Puts a file in one of the forms of the list; `url` is what its address begins with. */
typedef void put_function(struct text *text, const struct link_row *row,
                          const struct entry_row *file, const struct arrival_progress *progress,
                          struct slice url);

static awaits int put_files(struct request *req, const struct link_row *row, put_function *put,
                            struct buffer *into, struct arrival_progress *ret_progress)
{
    struct walk walk;
    const struct entry_row *file = NULL;
    struct arrival_progress one = {0}, sum = {.state = ARRIVAL_READY};
    struct slice url = hosts_download_url(req);
    int got = url.ptr == NULL ? -ENOMEM : walk_begin(&walk, req, row->link, &req->arena);
    if (got < 0)
        return got;
    while ((got = walk_next(&walk, &file, &one)) > 0) {
        struct text text;
        int err = buffer_room(into, FILE_BYTES_MAX + ESCAPE_BYTES_MAX * url.len, &text);
        if (err < 0)
            return err;
        put(&text, row, file, &one, url);
        buffer_added(into, &text);
        add_progress(&sum, &one);
    }
    *ret_progress = sum;
    return got;
}

/* BASE/LINK/POSITION/NAME, its base put by the caller, who knows how to escape it. */
static void put_path(struct text *text, const struct link_row *row, const struct entry_row *file)
{
    text_format(text, "/%s/%u/", row->link, file->position);
    text_put_percent(text, slice_of(file->file_name));
}

static void put_json(struct text *text, const struct link_row *row, const struct entry_row *file,
                     const struct arrival_progress *progress, struct slice url)
{
    text_put(text, SLICE("{\"name\":\""));
    text_put_json(text, slice_of(file->file_name));
    text_format(text, "\",\"type\":\"%s\",", file->media_type);
    files_put_bytes_json(text, progress);
    text_put(text, SLICE("\"url\":\""));
    text_put_json(text, url);
    put_path(text, row, file);
    text_put(text, SLICE("\"},"));
}

static void put_html(struct text *text, const struct link_row *row, const struct entry_row *file,
                     const struct arrival_progress *progress, struct slice url)
{
    text_put(text, SLICE("<li><a href=\""));
    text_put_html(text, url);
    put_path(text, row, file);
    text_put(text, SLICE("?download\">"));
    text_put_html(text, slice_of(file->file_name));
    text_put(text, SLICE("</a>, "));
    files_put_size(text, progress->size_bytes);
    text_put(text, progress->state == ARRIVAL_READY ? SLICE("</li>\n")
                                                    : SLICE(", still arriving</li>\n"));
}

static void put_line(struct text *text, const struct link_row *row, const struct entry_row *file,
                     const struct arrival_progress *progress, struct slice url)
{
    (void)progress;
    text_put(text, url);
    put_path(text, row, file);
    text_put_byte(text, '\n');
}

awaits int collection_put_files(struct request *req, const struct link_row *row,
                                struct buffer *into, struct arrival_progress *ret_progress)
{
    size_t before = into->len;
    int err = put_files(req, row, put_json, into, ret_progress);
    if (err == 0 && into->len > before)
        into->len--; /* behind the last one there is no comma */
    return err;
}

static awaits int answer_text(struct request *req, const char *type, struct slice body)
{
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    answer_field(req, "Content-Type", slice_of(type));
    answer_field(req, "Content-Security-Policy", SLICE("default-src 'none'"));
    answer_field(req, "Referrer-Policy", SLICE("no-referrer"));
    answer_field(req, "Vary", SLICE("Accept"));
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    answer_field(req, "X-Robots-Tag", SLICE("noindex"));
    return answer_body(req, body);
}

static awaits int answer_lines(struct request *req, const struct link_row *row)
{
    struct buffer lines = BUFFER_EMPTY(FACTS_BYTES_MAX);
    struct arrival_progress progress;
    int err = put_files(req, row, put_line, &lines, &progress);
    err = err < 0 ? answer_error(req, err)
                  : answer_text(req, "text/plain; charset=utf-8", buffer_slice(&lines));
    buffer_clear(&lines);
    return err;
}

/* What stands before the list in a page without a script, and behind it. */
static int put_frame(struct buffer *into, const struct link_row *row, bool is_end)
{
    struct text text;
    int err = buffer_room(into, 2 * ESCAPE_BYTES_MAX * FILE_NAME_BYTES_MAX + 512, &text);
    if (err < 0)
        return err;
    if (is_end) {
        text_put(&text, SLICE("</ul></html>\n"));
    } else {
        text_put(&text, SLICE("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
                              "<meta name=\"viewport\" content=\"width=device-width\"><title>"));
        text_put_html(&text, slice_of(row->file_name));
        text_put(&text, SLICE("</title><h1>"));
        text_put_html(&text, slice_of(row->file_name));
        text_put(&text, SLICE("</h1><ul>\n"));
    }
    buffer_added(into, &text);
    return 0;
}

static awaits int answer_html(struct request *req, const struct link_row *row)
{
    struct buffer html = BUFFER_EMPTY(FACTS_BYTES_MAX);
    struct arrival_progress progress;
    int err = put_frame(&html, row, false);
    if (err == 0)
        err = put_files(req, row, put_html, &html, &progress);
    if (err == 0)
        err = put_frame(&html, row, true);
    err = err < 0 ? answer_error(req, err)
                  : answer_text(req, "text/html; charset=utf-8", buffer_slice(&html));
    buffer_clear(&html);
    return err;
}

static awaits int answer_list(struct request *req, const struct link_row *row)
{
    switch (accept_preferred(request_header(req, SLICE("accept")))) {
    case ACCEPT_JSON:
        return facts_answer(req, row, NULL);
    case ACCEPT_HTML:
        return answer_html(req, row);
    case ACCEPT_ANY:
        break;
    }
    return answer_lines(req, row);
}

/* ---- One file ---- */

static awaits int answer_no_file(struct request *req)
{
    return answer_problem(req, 404, "This link has no such file; GET it to see which there are.");
}

/* Reads the position at the front of a path behind a link. */
static bool read_position(struct slice rest, unsigned *ret_position)
{
    uint64_t position;
    rest = slice_skip(rest, 1);
    struct slice digits = slice_head(rest, slice_find(rest, '/'));
    if (parse_u64(digits, &position) < 0 || position >= COLLECTION_FILES_MAX)
        return false;
    *ret_position = (unsigned)position;
    return true;
}

/* The file's entry, as if the collection's link were to this file alone; of its own. NULL when
 * there is no memory. */
static struct link_entry *make_entry(struct request *req, const struct link_row *row,
                                     const struct entry_row *file)
{
    struct link_row *made = arena_alloc(&req->arena, sizeof *made);
    if (made == NULL)
        return NULL;
    *made = *row;
    memcpy(made->file_name, file->file_name, sizeof made->file_name);
    memcpy(made->media_type, file->media_type, sizeof made->media_type);
    made->object = file->object;
    return links_entry_of(made);
}

static awaits int answer_file(struct request *req, const struct link_row *row,
                              const struct entry_row *file)
{
    scoped(link_entry) entry = make_entry(req, row, file);
    if (entry == NULL)
        return answer_error(req, -ENOMEM);
    if (!file->object.is_arriving)
        return download_entry(req, entry);
    scoped(arrival) arrival = NULL;
    int err = arrivals_find(service_of(req), file->object.name, &arrival);
    if (err < 0)
        return err == -ENOENT ? -ESTALE : answer_error(req, err);
    return follow_answer(req, entry, arrival);
}

awaits int collection_answer(struct request *req, const struct link_row *row, struct slice rest)
{
    unsigned position;
    if (rest.len <= 1)
        return answer_list(req, row);
    struct entry_row *file = arena_alloc(&req->arena, sizeof *file);
    if (file == NULL)
        return answer_error(req, -ENOMEM);
    if (!read_position(rest, &position))
        return answer_no_file(req);
    size_t count = 0;
    int err = catalog_entries(service_of(req)->catalog, row->link, position, file, 1, &count);
    if (err < 0)
        return answer_error(req, err);
    return count == 0 || file->position != position ? answer_no_file(req)
                                                    : answer_file(req, row, file);
}
