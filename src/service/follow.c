/* Downloads of files that are still arriving.
 *
 * The reader has a descriptor and a place of its own and looks at the numbers that the writer
 * advances: it can't slow the writer, and while nothing comes it holds neither chunk nor pipe. The
 * last byte is kept back until the upload is complete, so nobody mistakes a file for whole that
 * fails in the end. */
#include "service/follow.h"

#include "base/clock.h"
#include "base/error.h"
#include "runtime/io.h"
#include "service/progress_message.h"
#include "wire/answer.h"
#include "wire/connection.h"

#include <poll.h>

/* ---- Waiting ---- */

/* Whether it makes no sense to wait for this upload: nobody will send the rest. */
static bool is_given_up(const struct arrival_progress *progress)
{
    if (progress->state != ARRIVAL_WAITING)
        return false;
    return wire_is_draining() ||
           (progress->expires_ms != 0 && progress->expires_ms < clock_wall_ms());
}

/* Waits until the upload isn't any more as `progress` told, or for a while. Returns 0, or -errno
 * when there is nothing left to wait for. */
static awaits int await_change(struct request *req, struct arrival *arrival,
                               const struct arrival_progress *progress)
{
    if (is_given_up(progress))
        return fail(-ECONNABORTED, "the upload that was followed has stopped");
    int err = arrival_wait(arrival, progress->version, worker_now_ms() + FOLLOW_ASK_MS);
    if (err != -ETIMEDOUT)
        return err;
    /* A client that has only ended its own side gets what comes in time like any other. */
    int events = io_poll(req->stream->fd, POLLRDHUP, worker_now_ms());
    if (events == -ETIMEDOUT)
        return 0;
    return events < 0 ? events : fail(-EPIPE, "the client has left");
}

/* ---- Bytes ---- */

/* The piece that `at` lies in: the upload itself, or a part of it. Returns how far it can be read,
 * in the whole. */
static uint64_t find_piece(struct source *source, uint64_t at, struct arrival **ret_piece)
{
    size_t count = arrival_parts(source->arrival), index = 0;
    struct arrival *piece = count == 0 ? source->arrival : arrival_part(source->arrival, 0);
    struct arrival_progress progress = arrival_progress(piece);
    uint64_t begin = 0;
    while (index + 1 < count && progress.size_bytes != BYTES_UNKNOWN &&
           begin + progress.size_bytes <= at) {
        begin += progress.size_bytes;
        piece = arrival_part(source->arrival, ++index);
        progress = arrival_progress(piece);
    }
    if (source->piece_index != index)
        source_close(source);
    source->piece_index = index;
    source->piece_begin = begin;
    *ret_piece = piece;
    return begin + progress.readable_bytes;
}

/* Sends what there is between `at` and `end`. Returns how many bytes, perhaps none. */
static awaits int64_t send_readable(struct source *source, struct request *req, uint64_t at,
                                    uint64_t end)
{
    struct arrival *piece;
    uint64_t stop = u64_min(end, find_piece(source, at, &piece));
    if (stop <= at)
        return 0;
    uint64_t count = u64_min(stop - at, FOLLOW_STEP_BYTES);
    int err = 0;
    if (source->piece == NULL)
        err = arrival_open(source->service, piece, &source->piece);
    if (err == 0)
        err = answer_send_file(req, source->piece->fd, at - source->piece_begin, count);
    return err < 0 ? err : (int64_t)count;
}

/* How far may be sent now, of what ends at `end`. */
static uint64_t allowed_end(const struct arrival_progress *progress, uint64_t end)
{
    bool is_last_held = arrival_state_is_open(progress->state) &&
                        progress->size_bytes != BYTES_UNKNOWN && progress->size_bytes > 0;
    return is_last_held ? u64_min(end, progress->size_bytes - 1) : end;
}

/* Sends, or waits for something to send. Returns how many bytes were sent, or -errno. */
static awaits int64_t send_or_wait(struct source *source, struct request *req,
                                   const struct arrival_progress *progress, uint64_t at,
                                   uint64_t end)
{
    if (!arrival_state_is_open(progress->state) && progress->state != ARRIVAL_READY)
        return fail(-ECONNABORTED, "the upload that was followed has failed");
    int64_t sent = send_readable(source, req, at, allowed_end(progress, end));
    if (sent != 0)
        return sent;
    if (progress->state == ARRIVAL_READY)
        return fail(-EIO, "an upload is shorter than it was told");
    return await_change(req, source->arrival, progress);
}

awaits int follow_send(struct source *source, struct request *req, uint64_t first, uint64_t length)
{
    uint64_t at = first, end = length == BYTES_UNKNOWN ? BYTES_UNKNOWN : first + length;
    while (at < end) {
        struct arrival_progress progress = arrival_progress(source->arrival);
        bool is_all_sent = progress.state == ARRIVAL_READY && at == progress.readable_bytes;
        if (is_all_sent && length == BYTES_UNKNOWN)
            return 0;
        int64_t sent = send_or_wait(source, req, &progress, at, end);
        if (sent < 0) {
            req->stream->is_broken = true; /* never a clean end */
            return (int)sent;
        }
        at += (uint64_t)sent;
    }
    return 0;
}

/* ---- Ranges ---- */

/* A range with an end is answered when its bytes are there, or the size is known: before, nobody
 * can tell whether the file has them. */
static awaits int await_range(struct download *download)
{
    struct arrival *arrival = download->source.arrival;
    for (;;) {
        struct arrival_progress progress = arrival_progress(arrival);
        if (!arrival_state_is_open(progress.state))
            return -ESTALE;
        download->size_bytes = progress.size_bytes;
        if (progress.size_bytes != BYTES_UNKNOWN ||
            progress.readable_bytes > download->ranges[0].last)
            return 0;
        int err = await_change(download->req, arrival, &progress);
        if (err < 0)
            return err;
    }
}

awaits int follow_settle_ranges(struct download *download)
{
    if (download->ranges_result == RANGES_SATISFIABLE && download->ranges_len > 1)
        download->ranges_result = RANGES_IGNORED;
    if (download->size_bytes != BYTES_UNKNOWN || download->ranges_result == RANGES_IGNORED)
        return 0;
    /* Without a size, what depends on it can't be told in Content-Range: the whole it is. */
    if (download->ranges_result == RANGES_UNSATISFIABLE ||
        download->ranges[0].last + 1 == BYTES_UNKNOWN) {
        download->ranges_result = RANGES_IGNORED;
        return 0;
    }
    int err = await_range(download);
    if (err < 0) {
        download->req->stream->is_broken = err == -EPIPE;
        return err == -ECONNABORTED ? -EAGAIN : err;
    }
    if (download->size_bytes != BYTES_UNKNOWN) {
        download->source.entry->row.object.size_bytes = download->size_bytes;
        download_read_ranges(download);
    }
    return 0;
}

/* ---- The whole ---- */

awaits int follow_answer(struct request *req, struct link_entry *entry, struct arrival *arrival)
{
    struct service *service = service_of(req);
    struct arrival_progress progress = arrival_progress(arrival);
    if (!arrival_state_is_open(progress.state))
        return -ESTALE;
    /* The entry is ours alone. A use with a size of 0 is counted with the first delivery it is told
     * of: that is the whole file, if its size isn't known yet. */
    struct object_row *object = &entry->row.object;
    object->size_bytes = progress.size_bytes != BYTES_UNKNOWN ? progress.size_bytes : 0;
    memcpy(object->name, arrival_object(arrival), sizeof object->name);
    struct download download = {.req = req,
                                .service = service,
                                .source = {.service = service, .entry = entry, .arrival = arrival},
                                .size_bytes = progress.size_bytes,
                                .state = progress_state_name(progress.state)};
    int err = download_answer(&download);
    source_close(&download.source);
    return err;
}

awaits int follow_handle(struct request *req, const char *link)
{
    scoped(link_entry) entry = NULL;
    scoped(arrival) arrival = NULL;
    int err = links_find_arriving(service_of(req), link, &entry, &arrival);
    if (err < 0)
        return answer_error(req, err);
    return arrival == NULL ? -ESTALE : follow_answer(req, entry, arrival);
}
