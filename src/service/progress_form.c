/* Of the plain forms the client says nothing more, so only its going is looked for: bytes that it
 * sends are its next request. */
#include "service/progress_form.h"

#include "wire/answer.h"
#include "wire/field.h"
#include "wire/media_type.h"

#include <poll.h>

/* ---- Server-sent events and lines ---- */

static awaits int open_plain(struct watcher *watcher, struct slice type)
{
    struct request *req = watcher->req;
    int err = answer_begin(req, 200);
    if (err < 0)
        return err;
    answer_field(req, "Content-Type", type);
    answer_field(req, "Cache-Control", SLICE("no-store"));
    answer_field(req, "X-Accel-Buffering", SLICE("no")); /* nginx would collect messages */
    answer_field(req, "X-Content-Type-Options", SLICE("nosniff"));
    err = answer_stream_open(req);
    return err < 0 ? err : 1;
}

static awaits int send_plain(struct watcher *watcher, struct slice message)
{
    return answer_send(watcher->req, message);
}

static awaits int receive_plain(struct watcher *watcher)
{
    watcher->req->stream->is_broken = true;
    return -ECONNRESET;
}

/* What is not complete is left without its end, so that nobody takes it for that. */
static awaits int close_plain(struct watcher *watcher, bool is_complete)
{
    return is_complete ? answer_end(watcher->req) : 0;
}

static awaits int open_lines(struct watcher *watcher)
{
    return open_plain(watcher, SLICE("application/x-ndjson"));
}

/* A line has no way of saying nothing: the numbers are told again. */
static awaits int ping_lines(struct watcher *watcher)
{
    (void)watcher;
    return 1;
}

static awaits int open_events(struct watcher *watcher)
{
    int err = open_plain(watcher, SLICE("text/event-stream"));
    if (err < 0)
        return err;
    err = answer_send(watcher->req, SLICE("retry: 2000\n\n"));
    return err < 0 ? err : 1;
}

static awaits int ping_events(struct watcher *watcher)
{
    return answer_send(watcher->req, SLICE(": ping\n\n"));
}

/* ---- WebSocket ---- */

static awaits int open_websocket(struct watcher *watcher)
{
    return websocket_open(watcher->req, &watcher->websocket);
}

static awaits int send_websocket(struct watcher *watcher, struct slice message)
{
    return websocket_send(&watcher->websocket, message);
}

static awaits int ping_websocket(struct watcher *watcher)
{
    return websocket_ping(&watcher->websocket);
}

static awaits int receive_websocket(struct watcher *watcher)
{
    int err = websocket_receive(&watcher->websocket, worker_now_ms() + PROGRESS_STEP_MS);
    return err == -ETIMEDOUT ? 0 : err;
}

static awaits int close_websocket(struct watcher *watcher, bool is_complete)
{
    websocket_close(&watcher->websocket,
                    is_complete ? WEBSOCKET_CODE_NORMAL : WEBSOCKET_CODE_GOING_AWAY);
    return 0;
}

/* ---- Choosing ---- */

static const struct progress_form lines = {
    .events = POLLRDHUP,
    .put = progress_put_line,
    .open = open_lines,
    .send = send_plain,
    .ping = ping_lines,
    .receive = receive_plain,
    .close = close_plain,
};

static const struct progress_form events = {
    .events = POLLRDHUP,
    .put = progress_put_event,
    .open = open_events,
    .send = send_plain,
    .ping = ping_events,
    .receive = receive_plain,
    .close = close_plain,
};

static const struct progress_form websocket = {
    .events = POLLIN | POLLRDHUP,
    .put = progress_put_json,
    .open = open_websocket,
    .send = send_websocket,
    .ping = ping_websocket,
    .receive = receive_websocket,
    .close = close_websocket,
};

static bool wants_events(const struct request *req)
{
    struct slice list = request_header(req, SLICE("accept")), element;
    while (field_next_element(&list, &element))
        if (media_type_is(element, SLICE("text/event-stream")))
            return true;
    return false;
}

const struct progress_form *progress_form_of(const struct request *req)
{
    if (websocket_is_asked(req))
        return &websocket;
    return wants_events(req) ? &events : &lines;
}

bool progress_form_is_websocket(const struct progress_form *form)
{
    return form == &websocket;
}
