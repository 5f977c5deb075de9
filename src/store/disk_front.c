/* How far the file of a kept draft has got, read from the file: blocks that were allocated ahead
 * count as unwritten until a write into them is complete.
 *
 * The filesystem is asked for its extents, after the page cache was written out. SEEK_HOLE is not
 * enough: of unwritten blocks it asks the page cache, and takes zeros that somebody's reading (or
 * the kernel's reading ahead) has put there for data. */
#include "store/disk_draft.h"

#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Extents asked for in one call; they lie on the stack. */
enum { FRONT_EXTENTS = 24 };

union extents {
    struct fiemap map;
    uint8_t room[sizeof(struct fiemap) + FRONT_EXTENTS * sizeof(struct fiemap_extent)];
};

/* Asks for the extents from `begin` on. Returns how many there are, or -errno. */
static int ask_extents(int fd, uint64_t begin, union extents *ret_extents)
{
    ret_extents->map = (struct fiemap){
        .fm_start = begin,
        .fm_length = FIEMAP_MAX_OFFSET - begin,
        .fm_flags = FIEMAP_FLAG_SYNC,
        .fm_extent_count = FRONT_EXTENTS,
    };
    if (ioctl(fd, FS_IOC_FIEMAP, &ret_extents->map) < 0)
        return -errno;
    return (int)ret_extents->map.fm_mapped_extents;
}

static int find_by_extents(int fd, struct disk_front *found)
{
    uint64_t size = (uint64_t)found->status.st_size;
    uint64_t begin = 0;
    while (begin < size) {
        union extents extents;
        int count = ask_extents(fd, begin, &extents);
        if (count < 0)
            return count;
        if (count == 0)
            return 0;
        for (int i = 0; i < count; i++) {
            const struct fiemap_extent *extent = &extents.map.fm_extents[i];
            begin = extent->fe_logical + extent->fe_length;
            if ((extent->fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0 || extent->fe_logical >= size)
                continue;
            if (extent->fe_logical <= found->front)
                found->front = begin;
            else
                found->has_more = true;
        }
        if (extents.map.fm_extents[count - 1].fe_flags & FIEMAP_EXTENT_LAST)
            return 0;
    }
    return 0;
}

/* For filesystems that tell no extents. */
static int find_by_seeking(int fd, struct disk_front *found)
{
    if (fdatasync(fd) < 0)
        return -errno;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    off_t hole = lseek(fd, 0, SEEK_HOLE);
    if (hole < 0)
        return errno == ENXIO ? 0 : -errno; /* the file is empty */
    found->front = (uint64_t)hole;
    off_t data = lseek(fd, hole, SEEK_DATA);
    if (data < 0 && errno != ENXIO)
        return -errno;
    found->has_more = data >= 0;
    return 0;
}

int disk_front_find(int fd, struct disk_front *ret_front)
{
    struct disk_front found = {0};
    if (fstat(fd, &found.status) < 0)
        return -errno;
    int err = find_by_extents(fd, &found);
    if (err == -EOPNOTSUPP || err == -ENOTTY)
        err = find_by_seeking(fd, &found);
    if (err < 0)
        return err;
    found.front = u64_min(found.front, (uint64_t)found.status.st_size);
    *ret_front = found;
    return 0;
}

int disk_front_sync(int fd, int folder)
{
    return fdatasync(fd) < 0 || fsync(folder) < 0 ? -errno : 0;
}
