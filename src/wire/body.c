/* Bodies are received straight into the caller's memory; only what came together with the head, or
 * with a chunk's framing, is copied out of the inbox. */
#include "wire/body.h"

#include "base/counters.h"
#include "base/error.h"
#include "wire/answer.h"
#include "wire/inbox.h"
#include "wire/wire.h"

void body_begin(struct request *req)
{
    req->has_continued = !req->head.expects_continue;
    req->body_err = 0;
    req->body_left = req->head.framing == BODY_LENGTH ? req->head.content_length : 0;
    if (req->head.framing == BODY_CHUNKED)
        chunked_begin(&req->chunked);
    req->has_body_ended =
        req->head.framing == BODY_NONE || (req->head.framing == BODY_LENGTH && req->body_left == 0);
}

uint64_t body_length(const struct request *req)
{
    switch (req->head.framing) {
    case BODY_NONE:
        return 0;
    case BODY_LENGTH:
        return req->head.content_length;
    case BODY_CHUNKED:
        break;
    }
    return UINT64_MAX;
}

/* Tells a client that waits for it to send the body. */
static awaits int send_continue(struct request *req)
{
    if (req->has_continued)
        return 0;
    req->has_continued = true;
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec iov = {(void *)(uintptr_t)text, sizeof text - 1};
    return stream_send(req->stream, &iov, 1, false);
}

static int64_t idle_deadline(const struct request *req)
{
    return worker_now_ms() + req->wire->body_idle_ms;
}

/* Counts `count` data bytes as read. */
static void consume(struct request *req, size_t count)
{
    counter_add(COUNTER_received_bytes_total, (int64_t)count);
    if (req->head.framing == BODY_CHUNKED) {
        chunked_data(&req->chunked, count);
        return;
    }
    req->body_left -= count;
    req->has_body_ended = req->body_left == 0;
}

/* How many data bytes come next without framing between them. */
static uint64_t data_ahead(const struct request *req)
{
    if (req->head.framing == BODY_CHUNKED)
        return req->chunked.state == CHUNKED_DATA ? req->chunked.left : 0;
    return req->body_left;
}

/* Receives some framing. A sender that stops within it keeps no chunk from others. */
static awaits ssize_t receive_framing(struct request *req, int64_t deadline_ms)
{
    int64_t hold_ms = i64_min(deadline_ms, worker_now_ms() + HTTP_FRAMING_HOLD_MS);
    ssize_t got = inbox_recv(req->inbox, req->stream, hold_ms);
    if (got != -ETIMEDOUT || hold_ms == deadline_ms)
        return got;
    int err = stream_wait(req->stream, deadline_ms);
    return err < 0 ? err : inbox_recv(req->inbox, req->stream, deadline_ms);
}

/* Keeps a piece of the trailer section behind those before it. The bound is that of the decoder. */
static int keep_trailer(struct request *req, struct slice bytes)
{
    if (bytes.len == 0)
        return 0;
    if (req->trailer.ptr == NULL) {
        uint8_t *room = arena_alloc(&req->arena, HTTP_TRAILER_BYTES_MAX);
        if (room == NULL)
            return fail(-ENOMEM, "no memory for the body's trailer");
        req->trailer = text_over((struct span){room, HTTP_TRAILER_BYTES_MAX});
    }
    text_put(&req->trailer, bytes);
    assert(!req->trailer.is_full);
    return 0;
}

/* Reads framing that lies in the inbox. Returns 0 or -errno. */
static int take_framing(struct request *req)
{
    struct slice bytes = inbox_slice(req->inbox);
    size_t trailer_before = req->chunked.trailer_bytes;
    ssize_t used = chunked_framing(&req->chunked, bytes, &req->body_refusal);
    if (used < 0)
        return fail((int)used, "%s", req->body_refusal.reason);
    size_t trailer = req->chunked.trailer_bytes - trailer_before;
    int err = 0;
    if (req->keeps_trailer)
        err = keep_trailer(req, slice_from(bytes.ptr + ((size_t)used - trailer), trailer));
    inbox_skip(req->inbox, (size_t)used);
    req->has_body_ended = req->chunked.state == CHUNKED_DONE;
    return err;
}

/* Reads framing until data or the end comes. Returns 0 or -errno. */
static awaits int read_framing(struct request *req, int64_t deadline_ms)
{
    while (!req->has_body_ended && data_ahead(req) == 0) {
        if (inbox_is_empty(req->inbox)) {
            ssize_t got = receive_framing(req, deadline_ms);
            if (got <= 0)
                return got == 0 ? fail(-ECONNRESET, "body ended early") : (int)got;
        }
        int err = take_framing(req);
        if (err < 0)
            return err;
    }
    return 0;
}

static awaits int wait_until(struct request *req, int64_t deadline_ms)
{
    if (req->body_err < 0)
        return req->body_err;
    int err = req->has_body_ended ? 0 : send_continue(req);
    if (err == 0)
        err = read_framing(req, deadline_ms);
    if (err == 0 && !req->has_body_ended && inbox_is_empty(req->inbox))
        err = stream_wait(req->stream, deadline_ms);
    if (err < 0)
        return err;
    return req->has_body_ended ? 0 : 1;
}

awaits int body_wait(struct request *req)
{
    int more = wait_until(req, idle_deadline(req));
    req->is_body_late = more == -ETIMEDOUT;
    return more;
}

awaits int body_wait_ms(struct request *req, int64_t wait_ms)
{
    return wait_until(req, worker_now_ms() + wait_ms);
}

/* Takes data that lies in the inbox. */
static size_t take_from_inbox(struct request *req, struct span into)
{
    size_t count =
        (size_t)u64_min(size_min(into.len, inbox_slice(req->inbox).len), data_ahead(req));
    memcpy(into.ptr, inbox_slice(req->inbox).ptr, count);
    inbox_skip(req->inbox, count);
    consume(req, count);
    return count;
}

/* Receives data straight into the caller's memory; the framing before it has been read. */
static awaits ssize_t receive(struct request *req, struct span into, int64_t fill_deadline_ms)
{
    into.len = (size_t)u64_min(into.len, data_ahead(req));
    bool is_filling = fill_deadline_ms > 0;
    ssize_t got = is_filling ? stream_recv_full(req->stream, into, fill_deadline_ms)
                             : stream_recv(req->stream, into, idle_deadline(req));
    if (got > 0)
        consume(req, (size_t)got);
    if (got == -ETIMEDOUT && !is_filling)
        req->is_body_late = true;
    return got == 0 ? fail(-ECONNRESET, "body ended early") : got;
}

awaits ssize_t body_recv(struct request *req, struct span into)
{
    assert(into.len > 0);
    if (req->body_err < 0)
        return req->body_err;
    int err = req->has_body_ended ? 0 : send_continue(req);
    if (err == 0)
        err = read_framing(req, idle_deadline(req));
    req->is_body_late = err == -ETIMEDOUT;
    if (err < 0)
        return err;
    if (req->has_body_ended)
        return 0;
    if (!inbox_is_empty(req->inbox))
        return (ssize_t)take_from_inbox(req, into);
    return receive(req, into, 0);
}

awaits ssize_t body_fill(struct request *req, struct span into, int64_t fill_ms)
{
    int64_t deadline_ms = worker_now_ms() + fill_ms;
    ssize_t got = body_recv(req, into);
    if (got <= 0)
        return got;
    size_t filled = (size_t)got;
    while (filled < into.len && !req->has_body_ended) {
        /* Bite by bite, so that whoever is waiting for this worker comes in between. */
        struct span room = {into.ptr + filled, size_min(into.len - filled, BODY_BITE_BYTES)};
        got = read_framing(req, deadline_ms);
        if (got == 0 && !req->has_body_ended)
            got = inbox_is_empty(req->inbox) ? receive(req, room, deadline_ms)
                                             : (ssize_t)take_from_inbox(req, room);
        if (got < 0) { /* what has come so far is the result */
            req->body_err = got == -ETIMEDOUT ? 0 : (int)got;
            break;
        }
        filled += (size_t)got;
    }
    return (ssize_t)filled;
}

bool body_is_drainable(const struct request *req)
{
    if (req->has_body_ended)
        return true;
    return req->has_continued && req->head.framing == BODY_LENGTH &&
           req->body_left <= HTTP_DRAIN_BYTES_MAX;
}

awaits int body_drain(struct request *req)
{
    scoped(chunk) chunk = NULL;
    size_t drained = 0;
    int64_t deadline_ms = worker_now_ms() + HTTP_LINGER_MS;
    int more;
    while ((more = wait_until(req, deadline_ms)) > 0) {
        int err = chunk == NULL ? chunk_take_small(&chunk, deadline_ms) : 0;
        if (err < 0)
            return err;
        ssize_t got = body_recv(req, chunk->room);
        if (got < 0)
            return (int)got;
        drained += (size_t)got;
        if (drained > HTTP_DRAIN_BYTES_MAX)
            return -E2BIG;
    }
    return more;
}

struct slice body_trailer(const struct request *req, struct slice name)
{
    return req->has_body_ended ? chunked_trailer_find(text_slice(&req->trailer), name) : SLICE_NONE;
}
