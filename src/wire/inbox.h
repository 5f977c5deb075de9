/* Bytes of a connection that were received and not yet read: a small chunk, held only while there
 * are any, so that a connection that waits holds no memory. */
#pragma once

#include "wire/request.h"

static inline bool inbox_is_empty(const struct inbox *inbox)
{
    return inbox->start == inbox->end;
}

struct slice inbox_slice(const struct inbox *inbox);
/* Forgets the first `count` bytes; the chunk is given back with the last. */
void inbox_skip(struct inbox *inbox, size_t count);
/* Receives some more bytes behind those that are there (there must be room). Returns their number,
 * 0 at the end of the stream, -errno. */
awaits must_use ssize_t inbox_recv(struct inbox *inbox, struct stream *stream, int64_t deadline_ms);
/* Whether the chunk is full: nothing more can be received before something is read. */
bool inbox_is_full(const struct inbox *inbox);
/* Gives the chunk back, whatever it holds. */
void inbox_clear(struct inbox *inbox);
