/* A buffer that grows up to a bound: for the few texts whose length nobody can tell beforehand. */
#pragma once

#include "base/text.h"

struct buffer {
    uint8_t *ptr;
    size_t len, room, len_max;
};

/* An empty buffer that will hold at most `len_max` bytes; holds no memory yet. */
#define BUFFER_EMPTY(bound) ((struct buffer){.len_max = (bound)})

/* Makes room for `len` more bytes and lends it as a text to fill; buffer_added() keeps what was
 * written. Returns 0, -E2BIG at the bound, -ENOMEM. */
must_use int buffer_room(struct buffer *buffer, size_t len, struct text *ret_text);
void buffer_added(struct buffer *buffer, const struct text *text);
struct slice buffer_slice(const struct buffer *buffer);
/* Gives the memory back; the buffer is empty and usable again. */
void buffer_clear(struct buffer *buffer);
