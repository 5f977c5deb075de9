/* One large upload by tus 1.0.0: created, then sent in one PATCH or in pieces, each awaited. */
#include "answer.h"
#include "body.h"
#include "loadgen.h"
#include "program.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The path of a URL: what follows its host. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    const char *path = host == NULL ? url : strchr(host + 3, '/');

    return path == NULL ? "/" : path;
}

static void create(int fd, const struct load *load, struct answer *ret_answer)
{
    char head[REQUEST_BYTES_MAX];
    int head_bytes = snprintf(head, sizeof head,
                              "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nTus-Resumable: 1.0.0\r\n"
                              "Upload-Length: %llu\r\n%sContent-Length: 0\r\n\r\n",
                              load->path, load->port, (unsigned long long)load->bytes,
                              load->partial ? "Upload-Concat: partial\r\n" : "");

    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    send_all(fd, head, (size_t)head_bytes);
    (void)answer_recv(fd, ret_answer);
    if (ret_answer->status != 201)
        die("the server answers %d to a creation", ret_answer->status);
}

/* Sends one PATCH and returns when its last byte was sent. */
static int64_t patch(int fd, const struct load *load, const char *path, uint64_t offset,
                     struct answer *ret_answer)
{
    char head[REQUEST_BYTES_MAX];
    uint64_t left = load->bytes - offset;
    uint64_t piece = load->piece > 0 && load->piece < left ? load->piece : left;
    int head_bytes =
        snprintf(head, sizeof head,
                 "PATCH %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nTus-Resumable: 1.0.0\r\n"
                 "Content-Type: application/offset+octet-stream\r\n"
                 "Upload-Offset: %llu\r\nContent-Length: %llu\r\n\r\n",
                 path, load->port, (unsigned long long)offset, (unsigned long long)piece);

    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    send_all(fd, head, (size_t)head_bytes);
    body_send(fd, piece);
    int64_t sent_ns = now_ns();
    (void)answer_recv(fd, ret_answer);
    if (ret_answer->status != 204)
        die("the server answers %d to a PATCH at %llu", ret_answer->status,
            (unsigned long long)offset);
    return sent_ns;
}

void load_tus(const struct load *load)
{
    struct answer created = {0}, answer = {0};
    int fd = connect_to(load->port, 0);
    int64_t begun_ns = now_ns(), sent_ns = begun_ns;

    body_make();
    if (load->append)
        snprintf(created.location, sizeof created.location, "%s", load->path);
    else
        create(fd, load, &created);
    for (uint64_t offset = 0; offset < load->bytes;) {
        sent_ns = patch(fd, load, path_of(created.location), offset, &answer);
        offset += load->piece > 0 && load->piece < load->bytes - offset ? load->piece
                                                                        : load->bytes - offset;
    }
    int64_t answered_ns = now_ns();

    printf("{\"status\": %d, \"bytes\": %llu, \"seconds\": %.6f, \"tail_seconds\": %.6f, "
           "\"cpu_seconds\": %.3f, \"location\": \"%s\", \"key\": \"%s\"}\n",
           answer.status, (unsigned long long)load->bytes, (double)(answered_ns - begun_ns) / 1e9,
           (double)(answered_ns - sent_ns) / 1e9, cpu_seconds(), created.location, created.key);
}
