/* The life of an HTTP/1.1 connection: read a head, let it be answered, read the next.
 *
 * A head that comes in pieces holds no chunk between them; a connection that is silent after an
 * answer soon gives up its fiber as well. */
#include "base/counters.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "limits.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/connection.h"
#include "wire/forwarded.h"
#include "wire/inbox.h"

#include <stdlib.h>

/* What comes of waiting for a request. */
enum head_result {
    HEAD_READ,
    HEAD_SILENT,  /* nothing came for a while */
    HEAD_REFUSED, /* see the refusal */
    HEAD_GONE     /* the connection is no use any more */
};

/* Puts a partial head aside so that its chunk is free while we wait. Returns 0 or -ENOMEM. */
static int stash(struct connection *connection)
{
    struct slice held = inbox_slice(&connection->inbox);
    connection->stash = malloc(held.len);
    if (connection->stash == NULL)
        return -ENOMEM;
    memcpy(connection->stash, held.ptr, held.len);
    connection->stash_len = held.len;
    inbox_clear(&connection->inbox);
    return 0;
}

static awaits int unstash(struct connection *connection, int64_t deadline_ms)
{
    struct inbox *inbox = &connection->inbox;
    int err = chunk_take_small(&inbox->chunk, deadline_ms);
    if (err < 0)
        return err;
    memcpy(inbox->chunk->room.ptr, connection->stash, connection->stash_len);
    inbox->end = connection->stash_len;
    free(connection->stash);
    connection->stash = NULL;
    return 0;
}

/* Receives more of a head. Returns like stream_recv(). */
static awaits ssize_t receive_more(struct connection *connection, int64_t deadline_ms)
{
    int64_t hold_ms = i64_min(deadline_ms, worker_now_ms() + HTTP_HEAD_HOLD_MS);
    ssize_t got = inbox_recv(&connection->inbox, &connection->stream, hold_ms);
    if (got != -ETIMEDOUT || hold_ms == deadline_ms)
        return got;
    int err = stash(connection);
    if (err == 0)
        err = stream_wait(&connection->stream, deadline_ms);
    if (err == 0)
        err = unstash(connection, deadline_ms);
    if (err < 0)
        return err;
    return inbox_recv(&connection->inbox, &connection->stream, deadline_ms);
}

static awaits enum head_result read_head(struct connection *connection, struct http_head *ret_head,
                                         size_t *ret_len, struct parse_refusal *ret_refusal)
{
    struct inbox *inbox = &connection->inbox;
    if (inbox_is_empty(inbox)) {
        ssize_t got = inbox_recv(inbox, &connection->stream, worker_now_ms() + HTTP_HOT_MS);
        if (got == -ETIMEDOUT)
            return HEAD_SILENT;
        if (got <= 0)
            return HEAD_GONE;
    }
    int64_t deadline_ms = worker_now_ms() + connection->wire->head_ms;
    for (;;) {
        enum parse_result result =
            http1_parse_head(inbox_slice(inbox), ret_head, ret_len, ret_refusal);
        if (result == PARSE_DONE)
            return HEAD_READ;
        if (result == PARSE_REFUSED)
            return HEAD_REFUSED;
        if (inbox_is_full(inbox)) {
            *ret_refusal = (struct parse_refusal){431, "The request's head is too large."};
            return HEAD_REFUSED;
        }
        ssize_t got = receive_more(connection, deadline_ms);
        if (got == -ETIMEDOUT) {
            *ret_refusal = (struct parse_refusal){408, "The request's head came too slowly."};
            return HEAD_REFUSED;
        }
        if (got <= 0)
            return HEAD_GONE;
    }
}

static void rebase(struct slice *slice, const uint8_t *from, size_t len, const uint8_t *to)
{
    if (slice->ptr >= from && slice->ptr <= from + len)
        slice->ptr = to + (slice->ptr - from);
}

/* Copies the head out of the inbox into the request's arena, so that the chunk can go. */
static int keep_head(struct request *req, size_t len)
{
    struct slice head = slice_head(inbox_slice(req->inbox), len);
    struct slice copy = arena_copy(&req->arena, head);
    if (copy.ptr == NULL)
        return -ENOMEM;
    rebase(&req->head.path, head.ptr, len, copy.ptr);
    rebase(&req->head.query, head.ptr, len, copy.ptr);
    rebase(&req->head.authority, head.ptr, len, copy.ptr);
    for (size_t i = 0; i < req->head.headers_len; i++) {
        rebase(&req->head.headers[i].name, head.ptr, len, copy.ptr);
        rebase(&req->head.headers[i].value, head.ptr, len, copy.ptr);
    }
    inbox_skip(req->inbox, len);
    return 0;
}

/* Writes a path as the log may know it: a link opens a file, so only its beginning is shown. */
static struct slice log_path(const struct request *req, struct span room)
{
    uint8_t decoded[LOG_PATH_BYTES_MAX];
    struct text text = text_over(room);
    ssize_t len = parse_percent(slice_head(req->head.path, sizeof decoded),
                                (struct span){decoded, sizeof decoded});
    /* What can't be decoded is no link. */
    struct slice rest = len < 0 ? req->head.path : slice_from(decoded, (size_t)len);
    struct slice segment;
    rest = slice_skip(rest, 1);
    while (rest.len > 0 && slice_next(&rest, '/', &segment)) {
        text_put_byte(&text, '/');
        bool is_link = segment.len == LINK_CHARS;
        text_put(&text, slice_head(segment, is_link ? 6 : segment.len));
        if (is_link)
            text_put(&text, SLICE("..."));
    }
    return text.len == 0 ? SLICE("/") : text_slice(&text);
}

static void log_request(const struct request *req, int err)
{
    if (!req->wire->has_access_log && err == 0 && req->status < 500)
        return;
    uint8_t path[LOG_PATH_BYTES_MAX];
    char client[ADDRESS_TEXT_BYTES];
    address_text(&req->client, client);
    bool is_told = err < 0 || req->status >= 500;
    struct slice reason = is_told ? slice_of(error_text()) : SLICE_NONE;
    log_event(req->status == 500 ? LOG_ERROR : LOG_INFO, "request",
              log_text("client", slice_of(client)),
              log_text("method", slice_of(http_method_name(req->head.method))),
              log_text("path", log_path(req, (struct span){path, sizeof path})),
              log_number("status", req->status), log_number("sent", req->stream->sent_bytes),
              log_number("ms", (uint64_t)(worker_now_ms() - req->began_ms)),
              log_text("cut", slice_of(err < 0 ? strerrorname_np(-err) : "")),
              log_text("reason", reason));
}

/* Ends a connection so that the peer still gets our answer: says that nothing follows, then
 * reads what it is still sending (RFC 9112 section 9.6). */
static awaits void linger(struct connection *connection)
{
    int64_t deadline_ms = worker_now_ms() + (wire_is_draining() ? LAST_WORD_MS : HTTP_LINGER_MS);
    (void)shutdown(connection->stream.fd, SHUT_WR);
    ssize_t got = 1;
    while (got > 0) {
        inbox_clear(&connection->inbox);
        int err = stream_wait(&connection->stream, deadline_ms);
        got = err < 0 ? err : inbox_recv(&connection->inbox, &connection->stream, deadline_ms);
    }
}

/* Breaks a connection whose answer was left without its end. Where a close would be that end, it is
 * reset. */
static void cut(struct request *req)
{
    struct linger at_once = {.l_onoff = 1};
    if (!req->is_chunked)
        (void)setsockopt(req->stream->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    req->stream->is_broken = true;
}

/* Whether the connection goes on after this request. */
static awaits bool finish(struct request *req, int err)
{
    if (req->is_open)
        cut(req);
    if (req->status >= 400)
        counter_add(COUNTER_requests_refused_total, 1);
    log_request(req, err);
    bool goes_on = err == 0 && !req->is_last && !req->stream->is_broken;
    if (goes_on)
        goes_on = body_drain(req) == 0;
    chunk_drop(req->out);
    arena_clear(&req->arena);
    return goes_on;
}

/* The Accept field of a head that was refused, as far as it can be made out: so that its sender
 * can read the answer. Nothing else of such a head is believed. */
static void guess_accept(struct request *req)
{
    static const char name[] = "\naccept:";
    struct slice rest = inbox_slice(req->inbox);
    for (; rest.len >= sizeof name; rest = slice_skip(rest, 1)) {
        if (!slice_is_same_word(slice_head(rest, sizeof name - 1), slice_of(name)))
            continue;
        rest = slice_skip(rest, sizeof name - 1);
        struct slice value = slice_trim(slice_head(rest, slice_find(rest, '\r')));
        req->head.headers[0] = (struct http_header){SLICE("accept"), value};
        req->head.headers_len = 1;
        return;
    }
}

/* Answers a request whose head could not be read. */
static awaits void refuse(struct connection *connection, struct request *req,
                          const struct parse_refusal *refusal)
{
    req->client = connection->peer;
    req->began_ms = worker_now_ms();
    req->is_last = true;
    req->head = (struct http_head){.version_minor = 1, .path = SLICE("-")};
    guess_accept(req);
    body_begin(req);
    int err = answer_problem(req, refusal->status, "%s", refusal->reason);
    (void)finish(req, err);
}

/* Serves the request whose head has been read. Returns whether the connection goes on. */
static awaits bool serve_request(struct connection *connection, struct request *req,
                                 size_t head_len)
{
    error_clear();
    connection->has_served = true;
    connection->stream.sent_bytes = 0;
    counter_add(COUNTER_requests_total, 1);
    req->is_last = wire_is_draining();
    int err = keep_head(req, head_len);
    if (err == 0) {
        body_begin(req);
        forwarded_apply(req, &connection->peer);
        err = connection->wire->handle(req);
        assert((err < 0 || req->status != 0) && "a request was answered or the client is gone");
    }
    bool goes_on = finish(req, err);
    if (!goes_on && err == 0 && !connection->stream.is_broken)
        linger(connection);
    return goes_on;
}

/* One request. Returns false when the connection has ended or fallen idle; it is gone then. */
static awaits bool serve_next(struct connection *connection, struct request *req)
{
    *req = (struct request){
        .wire = connection->wire,
        .stream = &connection->stream,
        .inbox = &connection->inbox,
    };
    struct parse_refusal refusal;
    size_t head_len;
    switch (read_head(connection, &req->head, &head_len, &refusal)) {
    case HEAD_READ:
        req->began_ms = worker_now_ms();
        if (serve_request(connection, req, head_len))
            return true;
        break;
    case HEAD_SILENT:
        if (wire_is_draining())
            break;
        connection_idle(connection, connection->has_served ? connection->wire->keep_alive_ms
                                                           : connection->wire->head_ms);
        return false;
    case HEAD_REFUSED:
        refuse(connection, req, &refusal);
        if (!connection->stream.is_broken)
            linger(connection);
        break;
    case HEAD_GONE:
        break;
    }
    connection_close(connection);
    return false;
}

awaits void http1_serve(void *connection)
{
    struct request *req = malloc(sizeof *req); /* too large for a frame, and used again */
    if (req == NULL) {
        connection_close(connection);
        return;
    }
    while (serve_next(connection, req))
        ;
    free(req);
}
