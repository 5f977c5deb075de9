/* Small wishes are served from a batch that each thread keeps, one system call for many of them.
 * Bytes handed out are wiped from the batch at once, so that memory never shows an old key. */
#include "base/random.h"

#include <stdlib.h>
#include <sys/random.h>

/* The kernel hands out up to this many bytes whole, whatever signals come (random(7)). */
enum { BATCH_BYTES = 256 };

static _Thread_local struct {
    uint8_t bytes[BATCH_BYTES];
    size_t left;
} batch;

static void fill_from_kernel(struct span into)
{
    while (into.len > 0) {
        ssize_t got = getrandom(into.ptr, size_min(into.len, BATCH_BYTES), 0);
        if (got < 0 && errno == EINTR)
            continue;
        /* A key that isn't random would be worse than no server. */
        if (got <= 0)
            abort();
        into.ptr += got;
        into.len -= (size_t)got;
    }
}

void random_fill(struct span into)
{
    if (into.len >= BATCH_BYTES) {
        fill_from_kernel(into);
        return;
    }
    if (into.len > batch.left) {
        fill_from_kernel((struct span){batch.bytes, BATCH_BYTES});
        batch.left = BATCH_BYTES;
    }
    if (into.len == 0)
        return;
    batch.left -= into.len;
    memcpy(into.ptr, batch.bytes + batch.left, into.len);
    explicit_bzero(batch.bytes + batch.left, into.len);
}

void random_token(char ret_token[23])
{
    /* RFC 4648 section 5. */
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t bytes[18] = {0};
    random_fill((struct span){bytes, 16});
    for (size_t i = 0; i < 22; i++) {
        size_t at = i * 6 / 8;
        unsigned pair = (unsigned)bytes[at] << 8 | bytes[at + 1];
        ret_token[i] = alphabet[pair >> (10 - i * 6 % 8) & 63];
    }
    ret_token[22] = 0;
    explicit_bzero(bytes, sizeof(bytes));
}
