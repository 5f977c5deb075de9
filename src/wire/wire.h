/* What the wire needs to be told once, by main. */
#pragma once

#include "wire/request.h"

struct cidr_list;

struct wire {
    int64_t head_ms;       /* for a request's head, from its first byte */
    int64_t body_idle_ms;  /* silence after which an upload is given up */
    int64_t send_idle_ms;  /* a reader that takes nothing for so long is given up */
    int64_t keep_alive_ms; /* an idle connection is kept so long */
    unsigned connections_max, connections_per_address;
    const struct cidr_list *trusted_proxies; /* NULL: none */
    const char *base_url;                    /* "": made from the request */
    bool has_access_log;
    /* Answers a request. Returns 0, or -errno when the client can't be answered. */
    awaits int (*handle)(struct request *req);
    void *context; /* of handle */
};
