/* One large transfer over one connection: up from memory, down into nothing.
 *
 * Up: a buffer is sent over and over; copying it from the processor's cache costs less than half
 * of what sending a memory file by reference (sendfile) does. Down: the kernel drops the bytes
 * uncopied (MSG_TRUNC). */
#include "answer.h"
#include "body.h"
#include "loadgen.h"
#include "program.h"

#include <assert.h>
#include <stdio.h>
#include <sys/socket.h>

enum { DROP_BYTES = 1 << 20 }; /* thrown away by one call */

void load_put(const struct load *load)
{
    struct answer answer;
    char head[REQUEST_BYTES_MAX];
    int head_bytes = snprintf(
        head, sizeof head, "PUT %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %llu\r\n\r\n",
        load->path, load->port, (unsigned long long)load->bytes);

    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    body_make();
    int fd = connect_to(load->port, 0);
    int64_t begun_ns = now_ns();
    send_all(fd, head, (size_t)head_bytes);
    body_send(fd, load->bytes);
    int64_t sent_ns = now_ns();
    answer_recv(fd, &answer);
    int64_t answered_ns = now_ns();

    printf("{\"status\": %d, \"bytes\": %llu, \"seconds\": %.6f, \"tail_seconds\": %.6f, "
           "\"cpu_seconds\": %.3f, \"location\": \"%s\", \"key\": \"%s\"}\n",
           answer.status, (unsigned long long)load->bytes, (double)(answered_ns - begun_ns) / 1e9,
           (double)(answered_ns - sent_ns) / 1e9, cpu_seconds(), answer.location, answer.key);
}

void load_get(const struct load *load)
{
    struct answer answer;
    char head[REQUEST_BYTES_MAX];
    int head_bytes = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
                              load->path, load->port);

    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    int fd = connect_to(load->port, 0);
    int64_t begun_ns = now_ns();
    send_all(fd, head, (size_t)head_bytes);
    uint64_t got = answer_recv(fd, &answer);
    int64_t first_ns = now_ns();
    if (!answer.has_content_bytes)
        die("the server's answer has no Content-Length");
    while (got < answer.content_bytes) {
        uint64_t left = answer.content_bytes - got;
        ssize_t dropped = recv(fd, NULL, left < DROP_BYTES ? (size_t)left : DROP_BYTES, MSG_TRUNC);
        if (dropped < 0)
            die_errno("cannot receive");
        if (dropped == 0)
            die("the server ended %llu bytes too early", (unsigned long long)left);
        got += (uint64_t)dropped;
    }
    int64_t ended_ns = now_ns();

    printf("{\"status\": %d, \"bytes\": %llu, \"seconds\": %.6f, \"first_seconds\": %.6f, "
           "\"cpu_seconds\": %.3f}\n",
           answer.status, (unsigned long long)got, (double)(ended_ns - begun_ns) / 1e9,
           (double)(first_ns - begun_ns) / 1e9, cpu_seconds());
}
