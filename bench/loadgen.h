/* The options of loadgen, and the loads it can make. Each prints one line of JSON at its end. */
#ifndef BENCH_LOADGEN_H
#define BENCH_LOADGEN_H

#include <stdbool.h>
#include <stdint.h>

struct load {
    const char *path;     /* of the request; loads of many uploads append a number */
    uint64_t bytes;       /* of one body */
    uint64_t connections; /* at once */
    uint64_t seconds;     /* how long requests are made, or over how long connections are opened */
    uint64_t rate;        /* requests a second over all connections (0: as fast as answers come),
                             or bytes a second of each slow upload */
    uint64_t count;       /* uploads to make in all, 0: until the time is up */
    uint64_t piece;       /* of one PATCH, 0: all of it */
    uint64_t addresses;   /* different addresses of 127.0.0.0/8 that connections come from */
    uint16_t port;
    bool until_eof; /* stop when standard input closes instead of after `seconds` */
    bool reconnect; /* a connection for each request */
    bool partial;   /* the upload is a part of a file */
    bool append;    /* the path is that of an upload that was created already */
};

/* One PUT of `bytes` over one connection, measured until its answer. */
void load_put(const struct load *load);

/* One upload by tus, measured until the answer to its last PATCH. */
void load_tus(const struct load *load);

/* Many watchers of a link's progress, until the upload ends. Prints "open" on a line when all have
 * got their first message. */
void load_watch(const struct load *load);

/* One GET, its content thrown away. */
void load_get(const struct load *load);

/* GETs of one path over many keep-alive connections. */
void load_requests(const struct load *load);

/* Small PUTs, each to a path of its own, over many keep-alive connections. */
void load_puts(const struct load *load);

/* Many uploads at once, each as slow as `rate`. Prints "open" on a line when all are under way. */
void load_slow(const struct load *load);

#endif
