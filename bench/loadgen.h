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
    uint64_t addresses;   /* different addresses of 127.0.0.0/8 that connections come from */
    uint16_t port;
    bool until_eof; /* stop when standard input closes instead of after `seconds` */
    bool reconnect; /* a connection for each request */
};

/* One PUT of `bytes` over one connection, measured until its answer. */
void load_put(const struct load *load);

/* One GET, its content thrown away. */
void load_get(const struct load *load);

/* GETs of one path over many keep-alive connections. */
void load_requests(const struct load *load);

/* Small PUTs, each to a path of its own, over many keep-alive connections. */
void load_puts(const struct load *load);

/* Many uploads at once, each as slow as `rate`. Prints "open" on a line when all are under way. */
void load_slow(const struct load *load);

#endif
