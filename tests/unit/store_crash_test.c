/* What a draft tells while it is written, and what its file tells when the process was killed. */
#include "store_scene.h"

#include <signal.h>
#include <sys/wait.h>

/* ---- Followed ---- */

struct follower {
    unsigned calls;
    int fd;
    uint64_t written_bytes, durable_bytes;
};

static void note_advance(struct draft *draft)
{
    struct follower *follower = draft->owner;
    assert(draft->written_bytes >= follower->written_bytes);
    assert(draft->durable_bytes >= follower->durable_bytes);
    assert(draft->written_bytes > follower->written_bytes ||
           draft->durable_bytes > follower->durable_bytes);
    assert(draft->durable_bytes <= draft->written_bytes);
    assert(draft->written_bytes <= draft->received_bytes);
    static uint8_t got[64 * KIB], wanted[64 * KIB];
    for (uint64_t at = follower->written_bytes; at < draft->written_bytes;) {
        size_t len = (size_t)u64_min(sizeof got, draft->written_bytes - at);
        assert(pread(follower->fd, got, len, (off_t)at) == (ssize_t)len);
        fill(wanted, at, len);
        assert(memcmp(got, wanted, len) == 0);
        at += len;
    }
    follower->calls++;
    follower->written_bytes = draft->written_bytes;
    follower->durable_bytes = draft->durable_bytes;
}

static awaits void follow(struct draft *draft)
{
    static struct follower follower;
    follower = (struct follower){.fd = open_object(draft->name)};
    draft->owner = &follower;
    draft->advanced = note_advance;
    int64_t until_ms = clock_ms() + 10 * STORE_SYNC_MS;
    while (follower.durable_bytes == 0 && clock_ms() < until_ms) {
        append_to(draft, draft->received_bytes + 3 * CHUNK_BYTES, CHUNK_BYTES);
        append_to(draft, draft->received_bytes + 5000, CHUNK_BYTES);
        append_to(draft, draft->received_bytes + CHUNK_BYTES - 5000, CHUNK_BYTES);
        nap(STORE_SYNC_MS / 10);
        assert(follower.written_bytes > 0);
    }
    assert(follower.durable_bytes > 0);
    while (follower.written_bytes < draft->received_bytes && clock_ms() < until_ms)
        nap(1);
    uint64_t size_bytes = draft->received_bytes;
    assert(follower.written_bytes == size_bytes && follower.calls >= 4);
    assert_bytes(draft->name, follower.written_bytes);
    struct stored_object object;
    assert(draft_publish(draft, &object) == 0 && object.crc32 == crc_of(size_bytes));
    assert(follower.durable_bytes == size_bytes);
    assert(close(follower.fd) == 0);
    draft_drop(draft);
}

BACKEND_TEST(advanced__bytes_come__is_told_of_written_and_durable_ones)
{
    struct draft *draft;
    assert(store_begin_kept(store, BYTES_UNKNOWN, &draft) == 0);
    follow(draft);
    assert(store_begin_kept(store, 100 * MIB, &draft) == 0);
    follow(draft);
    assert(store_begin(store, BYTES_UNKNOWN, &draft) == 0);
    follow(draft);
    assert(promised() == 0);
}

/* ---- Killed ---- */

enum { KILLED_BYTES = 24 * MIB + 3 };
static uint64_t killed_size;
static int told_pipe;
static char killed_name[STORE_NAME_CHARS + 1];

static awaits void append_until_killed(void)
{
    struct draft *draft;
    assert(store_begin_kept(store, killed_size, &draft) == 0);
    assert(draft_sync(draft) == 0);
    assert(write(told_pipe, draft->name, sizeof draft->name) == sizeof draft->name);
    for (size_t i = 0; draft->received_bytes < KILLED_BYTES; i++) {
        uint64_t end = u64_min(draft->received_bytes + CHUNK_BYTES, KILLED_BYTES);
        append_to(draft, end, i / 16 % 2 == 0 ? CHUNK_BYTES : 30 * 1000);
        if (i % 8 == 5)
            append_to(draft, u64_min(draft->received_bytes + 333, KILLED_BYTES), CHUNK_BYTES);
        if (i % 5 != 4)
            continue;
        assert(draft_sync(draft) == 0);
        uint64_t offset = draft->received_bytes;
        assert(write(told_pipe, &offset, sizeof offset) == sizeof offset);
    }
    for (;;)
        nap(1000);
}

/* What the process had made durable when it was killed, so long after its first sync. */
static uint64_t kill_midway(void **state, long after_us)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    bool is_direct = disk_of(store)->is_direct;
    store_close(store);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        told_pipe = ends[1];
        if (open_store(is_direct) == 0)
            on_backend(state, append_until_killed);
        _exit(1);
    }
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(read(ends[0], killed_name, sizeof killed_name), sizeof killed_name);
    const struct timespec span = {.tv_nsec = after_us * 1000};
    assert_int_equal(nanosleep(&span, NULL), 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    uint64_t told = 0;
    uint64_t offset;
    while (read(ends[0], &offset, sizeof offset) == sizeof offset)
        told = offset;
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(open_store(is_direct), 0);
    return told;
}

static uint64_t killed_told;

static awaits void finish_killed(void)
{
    uint64_t offset = measure(killed_name);
    assert(offset >= killed_told && offset <= KILLED_BYTES);
    assert_bytes(killed_name, offset);
    struct draft *draft;
    assert(store_resume(store, killed_name, killed_size, &untold, &draft) == 0);
    assert(draft->received_bytes >= offset);
    append_to(draft, KILLED_BYTES, CHUNK_BYTES);
    publish(draft, KILLED_BYTES, draft_mark(draft).has_crc32);
}

static void kill__midway__what_is_told_is_there(void **state)
{
    const char *reason;
    const struct io_ops *ops;
    if (io_choose(*state, &ops, &reason) < 0)
        return;
    for (long i = 0; i < 9; i++) {
        killed_size = i % 3 == 2 ? BYTES_UNKNOWN : KILLED_BYTES;
        killed_told = kill_midway(state, 1000 + i * i * 2000);
        on_backend(state, finish_killed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH(advanced__bytes_come__is_told_of_written_and_durable_ones),
        ON_EACH(kill__midway__what_is_told_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
