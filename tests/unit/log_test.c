#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/log_line.h"
#include "limits.h"
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* Room for all that a test writes. */
static char output[4 * LOG_RING_BYTES];

/* Puts a pipe in the place of standard error; what was there comes back by stderr_restore. */
static int stderr_before, stderr_reader;

static void stderr_capture(void)
{
    int ends[2];
    stderr_before = dup(STDERR_FILENO);
    assert_true(stderr_before >= 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    stderr_reader = ends[0];
}

/* Closes the pipe's last writing end and returns all that came through it, with a NUL behind. */
static size_t stderr_restore(void)
{
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    size_t len = 0;
    ssize_t got;
    while ((got = read(stderr_reader, output + len, sizeof(output) - 1 - len)) > 0)
        len += (size_t)got;
    close(stderr_reader);
    output[len] = 0;
    return len;
}

static struct slice line_of(bool is_json, const struct log_field *fields, size_t fields_len)
{
    static uint8_t room[LOG_LINE_BYTES_MAX];
    struct text line = text_over((struct span){room, sizeof(room)});
    const struct log_entry entry = {LOG_INFO, INT64_C(1798070400007), "upload", fields, fields_len};
    log_line_put(&line, is_json, &entry);
    assert_false(line.is_full);
    return text_slice(&line);
}

#define TEXT_HEAD "time=2026-12-24T00:00:00.007Z level=info event=upload"
#define JSON_HEAD "{\"time\":\"2026-12-24T00:00:00.007Z\",\"level\":\"info\",\"event\":\"upload\""

TEST(log_line_put__plain_values__stand_bare)
{
    const struct log_field fields[] = {log_text("name", SLICE("a/b.txt")),
                                       log_number("bytes", UINT64_MAX)};
    assert_slice_equal(line_of(false, fields, 2),
                       TEXT_HEAD " name=a/b.txt bytes=18446744073709551615\n");
    assert_slice_equal(line_of(true, fields, 2),
                       JSON_HEAD ",\"name\":\"a/b.txt\",\"bytes\":18446744073709551615}\n");
    assert_slice_equal(line_of(false, NULL, 0), TEXT_HEAD "\n");
    assert_slice_equal(line_of(true, NULL, 0), JSON_HEAD "}\n");
}

TEST(log_line_put__values_of_strangers__cannot_forge_a_line)
{
    const struct log_field fields[] = {
        log_text("a", SLICE("x\ntime=1 level=error")),
        log_text("b", SLICE("")),
        log_text("c", SLICE("\"\\")),
        log_text("d", SLICE("\x1b[2J")),
        log_text("e", SLICE("\xFF")),
    };
    assert_slice_equal(line_of(false, fields, 5),
                       TEXT_HEAD " a=\"x\\ntime=1 level=error\" b=\"\" c=\"\\\"\\\\\""
                                 " d=\"\\u001b[2J\" e=\"\xEF\xBF\xBD\"\n");
    assert_slice_equal(line_of(true, fields, 5),
                       JSON_HEAD ",\"a\":\"x\\ntime=1 level=error\",\"b\":\"\",\"c\":\"\\\"\\\\\""
                                 ",\"d\":\"\\u001b[2J\",\"e\":\"\xEF\xBF\xBD\"}\n");
}

TEST(log_line_put__long_values__are_cut_and_the_line_stays_whole)
{
    static uint8_t bytes[10000];
    uint64_t seed = 23;
    for (int round = 0; round < 300; round++) {
        struct log_field fields[12];
        random_bytes(&seed, (struct span){bytes, sizeof(bytes)});
        for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
            size_t len = random_next(&seed) % (round % 2 == 0 ? 100 : sizeof(bytes));
            fields[i] = log_text("key", slice_from(bytes, len));
        }
        for (int is_json = 0; is_json < 2; is_json++) {
            struct slice line = line_of(is_json == 1, fields, ARRAY_LEN(fields));
            assert_true(line.len <= LOG_LINE_BYTES_MAX);
            assert_true(utf8_is_valid(line));
            assert_int_equal(slice_find(line, '\n'), line.len - 1);
            bool is_inside = false;
            for (size_t i = 0; i < line.len; i++) {
                if (line.ptr[i] == '\\')
                    i++;
                else if (line.ptr[i] == '"')
                    is_inside = !is_inside;
            }
            assert_false(is_inside);
            if (is_json == 1)
                assert_int_equal(line.ptr[line.len - 2], '}');
        }
    }
}

TEST(log_line_put__one_long_value__leaves_room_for_the_next)
{
    static uint8_t long_value[8192];
    memset(long_value, 'a', sizeof(long_value));
    const struct log_field fields[] = {log_text("target", slice_from(long_value, 8192)),
                                       log_number("status", 414)};
    struct slice line = line_of(false, fields, 2);
    assert_slice_equal(slice_skip(line, line.len - 18), "aa...\" status=414\n");
}

TEST(log_write__before_log_start__is_written_at_once)
{
    stderr_capture();
    log_event(LOG_INFO, "early", log_number("n", 1));
    log_event(LOG_DEBUG, "hidden", log_number("n", 2));
    struct pollfd ready = {.fd = stderr_reader, .events = POLLIN};
    int is_there = poll(&ready, 1, 0);
    stderr_restore();
    assert_int_equal(is_there, 1);
    assert_non_null(strstr(output, " level=info event=early n=1\n"));
    assert_null(strstr(output, "hidden"));
}

TEST(log_stop__lines_waiting__are_written_in_order)
{
    stderr_capture();
    int err = log_start(false, LOG_DEBUG);
    for (uint64_t i = 0; i < 500; i++)
        log_event(LOG_DEBUG, "line", log_number("n", i));
    log_stop();
    log_event(LOG_WARN, "late");
    stderr_restore();
    assert_int_equal(err, 0);

    const char *at = output;
    for (unsigned i = 0; i < 500; i++) {
        char wanted[64];
        snprintf(wanted, sizeof(wanted), " level=debug event=line n=%u\n", i);
        at = strstr(at, wanted);
        assert_non_null(at);
    }
    assert_non_null(strstr(at, " level=warn event=late\n"));
    assert_int_equal(log_lost(), 0);
}

static void *write_many(void *unused)
{
    for (uint64_t i = 0; i < 2000; i++)
        log_event(LOG_INFO, "many", log_number("n", i), log_text("name", SLICE("grün.txt")));
    return unused;
}

static void *read_all(void *ret_len)
{
    ssize_t got;
    size_t len = 0;
    while ((got = read(stderr_reader, output + len, sizeof(output) - 1 - len)) > 0)
        len += (size_t)got;
    output[len] = 0;
    *(size_t *)ret_len = len;
    return NULL;
}

TEST(log_write__many_threads__keep_their_lines_whole)
{
    pthread_t writers[4], reader;
    size_t len = 0;
    uint64_t lost = log_lost();
    stderr_capture();
    int err = log_start(true, LOG_INFO);
    pthread_create(&reader, NULL, read_all, &len);
    for (size_t i = 0; i < ARRAY_LEN(writers); i++)
        pthread_create(&writers[i], NULL, write_many, NULL);
    for (size_t i = 0; i < ARRAY_LEN(writers); i++)
        pthread_join(writers[i], NULL);
    log_stop();
    /* The reader ends when the last writing end is gone. */
    dup2(stderr_before, STDERR_FILENO);
    pthread_join(reader, NULL);
    close(stderr_before);
    close(stderr_reader);
    assert_int_equal(err, 0);

    uint64_t lines = 0;
    struct slice rest = slice_from(output, len), line;
    while (slice_next(&rest, '\n', &line)) {
        assert_true(slice_has_prefix(line, SLICE("{\"time\":\"")));
        assert_int_equal(line.ptr[line.len - 1], '}');
        lines += memmem(line.ptr, line.len, "\"many\"", 6) != NULL;
    }
    assert_int_equal(lines + log_lost() - lost, 8000);
}

TEST(log_write__reader_is_stuck__loses_lines_counts_and_tells_them)
{
    uint64_t before = log_lost();
    stderr_capture();
    int err = log_start(false, LOG_INFO);
    int64_t begin_ms = clock_ms();
    for (uint64_t i = 0; i < 40000; i++)
        log_event(LOG_INFO, "flood", log_number("n", i));
    int64_t flood_ms = clock_ms() - begin_ms;
    uint64_t lost = log_lost() - before;

    /* The reader wakes up: what fitted comes out, then the tale of the rest. */
    size_t len = 0;
    while (len < LOG_RING_BYTES / 2)
        len += (size_t)read(stderr_reader, output, sizeof(output));
    log_event(LOG_INFO, "after");
    pthread_t reader;
    pthread_create(&reader, NULL, read_all, &len);
    log_stop();
    dup2(stderr_before, STDERR_FILENO);
    pthread_join(reader, NULL);
    close(stderr_before);
    close(stderr_reader);

    assert_int_equal(err, 0);
    assert_true(lost > 10000);
    assert_true(flood_ms < 5000);
    char wanted[80];
    snprintf(wanted, sizeof(wanted), "event=log-lines-lost count=%" PRIu64 "\n", lost);
    assert_non_null(strstr(output, wanted));
    assert_non_null(strstr(strstr(output, wanted), "event=after\n"));
}

TEST(log_stop__reader_never_reads__returns_all_the_same)
{
    uint64_t before = log_lost();
    stderr_capture();
    int err = log_start(false, LOG_INFO);
    for (uint64_t i = 0; i < 5000; i++)
        log_event(LOG_INFO, "flood", log_number("n", i));
    int64_t begin_ms = clock_ms();
    log_stop();
    int64_t stop_ms = clock_ms() - begin_ms;
    log_event(LOG_INFO, "unheard");
    stderr_restore();
    assert_int_equal(err, 0);
    assert_true(stop_ms < 10000);
    assert_true(log_lost() > before);
    assert_null(strstr(output, "unheard"));
}

TEST(log_start__idle_and_busy__wakes_the_thread_seldom)
{
    struct rusage before, idle, busy;
    stderr_capture();
    int err = log_start(false, LOG_INFO);
    usleep(100 * 1000);
    getrusage(RUSAGE_SELF, &before);
    usleep(300 * 1000);
    getrusage(RUSAGE_SELF, &idle);
    for (int i = 0; i < 500; i++) {
        log_event(LOG_INFO, "access", log_number("n", 1));
        usleep(500);
    }
    getrusage(RUSAGE_SELF, &busy);
    log_stop();
    stderr_restore();
    assert_int_equal(err, 0);
    /* This thread's own naps are switches too: one, and some 500. */
    assert_true(idle.ru_nvcsw - before.ru_nvcsw < 5);
    assert_true(busy.ru_nvcsw - idle.ru_nvcsw < 500 + 150);
}

TEST(fail__sentence__stays_with_its_note)
{
    struct error_note note = {""};
    assert_int_equal(fail(-ENOENT, "open %s", "a"), -ENOENT);
    assert_null(error_note_switch(&note));
    assert_string_equal(error_text(), "");
    assert_int_equal(fail(-EIO, "read %d", 7), -EIO);
    assert_int_equal(fail(-EIO, "scrub: %s", error_text()), -EIO);
    assert_string_equal(error_text(), "scrub: read 7");
    assert_ptr_equal(error_note_switch(NULL), &note);
    assert_string_equal(error_text(), "open a");
    error_clear();
    assert_string_equal(error_text(), "");
    assert_int_equal(fail(-EIO, "%500d", 1), -EIO);
    assert_int_equal(strlen(error_text()), sizeof(note.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_line_put__plain_values__stand_bare),
        cmocka_unit_test(log_line_put__values_of_strangers__cannot_forge_a_line),
        cmocka_unit_test(log_line_put__long_values__are_cut_and_the_line_stays_whole),
        cmocka_unit_test(log_line_put__one_long_value__leaves_room_for_the_next),
        cmocka_unit_test(log_write__before_log_start__is_written_at_once),
        cmocka_unit_test(log_stop__lines_waiting__are_written_in_order),
        cmocka_unit_test(log_write__many_threads__keep_their_lines_whole),
        cmocka_unit_test(log_write__reader_is_stuck__loses_lines_counts_and_tells_them),
        cmocka_unit_test(log_stop__reader_never_reads__returns_all_the_same),
        cmocka_unit_test(log_start__idle_and_busy__wakes_the_thread_seldom),
        cmocka_unit_test(fail__sentence__stays_with_its_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
