/* The forms in which a watcher is told: WebSocket messages, server-sent events, lines. */
#pragma once

#include "service/progress_message.h"
#include "service/progress_watcher.h"

struct progress_form {
    short events; /* of the connection that receive() is for, as poll(2) names them */
    /* Writes a message. */
    void (*put)(struct text *text, const char *link, const struct arrival_progress *progress);
    /* Begins the answer. Returns 1; 0 when it has been refused, and that was answered; -errno. */
    awaits int (*open)(struct watcher *watcher);
    awaits int (*send)(struct watcher *watcher, struct slice message);
    /* Gives a sign of life. Returns 1 when a message would be one, 0, -errno. */
    awaits int (*ping)(struct watcher *watcher);
    /* Something happened on the connection. Returns 0, -ECONNRESET when the client has gone. */
    awaits int (*receive)(struct watcher *watcher);
    /* Ends it behind the last message; or, when the server goes down, before. */
    awaits int (*close)(struct watcher *watcher, bool is_complete);
};

/* The one that a request asks for. */
const struct progress_form *progress_form_of(const struct request *req);
/* Whether it is a WebSocket: then no browser protects us from pages of other origins. */
bool progress_form_is_websocket(const struct progress_form *form);
