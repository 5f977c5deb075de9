/* Many uploads at once, each as slow as a bad line: its piece a second, then the wait for 201.
 *
 * Pieces fall due in the order in which the connections were opened, once a second, for ever:
 * a queue in that order is always sorted by time, so one look at its front tells what to do. */
#include "answer.h"
#include "histogram.h"
#include "loadgen.h"
#include "program.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64,
    PIECE_BYTES_MAX = 64 << 10,
    WAIT_AT_MOST_MS = 100,
    ANSWERS_WAIT_S = 60, /* after the last piece; a server that needs longer has lost them */
};

static const uint32_t first_source = 0x7f000102; /* 127.0.1.2 */

struct upload {
    struct upload *next; /* in the order of the next piece */
    int64_t due_ns;
    uint64_t left_bytes;
    int64_t sent_ns; /* when the last piece was sent */
    int fd;          /* -1 once it has ended */
};

struct slow {
    const struct load *load;
    struct upload *uploads;
    struct upload *first, **last; /* the queue of pieces to send */
    char *piece;
    struct histogram *latency; /* from the last piece to the answer */
    uint64_t opened;
    uint64_t ended;
    uint64_t created;
    int last_status; /* of an upload that was refused, for the report */
    int epoll_fd;
};

static void enqueue(struct slow *run, struct upload *upload, int64_t due_ns)
{
    upload->due_ns = due_ns;
    upload->next = NULL;
    *run->last = upload;
    run->last = &upload->next;
}

static struct upload *dequeue(struct slow *run)
{
    struct upload *upload = run->first;

    assert(upload != NULL);
    run->first = upload->next;
    if (run->first == NULL)
        run->last = &run->first;
    return upload;
}

static void upload_open(struct slow *run)
{
    const struct load *load = run->load;
    struct upload *upload = &run->uploads[run->opened];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = upload};
    uint32_t source = first_source + (uint32_t)(run->opened % load->addresses);
    char head[REQUEST_BYTES_MAX];
    int head_bytes = snprintf(head, sizeof head,
                              "PUT %s-%llu HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                              "Content-Length: %llu\r\n\r\n",
                              load->path, (unsigned long long)run->opened, load->port,
                              (unsigned long long)load->bytes);

    assert(head_bytes > 0 && (size_t)head_bytes < sizeof head);
    upload->fd = connect_to(load->port, source);
    upload->left_bytes = load->bytes;
    send_all(upload->fd, head, (size_t)head_bytes);
    if (fcntl(upload->fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(run->epoll_fd, EPOLL_CTL_ADD, upload->fd, &event) < 0)
        die_errno("cannot prepare a connection");
    enqueue(run, upload, now_ns() + NS_PER_S);
    run->opened++;
}

static void upload_end(struct slow *run, struct upload *upload, int status)
{
    if (status == 201)
        run->created++;
    else
        run->last_status = status;
    run->ended++;
    close(upload->fd);
    upload->fd = -1;
}

static void piece_send(struct slow *run, struct upload *upload)
{
    size_t bytes = upload->left_bytes < run->load->rate ? upload->left_bytes : run->load->rate;

    if (upload->fd < 0)
        return;
    ssize_t sent = send(upload->fd, run->piece, bytes, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return; /* the server has ended it: epoll tells that too, and there it is counted */
    upload->left_bytes -= sent > 0 ? (size_t)sent : 0;
    if (upload->left_bytes == 0)
        upload->sent_ns = now_ns();
    else
        enqueue(run, upload, upload->due_ns + NS_PER_S);
}

static void upload_answer(struct slow *run, struct upload *upload)
{
    static char bytes[ANSWER_HEAD_BYTES_MAX];
    struct answer answer;
    ssize_t got = recv(upload->fd, bytes, sizeof bytes, 0);

    if (got < 0 && errno == EAGAIN)
        return;
    /* Both servers send a head in one piece: it always comes whole over loopback. */
    if (got <= 0 || !answer_parse(bytes, (size_t)got, &answer)) {
        upload_end(run, upload, 0);
        return;
    }
    if (upload->sent_ns != 0)
        histogram_add(run->latency, now_ns() - upload->sent_ns);
    upload_end(run, upload, answer.status);
}

/* Opens what should be open by now, sends what is due; returns the time to wait until the next. */
static int advance(struct slow *run, int64_t begun_ns)
{
    const struct load *load = run->load;
    int64_t elapsed_ns = now_ns() - begun_ns;
    int64_t gap_ns = (int64_t)load->seconds * NS_PER_S / (int64_t)load->connections;

    while (run->opened < load->connections && (int64_t)run->opened * gap_ns <= elapsed_ns) {
        upload_open(run);
        if (run->opened == load->connections) {
            puts("open");
            fflush(stdout);
        }
    }
    int64_t at_ns = now_ns();
    while (run->first != NULL && run->first->due_ns <= at_ns)
        piece_send(run, dequeue(run));
    if (run->opened < load->connections)
        return 1;
    if (run->first == NULL)
        return WAIT_AT_MOST_MS;
    int64_t wait_ms = (run->first->due_ns - at_ns) / NS_PER_MS + 1;
    return wait_ms < WAIT_AT_MOST_MS ? (int)wait_ms : WAIT_AT_MOST_MS;
}

static void run_prepare(struct slow *run)
{
    if (run->load->rate == 0 || run->load->rate > PIECE_BYTES_MAX)
        die("slow uploads need a rate of 1 to %d bytes a second", PIECE_BYTES_MAX);
    raise_descriptor_limit();
    run->last = &run->first;
    run->piece = take_pages(PIECE_BYTES_MAX);
    run->uploads = take_pages(run->load->connections * sizeof *run->uploads);
    run->latency = take_pages(sizeof *run->latency);
    run->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (run->epoll_fd < 0)
        die_errno("cannot make an epoll");
}

void load_slow(const struct load *load)
{
    struct slow run = {.load = load};
    struct epoll_event events[EVENTS_MAX];
    int64_t begun_ns = now_ns();

    run_prepare(&run);
    int64_t pieces = (int64_t)((load->bytes + load->rate - 1) / load->rate);
    int64_t ends_ns = begun_ns + ((int64_t)load->seconds + pieces + ANSWERS_WAIT_S) * NS_PER_S;
    while (run.ended < load->connections && now_ns() < ends_ns) {
        int wait_ms = advance(&run, begun_ns);
        int ready = epoll_wait(run.epoll_fd, events, EVENTS_MAX, wait_ms);
        if (ready < 0)
            die_errno("cannot wait for answers");
        for (int i = 0; i < ready; i++)
            upload_answer(&run, events[i].data.ptr);
    }
    printf("{\"connections\": %llu, \"created\": %llu, \"refused\": %llu, \"unanswered\": %llu, "
           "\"last_refusal\": %d, \"seconds\": %.3f, \"answer_p50_us\": %u, \"answer_p99_us\": %u, "
           "\"answer_max_us\": %lld, \"cpu_seconds\": %.3f}\n",
           (unsigned long long)load->connections, (unsigned long long)run.created,
           (unsigned long long)(run.ended - run.created),
           (unsigned long long)(load->connections - run.ended), run.last_status,
           (double)(now_ns() - begun_ns) / 1e9, histogram_us(run.latency, 0.5),
           histogram_us(run.latency, 0.99), (long long)(run.latency->max_ns / NS_PER_US),
           cpu_seconds());
}
