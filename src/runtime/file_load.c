/* One call on a helper thread for all of it: opening, measuring, reading. */
#include "runtime/file_load.h"

#include "runtime/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct load {
    const char *folder, *path;
    struct buffer *into;
};

/* Reads what an open file has now. */
static int load_open(int file, struct buffer *into)
{
    struct stat facts;
    if (fstat(file, &facts) < 0)
        return -errno;
    if (!S_ISREG(facts.st_mode))
        return -ENOENT;
    struct text text;
    uint64_t size = (uint64_t)facts.st_size;
    int err = size > into->len_max ? -E2BIG : buffer_room(into, (size_t)size, &text);
    if (err < 0)
        return err;
    while (text.len < text.room) {
        ssize_t got = read(file, text.ptr + text.len, text.room - text.len);
        if (got < 0)
            return -errno;
        if (got == 0)
            break; /* it has become shorter */
        text.len += (size_t)got;
    }
    buffer_added(into, &text);
    return 0;
}

static int load_path(const struct load *load)
{
    int folder = open(load->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return -errno;
    /* A pipe that nobody writes to must not hold the thread. */
    int file = io_open_beneath(folder, load->path, O_RDONLY | O_NONBLOCK, 0);
    (void)close(folder);
    if (file < 0)
        return file == -ELOOP || file == -EXDEV || file == -ENOTDIR ? -ENOENT : file;
    int err = load_open(file, load->into);
    (void)close(file);
    return err;
}

static void call_load(struct io_op *op)
{
    op->result = load_path(op->buffer);
}

awaits int file_load(const char *folder, const char *path, struct buffer *into)
{
    struct load load = {folder, path, into};
    return (int)io_call(call_load, &load);
}
