/* A connection: a stream, what was received and not read, and who is at the other end.
 *
 * While nothing is asked of it, it holds no fiber and no chunk: one operation in the ring waits
 * for its next bytes. */
#pragma once

#include "base/list.h"
#include "wire/request.h"
#include "wire/wire.h"

struct connection {
    struct stream stream;
    struct inbox inbox;
    const struct wire *wire;
    struct address peer;
    bool is_counted;    /* against the limit of its address */
    bool has_served;    /* at least one request */
    struct list node;   /* of the idle ones of its worker */
    struct io_op wait;  /* while idle */
    struct timer timer; /* while idle */
    uint8_t *stash;     /* a part of a head that arrives slowly, held without a chunk */
    size_t stash_len;
    struct post arrival; /* the way to the worker that serves it */
};

/* Serves requests until the connection ends or falls idle; the entry of a connection's fiber
 * (http1.c). */
awaits void http1_serve(void *connection);

/* Leaves the connection waiting for its next request without a fiber (listen.c). */
void connection_idle(struct connection *connection, int64_t idle_ms);
/* Closes and frees (listen.c). */
void connection_close(struct connection *connection);
/* Whether the server is going down: connections end with the answer under way. */
bool wire_is_draining(void);
