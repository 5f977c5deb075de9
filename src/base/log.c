/* The log's ring and its thread.
 *
 * Writers copy a finished line into the ring under a lock that is never held over a system call;
 * the thread writes straight out of the ring, whose waiting part no writer touches. After the line
 * that woke it, it lets lines gather for GATHER_MS at a time and sleeps without end only after a
 * silent interval: a busy server wakes it fifty times a second, whatever the number of lines, and
 * an idle one never. Before log_start() and after log_stop() the writer of a line writes it out
 * itself. */
#include "base/log.h"

#include "base/clock.h"
#include "base/counters.h"
#include "base/log_line.h"
#include "base/text.h"
#include "limits.h"

#include <linux/limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    GATHER_MS = 20,
    /* More than this waiting ends a gathering early. */
    GATHER_BYTES_MAX = LOG_RING_BYTES / 8,
    /* How long log_stop() lets a reader of standard error take the rest. */
    STOP_MS = 2000,
};

enum log_state { STATE_DIRECT, STATE_BUSY, STATE_GATHERS, STATE_SLEEPS };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    /* All below is guarded by the lock. */
    enum log_state state;
    bool is_ending;
    /* Both only grow; a place in the ring is a position modulo its size. */
    uint64_t written, filled;
    /* Lines lost since the ring last told of some. */
    uint64_t lost_untold;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

/* Apart from the rest, so that the program's file doesn't hold it. */
static uint8_t ring[LOG_RING_BYTES];

/* Readable when log_stop() was called, and until when the thread then may wait for the reader. */
static int stop_event = -1;
static atomic_int_least64_t stop_deadline_ms = DEADLINE_NONE;

static_assert(LOG_LINE_BYTES_MAX < LOG_RING_BYTES, "a line fits the ring");

static atomic_int level_on = LOG_INFO;
static atomic_bool is_json_on;
static atomic_uint_least64_t lines_lost;

static void count_lost(uint64_t lines)
{
    atomic_fetch_add_explicit(&lines_lost, lines, memory_order_relaxed);
    counter_add(COUNTER_log_lines_lost_total, (int64_t)lines);
}

static uint64_t count_lines(struct slice bytes)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < bytes.len; i++)
        lines += bytes.ptr[i] == '\n';
    return lines;
}

/* Waits until standard error takes PIPE_BUF bytes without waiting, as a pipe or socket that polls
 * writable does. Returns false when log_stop() was called and its time is over. */
static bool wait_for_reader(void)
{
    struct pollfd ready[] = {{.fd = STDERR_FILENO, .events = POLLOUT},
                             {.fd = stop_event, .events = POLLIN}};
    for (;;) {
        int64_t stop_by_ms = atomic_load(&stop_deadline_ms);
        int64_t left_ms = stop_by_ms - clock_ms();
        if (stop_by_ms == DEADLINE_NONE)
            (void)poll(ready, 2, -1);
        else
            (void)poll(ready, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready[0].revents != 0)
            return true;
        if (left_ms <= 0)
            return false;
    }
}

/* Writes whole lines to standard error; what its reader doesn't take is lost. */
static void write_out(struct slice lines)
{
    while (lines.len > 0 && wait_for_reader()) {
        struct slice piece = slice_head(lines, PIPE_BUF);
        const uint8_t *end = memrchr(piece.ptr, '\n', piece.len);
        if (end != NULL)
            piece.len = (size_t)(end - piece.ptr) + 1;
        ssize_t put = write(STDERR_FILENO, piece.ptr, piece.len);
        if (put > 0)
            lines = slice_skip(lines, (size_t)put);
        else if (put == 0 || (errno != EINTR && errno != EAGAIN))
            break;
    }
    if (lines.len > 0)
        count_lost(count_lines(lines));
}

/* Writes a line unless the reader of standard error would make the caller wait. */
static void write_direct(struct slice line)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    ssize_t put = 0;
    if (poll(&ready, 1, 0) == 1)
        put = write(STDERR_FILENO, line.ptr, line.len);
    if (put <= 0)
        count_lost(1);
}

/* Copies a line into the ring; false when it doesn't fit. The lock is held. */
static bool ring_put(struct slice line)
{
    uint64_t waiting = queue.filled - queue.written;
    assert(waiting <= LOG_RING_BYTES);
    if (line.len > LOG_RING_BYTES - waiting)
        return false;
    size_t at = (size_t)(queue.filled % LOG_RING_BYTES);
    size_t until_end = size_min(line.len, LOG_RING_BYTES - at);
    memcpy(ring + at, line.ptr, until_end);
    memcpy(ring, line.ptr + until_end, line.len - until_end);
    queue.filled += line.len;
    return true;
}

/* Tells of the lines lost before, so that the next line is never the only one missed. The lock is
 * held; lines are lost seldom enough for the formatting not to matter. */
static bool ring_tell_lost(void)
{
    uint8_t room[192];
    struct text line = text_over((struct span){room, sizeof(room)});
    const struct log_field count = log_number("count", queue.lost_untold);
    const struct log_entry lost = {LOG_WARN, clock_wall_ms(), "log-lines-lost", &count, 1};
    log_line_put(&line, atomic_load_explicit(&is_json_on, memory_order_relaxed), &lost);
    if (!ring_put(text_slice(&line)))
        return false;
    queue.lost_untold = 0;
    return true;
}

/* Returns whether the line was taken: into the ring, or by losing it. */
static bool queue_take(struct slice line)
{
    bool is_waking = false;
    pthread_mutex_lock(&queue.lock);
    if (queue.state == STATE_DIRECT) {
        pthread_mutex_unlock(&queue.lock);
        return false;
    }
    bool is_kept = (queue.lost_untold == 0 || ring_tell_lost()) && ring_put(line);
    if (!is_kept)
        queue.lost_untold++;
    if (queue.state == STATE_SLEEPS ||
        (queue.state == STATE_GATHERS && queue.filled - queue.written > GATHER_BYTES_MAX)) {
        /* One wake-up is enough: until the thread runs, nobody else sends a second. */
        queue.state = STATE_BUSY;
        is_waking = true;
    }
    pthread_mutex_unlock(&queue.lock);
    if (is_waking)
        pthread_cond_signal(&queue.wake);
    if (!is_kept)
        count_lost(1);
    return true;
}

bool log_is_on(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&level_on, memory_order_relaxed);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t fields_len)
{
    /* Too large for the stack of a fiber; nothing in here suspends one. */
    static _Thread_local uint8_t room[LOG_LINE_BYTES_MAX];
    if (!log_is_on(level))
        return;
    struct text line = text_over((struct span){room, sizeof(room)});
    const struct log_entry entry = {level, clock_wall_ms(), event, fields, fields_len};
    log_line_put(&line, atomic_load_explicit(&is_json_on, memory_order_relaxed), &entry);
    if (!queue_take(text_slice(&line)))
        write_direct(text_slice(&line));
}

uint64_t log_lost(void)
{
    return atomic_load_explicit(&lines_lost, memory_order_relaxed);
}

/* Lets the lines of an interval come together. The lock is held but while waiting. */
static void gather(void)
{
    int64_t until_ns = clock_ns() + GATHER_MS * INT64_C(1000000);
    struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int err = 0;
    queue.state = STATE_GATHERS;
    while (queue.state == STATE_GATHERS && !queue.is_ending && err != ETIMEDOUT &&
           queue.filled - queue.written <= GATHER_BYTES_MAX)
        err = pthread_cond_clockwait(&queue.wake, &queue.lock, CLOCK_MONOTONIC, &until);
    queue.state = STATE_BUSY;
}

/* Sleeps until the first line comes. The lock is held but while waiting. */
static void sleep_until_filled(void)
{
    queue.state = STATE_SLEEPS;
    while (queue.filled == queue.written && !queue.is_ending)
        pthread_cond_wait(&queue.wake, &queue.lock);
    queue.state = STATE_BUSY;
}

/* Writes what is waiting, up to the ring's end. The lock is held but while writing. */
static void write_waiting(void)
{
    size_t at = (size_t)(queue.written % LOG_RING_BYTES);
    size_t len = size_min((size_t)(queue.filled - queue.written), LOG_RING_BYTES - at);
    pthread_mutex_unlock(&queue.lock);
    write_out(slice_from(ring + at, len));
    pthread_mutex_lock(&queue.lock);
    queue.written += len;
}

static void *log_run(void *unused)
{
    counters_register();
    pthread_mutex_lock(&queue.lock);
    while (!queue.is_ending || queue.filled > queue.written) {
        if (queue.filled == queue.written) {
            sleep_until_filled();
            continue;
        }
        write_waiting();
        gather();
    }
    queue.state = STATE_DIRECT;
    pthread_mutex_unlock(&queue.lock);
    return unused;
}

int log_start(bool is_json, enum log_level level)
{
    assert(queue.state == STATE_DIRECT);
    stop_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_event < 0)
        return -errno;
    atomic_store(&stop_deadline_ms, DEADLINE_NONE);
    atomic_store(&is_json_on, is_json);
    atomic_store(&level_on, (int)level);
    queue.is_ending = false;
    queue.state = STATE_BUSY;

    /* Signals are for the thread that waits for them, never for this one. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&queue.thread, NULL, log_run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err != 0) {
        queue.state = STATE_DIRECT;
        close(stop_event);
    }
    return -err;
}

void log_stop(void)
{
    pthread_mutex_lock(&queue.lock);
    bool is_running = queue.state != STATE_DIRECT;
    queue.is_ending = true;
    pthread_mutex_unlock(&queue.lock);
    if (!is_running)
        return;
    atomic_store(&stop_deadline_ms, clock_ms() + STOP_MS);
    eventfd_write(stop_event, 1);
    pthread_cond_signal(&queue.wake);
    pthread_join(queue.thread, NULL);
    close(stop_event);
}
