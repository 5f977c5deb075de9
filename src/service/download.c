/* GET and HEAD of a link: conditions, ranges, headers that keep strangers' files harmless, bytes.
 *
 * The head is made once, in download_handle(); then one of four bodies follows: none, a small file
 * in the same send, one range (the whole file is one), or several ranges as parts. */
#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "service/digests.h"
#include "service/links.h"
#include "service/tallies.h"
#include "service/uses.h"
#include "wire/answer.h"
#include "wire/conditions.h"
#include "wire/digest_field.h"
#include "wire/disposition.h"
#include "wire/field.h"
#include "wire/http_date.h"
#include "wire/media_type.h"
#include "wire/ranges.h"

struct download {
    struct request *req;
    struct service *service;
    struct link_entry *entry;
    struct use *use; /* NULL where the link has no limit */
    struct slice media_type;
    char tag[STORE_NAME_CHARS + 3]; /* entity tag with its quotes */
    enum ranges_result ranges_result;
    size_t ranges_len;
    struct byte_range ranges[HTTP_RANGES_MAX];
};

/* ---- Headers ---- */

/* One tag for one sequence of bytes: an object never changes. The beginning of its name, which
 * says nothing about the start that made it, is left out. */
static void make_tag(struct download *download)
{
    struct text text = text_over((struct span){(uint8_t *)download->tag, sizeof download->tag - 1});
    text_put_byte(&text, '"');
    text_put(&text, slice_skip(slice_of(download->entry->row.object.name), 8));
    text_put_byte(&text, '"');
    download->tag[text.len] = '\0';
}

/* Whether the client asks to save the file rather than to see it: `?download`. */
static bool is_download_wanted(struct slice query)
{
    struct slice word;
    while (query.len > 0 && slice_next(&query, '&', &word))
        if (slice_is_equal(slice_head(word, slice_find(word, '=')), SLICE("download")))
            return true;
    return false;
}

static void put_digest(struct download *download)
{
    struct request *req = download->req;
    const struct object_row *object = &download->entry->row.object;
    if (!object->has_sha256 ||
        !digest_field_is_wanted(request_header(req, SLICE("want-repr-digest"))))
        return;
    struct text text = answer_field_begin(req, "Repr-Digest");
    digest_field_put(&text, object->sha256);
    answer_field_end(req, &text);
}

/* The fields of 200, 206 and 304 alike (RFC 9110 section 15.4.5). */
static void put_validators(struct download *download)
{
    struct request *req = download->req;
    answer_field(req, "ETag", slice_of(download->tag));
    struct text text = answer_field_begin(req, "Last-Modified");
    http_date_put(&text, download->entry->row.created_ms);
    answer_field_end(req, &text);
    /* A link may end at any time, so what it names is asked for again each time. */
    answer_field(req, "Cache-Control", SLICE("private, no-cache"));
}

static void put_headers(struct download *download)
{
    struct request *req = download->req;
    const struct link_row *row = &download->entry->row;
    put_validators(download);
    put_digest(download);
    answer_field(req, "Accept-Ranges", SLICE("bytes"));
    struct slice type = slice_of(row->media_type);
    bool is_inline = media_type_is_inline_safe(type) && !is_download_wanted(req->head.query);
    struct text text = answer_field_begin(req, "Content-Disposition");
    disposition_put(&text, is_inline, slice_of(row->file_name));
    answer_field_end(req, &text);
    answer_field(req, "Sluice-State", SLICE("ready"));
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    answer_field(req, "Content-Security-Policy",
                 SLICE("sandbox; default-src 'none'; img-src 'self'; media-src 'self'; "
                       "style-src 'unsafe-inline'"));
    answer_field(req, "Cross-Origin-Resource-Policy", SLICE("same-site"));
    answer_field(req, "Referrer-Policy", SLICE("no-referrer"));
    answer_field(req, "X-Robots-Tag", SLICE("noindex"));
}

/* ---- Delivery ---- */

/* Notes that a range has reached the client; counts the download when its end did. */
static awaits int note_delivered(struct download *download, struct byte_range range)
{
    struct link_row *row = &download->entry->row;
    bool is_end = range.last + 1 == row->object.size_bytes || row->object.size_bytes == 0;
    if (download->req->head.method == HTTP_HEAD)
        return 0;
    if (download->use == NULL) {
        if (is_end)
            tally_add(row->link);
        return 0;
    }
    int err = stream_delivered(download->req->stream);
    if (err < 0) {
        download->req->stream->is_broken = true;
        return err;
    }
    if (use_delivered(download->use, range.first, range.last)) {
        struct link_count counted = {.added = 1};
        memcpy(counted.link, row->link, sizeof row->link);
        counter_add(COUNTER_downloads_total, 1);
        /* The count also stands in the use, so a failure here lets nobody download more. */
        if (catalog_count_downloads(download->service->catalog, &counted, 1) < 0)
            log_event(LOG_ERROR, "a download could not be counted",
                      log_text("reason", slice_of(error_text())));
        links_forget(row->link);
    }
    return 0;
}

static awaits int send_range(struct download *download, struct byte_range range)
{
    uint64_t length = range.last - range.first + 1;
    int fd = download->entry->blob->fd;
    int err = answer_send_file(download->req, fd, range.first, length);
    return err < 0 ? err : note_delivered(download, range);
}

static awaits int answer_whole(struct download *download)
{
    struct request *req = download->req;
    uint64_t size = download->entry->row.object.size_bytes;
    struct byte_range all = {0, size == 0 ? 0 : size - 1};
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    put_headers(download);
    answer_field(req, "Content-Type", media_type_to_send(download->media_type));
    err = answer_small_file(req, download->entry->blob->fd, 0, size);
    if (err == 0)
        return note_delivered(download, all);
    if (err != -EFBIG)
        return err;
    err = answer_stream(req, size);
    return err < 0 ? err : send_range(download, all);
}

static awaits int answer_one_range(struct download *download)
{
    struct request *req = download->req;
    struct byte_range range = download->ranges[0];
    int err = answer_begin(req, 206);
    if (err < 0)
        return err;
    put_headers(download);
    answer_field(req, "Content-Type", media_type_to_send(download->media_type));
    answer_field_format(req, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
                        range.last, download->entry->row.object.size_bytes);
    err = answer_stream(req, range.last - range.first + 1);
    return err < 0 ? err : send_range(download, range);
}

/* ---- Several ranges: multipart/byteranges, RFC 9110 section 15.3.7.2 ---- */

enum { PART_HEAD_BYTES = 384 };

static struct slice part_head(const struct download *download, const char *boundary, size_t index,
                              struct span room)
{
    struct text text = text_over(room);
    struct byte_range range = download->ranges[index];
    struct slice type = media_type_to_send(download->media_type);
    text_format(&text, "\r\n--%s\r\nContent-Type: ", boundary);
    text_put(&text, type);
    text_format(&text, "\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
                range.first, range.last, download->entry->row.object.size_bytes);
    assert(!text.is_full);
    return text_slice(&text);
}

static uint64_t parts_length(const struct download *download, const char *boundary)
{
    uint8_t room[PART_HEAD_BYTES];
    uint64_t length = strlen("\r\n--") + strlen(boundary) + strlen("--\r\n");
    for (size_t i = 0; i < download->ranges_len; i++) {
        length += part_head(download, boundary, i, (struct span){room, sizeof room}).len;
        length += download->ranges[i].last - download->ranges[i].first + 1;
    }
    return length;
}

static awaits int send_part(struct download *download, const char *boundary, size_t index)
{
    uint8_t room[PART_HEAD_BYTES];
    struct slice head = part_head(download, boundary, index, (struct span){room, sizeof room});
    int err = answer_send(download->req, head);
    return err < 0 ? err : send_range(download, download->ranges[index]);
}

static awaits int answer_ranges(struct download *download)
{
    struct request *req = download->req;
    char boundary[23];
    random_token(boundary);
    int err = answer_begin(req, 206);
    if (err < 0)
        return err;
    put_headers(download);
    answer_field_format(req, "Content-Type", "multipart/byteranges; boundary=%s", boundary);
    err = answer_stream(req, parts_length(download, boundary));
    for (size_t i = 0; err == 0 && i < download->ranges_len; i++)
        err = send_part(download, boundary, i);
    if (err < 0)
        return err;
    uint8_t room[64];
    struct text end = text_over((struct span){room, sizeof room});
    text_format(&end, "\r\n--%s--\r\n", boundary);
    return answer_send(req, text_slice(&end));
}

static awaits int answer_unsatisfiable(struct download *download)
{
    struct request *req = download->req;
    int err = answer_begin(req, 416);
    if (err < 0)
        return err;
    answer_field_format(req, "Content-Range", "bytes */%" PRIu64,
                        download->entry->row.object.size_bytes);
    return answer_problem_body(req, "The range asked for lies outside the file.");
}

/* ---- The whole ---- */

static awaits int answer_not_modified(struct download *download)
{
    int err = answer_begin(download->req, 304);
    if (err < 0)
        return err;
    put_validators(download);
    return answer_empty(download->req);
}

static enum condition check_conditions(struct download *download)
{
    struct request *req = download->req;
    const struct link_row *row = &download->entry->row;
    struct condition_facts facts = {
        .entity_tag = slice_of(download->tag),
        .has_last_modified = true,
        .last_modified_ms = row->created_ms,
        .now_ms = clock_wall_ms(),
    };
    bool is_range_wanted = false;
    enum condition condition = conditions_check(&req->head, &facts, &is_range_wanted);
    download->ranges_result = RANGES_IGNORED;
    if (condition == CONDITION_PASS && is_range_wanted)
        download->ranges_result =
            ranges_parse(request_header(req, SLICE("range")), row->object.size_bytes,
                         download->ranges, &download->ranges_len);
    return condition;
}

static awaits int answer_bytes(struct download *download)
{
    if (download->ranges_result == RANGES_UNSATISFIABLE)
        return answer_unsatisfiable(download);
    if (download->ranges_result == RANGES_IGNORED)
        return answer_whole(download);
    return download->ranges_len == 1 ? answer_one_range(download) : answer_ranges(download);
}

/* Whether all of the file is asked for: one range may say so, too. */
static bool is_whole_wanted(const struct download *download)
{
    uint64_t size = download->entry->row.object.size_bytes;
    const struct byte_range *range = &download->ranges[0];
    return download->ranges_result == RANGES_IGNORED ||
           (download->ranges_len == 1 && range->first == 0 && range->last + 1 == size);
}

/* Serves a link with a limit of downloads: within a use of this client. Returns -ESTALE when
 * nothing was answered because the link has changed since it was looked up. */
static awaits int answer_limited(struct download *download)
{
    struct request *req = download->req;
    const struct link_row *row = &download->entry->row;
    int err = use_begin(row, &req->client, is_whole_wanted(download), &download->use);
    if (err == -ESTALE) {
        uses_retire(download->service, row->link);
        return links_answer_gone(req, LINK_USED_UP);
    }
    if (err == -EBUSY)
        return answer_problem(req, 503,
                              "As many people as may are downloading this now; try again when one "
                              "of them has ended or given up.");
    if (err < 0)
        return answer_error(req, err);
    /* Asked only now: a use that ended before this one began had marked the row as old. */
    err = links_is_current(download->entry) ? answer_bytes(download) : -ESTALE;
    if (use_end(download->use))
        uses_retire(download->service, row->link);
    return err;
}

/* Computes the digest that is asked for: at once for a small file, else for the next time. */
static awaits void want_digest(struct download *download)
{
    const struct object_row *object = &download->entry->row.object;
    if (object->has_sha256 ||
        !digest_field_is_wanted(request_header(download->req, SLICE("want-repr-digest"))))
        return;
    if (object->size_bytes > DIGEST_NOW_BYTES_MAX ||
        digest_now(download->service, download->entry) < 0)
        digests_want(download->service, download->entry);
}

/* Like answer_limited(). */
static awaits int answer_download(struct download *download)
{
    struct request *req = download->req;
    make_tag(download);
    download->media_type = slice_of(download->entry->row.media_type);
    switch (check_conditions(download)) {
    case CONDITION_NOT_MODIFIED:
        return answer_not_modified(download);
    case CONDITION_FAILED:
        return answer_problem(req, 412, "The file is not the one that the condition names.");
    case CONDITION_PASS:
        break;
    }
    int err = links_open(download->service, download->entry);
    if (err == -ENOENT)
        return -ESTALE; /* the link has ended meanwhile; the catalog knows how */
    if (err < 0)
        return answer_error(req, err);
    want_digest(download);
    bool is_limited = download->entry->row.downloads_max > 0 && req->head.method == HTTP_GET;
    if (is_limited && download->ranges_result != RANGES_UNSATISFIABLE)
        return answer_limited(download);
    return answer_bytes(download);
}

static awaits int find_and_answer(struct request *req, const char *link)
{
    scoped(link_entry) entry = NULL;
    struct service *service = service_of(req);
    int err = links_find(service, link, &entry);
    if (err < 0)
        return answer_error(req, err);
    enum link_state state = links_state(entry);
    if (state != LINK_READY)
        return links_answer_gone(req, state);
    struct download download = {.req = req, .service = service, .entry = entry};
    return answer_download(&download);
}

awaits int download_handle(struct request *req, const char *link)
{
    for (int i = 0; i < DOWNLOAD_LOOKUPS_MAX; i++) {
        int err = find_and_answer(req, link);
        if (err != -ESTALE || req->status != 0)
            return err;
    }
    return answer_error(req, -EAGAIN);
}
