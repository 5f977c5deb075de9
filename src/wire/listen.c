/* One listening socket, shared by all workers: unlike SO_REUSEPORT it can't be shared by accident
 * with another process, and no connection is lost when a worker ends. Whoever accepts hands the
 * connection to the worker that has the fewest, once; from then on it never moves. */
#include "wire/listen.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/log.h"
#include "base/text.h"
#include "limits.h"
#include "runtime/fiber.h"
#include "wire/cidr.h"
#include "wire/connection.h"
#include "wire/inbox.h"
#include "wire/peers.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* What one worker has. Only `open` is read by others. */
struct house {
    _Atomic unsigned open;
    struct list idle;
    struct fiber *acceptors[LISTEN_MAX];
    struct post drain;
};

static struct house houses[WORKERS_MAX];
static atomic_bool is_draining;

bool wire_is_draining(void)
{
    return atomic_load_explicit(&is_draining, memory_order_relaxed);
}

static struct house *house_mine(void)
{
    return &houses[worker_index(worker_self())];
}

unsigned listen_connections(void)
{
    unsigned open = 0;
    for (size_t i = 0; i < WORKERS_MAX; i++)
        open += atomic_load_explicit(&houses[i].open, memory_order_relaxed);
    return open;
}

void connection_close(struct connection *connection)
{
    inbox_clear(&connection->inbox);
    free(connection->stash);
    io_close_later(connection->stream.fd);
    if (connection->is_counted)
        peer_give(PEER_CONNECTIONS, &connection->peer);
    atomic_fetch_sub_explicit(&house_mine()->open, 1, memory_order_relaxed);
    counter_add(COUNTER_connections_open, -1);
    free(connection);
}

/* ---- Idle connections ---- */

static void serve(struct connection *connection)
{
    if (fiber_spawn("connection", http1_serve, connection) < 0)
        connection_close(connection);
}

static void idle_ended(struct io_op *op)
{
    struct connection *connection = container_of(op, struct connection, wait);
    list_remove(&connection->node);
    worker_timer_remove(&connection->timer);
    if (op->result < 0)
        connection_close(connection);
    else
        serve(connection);
}

static void idle_too_long(struct timer *timer)
{
    io_cancel(&container_of(timer, struct connection, timer)->wait);
}

void connection_idle(struct connection *connection, int64_t idle_ms)
{
    connection->timer = (struct timer){.at_ms = worker_now_ms() + idle_ms, .fire = idle_too_long};
    if (worker_timer_add(&connection->timer) < 0) {
        connection_close(connection);
        return;
    }
    list_push(&house_mine()->idle, &connection->node);
    connection->wait = (struct io_op){.kind = IO_POLL,
                                      .fd = connection->stream.fd,
                                      .flags = POLLIN | POLLRDHUP,
                                      .done = idle_ended};
    io_start(&connection->wait);
}

/* ---- Accepting ---- */

static void arrive(struct post *post)
{
    serve(container_of(post, struct connection, arrival));
}

/* The worker with the fewest connections; this one when it is as good as any. */
static struct worker *least_loaded(void)
{
    struct worker *best = worker_self();
    unsigned fewest = atomic_load_explicit(&house_mine()->open, memory_order_relaxed);
    for (unsigned i = 0; i < workers_count(); i++) {
        unsigned open = atomic_load_explicit(&houses[i].open, memory_order_relaxed);
        if (open < fewest) {
            fewest = open;
            best = worker_at(i);
        }
    }
    return best;
}

/* A connection over a limit is told so and closed; should the peer already be sending, the answer
 * may be lost to a reset, which is as clear. */
static void refuse(int fd, const char *why)
{
    uint8_t text[256];
    struct text answer = text_over((struct span){text, sizeof text});
    text_format(&answer,
                "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n"
                "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n\r\n%s",
                strlen(why), why);
    ssize_t sent = send(fd, text, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
    (void)shutdown(fd, SHUT_WR);
    /* A whole head is read, so that closing doesn't reset the answer away; a flood isn't. */
    uint8_t unread[1024];
    for (int i = 0; i < HTTP_HEAD_BYTES_MAX / (int)sizeof unread; i++)
        if (recv(fd, unread, sizeof unread, MSG_DONTWAIT) <= 0)
            break;
    io_close_later(fd);
    counter_add(COUNTER_connections_refused_total, 1);
}

static bool is_trusted(const struct wire *wire, const struct address *peer)
{
    return wire->trusted_proxies != NULL && cidr_list_has(wire->trusted_proxies, peer);
}

static void welcome(const struct wire *wire, int fd)
{
    struct sockaddr_storage name = {0};
    socklen_t name_len = sizeof name;
    if (getpeername(fd, (struct sockaddr *)&name, &name_len) < 0) {
        io_close_later(fd); /* it was reset while it waited */
        return;
    }
    struct address peer = address_of(&name);
    if (listen_connections() >= wire->connections_max) {
        refuse(fd, "This server has as many connections as it can; try again in a while.\n");
        return;
    }
    bool is_counted = !is_trusted(wire, &peer);
    if (is_counted && peer_take(PEER_CONNECTIONS, &peer, wire->connections_per_address) < 0) {
        refuse(fd, "Your address has too many connections open; close some and try again.\n");
        return;
    }
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        if (is_counted)
            peer_give(PEER_CONNECTIONS, &peer);
        io_close_later(fd);
        return;
    }
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *connection = (struct connection){
        .stream = {.fd = fd, .send_idle_ms = wire->send_idle_ms},
        .wire = wire,
        .peer = peer,
        .is_counted = is_counted,
        .arrival = {.run = arrive},
    };
    list_init(&connection->node);
    counter_add(COUNTER_connections_total, 1);
    counter_add(COUNTER_connections_open, 1);
    struct worker *worker = least_loaded();
    atomic_fetch_add_explicit(&houses[worker_index(worker)].open, 1, memory_order_relaxed);
    if (worker == worker_self())
        serve(connection);
    else
        worker_post(worker, &connection->arrival);
}

/* What an accepting fiber is told. */
struct acceptor {
    const struct wire *wire;
    int fd;
    size_t index;
};

static awaits void accept_all(void *arg)
{
    struct acceptor self = *(struct acceptor *)arg;
    free(arg);
    house_mine()->acceptors[self.index] = fiber_self();
    int err = 0;
    while (err != -ECANCELED && !wire_is_draining()) {
        ssize_t fd = io_accept(self.fd, DEADLINE_NONE);
        err = fd < 0 ? (int)fd : 0;
        if (fd >= 0) {
            welcome(self.wire, (int)fd);
        } else if (err == -EMFILE || err == -ENFILE || err == -ENOBUFS || err == -ENOMEM) {
            /* Others must close something first. */
            log_event(LOG_WARN, "cannot accept", log_text("error", slice_of(strerror(-err))));
            err = fiber_sleep(worker_now_ms() + ACCEPT_PAUSE_MS);
        }
    }
    house_mine()->acceptors[self.index] = NULL;
}

int listen_start(const struct wire *wire, const int *fds, size_t fds_len)
{
    assert(fds_len <= LISTEN_MAX && workers_count() <= WORKERS_MAX);
    list_init(&house_mine()->idle);
    for (size_t i = 0; i < fds_len; i++) {
        struct acceptor *acceptor = malloc(sizeof *acceptor);
        if (acceptor == NULL)
            return -ENOMEM;
        *acceptor = (struct acceptor){wire, fds[i], i};
        int err = fiber_spawn("accept", accept_all, acceptor);
        if (err < 0) {
            free(acceptor);
            return err;
        }
    }
    return 0;
}

/* ---- Draining ---- */

static void drain(struct post *post)
{
    struct house *house = container_of(post, struct house, drain);
    if (house->idle.next == NULL)
        return; /* before the worker's first fiber: its acceptors won't accept */
    for (size_t i = 0; i < LISTEN_MAX; i++)
        if (house->acceptors[i] != NULL)
            fiber_cancel(house->acceptors[i]);
    for (struct list *node = house->idle.next; node != &house->idle; node = node->next)
        io_cancel(&container_of(node, struct connection, node)->wait);
}

void listen_drain(void)
{
    if (atomic_exchange(&is_draining, true))
        return;
    for (unsigned i = 0; i < workers_count(); i++) {
        houses[i].drain.run = drain;
        worker_post(worker_at(i), &houses[i].drain);
    }
}
