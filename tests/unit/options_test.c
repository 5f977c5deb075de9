#include "base/log.h"
#include "options.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

/* The sources of one load. The arrays are as long as a test needs. */
struct sources {
    char *arguments[24];
    char *environment[8];
};

static struct options options;
static char complaint[OPTIONS_COMPLAINT_BYTES_MAX];

static int load(const struct sources *sources)
{
    struct text text = text_over((struct span){(uint8_t *)complaint, sizeof(complaint) - 1});
    memset(&options, 0x55, sizeof(options));
    int err = options_load(sources->arguments, sources->environment, &options, &text);
    assert_false(text.is_full);
    complaint[text.len] = 0;
    return err;
}

#define assert_loads(...)                                                                          \
    do {                                                                                           \
        const struct sources sources_ = {__VA_ARGS__};                                             \
        int err_ = load(&sources_);                                                                \
        assert_string_equal(complaint, "");                                                        \
        assert_int_equal(err_, 0);                                                                 \
    } while (0)

#define assert_complains(sentence, ...)                                                            \
    do {                                                                                           \
        const struct sources sources_ = {__VA_ARGS__};                                             \
        int err_ = load(&sources_);                                                                \
        assert_string_equal(complaint, sentence);                                                  \
        assert_int_equal(err_, -EINVAL);                                                           \
    } while (0)

static char config_path[] = "options-test-XXXXXX";

static void config_write(struct slice content)
{
    FILE *file = fopen(config_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
    assert_int_equal(fclose(file), 0);
}

static int config_make(void **state)
{
    (void)state;
    int file = mkstemp(config_path);
    return file < 0 ? -1 : close(file);
}

static int config_remove(void **state)
{
    (void)state;
    return unlink(config_path);
}

TEST(options_load__nothing_given__has_the_defaults)
{
    assert_loads({NULL});
    assert_int_equal(options.listen.len, 1);
    assert_slice_equal(options.listen.items[0], "127.0.0.1:8080");
    assert_string_equal(options.data, "./data");
    assert_string_equal(options.base_url, "");
    assert_string_equal(options.config, "");
    assert_int_equal(options.trusted_proxy.len, 0);
    assert_int_equal(options.cors_origin.len, 1);
    assert_slice_equal(options.cors_origin.items[0], "*");
    assert_int_equal(options.workers, 0);
    assert_int_equal(options.io, OPTION_IO_AUTO);
    assert_int_equal(options.memory_bytes, 64 << 20);
    assert_int_equal(options.max_size_bytes, 0);
    assert_int_equal(options.expires_ms, 0);
    assert_int_equal(options.expires_max_ms, 0);
    assert_int_equal(options.upload_expires_ms, 86400000);
    assert_int_equal(options.reserve_bytes, 256 << 20);
    assert_int_equal(options.head_timeout_ms, 15000);
    assert_int_equal(options.body_idle_ms, 60000);
    assert_int_equal(options.send_idle_ms, 60000);
    assert_int_equal(options.keep_alive_ms, 75000);
    assert_int_equal(options.connections, 20000);
    assert_int_equal(options.connections_per_address, 1024);
    assert_int_equal(options.uploads_per_address, 512);
    assert_int_equal(options.grace_ms, 30000);
    assert_true(options.access_log);
    assert_int_equal(options.log_format, OPTION_LOG_FORMAT_TEXT);
    assert_int_equal(options.log_level, LOG_INFO);
    assert_int_equal(options.direct, OPTION_DIRECT_AUTO);
    options_clear(&options);
}

TEST(options_load__flags__take_a_value_behind_or_within)
{
    assert_loads({"--data", "/srv/a b", "--max-size=10GiB", "--io", "uring", "--access-log=off",
                  "--log-level", "debug", "--expires", "7d", "--workers=4", "--base-url",
                  "https://x/y=z", "--log-format=json", "--direct", "off"});
    assert_string_equal(options.data, "/srv/a b");
    assert_int_equal(options.max_size_bytes, UINT64_C(10) << 30);
    assert_int_equal(options.io, OPTION_IO_URING);
    assert_false(options.access_log);
    assert_int_equal(options.log_level, LOG_DEBUG);
    assert_int_equal(options.expires_ms, 7 * 86400000);
    assert_int_equal(options.workers, 4);
    assert_string_equal(options.base_url, "https://x/y=z");
    assert_int_equal(options.log_format, OPTION_LOG_FORMAT_JSON);
    assert_int_equal(options.direct, OPTION_DIRECT_OFF);
    options_clear(&options);
}

TEST(options_load__last_words_of_choices__fit_their_enums)
{
    assert_loads({"--io=epoll", "--log-level=error"});
    assert_int_equal(options.io, OPTION_IO_EPOLL);
    assert_int_equal(options.log_level, LOG_ERROR);
    assert_loads({"--log-level=warn"});
    assert_int_equal(options.log_level, LOG_WARN);
}

TEST(options_load__repeated_and_listed__are_gathered)
{
    assert_loads({"--listen", "[::1]:80", "--listen=a:1, b:2", "--data", "one", "--data", "two"});
    assert_int_equal(options.listen.len, 3);
    assert_slice_equal(options.listen.items[0], "[::1]:80");
    assert_slice_equal(options.listen.items[1], "a:1");
    assert_slice_equal(options.listen.items[2], "b:2");
    assert_string_equal(options.data, "two");
}

TEST(options_load__too_many_listeners__are_refused)
{
    assert_loads({"--listen=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"});
    assert_int_equal(options.listen.len, 16);
    assert_complains("--listen: expected ADDR:PORT: a list with commas, its length from 1 to 16; "
                     "got \"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\"",
                     {"--listen=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"});
    assert_complains("--listen: expected ADDR:PORT: a list with commas, its length from 1 to 16; "
                     "got \"17\"",
                     {"--listen=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "--listen", "17"});
}

TEST(options_load__all_sources__flag_beats_environment_beats_file)
{
    config_write(SLICE("# Sluice\n"
                       "data = from file \t# a comment\r\n"
                       "\n"
                       "  memory=8MiB\n"
                       "listen = f:1\n"
                       "listen = f:2\n"
                       "base-url = http://x/#y\n"
                       "workers = 3"));
    assert_loads({"--config", config_path, "--workers=1", "--listen=g:1"},
                 {"PATH=/bin", "SLUICE_WORKERS=2", "SLUICE_MEMORY=16MiB", "SLUICE_GRACE=1s",
                  "SLUICE_EXPIRES=", "SLUICE_SERVICE_HOST=10.0.0.1"});
    assert_string_equal(options.data, "from file");
    assert_string_equal(options.base_url, "http://x/#y");
    assert_int_equal(options.workers, 1);
    assert_int_equal(options.memory_bytes, 16 << 20);
    assert_int_equal(options.grace_ms, 1000);
    assert_int_equal(options.expires_ms, 0);
    assert_int_equal(options.listen.len, 1);
    assert_slice_equal(options.listen.items[0], "g:1");
    options_clear(&options);
}

TEST(options_load__file_named_by_the_environment__is_read)
{
    char variable[64];
    snprintf(variable, sizeof(variable), "SLUICE_CONFIG=%s", config_path);
    config_write(SLICE("listen = f:1\nlisten = f:2\n"));
    assert_loads({NULL}, {variable});
    assert_int_equal(options.listen.len, 2);
    assert_slice_equal(options.listen.items[1], "f:2");
    options_clear(&options);
}

TEST(options_load__unknown_names__are_refused_with_a_sentence)
{
    assert_complains("\"--memry\": no such option; sluice --help lists them", {"--memry=1"});
    assert_complains("\"--base_url\": no such option; sluice --help lists them",
                     {"--base_url", "x"});
    assert_complains("\"--\": no such option; sluice --help lists them", {"--"});
    assert_complains("\"data\": expected an option, which begins with --", {"data"});
    assert_complains("\"-d\\u001b\": expected an option, which begins with --", {"-d\x1b"});
    assert_complains("--data: expected DIR behind it; got nothing", {"--data"});
}

TEST(options_load__bad_values__are_refused_with_place_and_expectation)
{
    assert_complains("--memory: expected a size such as 64MiB from 4MiB to 1TiB; got \"64MB\"",
                     {"--memory=64MB"});
    assert_complains("--memory: expected a size such as 64MiB from 4MiB to 1TiB; got \"1K\"",
                     {"--memory", "1K"});
    assert_complains("--connections: expected a whole number from 1 to 1000000; got \"0\"",
                     {"--connections=0"});
    assert_complains("--data: expected DIR without control characters, not empty; got \"\"",
                     {"--data="});
    assert_complains("--access-log: expected one of on|off; got \"yes\"", {"--access-log=yes"});
    assert_complains("--io: expected one of auto|uring|epoll; got \"\"", {"--io="});
    assert_complains("SLUICE_HEAD_TIMEOUT: expected a duration such as 30s, 5m or 7d "
                     "from 100ms to 1d; got \"15\"",
                     {NULL}, {"SLUICE_HEAD_TIMEOUT=15"});
}

TEST(options_load__bad_value_under_a_flag__is_refused_all_the_same)
{
    assert_complains("SLUICE_WORKERS: expected a whole number from 0 to 256; got \"many\"",
                     {"--workers=1"}, {"SLUICE_WORKERS=many"});
}

/* A sentence that begins with the file's name. */
static const char *about_config(const char *rest)
{
    static char sentence[256];
    snprintf(sentence, sizeof(sentence), "%s%s", config_path, rest);
    return sentence;
}

TEST(options_load__bad_lines_of_a_file__are_refused_with_their_number)
{
    config_write(SLICE("\n# x\nworkers = -1\n"));
    assert_complains(
        about_config(", line 3, workers: expected a whole number from 0 to 256; got \"-1\""),
        {"--config", config_path});
    config_write(SLICE("workers = 1\nwork = 2\n"));
    assert_complains(about_config(", line 2: expected the name of an option; got \"work\""),
                     {"--config", config_path});
    config_write(SLICE("data\n"));
    assert_complains(about_config(", line 1: expected `name = value`; got \"data\""),
                     {"--config", config_path});
    config_write(SLICE("config = other\n"));
    assert_complains(about_config(", line 1: expected the name of an option; got \"config\""),
                     {"--config", config_path});
    config_write(SLICE("data = a\0b\n"));
    assert_complains(about_config(", line 1, data: expected DIR without control characters, not "
                                  "empty; got \"a\\u0000b\""),
                     {"--config", config_path});
}

TEST(options_load__file_that_cannot_be_read__is_told)
{
    static uint8_t large[OPTIONS_FILE_BYTES_MAX + 1];
    assert_complains("/nonexistent: the file of options can't be read: No such file or directory",
                     {"--config=/nonexistent"});
    assert_complains("/: the file of options can't be read: Is a directory", {"--config=/"});
    memset(large, '\n', sizeof(large));
    config_write(slice_from(large, sizeof(large)));
    assert_complains(about_config(": the file of options can't be read: File too large"),
                     {"--config", config_path});
    config_write(slice_from(large, sizeof(large) - 1));
    assert_loads({"--config", config_path});
    options_clear(&options);
}

TEST(options_load__help__is_told_from_trouble)
{
    const struct sources sources = {{"--workers=1", "--help", "--nonsense"}, {NULL}};
    assert_int_equal(load(&sources), 1);
    const struct sources shorter = {{"-h"}, {NULL}};
    assert_int_equal(load(&shorter), 1);
}

TEST(options_load__long_values__fit_the_complaint)
{
    static char flag[5000] = "--data=";
    memset(flag + 7, '\x01', sizeof(flag) - 8);
    const struct sources sources = {{flag}, {NULL}};
    assert_int_equal(load(&sources), -EINVAL);
}

TEST(options_help__each_option__is_in_it)
{
    static uint8_t room[OPTIONS_HELP_BYTES_MAX];
    struct text text = text_over((struct span){room, sizeof(room) - 1});
    options_help(&text);
    assert_false(text.is_full);
    room[text.len] = 0;
    assert_non_null(strstr((char *)room, "  --listen ADDR:PORT (127.0.0.1:8080)\n"
                                         "        where to accept connections; repeatable\n"));
    assert_non_null(strstr((char *)room, "  --io auto|uring|epoll (auto)\n"));
    assert_non_null(strstr((char *)room, "  --base-url URL\n"));
    struct slice rest = text_slice(&text), line;
    while (slice_next(&rest, '\n', &line))
        assert_true(line.len + 8 <= 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_load__nothing_given__has_the_defaults),
        cmocka_unit_test(options_load__flags__take_a_value_behind_or_within),
        cmocka_unit_test(options_load__last_words_of_choices__fit_their_enums),
        cmocka_unit_test(options_load__repeated_and_listed__are_gathered),
        cmocka_unit_test(options_load__too_many_listeners__are_refused),
        cmocka_unit_test(options_load__all_sources__flag_beats_environment_beats_file),
        cmocka_unit_test(options_load__file_named_by_the_environment__is_read),
        cmocka_unit_test(options_load__unknown_names__are_refused_with_a_sentence),
        cmocka_unit_test(options_load__bad_values__are_refused_with_place_and_expectation),
        cmocka_unit_test(options_load__bad_value_under_a_flag__is_refused_all_the_same),
        cmocka_unit_test(options_load__bad_lines_of_a_file__are_refused_with_their_number),
        cmocka_unit_test(options_load__file_that_cannot_be_read__is_told),
        cmocka_unit_test(options_load__help__is_told_from_trouble),
        cmocka_unit_test(options_load__long_values__fit_the_complaint),
        cmocka_unit_test(options_help__each_option__is_in_it),
    };
    return cmocka_run_group_tests(tests, config_make, config_remove);
}
