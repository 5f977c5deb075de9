/* Two questions to the kernel: are all pages there (cachestat), and have those that a read-ahead
 * may be filling just now arrived (a read that must not wait, of one byte in each stretch as long
 * as the smallest read-ahead). */
#include "runtime/resident.h"

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* the same number on all architectures */
#endif

enum { PAGE_BYTES = 4096, STRETCH_BYTES = 128 * 1024 };

struct cache_range {
    uint64_t offset, length;
};

struct cache_pages {
    uint64_t cached, dirty, in_writeback, evicted, recently_evicted;
};

static bool are_pages_there(int file, uint64_t offset, size_t length)
{
    uint64_t first = offset / PAGE_BYTES;
    uint64_t last = (offset + length - 1) / PAGE_BYTES;
    const struct cache_range range = {offset, length};
    struct cache_pages pages;
    if (syscall(SYS_cachestat, file, &range, &pages, 0) < 0)
        return false;
    return pages.cached >= last - first + 1;
}

static bool is_byte_ready(int file, uint64_t offset)
{
    uint8_t byte;
    struct iovec into = {&byte, 1};
    return preadv2(file, &into, 1, (off_t)offset, RWF_NOWAIT) == 1;
}

bool resident_covers(int file, uint64_t offset, size_t length)
{
    if (length == 0 || !are_pages_there(file, offset, length))
        return false;
    uint64_t end = offset + length;
    bool is_ready = true;
    for (uint64_t at = offset; is_ready && at < end; at += STRETCH_BYTES)
        is_ready = is_byte_ready(file, u64_min(at + STRETCH_BYTES, end) - 1);
    /* The kernel takes a reader for sequential by where it read last: put that back, or it would
     * read ahead no more. */
    if (offset > 0)
        (void)is_byte_ready(file, offset - 1);
    return is_ready;
}
