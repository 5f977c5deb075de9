/* GET and HEAD of a link: conditions, limits, bytes.
 *
 * The head is made once, in download_answer(); then one of four bodies follows: none, a small file
 * in the same send, one range (the whole file is one), or several ranges as parts. Where the bytes
 * lie, and whether they are there yet, is known to the source alone. */
#include "service/download.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "service/collection.h"
#include "service/digests.h"
#include "service/follow.h"
#include "service/progress_message.h"
#include "service/tallies.h"
#include "wire/answer.h"
#include "wire/conditions.h"
#include "wire/digest_field.h"
#include "wire/media_type.h"

/* ---- Delivery ---- */

/* Writes down that a use of the link was delivered. */
static awaits void count_use(struct download *download)
{
    const struct link_row *row = download_row(download);
    struct link_count counted = {.added = 1};
    memcpy(counted.link, row->link, sizeof row->link);
    counter_add(COUNTER_downloads_total, 1);
    /* The count also stands in the use, so a failure here lets nobody download more. */
    if (catalog_count_downloads(download->service->catalog, &counted, 1) < 0)
        log_event(LOG_ERROR, "a download could not be counted",
                  log_text("reason", slice_of(error_text())));
    links_forget(row->link);
}

/* Notes that a range has reached the client; counts the download when its end did. */
static awaits int note_delivered(struct download *download, struct byte_range range)
{
    uint64_t size = download->size_bytes;
    bool is_end = range.last + 1 == size || size == 0;
    /* Of a file whose size isn't known no range is known to be the last. */
    if (download->req->head.method == HTTP_HEAD || size == BYTES_UNKNOWN)
        return 0;
    if (download->use == NULL) {
        if (is_end)
            tally_add(download_row(download)->link);
        return 0;
    }
    int err = stream_delivered(download->req->stream);
    if (err < 0) {
        download->req->stream->is_broken = true;
        return err;
    }
    if (use_delivered(download->use, range.first, range.last))
        count_use(download);
    return 0;
}

static struct byte_range whole_of(uint64_t size_bytes)
{
    return (struct byte_range){0, size_bytes == 0 ? 0 : size_bytes - 1};
}

awaits int download_send_range(struct download *download, struct byte_range range)
{
    uint64_t length = download->size_bytes == 0 ? 0 : range.last - range.first + 1;
    int err = source_send(&download->source, download->req, range.first, length);
    return err < 0 ? err : note_delivered(download, range);
}

/* The whole of a file whose size shows when all of it has come. */
static awaits int answer_open(struct download *download)
{
    struct request *req = download->req;
    int err = answer_stream_open(req);
    if (err == 0)
        err = source_send(&download->source, req, 0, BYTES_UNKNOWN);
    if (err == 0)
        err = answer_end(req);
    if (err < 0 || req->head.method == HTTP_HEAD)
        return err;
    download->size_bytes = arrival_progress(download->source.arrival).readable_bytes;
    return note_delivered(download, whole_of(download->size_bytes));
}

static awaits int answer_whole(struct download *download)
{
    struct request *req = download->req;
    const struct blob *blob = download->source.entry->blob;
    uint64_t size = download->size_bytes;
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    download_put_headers(download);
    answer_field(req, "Content-Type", media_type_to_send(download->media_type));
    if (size == BYTES_UNKNOWN)
        return answer_open(download);
    err = blob == NULL ? -EFBIG : answer_small_file(req, blob->fd, 0, size);
    if (err == 0)
        return note_delivered(download, whole_of(size));
    if (err != -EFBIG)
        return err;
    err = answer_stream(req, size);
    return err < 0 ? err : download_send_range(download, whole_of(size));
}

/* ---- Conditions and limits ---- */

static awaits int answer_not_modified(struct download *download)
{
    int err = answer_begin(download->req, 304);
    if (err < 0)
        return err;
    download_put_validators(download);
    return answer_empty(download->req);
}

void download_read_ranges(struct download *download)
{
    download->ranges_result =
        ranges_parse(request_header(download->req, SLICE("range")), download->size_bytes,
                     download->ranges, &download->ranges_len);
}

static enum condition check_conditions(struct download *download)
{
    struct request *req = download->req;
    struct condition_facts facts = {
        .entity_tag = slice_of(download->tag),
        .has_last_modified = download->source.arrival == NULL,
        .last_modified_ms = download_row(download)->created_ms,
        .now_ms = clock_wall_ms(),
    };
    bool is_range_wanted = false;
    enum condition condition = conditions_check(&req->head, &facts, &is_range_wanted);
    download->ranges_result = RANGES_IGNORED;
    if (condition == CONDITION_PASS && is_range_wanted)
        download_read_ranges(download);
    return condition;
}

static awaits int answer_bytes(struct download *download)
{
    if (download->ranges_result == RANGES_UNSATISFIABLE)
        return download_answer_unsatisfiable(download);
    if (download->ranges_result == RANGES_IGNORED)
        return answer_whole(download);
    return download->ranges_len == 1 ? download_answer_one_range(download)
                                     : download_answer_ranges(download);
}

/* Whether all of the file is asked for: one range may say so, too. */
static bool is_whole_wanted(const struct download *download)
{
    const struct byte_range *range = &download->ranges[0];
    return download->ranges_result == RANGES_IGNORED ||
           (download->ranges_len == 1 && range->first == 0 &&
            range->last + 1 == download->size_bytes);
}

/* Serves a link with a limit of downloads: within a use of this client. Like download_answer(). */
static awaits int answer_limited(struct download *download)
{
    struct request *req = download->req;
    const struct link_row *row = download_row(download);
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
    err = links_is_current(download->source.entry) ? answer_bytes(download) : -ESTALE;
    if (use_end(download->use))
        uses_retire(download->service, row->link);
    return err;
}

/* Computes the digest that is asked for: at once for a small file, else for the next time. */
static awaits void want_digest(struct download *download)
{
    struct link_entry *entry = download->source.entry;
    const struct object_row *object = &entry->row.object;
    if (object->has_sha256 ||
        !digest_field_is_wanted(request_header(download->req, SLICE("want-repr-digest"))))
        return;
    if (object->size_bytes > DIGEST_NOW_BYTES_MAX || digest_now(download->service, entry) < 0)
        digests_want(download->service, entry);
}

/* ---- The whole ---- */

/* Makes sure that the bytes that are asked for can be had. */
static awaits int open_bytes(struct download *download)
{
    if (download->source.arrival != NULL)
        return follow_settle_ranges(download);
    int err = links_open(download->service, download->source.entry);
    bool is_range = download->ranges_result == RANGES_SATISFIABLE;
    if (err == 0 && download->ranges_result != RANGES_UNSATISFIABLE)
        err = source_open(&download->source, is_range ? download->ranges[0].first : 0);
    if (err == 0)
        want_digest(download);
    return err == -ENOENT ? -ESTALE : err; /* the link has ended meanwhile; the catalog knows how */
}

awaits int download_answer(struct download *download)
{
    struct request *req = download->req;
    download_make_tag(download);
    download->media_type = slice_of(download_row(download)->media_type);
    switch (check_conditions(download)) {
    case CONDITION_NOT_MODIFIED:
        return answer_not_modified(download);
    case CONDITION_FAILED:
        return answer_problem(req, 412, "The file is not the one that the condition names.");
    case CONDITION_PASS:
        break;
    }
    int err = open_bytes(download);
    if (err < 0)
        return err == -ESTALE ? err : answer_error(req, err);
    bool is_limited = download_row(download)->downloads_max > 0 && req->head.method == HTTP_GET;
    if (is_limited && download->ranges_result != RANGES_UNSATISFIABLE)
        return answer_limited(download);
    return answer_bytes(download);
}

awaits int download_entry(struct request *req, struct link_entry *entry)
{
    struct service *service = service_of(req);
    struct download download = {.req = req,
                                .service = service,
                                .source = {.service = service, .entry = entry},
                                .size_bytes = entry->row.object.size_bytes,
                                .state = progress_state_name(ARRIVAL_READY)};
    int err = download_answer(&download);
    source_close(&download.source);
    return err;
}

static awaits int answer_entry(struct request *req, struct link_entry *entry, struct slice rest)
{
    enum link_state state = links_state(entry);
    if (state == LINK_ARRIVING)
        return -ESTALE;
    if (state != LINK_READY)
        return links_answer_gone(req, state);
    return entry->row.is_collection ? collection_answer(req, &entry->row, rest)
                                    : download_entry(req, entry);
}

static awaits int find_and_answer(struct request *req, const char *link, struct slice rest)
{
    scoped(link_entry) entry = links_cached(link);
    if (entry != NULL)
        return answer_entry(req, entry, rest);
    int err = follow_handle(req, link);
    if (err != -ESTALE || req->status != 0)
        return err;
    err = links_find(service_of(req), link, &entry); /* at hand now, unless it changes */
    return err < 0 ? answer_error(req, err) : answer_entry(req, entry, rest);
}

awaits int download_handle(struct request *req, const char *link, struct slice rest)
{
    for (int i = 0; i < DOWNLOAD_LOOKUPS_MAX; i++) {
        int err = find_and_answer(req, link, rest);
        if (err != -ESTALE || req->status != 0)
            return err;
    }
    return answer_error(req, -EAGAIN);
}
