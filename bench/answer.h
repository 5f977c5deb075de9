/* The head of an HTTP answer, as far as the measuring programs care about it. */
#ifndef BENCH_ANSWER_H
#define BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANSWER_HEAD_BYTES_MAX = 8192 };

struct answer {
    int status;
    size_t head_bytes;      /* up to and including the empty line */
    bool has_content_bytes; /* its length is known: by Content-Length or by the status */
    uint64_t content_bytes;
    char location[256]; /* of the headers Location and Sluice-Key; empty when not given */
    char key[128];
};

/* Reads the head that starts at `bytes`.
 * Returns: true when it is complete, with all of `ret_answer` filled; dies when it is no HTTP. */
bool answer_parse(const char *bytes, size_t len, struct answer *ret_answer);

/* Receives from a blocking socket until a head is complete, passing over interim (1xx) answers.
 * Returns: the bytes of content that came along with the head. */
size_t answer_recv(int fd, struct answer *ret_answer);

#endif
