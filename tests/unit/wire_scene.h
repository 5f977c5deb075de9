/* A stage for tests of requests and answers: one connection over loopback, served by the real loop
 * of http1.c with the handler of the test. The client's end is played here, byte by byte. */
#pragma once

#include "base/text.h"
#include "fiber_scene.h"
#include "wire/answer.h"
#include "wire/body.h"
#include "wire/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWERS_BYTES_MAX = 1 << 20 };

/* What one connection is sent, and what comes of it. */
struct exchange {
    awaits int (*handle)(struct request *req);
    struct slice sent;
    size_t cut;           /* sent in two pieces: up to here, then the rest; 0: at once */
    bool is_drop_by_drop; /* sent byte by byte */
    char got[ANSWERS_BYTES_MAX];
    size_t got_len;
    bool was_reset; /* the connection ended so */
};

static struct exchange exchange;

static inline void connect_both(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof address;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(listener >= 0 && bind(listener, (struct sockaddr *)&address, len) == 0);
    assert(listen(listener, 1) == 0);
    assert(getsockname(listener, (struct sockaddr *)&address, &len) == 0);
    ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(ends[0] >= 0 && connect(ends[0], (struct sockaddr *)&address, len) == 0);
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert(ends[1] >= 0 && close(listener) == 0);
    for (int i = 0; i < 2; i++)
        assert(setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0);
}

/* Lets the server see what came. */
static inline awaits void pause_shortly(void)
{
    assert(fiber_sleep(clock_ms() + 2) == 0);
}

static inline awaits void send_piece(int fd, struct slice piece)
{
    assert(send(fd, piece.ptr, piece.len, MSG_NOSIGNAL) == (ssize_t)piece.len);
    pause_shortly();
}

static inline awaits void play_client(int fd)
{
    struct slice rest = exchange.sent;
    if (exchange.cut > 0) {
        send_piece(fd, slice_head(rest, exchange.cut));
        rest = slice_skip(rest, exchange.cut);
    }
    for (; exchange.is_drop_by_drop && rest.len > 0; rest = slice_skip(rest, 1))
        send_piece(fd, slice_head(rest, 1));
    if (rest.len > 0)
        send_piece(fd, rest);
    (void)shutdown(fd, SHUT_WR); /* fails where the server has already reset */
    ssize_t got;
    for (;;) {
        assert(exchange.got_len < sizeof exchange.got);
        got = recv(fd, exchange.got + exchange.got_len, sizeof exchange.got - exchange.got_len,
                   MSG_DONTWAIT);
        if (got > 0)
            exchange.got_len += (size_t)got;
        else if (got < 0 && errno == EAGAIN)
            pause_shortly();
        else
            break;
    }
    exchange.was_reset = got < 0;
    assert(got == 0 || errno == ECONNRESET);
}

static inline awaits void play_exchange(void)
{
    const struct wire wire = {
        .head_ms = 5000,
        .body_idle_ms = 5000,
        .send_idle_ms = 5000,
        .keep_alive_ms = 5000,
        .base_url = "",
        .handle = exchange.handle,
    };
    int ends[2];
    connect_both(ends);
    struct connection *connection = calloc(1, sizeof *connection);
    assert(connection != NULL);
    connection->wire = &wire;
    connection->stream = (struct stream){.fd = ends[1], .send_idle_ms = wire.send_idle_ms};
    spawn(http1_serve, connection);
    play_client(ends[0]);
    join_all();
    assert(close(ends[0]) == 0);
}

/* Sends the lines of one or several requests; what the server answers is in exchange.got, with a
 * NUL behind it. */
static inline void exchange_now(const char *sent, awaits int (*handle)(struct request *req))
{
    exchange.sent = slice_of(sent);
    exchange.handle = handle;
    exchange.got_len = 0;
    on_workers(1, 8, play_exchange);
    assert_true(exchange.got_len < sizeof exchange.got);
    exchange.got[exchange.got_len] = '\0';
}

/* The same, all at once. */
static inline const char *answers_to(const char *sent, awaits int (*handle)(struct request *req))
{
    exchange.cut = 0;
    exchange.is_drop_by_drop = false;
    exchange_now(sent, handle);
    return exchange.got;
}

/* Whether `part` is in `text` as it should be; says so where it isn't. */
static inline bool is_told(const char *text, const char *part, bool is_wanted)
{
    bool is_right = (strstr(text, part) != NULL) == is_wanted;
    if (!is_right)
        print_error("%s \"%s\" in: %s\n", is_wanted ? "no" : "a", part, text);
    return is_right;
}

/* What stands behind the first empty line. */
static inline const char *body_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    assert_non_null(end);
    return end + 4;
}

#define assert_has(text, part) assert_true(is_told(text, part, true))
#define assert_has_not(text, part) assert_true(is_told(text, part, false))
