#include "body.h"

#include "program.h"

#include <sys/random.h>

enum {
    BODY_BYTES = 1 << 20, /* small enough to stay in the processor's cache */
    RANDOM_BYTES = 256,   /* getrandom() gives so many without being interrupted */
};

static char *body;

void body_make(void)
{
    body = take_pages(BODY_BYTES);
    for (size_t at = 0; at < BODY_BYTES; at += RANDOM_BYTES)
        if (getrandom(body + at, RANDOM_BYTES, 0) != RANDOM_BYTES)
            die_errno("cannot make random bytes");
}

void body_send(int fd, uint64_t bytes)
{
    while (bytes > 0) {
        size_t piece = bytes < BODY_BYTES ? (size_t)bytes : BODY_BYTES;
        send_all(fd, body, piece);
        bytes -= piece;
    }
}
