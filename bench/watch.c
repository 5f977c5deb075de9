/* Many watchers of one link's progress, each a connection that gets one JSON object a line. */
#include "loadgen.h"
#include "program.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 4096,
    EVENTS_MAX = 256,
    WAIT_MS = 100,
    LAST_WORD_NS = 2000 * NS_PER_MS,
    ADDRESS_FIRST = 0x7f000002, /* 127.0.0.2: watchers come from many addresses */
    WATCHERS_PER_ADDRESS = 250,
};

struct watching {
    uint64_t messages, ready, open, ended;
};

/* Messages are lines of chunks that come whole; only their ends are counted. */
static void look(struct watching *watching, const char *bytes, size_t len)
{
    for (const char *at = bytes; (at = memchr(at, '}', len - (size_t)(at - bytes))) != NULL; at++)
        watching->messages++;
    if (memmem(bytes, len, "\"ready\"", strlen("\"ready\"")) != NULL)
        watching->ready++;
}

static void read_one(struct watching *watching, int fd)
{
    char bytes[READ_BYTES];
    ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

    if (got > 0) {
        look(watching, bytes, (size_t)got);
    } else if (got == 0 || errno != EAGAIN) {
        watching->ended++;
        close(fd);
    }
}

static void open_one(int poller, const struct load *load, uint64_t index)
{
    char head[REQUEST_BYTES_MAX];
    int fd = connect_to(load->port, ADDRESS_FIRST + (uint32_t)(index / WATCHERS_PER_ADDRESS));
    int head_bytes = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
                              load->path, load->port);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    send_all(fd, head, (size_t)head_bytes);
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0)
        die_errno("cannot watch a connection");
}

static bool is_input_closed(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&input, 1, 0) > 0;
}

void load_watch(const struct load *load)
{
    struct epoll_event events[EVENTS_MAX];
    struct watching watching = {0};
    bool was_told = false;
    int poller = epoll_create1(0);

    raise_descriptor_limit();
    for (uint64_t i = 0; i < load->connections; i++)
        open_one(poller, load, i);
    /* All end by themselves soon after the upload does. */
    int64_t end_ns = INT64_MAX;
    while (watching.ended < load->connections && now_ns() < end_ns) {
        if (end_ns == INT64_MAX && was_told && is_input_closed())
            end_ns = now_ns() + LAST_WORD_NS;
        int ready = epoll_wait(poller, events, EVENTS_MAX, WAIT_MS);
        for (int i = 0; i < ready; i++)
            read_one(&watching, events[i].data.fd);
        if (!was_told && watching.messages >= load->connections) {
            was_told = true;
            puts("open");
            fflush(stdout);
        }
    }
    printf("{\"messages\": %llu, \"ready\": %llu, \"ended\": %llu}\n",
           (unsigned long long)watching.messages, (unsigned long long)watching.ready,
           (unsigned long long)watching.ended);
}
