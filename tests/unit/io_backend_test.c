/* What each backend must do with sockets that stream. */
#include "io_scene.h"

BACKEND_TEST(recv__bytes_there_before__come_at_once)
{
    int ends[2];
    char got[16];
    make_pair(ends);
    put(ends[1], "hello");
    assert(recv_some(ends[0], got, sizeof got) == 5 && memcmp(got, "hello", 5) == 0);
    close_pair(ends);
}

BACKEND_TEST(recv__bytes_later__waits_for_them)
{
    int ends[2];
    char got[16];
    make_pair(ends);
    for (int i = 0; i < 3; i++) {
        struct io_op op = recv_op(ends[0], got, sizeof got, 0);
        start(&op);
        nap(5);
        assert(op.is_under_way);
        put(ends[1], "late");
        assert(finish(&op) == 4 && memcmp(got, "late", 4) == 0);
    }
    close_pair(ends);
}

BACKEND_TEST(submit__ready_at_once__does_not_complete_inside)
{
    int ends[2];
    char got[4];
    make_pair(ends);
    put(ends[1], "x");
    struct io_op op = recv_op(ends[0], got, sizeof got, 0);
    start(&op);
    assert(op.is_under_way);
    assert(finish(&op) == 1);
    close_pair(ends);
}

BACKEND_TEST(recv__data_and_end_together__gives_data_then_zero)
{
    int ends[2];
    char got[64];
    for (int is_late = 0; is_late < 2; is_late++) {
        make_tcp(ends);
        struct io_op op = recv_op(ends[0], got, sizeof got, 0);
        start(&op);
        nap(5);
        put(ends[1], "first");
        assert(finish(&op) == 5);
        op = recv_op(ends[0], got, sizeof got, 0);
        if (is_late != 0)
            start(&op);
        nap(is_late == 0 ? 0 : 5);
        put(ends[1], "last");
        assert(shutdown(ends[1], SHUT_WR) == 0);
        if (is_late == 0)
            start(&op);
        assert(finish(&op) == 4);
        assert(recv_some(ends[0], got, sizeof got) == 0);
        assert(recv_some(ends[0], got, sizeof got) == 0);
        close_pair(ends);
    }
}

BACKEND_TEST(recv__peer_resets__is_an_error)
{
    int ends[2];
    char got[8];
    make_tcp(ends);
    struct io_op op = recv_op(ends[0], got, sizeof got, 0);
    start(&op);
    nap(2);
    struct linger linger = {.l_onoff = 1};
    assert(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    assert(close(ends[1]) == 0);
    assert(finish(&op) == -ECONNRESET);
    assert(close(ends[0]) == 0);
}

BACKEND_TEST(waitall__bytes_in_pieces__fills_all)
{
    int ends[2];
    char got[9];
    make_tcp(ends);
    for (int i = 0; i < 3; i++) {
        struct io_op op = recv_op(ends[0], got, sizeof got, MSG_WAITALL);
        start(&op);
        for (int piece = 0; piece < 3; piece++) {
            nap(3);
            assert(op.is_under_way);
            put(ends[1], "abc");
        }
        assert(finish(&op) == 9 && memcmp(got, "abcabcabc", 9) == 0);
    }
    close_pair(ends);
}

BACKEND_TEST(waitall__stream_ends_early__tells_what_came)
{
    int ends[2];
    char got[8];
    make_tcp(ends);
    struct io_op op = recv_op(ends[0], got, sizeof got, MSG_WAITALL);
    start(&op);
    nap(3);
    put(ends[1], "abc");
    nap(3);
    assert(shutdown(ends[1], SHUT_WR) == 0);
    assert(finish(&op) == 3);
    assert(run(recv_op(ends[0], got, sizeof got, MSG_WAITALL)) == 0);
    close_pair(ends);
}

BACKEND_TEST(waitall__cancelled_midway__tells_what_came)
{
    int ends[2];
    char got[8];
    make_tcp(ends);
    struct io_op op = recv_op(ends[0], got, sizeof got, MSG_WAITALL);
    start(&op);
    nap(3);
    put(ends[1], "abc");
    nap(3);
    io_cancel(&op);
    assert(finish(&op) == 3 && memcmp(got, "abc", 3) == 0);
    op = recv_op(ends[0], got, sizeof got, MSG_WAITALL);
    start(&op);
    nap(3);
    io_cancel(&op);
    assert(op.is_under_way);
    assert(finish(&op) == -ECANCELED);
    put(ends[1], "next");
    assert(recv_some(ends[0], got, sizeof got) == 4);
    close_pair(ends);
}

static struct {
    int fd;
    size_t total;
    bool is_over;
} sending;

/* Sends all of the bytes. */
static awaits void send_all(int fd, const void *bytes, size_t len)
{
    struct iovec iov = {(void *)(uintptr_t)bytes, len};
    while (iov.iov_len > 0) {
        ssize_t sent = io_send(fd, &iov, 1, false, worker_now_ms() + 5000);
        assert(sent > 0);
        iov.iov_base = (char *)iov.iov_base + sent;
        iov.iov_len -= (size_t)sent;
    }
}

static awaits void send_much(void *arg)
{
    (void)arg;
    char *bytes = malloc(sending.total);
    for (size_t i = 0; i < sending.total; i++)
        bytes[i] = (char)(i % 251);
    send_all(sending.fd, bytes, sending.total);
    free(bytes);
    sending.is_over = true;
}

BACKEND_TEST(waitall_and_send__megabytes__arrive_whole)
{
    enum { TOTAL = 8 * 1024 * 1024 };
    int ends[2];
    make_tcp(ends);
    sending.fd = ends[1];
    sending.total = TOTAL;
    sending.is_over = false;
    assert(fiber_spawn("sender", send_much, NULL) == 0);
    char *got = malloc(CHUNK_BYTES);
    for (size_t at = 0; at < TOTAL; at += CHUNK_BYTES) {
        assert(run(recv_op(ends[0], got, CHUNK_BYTES, MSG_WAITALL)) == CHUNK_BYTES);
        for (size_t i = 0; i < CHUNK_BYTES; i++)
            assert(got[i] == (char)((at + i) % 251));
    }
    while (!sending.is_over)
        fiber_yield();
    free(got);
    close_pair(ends);
}

static awaits void echo(void *arg)
{
    int fd = *(int *)arg;
    char bytes[64];
    ssize_t got;
    while ((got = io_recv(fd, (struct span){(uint8_t *)bytes, sizeof bytes}, DEADLINE_NONE)) > 0)
        send_all(fd, bytes, (size_t)got);
    assert(got == 0);
    sending.is_over = true;
}

BACKEND_TEST(recv_and_send__thousands_of_turns__none_is_lost)
{
    int ends[2];
    char got[64];
    make_tcp(ends);
    sending.is_over = false;
    assert(fiber_spawn("echo", echo, &ends[0]) == 0);
    for (int i = 0; i < 3000; i++) {
        char text[32];
        int len = snprintf(text, sizeof text, "turn %d", i);
        struct iovec iov = {text, (size_t)len};
        send_all(ends[1], iov.iov_base, iov.iov_len);
        assert(recv_some(ends[1], got, sizeof got) == len && memcmp(got, text, (size_t)len) == 0);
    }
    assert(shutdown(ends[1], SHUT_WR) == 0);
    while (!sending.is_over)
        fiber_yield();
    close_pair(ends);
}

BACKEND_TEST(recv_and_send__pending_on_one_socket__both_complete)
{
    int ends[2];
    char got[8];
    make_tcp(ends);
    size_t stuffed = stuff(ends[0]);
    struct io_op receiving = recv_op(ends[0], got, sizeof got, 0);
    struct iovec iov = {(void *)(uintptr_t) "end", 3};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    struct io_op out = {.kind = IO_SENDMSG, .fd = ends[0], .buffer = &message};
    start(&receiving);
    start(&out);
    nap(3);
    assert(receiving.is_under_way && out.is_under_way);
    put(ends[1], "in");
    assert(finish(&receiving) == 2);
    assert(out.is_under_way);
    char *bytes = malloc(stuffed);
    assert(run(recv_op(ends[1], bytes, stuffed, MSG_WAITALL)) == (ssize_t)stuffed);
    assert(finish(&out) == 3);
    assert(recv_some(ends[1], bytes, stuffed) == 3 && memcmp(bytes, "end", 3) == 0);
    free(bytes);
    close_pair(ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(recv__bytes_there_before__come_at_once),
        ON_BOTH(recv__bytes_later__waits_for_them),
        ON_BOTH(submit__ready_at_once__does_not_complete_inside),
        ON_BOTH(recv__data_and_end_together__gives_data_then_zero),
        ON_BOTH(recv__peer_resets__is_an_error),
        ON_BOTH(waitall__bytes_in_pieces__fills_all),
        ON_BOTH(waitall__stream_ends_early__tells_what_came),
        ON_BOTH(waitall__cancelled_midway__tells_what_came),
        ON_BOTH(waitall_and_send__megabytes__arrive_whole),
        ON_BOTH(recv_and_send__thousands_of_turns__none_is_lost),
        ON_BOTH(recv_and_send__pending_on_one_socket__both_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
