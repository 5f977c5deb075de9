/* The bytes of one upload: a file, read at any place, or a pipe, of which a window is kept so that
 * what was not acknowledged can be sent again. */
#pragma once

#include "base/base.h"

#include <sys/stat.h>

#define INPUT_BYTES_UNKNOWN UINT64_MAX

struct input {
    int fd; /* -1: not open */
    bool is_pipe;
    int err;           /* why the last read failed; 0 */
    struct stat begun; /* as the file was when it was opened */
    /* Of a pipe. */
    uint8_t *window;
    uint64_t kept_from; /* what comes before is acknowledged */
    uint64_t filled;    /* read so far */
    bool is_ended;
    int64_t filled_ms; /* when something was read last */
};

/* Opens a file, a pipe by its path, or the standard input ("-"). Returns 0; -errno, with a sentence
 * in error_text(). */
must_use int input_open(struct input *ret_source, const char *path);
/* Harmless on one that is not open. */
void input_close(struct input *input);

/* INPUT_BYTES_UNKNOWN of a pipe that has not ended. */
uint64_t input_bytes(const struct input *input);

/* Reads what is there from `offset` on. Returns the number of bytes; 0 when a pipe has no more as
 * yet; -errno, -ESTALE when the file has become shorter. */
must_use ssize_t input_read(struct input *input, uint64_t offset, struct span into);
/* Whether the file is another than it was when it was opened. */
bool input_is_changed(const struct input *input);

/* Of a pipe: whether there is room to read more, and whether nothing came for a while. */
bool input_has_room(const struct input *input);
bool input_is_quiet(const struct input *input, int64_t now_ms);
/* Reads from a pipe that is ready for it; a failure stays in `err`. */
void input_fill(struct input *input, int64_t now_ms);
/* What comes before `offset` is not asked for any more. */
void input_release(struct input *input, uint64_t offset);
