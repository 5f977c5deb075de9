/* See buffer.h: doubles its room, so that filling it costs a copy or two a byte. */
#include "base/buffer.h"

#include <stdlib.h>

int buffer_room(struct buffer *buffer, size_t len, struct text *ret_text)
{
    if (len > buffer->len_max - buffer->len)
        return -E2BIG;
    size_t needed = buffer->len + len;
    if (needed > buffer->room) {
        size_t room = buffer->room == 0 ? 1024 : buffer->room;
        while (room < needed)
            room *= 2;
        uint8_t *grown = realloc(buffer->ptr, room);
        if (grown == NULL)
            return -ENOMEM;
        buffer->ptr = grown;
        buffer->room = room;
    }
    *ret_text = text_over((struct span){buffer->ptr + buffer->len, len});
    return 0;
}

void buffer_added(struct buffer *buffer, const struct text *text)
{
    assert(text->ptr == buffer->ptr + buffer->len && !text->is_full);
    buffer->len += text->len;
}

struct slice buffer_slice(const struct buffer *buffer)
{
    return slice_from(buffer->ptr, buffer->len);
}

void buffer_clear(struct buffer *buffer)
{
    free(buffer->ptr);
    *buffer = BUFFER_EMPTY(buffer->len_max);
}
