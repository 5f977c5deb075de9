/* What each backend must do with waits that end early, or for other reasons than bytes, and with
 * descriptors closed behind its back. */
#include "io_scene.h"

BACKEND_TEST(accept__two_pending__each_gets_one)
{
    struct sockaddr_in address;
    int listener = make_listener(&address);
    struct io_op accepting[2];
    int clients[2];
    for (int i = 0; i < 2; i++) {
        accepting[i] = (struct io_op){.kind = IO_ACCEPT, .fd = listener};
        start(&accepting[i]);
    }
    nap(3);
    for (int i = 0; i < 2; i++) {
        clients[i] = make_client();
        assert(run(connect_op(clients[i], &address)) == 0);
    }
    for (int i = 0; i < 2; i++) {
        assert(finish(&accepting[i]) >= 0);
        assert(close((int)accepting[i].result) == 0 && close(clients[i]) == 0);
    }
    assert(accepting[0].result != accepting[1].result);
    assert(close(listener) == 0);
}

BACKEND_TEST(accept__many_waiting__all_are_taken)
{
    enum { CLIENTS = 20 };
    struct sockaddr_in address;
    int listener = make_listener(&address);
    int clients[CLIENTS];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            clients[i] = make_client();
            assert(connect(clients[i], (struct sockaddr *)&address, sizeof address) == 0);
        }
        for (int i = 0; i < CLIENTS; i++) {
            ssize_t fd = run((struct io_op){.kind = IO_ACCEPT, .fd = listener});
            assert(fd >= 0 && close((int)fd) == 0 && close(clients[i]) == 0);
        }
        struct io_op one_more = {.kind = IO_ACCEPT, .fd = listener};
        start(&one_more);
        nap(2);
        io_cancel(&one_more);
        assert(finish(&one_more) == -ECANCELED);
    }
    assert(close(listener) == 0);
}

BACKEND_TEST(connect__nobody_listens__is_refused)
{
    struct sockaddr_in address;
    int listener = make_listener(&address);
    assert(close(listener) == 0);
    int fd = make_client();
    assert(run(connect_op(fd, &address)) == -ECONNREFUSED);
    assert(close(fd) == 0);
}

BACKEND_TEST(poll__tells_the_events)
{
    int ends[2];
    char got[8];
    make_tcp(ends);
    assert((poll_for(ends[0], POLLOUT) & POLLOUT) != 0);
    struct io_op op = {.kind = IO_POLL, .fd = ends[0], .flags = POLLIN | POLLRDHUP};
    start(&op);
    nap(3);
    assert(op.is_under_way);
    put(ends[1], "x");
    assert(finish(&op) == POLLIN);
    assert(poll_for(ends[0], POLLIN) == POLLIN);
    assert(recv_some(ends[0], got, sizeof got) == 1);
    op = (struct io_op){.kind = IO_POLL, .fd = ends[0], .flags = POLLRDHUP};
    start(&op);
    nap(3);
    put(ends[1], "y");
    nap(3);
    assert(op.is_under_way);
    assert(shutdown(ends[1], SHUT_WR) == 0);
    assert((finish(&op) & POLLRDHUP) != 0);
    assert((poll_for(ends[0], POLLRDHUP) & POLLRDHUP) != 0);
    assert(recv_some(ends[0], got, sizeof got) == 1);
    assert(recv_some(ends[0], got, sizeof got) == 0);
    close_pair(ends);
}

static awaits void check_cancel(struct io_op *op)
{
    start(op);
    nap(3);
    assert(op->is_under_way);
    io_cancel(op);
    assert(op->is_under_way);
    assert(finish(op) == -ECANCELED);
}

BACKEND_TEST(cancel__each_kind_that_waits__ends_it)
{
    int ends[2];
    char got[8];
    struct sockaddr_in address;
    int listener = make_listener(&address);
    make_tcp(ends);
    (void)stuff(ends[0]);
    struct iovec iov = {got, sizeof got};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    struct io_op ops[] = {
        {.kind = IO_ACCEPT, .fd = listener},
        recv_op(ends[0], got, sizeof got, 0),
        recv_op(ends[0], got, sizeof got, MSG_WAITALL),
        {.kind = IO_SENDMSG, .fd = ends[0], .buffer = &message, .flags = MSG_NOSIGNAL},
        {.kind = IO_POLL, .fd = ends[0], .flags = POLLIN},
        {.kind = IO_POLL, .fd = ends[0], .flags = POLLOUT},
    };
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        check_cancel(&ops[i]);
    close_pair(ends);
    assert(close(listener) == 0);
}

BACKEND_TEST(cancel__connect_that_nobody_answers__ends_it)
{
    enum { CLIENTS = 8 };
    struct sockaddr_in address;
    int listener = make_listener(&address);
    assert(listen(listener, 0) == 0); /* room for one; later ones get no answer */
    struct io_op ops[CLIENTS];
    int waiting = 0;
    for (int i = 0; i < CLIENTS; i++) {
        ops[i] = connect_op(make_client(), &address);
        start(&ops[i]);
    }
    nap(20);
    for (int i = 0; i < CLIENTS; i++) {
        waiting += ops[i].is_under_way;
        io_cancel(&ops[i]);
        ssize_t result = finish(&ops[i]);
        assert(result == 0 || result == -ECANCELED);
        assert(close(ops[i].fd) == 0);
    }
    assert(waiting > 0);
    assert(close(listener) == 0);
}

BACKEND_TEST(cancel__complete_or_file__does_no_harm)
{
    int ends[2];
    char got[8];
    make_pair(ends);
    put(ends[1], "x");
    struct io_op op = recv_op(ends[0], got, sizeof got, 0);
    start(&op);
    io_cancel(&op);
    ssize_t result = finish(&op);
    assert(result == 1 || result == -ECANCELED);
    io_cancel(&op);
    int fd = make_file();
    op = (struct io_op){.kind = IO_FSYNC, .fd = fd};
    start(&op);
    io_cancel(&op);
    result = finish(&op);
    assert(result == 0 || result == -ECANCELED);
    assert(close(fd) == 0);
    close_pair(ends);
}

/* ---- Descriptors closed behind the backend's back ---- */

/* Waits once on ends[0], so that a backend that remembers descriptors knows it as drained. */
static awaits void make_known(const int ends[2])
{
    char got[8];
    struct io_op op = recv_op(ends[0], got, sizeof got, 0);
    start(&op);
    nap(1);
    put(ends[1], "x");
    assert(finish(&op) == 1);
}

/* New sockets of `type` under the numbers of closed ones. */
static void replace(const int ends[2], int type)
{
    int fresh[2];
    close_pair(ends);
    assert(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fresh) == 0);
    for (int i = 0; i < 2; i++) {
        if (fresh[i] == ends[i])
            continue;
        assert(fresh[i] != ends[1 - i]);
        assert(dup3(fresh[i], ends[i], O_CLOEXEC) == ends[i] && close(fresh[i]) == 0);
    }
}

BACKEND_TEST(reuse__other_socket_of_the_number__is_served)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    int ends[2];
    char got[8];
    make_pair(ends);
    if (ends[0] > ends[1]) { /* socketpair() gives the lower number first, so replace() fits */
        int first = ends[1];
        ends[1] = ends[0];
        ends[0] = first;
    }
    make_known(ends);
    for (size_t i = 0; i < ARRAY_LEN(types) * 10; i++) {
        replace(ends, types[i % ARRAY_LEN(types)]);
        put(ends[1], "one");
        if (i % 2 == 0)
            put(ends[1], "two"); /* two messages must come as two */
        ssize_t sum = 0;
        for (ssize_t wanted = i % 2 == 0 ? 6 : 3; sum < wanted;)
            sum += recv_some(ends[0], got, sizeof got);
        replace(ends, types[i % ARRAY_LEN(types)]);
        make_known(ends); /* bytes that come while it waits */
    }
    close_pair(ends);
}

static struct {
    bool is_over;
} busy;

static awaits void stay_busy(void *arg)
{
    (void)arg;
    while (!busy.is_over)
        fiber_yield();
}

BACKEND_TEST(reuse__while_the_worker_is_never_idle__is_served)
{
    int ends[2];
    char got[8];
    make_pair(ends);
    make_known(ends);
    busy.is_over = false;
    assert(fiber_spawn("busy", stay_busy, NULL) == 0);
    for (int i = 0; i < 20; i++) {
        replace(ends, SOCK_STREAM);
        struct io_op op = recv_op(ends[0], got, sizeof got, 0);
        start(&op);
        for (int turn = 0; turn < 3; turn++)
            fiber_yield();
        put(ends[1], "new");
        assert(finish(&op) == 3);
    }
    busy.is_over = true;
    close_pair(ends);
}

BACKEND_TEST(reuse__old_socket_lives_on_elsewhere__does_no_harm)
{
    int ends[2];
    char got[8];
    make_pair(ends);
    make_known(ends);
    int old[2] = {dup(ends[0]), dup(ends[1])};
    replace(ends, SOCK_STREAM);
    struct io_op op = recv_op(ends[0], got, sizeof got, 0);
    start(&op);
    nap(2);
    put(old[1], "old");
    nap(2);
    assert(op.is_under_way);
    put(ends[1], "fresh");
    assert(finish(&op) == 5 && memcmp(got, "fresh", 5) == 0);
    assert(recv_some(old[0], got, sizeof got) == 3 && memcmp(got, "old", 3) == 0);
    close_pair(ends);
    close_pair(old);
}

BACKEND_TEST(close__of_sockets__next_connection_of_the_number_works)
{
    int ends[2];
    char got[8];
    for (int i = 0; i < 50; i++) {
        make_tcp(ends);
        struct io_op op = recv_op(ends[0], got, sizeof got, 0);
        start(&op);
        if (i % 2 == 0)
            fiber_yield();
        put(ends[1], "x");
        assert(finish(&op) == 1);
        for (int end = 0; end < 2; end++)
            assert(run((struct io_op){.kind = IO_CLOSE, .fd = ends[end]}) == 0);
        assert(fcntl(ends[0], F_GETFD) == -1 && fcntl(ends[1], F_GETFD) == -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(accept__two_pending__each_gets_one),
        ON_BOTH(accept__many_waiting__all_are_taken),
        ON_BOTH(connect__nobody_listens__is_refused),
        ON_BOTH(poll__tells_the_events),
        ON_BOTH(cancel__each_kind_that_waits__ends_it),
        ON_BOTH(cancel__connect_that_nobody_answers__ends_it),
        ON_BOTH(cancel__complete_or_file__does_no_harm),
        ON_BOTH(reuse__other_socket_of_the_number__is_served),
        ON_BOTH(reuse__while_the_worker_is_never_idle__is_served),
        ON_BOTH(reuse__old_socket_lives_on_elsewhere__does_no_harm),
        ON_BOTH(close__of_sockets__next_connection_of_the_number_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
