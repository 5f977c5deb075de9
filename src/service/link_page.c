/* GET /LINK for people: a page about the file, or about the files of a collection.
 *
 * Who names a file in the path, asks to save it, or prefers anything to a page gets the bytes as
 * ever. The page is filled with all that is known, so that it says everything without a script. */
#include "service/document.h"
#include "service/download.h"
#include "service/facts.h"
#include "service/files.h"
#include "service/hosts.h"
#include "service/progress_message.h"
#include "wire/accept.h"
#include "wire/answer.h"

enum { SIZE_BYTES_MAX = 32 };

/* Whether a part of the bytes is asked for, or a condition names them. */
static bool are_bytes_named(const struct request *req)
{
    return request_header(req, SLICE("range")).ptr != NULL ||
           request_header(req, SLICE("if-match")).ptr != NULL ||
           request_header(req, SLICE("if-unmodified-since")).ptr != NULL;
}

static bool is_page_wanted(const struct request *req, struct slice rest)
{
    return rest.len == 0 && !hosts_is_download(req) && !download_is_wanted(req) &&
           !are_bytes_named(req) &&
           accept_preferred(request_header(req, SLICE("accept"))) == ACCEPT_HTML;
}

/* Where the page's button leads: to the bytes, or to the list of a collection. .ptr is NULL when
 * there is no memory. */
static struct slice download_address(struct request *req, const struct link_row *row)
{
    struct slice base_url = answer_base_url(req), front = hosts_download_url(req);
    if (base_url.ptr == NULL || front.ptr == NULL)
        return SLICE_NONE;
    bool is_here = slice_is_equal(front, base_url);
    if (is_here || row->is_collection)
        front = hosts_path_of(base_url);
    size_t room = front.len + LINK_CHARS + 3 * FILE_NAME_BYTES_MAX + 16;
    struct text text = text_over((struct span){arena_alloc(&req->arena, room), room});
    if (text.ptr == NULL)
        return SLICE_NONE;
    text_put(&text, front);
    text_format(&text, "/%s/", row->link);
    if (!row->is_collection) {
        text_put_percent(&text, slice_of(row->file_name));
        text_put(&text, SLICE("?download"));
    }
    assert(!text.is_full);
    return text_slice(&text);
}

static awaits int answer_page(struct request *req, const struct link_row *row,
                              const struct arrival_progress *progress, struct slice facts)
{
    uint8_t size_room[SIZE_BYTES_MAX];
    struct text size = text_over((struct span){size_room, sizeof size_room});
    files_put_size(&size, progress->size_bytes);
    assert(!size.is_full);
    struct slice name = slice_of(row->file_name), address = download_address(req, row);
    if (address.ptr == NULL)
        return answer_error(req, -ENOMEM);
    const struct template_value values[] = {
        {SLICE("name"), name},
        {SLICE("title"), name},
        {SLICE("size"), text_slice(&size)},
        {SLICE("state"), slice_of(progress_state_name(progress->state))},
        {SLICE("download"), address},
        {SLICE("facts"), facts},
    };
    return document_answer(req, "link.html", values, ARRAY_LEN(values));
}

/* Returns -ENOENT, with nothing answered, when there is no page. */
static awaits int page_about(struct request *req, const char *link)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    int err = files_find(req, link, &entry, &arrival);
    if (entry == NULL)
        return err;
    struct buffer facts = BUFFER_EMPTY(FACTS_BYTES_MAX);
    struct arrival_progress progress;
    err = facts_put(req, &entry->row, arrival, &facts, &progress);
    err = err < 0 ? answer_error(req, err)
                  : answer_page(req, &entry->row, &progress, buffer_slice(&facts));
    buffer_clear(&facts);
    return err;
}

awaits int link_handle(struct request *req, const char *link, struct slice rest)
{
    int err = is_page_wanted(req, rest) ? page_about(req, link) : -ENOENT;
    return err == -ENOENT && req->status == 0 ? download_handle(req, link, rest) : err;
}
