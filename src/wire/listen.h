/* Listening, accepting, and the connections of each worker. */
#pragma once

#include "wire/wire.h"

/* Opens a listening socket on "ADDR:PORT", "[ADDR]:PORT" or ":PORT". Port 0 takes a free one.
 * `ret_name` gets the address in the form that a browser takes. Returns the descriptor, or -errno:
 * -EINVAL for a malformed address, -EADDRINUSE … Called outside fibers. */
must_use int listen_open(const char *address, char ret_name[80]);

/* Accepts on these sockets from now on, on the calling worker: called once by each worker's first
 * fiber. `wire` and `fds` must live until the workers have ended. Returns 0 or -errno. */
must_use int listen_start(const struct wire *wire, const int *fds, size_t fds_len);

/* Stops accepting and closes idle connections on all workers; others end with their answer. Any
 * thread outside fibers; harmless when called again. */
void listen_drain(void);

/* Connections open now on all workers. */
unsigned listen_connections(void);
