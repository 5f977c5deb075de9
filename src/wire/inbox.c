/* See inbox.h: the chunk is there exactly while bytes are. */
#include "wire/inbox.h"

struct slice inbox_slice(const struct inbox *inbox)
{
    if (inbox->chunk == NULL)
        return SLICE_NONE;
    return (struct slice){inbox->chunk->room.ptr + inbox->start, inbox->end - inbox->start};
}

void inbox_clear(struct inbox *inbox)
{
    chunk_drop(inbox->chunk);
    *inbox = (struct inbox){0};
}

void inbox_skip(struct inbox *inbox, size_t count)
{
    assert(count <= inbox->end - inbox->start);
    inbox->start += count;
    if (inbox_is_empty(inbox))
        inbox_clear(inbox);
}

bool inbox_is_full(const struct inbox *inbox)
{
    return inbox->chunk != NULL && inbox->start == 0 && inbox->end == inbox->chunk->room.len;
}

/* Makes the room behind the bytes as large as can be. */
static void compact(struct inbox *inbox)
{
    if (inbox->start == 0)
        return;
    memmove(inbox->chunk->room.ptr, inbox->chunk->room.ptr + inbox->start,
            inbox->end - inbox->start);
    inbox->end -= inbox->start;
    inbox->start = 0;
}

awaits ssize_t inbox_recv(struct inbox *inbox, struct stream *stream, int64_t deadline_ms)
{
    if (inbox->chunk == NULL) {
        int err = chunk_take_small(&inbox->chunk, deadline_ms);
        if (err < 0)
            return err;
    }
    compact(inbox);
    assert(!inbox_is_full(inbox));
    struct span room = {inbox->chunk->room.ptr + inbox->end, inbox->chunk->room.len - inbox->end};
    ssize_t got = stream_recv(stream, room, deadline_ms);
    if (got > 0)
        inbox->end += (size_t)got;
    else if (inbox_is_empty(inbox))
        inbox_clear(inbox);
    return got;
}
