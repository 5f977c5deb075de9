/* What the measuring programs share: time, sizes, sockets, and one way to give up.
 *
 * These are short-lived programs that measure and print one line of JSON. Any failure makes the
 * measurement worthless, so it ends the program with a sentence instead of travelling upwards. */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    NS_PER_US = 1000,
    NS_PER_MS = 1000 * 1000,
    NS_PER_S = 1000 * 1000 * 1000,
    PATH_BYTES_MAX = 256,    /* of a request: the links of the servers measured are far shorter */
    REQUEST_BYTES_MAX = 512, /* of a request's head: PATH_BYTES_MAX and the few fixed headers */
};

/* Prints the sentence to standard error, die_errno() with errno's meaning, and exits with 1. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn)) void die_errno(const char *format, ...);

/* Nanoseconds of the monotonic clock. */
int64_t now_ns(void);

/* Seconds of processor time that this process has used, in user and kernel mode. */
double cpu_seconds(void);

/* Reads "4096", "512KiB", "4GiB"; dies when `text` is no such number. */
uint64_t parse_bytes(const char *text);

/* Lets this process open as many descriptors as its hard limit allows. */
void raise_descriptor_limit(void);

/* A connected blocking socket with TCP_NODELAY to 127.0.0.1:`port`; `source` is the address to
 * come from, in host byte order, or 0 for any. */
int connect_to(uint16_t port, uint32_t source);

/* A listening socket on a free port of 127.0.0.1. */
int listen_on_free_port(uint16_t *ret_port);

/* Zeroed page-aligned memory that lives until the process ends. */
void *take_pages(size_t bytes);

/* Sends all of `bytes` on a blocking socket. */
void send_all(int fd, const void *bytes, size_t len);

#endif
