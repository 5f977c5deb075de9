/* rawlimit: what the machine itself allows, measured by the least program that does the job.
 *
 *   rawlimit receive --file PATH --bytes N   one connection, to the disk: receive into aligned
 *       blocks, write them past the page cache through io_uring, two on their way while the next
 *       one fills; space allocated ahead, fdatasync at the end, one thread.
 *   rawlimit send --bytes N                  one connection, from memory: nothing is read.
 *
 * It prints its port on a line, serves one request without looking at it, and prints one line of
 * JSON. It speaks just enough HTTP for loadgen, so that the same sender measures all. */
#include "program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 512 << 10,
    BLOCKS_MAX = 16,
    SEND_BYTES = 1 << 20,
};

struct limit {
    const char *file;
    uint64_t bytes;
    unsigned blocks; /* in memory: one fills, the others are being written */
};

struct writer {
    struct io_uring ring;
    char *memory;
    unsigned blocks;
    bool is_busy[BLOCKS_MAX]; /* on its way to the disk */
    int fd;
};

/* Accepts one connection and passes over the head of its request. */
static int accept_request(void)
{
    char head[REQUEST_BYTES_MAX];
    uint16_t port;
    int listening = listen_on_free_port(&port);

    printf("%u\n", port);
    fflush(stdout);
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        die_errno("cannot accept a connection");
    close(listening);
    for (;;) {
        ssize_t have = recv(fd, head, sizeof head, MSG_PEEK);
        if (have <= 0)
            die_errno("the client sent no request");
        const char *end = memmem(head, (size_t)have, "\r\n\r\n", 4);
        if (end == NULL)
            continue;
        size_t head_bytes = (size_t)(end - head) + 4;
        if (recv(fd, head, head_bytes, 0) != (ssize_t)head_bytes)
            die_errno("cannot take the head of the request");
        return fd;
    }
}

static void writer_open(struct writer *writer, const struct limit *limit)
{
    writer->fd = open(limit->file, O_WRONLY | O_CREAT | O_EXCL | O_DIRECT | O_CLOEXEC, 0600);
    if (writer->fd < 0)
        die_errno("cannot create %s for direct writes", limit->file);
    if (fallocate(writer->fd, 0, 0, (off_t)limit->bytes) < 0)
        die_errno("cannot allocate the space of %s", limit->file);
    writer->blocks = limit->blocks;
    writer->memory = take_pages((size_t)limit->blocks * BLOCK_BYTES);
    memset(writer->memory, 0, (size_t)limit->blocks * BLOCK_BYTES);

    /* Completions only when asked for: else they interrupt the receiving. Linux 6.1 and later. */
    int err = io_uring_queue_init(BLOCKS_MAX, &writer->ring,
                                  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN);
    if (err == -EINVAL)
        err = io_uring_queue_init(BLOCKS_MAX, &writer->ring, 0);
    errno = -err;
    if (err < 0)
        die_errno("cannot set up an io_uring");
}

/* Waits for any write to complete; they need not complete in order. */
static void writer_reap(struct writer *writer)
{
    struct io_uring_cqe *cqe;
    int err = io_uring_wait_cqe(&writer->ring, &cqe);

    errno = -err;
    if (err < 0)
        die_errno("cannot wait for a write");
    errno = cqe->res < 0 ? -cqe->res : 0;
    if (cqe->res < 0)
        die_errno("cannot write");
    if (cqe->res != BLOCK_BYTES)
        die("a write came out short");
    writer->is_busy[io_uring_cqe_get_data64(cqe)] = false;
    io_uring_cqe_seen(&writer->ring, cqe);
}

static char *writer_block(struct writer *writer, unsigned index)
{
    while (writer->is_busy[index])
        writer_reap(writer);
    return writer->memory + (size_t)index * BLOCK_BYTES;
}

static void writer_submit(struct writer *writer, unsigned index, uint64_t offset)
{
    const char *block = writer->memory + (size_t)index * BLOCK_BYTES;
    struct io_uring_sqe *sqe = io_uring_get_sqe(&writer->ring);

    assert(sqe != NULL && !writer->is_busy[index]);
    io_uring_prep_write(sqe, writer->fd, block, BLOCK_BYTES, offset);
    io_uring_sqe_set_data64(sqe, index);
    int err = io_uring_submit(&writer->ring);
    errno = -err;
    if (err < 0)
        die_errno("cannot submit a write");
    writer->is_busy[index] = true;
}

static void receive_block(int fd, char *block)
{
    for (size_t got = 0; got < BLOCK_BYTES;) {
        ssize_t more = recv(fd, block + got, BLOCK_BYTES - got, MSG_WAITALL);
        if (more < 0)
            die_errno("cannot receive");
        if (more == 0)
            die("the client left early");
        got += (size_t)more;
    }
}

static void receive_to_disk(const struct limit *limit)
{
    static const char answer[] = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    struct writer writer = {0};

    if (limit->file == NULL || limit->bytes % BLOCK_BYTES != 0)
        die("receive needs --file, and --bytes in whole blocks of %d", BLOCK_BYTES);
    int fd = accept_request();
    writer_open(&writer, limit);
    for (uint64_t offset = 0; offset < limit->bytes; offset += BLOCK_BYTES) {
        unsigned index = (unsigned)(offset / BLOCK_BYTES % writer.blocks);
        receive_block(fd, writer_block(&writer, index));
        writer_submit(&writer, index, offset);
    }
    for (unsigned index = 0; index < writer.blocks; index++)
        writer_block(&writer, index);
    if (fdatasync(writer.fd) < 0)
        die_errno("cannot sync %s", limit->file);
    send_all(fd, answer, sizeof answer - 1);
}

static void send_from_memory(const struct limit *limit)
{
    char head[REQUEST_BYTES_MAX];
    const char *memory = memset(take_pages(SEND_BYTES), 'x', SEND_BYTES);
    int head_bytes = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n",
                              (unsigned long long)limit->bytes);
    int fd = accept_request();

    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    send_all(fd, head, (size_t)head_bytes);
    for (uint64_t left = limit->bytes; left > 0;) {
        size_t piece = left < SEND_BYTES ? (size_t)left : SEND_BYTES;
        send_all(fd, memory, piece);
        left -= piece;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"file", required_argument, NULL, 'f'},
        {"bytes", required_argument, NULL, 'b'},
        {"blocks", required_argument, NULL, 'n'},
        {0},
    };
    struct limit limit = {.bytes = 1 << 30, .blocks = 3};
    int id;

    while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (id == 'f')
            limit.file = optarg;
        else if (id == 'b')
            limit.bytes = parse_bytes(optarg);
        else if (id == 'n')
            limit.blocks = (unsigned)parse_bytes(optarg);
        else
            return EXIT_FAILURE;
    }
    if (limit.blocks < 1 || limit.blocks > BLOCKS_MAX)
        die("--blocks is 1 to %d", BLOCKS_MAX);
    if (optind == argc - 1 && strcmp(argv[optind], "receive") == 0)
        receive_to_disk(&limit);
    else if (optind == argc - 1 && strcmp(argv[optind], "send") == 0)
        send_from_memory(&limit);
    else
        die("usage: rawlimit receive --file PATH --bytes N [--blocks N] | send --bytes N");
    printf("{\"cpu_seconds\": %.3f}\n", cpu_seconds());
    return EXIT_SUCCESS;
}
