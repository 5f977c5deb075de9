/* What each backend must do with files, helper threads and calls from other threads. */
#include "io_scene.h"

/* ---- Files ---- */

BACKEND_TEST(file__written_and_synced__reads_back)
{
    int fd = make_file();
    char bytes[8192];
    memset(bytes, 'a', sizeof bytes);
    struct io_op op = {.kind = IO_WRITE, .fd = fd, .buffer = bytes, .length = sizeof bytes};
    op.offset = 4096;
    assert(run(op) == sizeof bytes);
    op = (struct io_op){.kind = IO_SYNC_RANGE, .fd = fd, .offset = 4096, .length = sizeof bytes};
    op.flags = SYNC_FILE_RANGE_WRITE;
    assert(run(op) == 0);
    assert(run((struct io_op){.kind = IO_FDATASYNC, .fd = fd}) == 0);
    assert(run((struct io_op){.kind = IO_FSYNC, .fd = fd}) == 0);
    op = (struct io_op){.kind = IO_READ, .fd = fd, .buffer = bytes, .length = sizeof bytes};
    for (int i = 0; i < 3; i++) {
        memset(bytes, 'b', sizeof bytes);
        op.offset = 4095;
        assert(run(op) == sizeof bytes && bytes[0] == 0 && bytes[1] == 'a');
        op.offset = 4096 + sizeof bytes;
        assert(run(op) == 0);
    }
    assert(run((struct io_op){.kind = IO_CLOSE, .fd = fd}) == 0);
    assert(fcntl(fd, F_GETFD) == -1);
}

BACKEND_TEST(file__direct__reads_back)
{
    int fd = open(".", O_TMPFILE | O_RDWR | O_DIRECT | O_CLOEXEC, 0600);
    if (fd < 0)
        return; /* this folder's filesystem has no direct input and output */
    void *bytes = aligned_alloc(DIRECT_ALIGN_BYTES, CHUNK_BYTES);
    memset(bytes, 'd', CHUNK_BYTES);
    struct io_op op = {.kind = IO_WRITE, .fd = fd, .buffer = bytes, .length = CHUNK_BYTES};
    assert(run(op) == CHUNK_BYTES);
    memset(bytes, 0, CHUNK_BYTES);
    op.kind = IO_READ;
    assert(run(op) == CHUNK_BYTES && ((char *)bytes)[CHUNK_BYTES - 1] == 'd');
    free(bytes);
    assert(close(fd) == 0);
}

BACKEND_TEST(errors__are_the_kernels)
{
    char byte = 0;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct io_op op = {.kind = IO_WRITE, .fd = fd, .buffer = &byte, .length = 1};
    assert(run(op) == -EBADF);
    assert(recv_some(fd, &byte, 1) == -ENOTSOCK);
    assert(close(fd) == 0);
    assert(run((struct io_op){.kind = IO_CLOSE, .fd = fd}) == -EBADF);
    assert(run((struct io_op){.kind = IO_FSYNC, .fd = fd}) == -EBADF);
    assert(recv_some(fd, &byte, 1) == -EBADF);
    assert(recv_some(-1, &byte, 1) == -EBADF);
}

BACKEND_TEST(splice__file_to_socket__moves_the_bytes)
{
    enum { LEN = 50000 };
    static char bytes[LEN], got[LEN];
    for (size_t i = 0; i < LEN; i++)
        bytes[i] = (char)(i % 251);
    int fd = make_file();
    int ends[2];
    int pipe_ends[2];
    assert(pwrite(fd, bytes, LEN, 0) == LEN);
    assert(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) == 0);
    make_tcp(ends);
    size_t at = 100;
    while (at < LEN) {
        ssize_t moved = run((struct io_op){.kind = IO_SPLICE_IN,
                                           .fd_in = fd,
                                           .fd = pipe_ends[1],
                                           .offset = at,
                                           .length = LEN - at});
        assert(moved > 0);
        at += (size_t)moved;
        while (moved > 0) {
            ssize_t out = run((struct io_op){.kind = IO_SPLICE_OUT,
                                             .fd_in = pipe_ends[0],
                                             .fd = ends[0],
                                             .length = (size_t)moved});
            assert(out > 0);
            moved -= out;
        }
    }
    assert(run(recv_op(ends[1], got, LEN - 100, MSG_WAITALL)) == LEN - 100);
    assert(memcmp(got, bytes + 100, LEN - 100) == 0);
    close_pair(ends);
    close_pair(pipe_ends);
    assert(close(fd) == 0);
}

BACKEND_TEST(splice_out__full_socket__does_not_wait)
{
    int ends[2];
    int pipe_ends[2];
    make_tcp(ends);
    (void)stuff(ends[0]);
    assert(pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) == 0);
    assert(write(pipe_ends[1], "abc", 3) == 3);
    struct io_op op = {.kind = IO_SPLICE_OUT, .fd_in = pipe_ends[0], .fd = ends[0], .length = 3};
    assert(run(op) == -EAGAIN);
    close_pair(ends);
    close_pair(pipe_ends);
}

/* ---- Helper threads ---- */

static void tell_thread(struct io_op *op)
{
    *(pthread_t *)op->buffer = pthread_self();
    op->result = 42;
}

BACKEND_TEST(call__runs_on_another_thread)
{
    pthread_t thread = pthread_self();
    assert(io_call(tell_thread, &thread) == 42);
    assert(pthread_equal(thread, pthread_self()) == 0);
}

static sem_t gate;
static _Atomic int arrived, calls;

static void pass_gate(struct io_op *op)
{
    atomic_fetch_add(&arrived, 1);
    while (sem_wait(&gate) < 0)
        assert(errno == EINTR);
    (void)sem_post(&gate);
    op->result = atomic_fetch_add(&calls, 1);
}

BACKEND_TEST(call__queue_is_full__completes_with_eagain)
{
    enum { CALLS = HELPER_QUEUE_MAX + HELPER_THREADS_MAX + 1 };
    struct io_op *ops = calloc(CALLS, sizeof *ops);
    assert(ops != NULL && sem_init(&gate, 0, 0) == 0);
    atomic_store(&arrived, 0);
    atomic_store(&calls, 0);
    for (size_t i = 0; i < CALLS; i++) {
        ops[i] = (struct io_op){.kind = IO_CALL, .call = pass_gate};
        start(&ops[i]);
        while (i < HELPER_THREADS_MAX && atomic_load(&arrived) <= (int)i)
            nap(1); /* until a thread has taken it, so that the queue's room is exact */
    }
    assert(ops[CALLS - 1].is_under_way);
    assert(finish(&ops[CALLS - 1]) == -EAGAIN);
    assert(atomic_load(&calls) == 0 && sem_post(&gate) == 0);
    for (size_t i = 0; i < CALLS - 1; i++)
        assert(finish(&ops[i]) >= 0);
    assert(atomic_load(&calls) == CALLS - 1);
    assert(sem_destroy(&gate) == 0);
    free(ops);
}

struct note {
    struct post post;
    struct worker *worker;
    struct fiber *fiber;
    bool is_run;
};

static void run_note(struct post *post)
{
    struct note *note = (struct note *)(void *)post;
    assert(note->worker == worker_self());
    note->is_run = true;
    fiber_wake(note->fiber);
}

static void *post_soon(void *arg)
{
    struct note *note = arg;
    const struct timespec span = {.tv_nsec = 5 * 1000 * 1000};
    (void)nanosleep(&span, NULL);
    worker_post(note->worker, &note->post);
    return NULL;
}

BACKEND_TEST(interrupt__from_another_thread__ends_the_wait)
{
    for (int i = 0; i < 3; i++) {
        struct note note = {{.run = run_note}, worker_self(), fiber_self(), false};
        pthread_t thread;
        assert(pthread_create(&thread, NULL, post_soon, &note) == 0);
        while (!note.is_run)
            fiber_park_deaf(); /* no timer is armed: only the interrupt ends the worker's sleep */
        assert(pthread_join(thread, NULL) == 0);
    }
}

BACKEND_TEST(wait__has_a_deadline__ends_then)
{
    int64_t began_ms = clock_ms();
    nap(20);
    int64_t took_ms = clock_ms() - began_ms;
    assert(took_ms >= 19 && took_ms < 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(file__written_and_synced__reads_back),
        ON_BOTH(file__direct__reads_back),
        ON_BOTH(errors__are_the_kernels),
        ON_BOTH(splice__file_to_socket__moves_the_bytes),
        ON_BOTH(splice_out__full_socket__does_not_wait),
        ON_BOTH(call__runs_on_another_thread),
        ON_BOTH(call__queue_is_full__completes_with_eagain),
        ON_BOTH(interrupt__from_another_thread__ends_the_wait),
        ON_BOTH(wait__has_a_deadline__ends_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
