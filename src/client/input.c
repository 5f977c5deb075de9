/* A pipe fills a window that is used as a ring; a file is read where it is asked for. */
#include "client/input.h"

#include "base/error.h"
#include "limits.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int open_pipe(struct input *input)
{
    input->is_pipe = true;
    input->window = malloc(PUT_WINDOW_BYTES);
    return input->window != NULL ? 0 : fail(-ENOMEM, "there is no memory for it");
}

static int open_file(struct input *input, const char *path)
{
    uint8_t byte;
    input->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (input->fd < 0)
        return fail(-errno, "it can't be opened: %s", strerrordesc_np(errno));
    if (fstat(input->fd, &input->begun) < 0)
        return fail(-errno, "it can't be examined: %s", strerrordesc_np(errno));
    if (S_ISDIR(input->begun.st_mode))
        return fail(-EISDIR, "it is a folder; send its files, or pack it: "
                             "tar c FOLDER | sluice put --name FOLDER.tar -");
    if (!S_ISREG(input->begun.st_mode))
        return open_pipe(input);
    /* Files of /proc say that they are empty and are not. */
    if (input->begun.st_size == 0 && pread(input->fd, &byte, 1, 0) == 1)
        return open_pipe(input);
    (void)posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

int input_open(struct input *ret_source, const char *path)
{
    struct input input = {.fd = -1};
    int err;
    if (strcmp(path, "-") == 0) {
        input.fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
        err = input.fd < 0 ? fail(-errno, "it is not open") : open_pipe(&input);
    } else {
        err = open_file(&input, path);
    }
    if (err < 0) {
        input_close(&input);
        return err;
    }
    *ret_source = input;
    return 0;
}

void input_close(struct input *input)
{
    if (input->fd >= 0)
        (void)close(input->fd);
    free(input->window);
    *input = (struct input){.fd = -1};
}

uint64_t input_bytes(const struct input *input)
{
    if (!input->is_pipe)
        return (uint64_t)input->begun.st_size;
    return input->is_ended ? input->filled : INPUT_BYTES_UNKNOWN;
}

/* From the window, up to its end or to the newest byte. */
static size_t read_window(const struct input *input, uint64_t offset, struct span into)
{
    assert(offset >= input->kept_from && offset <= input->filled);
    size_t at = (size_t)(offset % PUT_WINDOW_BYTES);
    size_t len = size_min(into.len, (size_t)(input->filled - offset));
    len = size_min(len, PUT_WINDOW_BYTES - at);
    memcpy(into.ptr, input->window + at, len);
    return len;
}

ssize_t input_read(struct input *input, uint64_t offset, struct span into)
{
    if (input->is_pipe)
        return (ssize_t)read_window(input, offset, into);
    ssize_t got;
    do
        got = pread(input->fd, into.ptr, into.len, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        input->err = got < 0 ? -errno : -ESTALE;
    return got > 0 ? got : input->err;
}

bool input_is_changed(const struct input *input)
{
    struct stat now;
    if (input->is_pipe)
        return false;
    if (fstat(input->fd, &now) < 0)
        return true;
    return now.st_size != input->begun.st_size ||
           now.st_mtim.tv_sec != input->begun.st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != input->begun.st_mtim.tv_nsec;
}

bool input_has_room(const struct input *input)
{
    return input->is_pipe && !input->is_ended && input->err == 0 &&
           input->filled - input->kept_from < PUT_WINDOW_BYTES;
}

bool input_is_quiet(const struct input *input, int64_t now_ms)
{
    return now_ms - input->filled_ms >= PUT_QUIET_MS;
}

void input_fill(struct input *input, int64_t now_ms)
{
    assert(input_has_room(input));
    size_t at = (size_t)(input->filled % PUT_WINDOW_BYTES);
    size_t room = PUT_WINDOW_BYTES - (size_t)(input->filled - input->kept_from);
    ssize_t got = read(input->fd, input->window + at, size_min(room, PUT_WINDOW_BYTES - at));
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (got < 0) {
        input->err = -errno;
        return;
    }
    input->filled += (uint64_t)got;
    input->is_ended = got == 0;
    input->filled_ms = now_ms;
}

void input_release(struct input *input, uint64_t offset)
{
    if (!input->is_pipe)
        return;
    assert(offset >= input->kept_from && offset <= input->filled);
    input->kept_from = offset;
}
