/* A watcher of an upload: who waits for it to change, for its own connection, and for the clock,
 * all at once.
 *
 * It keeps no messages. While its client takes one, the upload goes on; afterwards it looks at the
 * newest numbers. It is registered with the upload only while it waits for a change. */
#pragma once

#include "runtime/io.h"
#include "service/arrivals.h"
#include "wire/request.h"
#include "wire/websocket.h"

struct progress_form;

struct watcher {
    struct request *req;
    const char *link;
    const struct progress_form *form;
    struct arrival *arrival;      /* lent; NULL: all there, or a collection */
    struct arrival_progress told; /* in the last message */
    int64_t told_ms, ping_ms;     /* when that was; when the next sign of life is due */
    struct fiber *fiber;
    struct list node;           /* of its worker */
    struct io_op poll;          /* of the connection, for what its form wants to know */
    bool is_listening;          /* `poll` was started, and its end was not told */
    struct websocket websocket; /* of that form */
};

/* What a watcher waited for. */
enum watcher_news {
    WATCHER_CHANGE, /* there is something to tell */
    WATCHER_SOCKET, /* something happened on its connection */
    WATCHER_PING,   /* a sign of life is due */
};

/* Takes its place among the watchers; watcher_end() must follow. Returns 0; -EAGAIN when
 * PROGRESS_WATCHERS_MAX are there or the server goes down; -ENOMEM. */
must_use int watcher_begin(struct watcher *watcher);
awaits void watcher_end(struct watcher *watcher);

/* Waits. Returns an enum watcher_news, -ECANCELED (also when the server goes down), -errno. */
awaits must_use int watcher_wait(struct watcher *watcher);
/* The time for the next sign of life begins anew. */
void watcher_pinged(struct watcher *watcher);
