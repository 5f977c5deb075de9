/* Many small requests over many connections: one thread, one epoll, one request a connection at
 * a time.
 *
 * Without --rate each answer is followed by the next request (a closed loop: how much is there?).
 * With --rate requests fall due at fixed times whatever the server does, and a latency counts
 * from the time its request was due, so that a server that stalls is charged for all the
 * requests it kept waiting (an open loop: how long does one wait?). */
#include "answer.h"
#include "histogram.h"
#include "loadgen.h"
#include "program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64,
    SEND_BUFFER_ROOM = 64 << 10, /* of a socket, above the body that must fit at once */
    ANSWER_BYTES_MAX = 256 << 10,
};

struct connection {
    struct connection *next; /* of the idle ones */
    int64_t due_ns;          /* when the request on its way should have been sent */
    uint64_t got_bytes;
    uint64_t answer_bytes; /* 0 until the head has come */
    int fd;
};

struct requests {
    const struct load *load;
    char *body;
    struct connection *connections;
    struct connection *idle;
    char *into; /* where answers go; their heads are looked at, their content isn't */
    struct histogram *latency;
    uint64_t begun;
    uint64_t refused; /* answers that were no success */
    int64_t next_due_ns;
    int64_t ends_ns;
    int epoll_fd;
    bool stopping;
};

static void connection_open(struct requests *run, struct connection *connection)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    int buffer_bytes = SEND_BUFFER_ROOM + (run->body != NULL ? (int)run->load->bytes : 0);

    connection->fd = connect_to(run->load->port, 0);
    if (setsockopt(connection->fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes) < 0 ||
        fcntl(connection->fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) < 0)
        die_errno("cannot prepare a connection");
}

static void connection_idle(struct requests *run, struct connection *connection)
{
    connection->next = run->idle;
    run->idle = connection;
}

/* Sends the next request on an idle connection. */
static void request_begin(struct requests *run, int64_t due_ns)
{
    const struct load *load = run->load;
    struct connection *connection = run->idle;
    char head[REQUEST_BYTES_MAX];
    int head_bytes;

    if (run->body == NULL)
        head_bytes = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n",
                              load->path, load->port);
    else
        head_bytes = snprintf(head, sizeof head,
                              "PUT %s-%llu HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                              "Content-Length: %llu\r\n\r\n",
                              load->path, (unsigned long long)run->begun, load->port,
                              (unsigned long long)load->bytes);
    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    assert(connection != NULL);

    run->idle = connection->next;
    if (load->reconnect)
        connection_open(run, connection);
    connection->due_ns = due_ns;
    connection->got_bytes = 0;
    connection->answer_bytes = 0;
    run->begun++;

    struct iovec pieces[2] = {
        {head, (size_t)head_bytes},
        {run->body, run->body != NULL ? (size_t)load->bytes : 0},
    };
    ssize_t sent = writev(connection->fd, pieces, run->body != NULL ? 2 : 1);
    if (sent < 0)
        die_errno("cannot send a request");
    if ((size_t)sent != pieces[0].iov_len + pieces[1].iov_len)
        die("a request of %zu bytes does not fit the socket's buffer",
            pieces[0].iov_len + pieces[1].iov_len);
}

static void request_end(struct requests *run, struct connection *connection)
{
    int64_t latency_ns = now_ns() - connection->due_ns;

    assert(connection->got_bytes == connection->answer_bytes);
    histogram_add(run->latency, latency_ns);
    if (run->load->reconnect && close(connection->fd) < 0)
        die_errno("cannot close a connection");
    connection_idle(run, connection);
}

/* Receives what there is of an answer. */
static void answer_continue(struct requests *run, struct connection *connection)
{
    struct answer answer;
    ssize_t got = recv(connection->fd, run->into, ANSWER_BYTES_MAX, 0);

    if (got < 0 && errno == EAGAIN)
        return;
    if (got < 0)
        die_errno("cannot receive an answer");
    if (got == 0)
        die("the server closed a connection after %llu requests in all",
            (unsigned long long)run->begun);
    if (connection->answer_bytes == 0) {
        /* Both servers send a head in one piece: it always comes whole over loopback. */
        if (!answer_parse(run->into, (size_t)got, &answer))
            die("an answer's head came in pieces");
        if (!answer.has_content_bytes)
            die("the server's answer has no Content-Length");
        connection->answer_bytes = answer.head_bytes + answer.content_bytes;
        if (answer.status < 200 || answer.status > 299)
            run->refused++;
    }
    connection->got_bytes += (uint64_t)got;
    if (connection->got_bytes > connection->answer_bytes)
        die("the server sent more than it announced");
    if (connection->got_bytes == connection->answer_bytes)
        request_end(run, connection);
}

static bool is_over(const struct requests *run, int64_t at_ns)
{
    if (run->load->count != 0)
        return run->begun >= run->load->count;
    return run->stopping || (!run->load->until_eof && at_ns >= run->ends_ns);
}

/* Begins all the requests that are due. */
static void begin_due(struct requests *run)
{
    int64_t gap_ns = run->load->rate != 0 ? (int64_t)(NS_PER_S / run->load->rate) : 0;

    while (run->idle != NULL) {
        int64_t at_ns = now_ns();
        if (is_over(run, at_ns))
            return;
        if (gap_ns == 0) {
            request_begin(run, at_ns);
            continue;
        }
        if (at_ns < run->next_due_ns)
            return;
        request_begin(run, run->next_due_ns);
        run->next_due_ns += gap_ns;
    }
}

/* Waits for answers, or until the next request is due. */
static void wait_and_receive(struct requests *run)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec wait = {.tv_nsec = (long)NS_PER_MS * 100};

    if (run->load->rate != 0 && run->idle != NULL) {
        int64_t until_due_ns = run->next_due_ns - now_ns();
        if (until_due_ns < wait.tv_nsec)
            wait.tv_nsec = until_due_ns > 0 ? until_due_ns : 0;
    }
    int ready = epoll_pwait2(run->epoll_fd, events, EVENTS_MAX, &wait, NULL);
    if (ready < 0)
        die_errno("cannot wait for answers");
    for (int i = 0; i < ready; i++)
        if (events[i].data.ptr != NULL)
            answer_continue(run, events[i].data.ptr);
        else
            run->stopping = true;
}

static void run_prepare(struct requests *run)
{
    const struct load *load = run->load;

    raise_descriptor_limit();
    /* Else each timed wait ends up to 50 us late, which is as long as an answer takes. */
    if (prctl(PR_SET_TIMERSLACK, 1UL) < 0)
        die_errno("cannot ask for exact timers");
    run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (run->epoll_fd < 0)
        die_errno("cannot make an epoll");
    run->into = take_pages(ANSWER_BYTES_MAX);
    run->latency = take_pages(sizeof *run->latency);
    run->connections = take_pages(load->connections * sizeof *run->connections);
    for (uint64_t i = 0; i < load->connections; i++) {
        if (!load->reconnect)
            connection_open(run, &run->connections[i]);
        connection_idle(run, &run->connections[i]);
    }
    if (load->until_eof) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
        if (epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event) < 0)
            die_errno("cannot watch standard input");
    }
}

static void run_requests(struct requests *run)
{
    run_prepare(run);
    double cpu_before = cpu_seconds();
    int64_t begun_ns = now_ns();
    run->next_due_ns = begun_ns;
    run->ends_ns = begun_ns + (int64_t)run->load->seconds * NS_PER_S;

    while (run->latency->count < run->begun || !is_over(run, now_ns())) {
        begin_due(run);
        wait_and_receive(run);
    }
    double seconds = (double)(now_ns() - begun_ns) / 1e9;
    const struct histogram *latency = run->latency;

    printf("{\"requests\": %llu, \"refused\": %llu, \"seconds\": %.6f, \"p50_us\": %u, "
           "\"p99_us\": %u, \"p999_us\": %u, \"max_us\": %lld, \"cpu_seconds\": %.3f}\n",
           (unsigned long long)latency->count, (unsigned long long)run->refused, seconds,
           histogram_us(latency, 0.5), histogram_us(latency, 0.99), histogram_us(latency, 0.999),
           (long long)(latency->max_ns / NS_PER_US), cpu_seconds() - cpu_before);
}

void load_requests(const struct load *load)
{
    struct requests run = {.load = load};

    run_requests(&run);
}

void load_puts(const struct load *load)
{
    struct requests run = {.load = load, .body = take_pages((size_t)load->bytes)};

    memset(run.body, 'x', (size_t)load->bytes);
    run_requests(&run);
}
