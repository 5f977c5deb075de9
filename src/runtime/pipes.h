/* Pipes for downloads: file pages go through one to the socket without being copied. */
#pragma once

#include "base/base.h"

struct pipe {
    int read_end, write_end;
    size_t room_bytes; /* what it holds */
    size_t held_bytes; /* what is in it now; kept by whoever uses it */
};

/* Takes an empty pipe of the calling worker; NULL when all are in use or none can be made: then
 * the bytes are copied. Never awaits. */
must_use struct pipe *pipe_take(void);
/* Gives a pipe back; one that still holds bytes is closed. NULL is fine. */
void pipe_drop(struct pipe *pipe);
SCOPED_TYPE(pipe)
