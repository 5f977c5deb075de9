/* The bytes of large uploads: sent over and over from the processor's cache. */
#ifndef BENCH_BODY_H
#define BENCH_BODY_H

#include <stdint.h>

/* Makes them, random, so that no disk below can save itself the writing. */
void body_make(void);

/* Sends `bytes` of them on a blocking socket. */
void body_send(int fd, uint64_t bytes);

#endif
