/* A request's body, whatever framing carries it. */
#pragma once

#include "wire/request.h"

/* Prepares the body of a request whose head has been read. */
void body_begin(struct request *req);

/* The declared length, or UINT64_MAX when the body tells its end by itself. */
uint64_t body_length(const struct request *req);

/* Waits until data of the body can be received (framing alone doesn't count), holding no memory
 * meanwhile; sends 100 Continue first when the client waits for it (RFC 9110 section 10.1.1).
 * Returns: 1 there is something; 0 the body has ended; -ETIMEDOUT silent client, -EPROTO bad
 * framing, -ECANCELED, -ECONNRESET … */
awaits must_use int body_wait(struct request *req);
/* Like body_wait(), but gives up after `wait_ms`; -ETIMEDOUT says nothing about the client then. */
awaits must_use int body_wait_ms(struct request *req, int64_t wait_ms);

/* Receives the next bytes of the body, in order.
 * Awaits: the client, at most the body's idle time.
 * Returns: bytes placed in `into` (1..into.len); 0 at the end of the body; -ETIMEDOUT silent
 * client, -EPROTO bad framing (see req->body_refusal), -ECONNRESET client gone (also when the body
 * ends early), -ECANCELED.
 * Source: RFC 9112 section 7.1 (chunked), 6.3 (length). */
awaits must_use ssize_t body_recv(struct request *req, struct span into);

/* Like body_recv(), but goes on until `into` is full, the body ends, or `fill_ms` have passed since
 * the call; what came is the result. Call it when body_wait() said that there is something. */
awaits must_use ssize_t body_fill(struct request *req, struct span into, int64_t fill_ms);

/* Reads and forgets what is left, at most HTTP_DRAIN_BYTES_MAX and for HTTP_LINGER_MS. Returns 0
 * when the body has ended, -E2BIG when more is left, -ETIMEDOUT, -errno. */
awaits must_use int body_drain(struct request *req);

/* Whether the rest of the body is known to be small enough to read after an early answer. */
bool body_is_drainable(const struct request *req);

/* The value of the first field of this name in the body's trailer section (RFC 9112 section 7.1.2),
 * once the body has ended; .ptr is NULL when there is none, or when req->keeps_trailer was not set
 * before the body was read. */
struct slice body_trailer(const struct request *req, struct slice name);
