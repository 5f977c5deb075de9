/* What the client reads of answers, and how it shows names and progress. */
#include "client/file_title.h"
#include "client/progress_line.h"
#include "client/reply.h"
#include "unit.h"

static struct reply reply;
static char shown[2048];

static struct text shown_text(void)
{
    return text_over((struct span){(uint8_t *)shown, sizeof shown - 1});
}

static void take(const char *const *lines)
{
    reply = (struct reply){0};
    for (; *lines != NULL; lines++)
        reply_take_line(&reply, slice_of(*lines));
}

TEST(reply__fields__are_found_whatever_their_case)
{
    static const char *const lines[] = {"HTTP/1.1 201 Created\r\n",
                                        "LOCATION: http://h/files/x\r\n",
                                        "sluice-link:http://h/L/n\r\n",
                                        "Sluice-Key: K \r\n",
                                        "Upload-Offset: 77\r\n",
                                        "Upload-Expires: Sun, 06 Nov 1994 08:49:37 GMT\r\n",
                                        "\r\n",
                                        NULL};
    take(lines);
    assert_int_equal(reply.status, 201);
    assert_string_equal(reply.location, "http://h/files/x");
    assert_string_equal(reply.link, "http://h/L/n");
    assert_string_equal(reply.key, "K");
    assert_true(reply.has_offset && reply.offset == 77);
    assert_true(reply.expires_ms == INT64_C(784111777000));
    assert_int_equal(reply_verdict(&reply), REPLY_FINE);
}

TEST(reply__an_interim_answer__is_forgotten)
{
    static const char *const lines[] = {"HTTP/1.1 104 U\r\n", "Location: /a\r\n",
                                        "Upload-Offset: 5\r\n", "HTTP/1.1 204 \r\n", NULL};
    take(lines);
    assert_int_equal(reply.status, 204);
    assert_string_equal(reply.location, "");
    assert_false(reply.has_offset);
}

TEST(reply__malformed_numbers__are_absent)
{
    static const char *const lines[] = {"HTTP/1.1 20x\r\n", "Upload-Offset: 5a\r\n",
                                        "Upload-Length: -1\r\n", "Upload-Expires: soon\r\n", NULL};
    take(lines);
    assert_int_equal(reply.status, 0);
    assert_false(reply.has_offset || reply.has_length);
    assert_int_equal(reply.expires_ms, 0);
}

TEST(reply_verdict__each_status__has_its_meaning)
{
    static const struct {
        unsigned status;
        enum reply_verdict verdict;
    } cases[] = {
        {0, REPLY_LATER},     {100, REPLY_REFUSED}, {200, REPLY_FINE},    {204, REPLY_FINE},
        {301, REPLY_REFUSED}, {400, REPLY_REFUSED}, {403, REPLY_REFUSED}, {404, REPLY_GONE},
        {408, REPLY_LATER},   {409, REPLY_MOVED},   {410, REPLY_GONE},    {413, REPLY_REFUSED},
        {423, REPLY_LATER},   {429, REPLY_LATER},   {500, REPLY_LATER},   {501, REPLY_REFUSED},
        {502, REPLY_LATER},   {503, REPLY_LATER},   {507, REPLY_REFUSED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        reply = (struct reply){.status = cases[i].status};
        assert_int_equal(reply_verdict(&reply), cases[i].verdict);
    }
}

TEST(reply_put_sentence__strangers_words__are_one_line_without_escapes)
{
    struct text text = shown_text();
    reply = (struct reply){.status = 400, .is_plain = true};
    reply_take_body(&reply, SLICE("No\033[31m way.\r\nMore.\n"));
    reply_put_sentence(&reply, &text);
    assert_slice_equal(text_slice(&text), "No\\u001b[31m way. (status 400)");
    text = shown_text();
    reply = (struct reply){.status = 502};
    reply_take_body(&reply, SLICE("<html>"));
    reply_put_sentence(&reply, &text);
    assert_slice_equal(text_slice(&text), "the server gave no reason (status 502)");
}

static void assert_title(const char *path, const char *title)
{
    struct text text = shown_text();
    file_title_put(&text, path);
    shown[text.len] = 0;
    assert_string_equal(shown, title);
}

TEST(file_title__paths__lose_their_folders_and_what_no_name_may_have)
{
    assert_title("a.txt", "a.txt");
    assert_title("/x/y/a.txt", "a.txt");
    assert_title("folder/", "folder");
    assert_title("/", "");
    assert_title("a\nb\x7F.txt", "a_b_.txt");
    assert_title("a\xC2\x85.t\xC2\x85", "a_.t_");
    assert_title("\xFFz\xE2\x82", "\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_title(".profile", ".profile");
}

TEST(file_title__long_names__keep_their_extension_and_whole_characters)
{
    char path[1024] = "";
    for (size_t i = 0; i < 300; i++)
        memcpy(path + 2 * i, "\xC3\xA4", 2);
    memcpy(path + 600, ".tar.gz", 8);
    struct text text = shown_text();
    file_title_put(&text, path);
    assert_in_range(text.len, 254, 255);
    assert_true(utf8_is_valid(text_slice(&text)));
    assert_memory_equal(shown + text.len - 3, ".gz", 3);
}

TEST(file_title__columns__are_never_more_than_asked)
{
    static const char *const names[] = {"abc", "\xE5\x90\x8D\xE5\x89\x8D.txt", "\xCC\x88xy",
                                        "\xFF\xFF", ""};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        for (size_t columns = 0; columns < 12; columns++) {
            struct text text = shown_text();
            file_title_put_columns(&text, names[i], columns);
            assert_true(file_title_columns(text_slice(&text)) <= columns);
        }
    assert_int_equal(file_title_columns(slice_of(names[1])), 8);
    assert_int_equal(file_title_columns(slice_of(names[2])), 2);
}

TEST(progress_line__any_width__is_kept)
{
    uint64_t seed = 2;
    for (int round = 0; round < 5000; round++) {
        struct progress progress = {.title = "some film with a long name \xE5\x90\x8D.mkv",
                                    .status = round % 3 == 0 ? "waiting: it broke" : "",
                                    .size_bytes = random_next(&seed) >> (round % 60),
                                    .rate = random_next(&seed) >> (round % 50)};
        progress.done_bytes = progress.size_bytes / (random_next(&seed) % 9 + 1);
        size_t columns = random_next(&seed) % 200;
        struct text text = shown_text();
        progress_line_put(&text, &progress, columns);
        assert_false(text.is_full);
        assert_true(file_title_columns(text_slice(&text)) <= columns);
    }
}

TEST(progress_line__plain__has_all_facts)
{
    struct text text = shown_text();
    struct progress progress = {"a.bin", "", 3 << 20, UINT64_C(5) << 30, 1 << 20};
    progress_line_put_plain(&text, &progress);
    assert_slice_equal(text_slice(&text),
                       "a.bin: 0 %, 3.0 MiB of 5.00 GiB, 1.0 MiB/s, 1:25:17 left");
    text = shown_text();
    progress = (struct progress){"-", "waiting: x", 2048, UINT64_MAX, 5};
    progress_line_put_plain(&text, &progress);
    assert_slice_equal(text_slice(&text), "-: 2.0 KiB, waiting: x");
}

TEST(rate__of_a_steady_flow__is_its_rate_and_fades_when_it_stops)
{
    struct rate rate = {0};
    assert_int_equal(rate_get(&rate, 5), 0);
    for (int64_t ms = 0; ms <= 20000; ms += 10)
        rate_add(&rate, ms, (uint64_t)ms * 1000);
    assert_in_range(rate_get(&rate, 20000), 900000, 1000000);
    assert_in_range(rate_get(&rate, 40000), 100000, 200000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply__fields__are_found_whatever_their_case),
        cmocka_unit_test(reply__an_interim_answer__is_forgotten),
        cmocka_unit_test(reply__malformed_numbers__are_absent),
        cmocka_unit_test(reply_verdict__each_status__has_its_meaning),
        cmocka_unit_test(reply_put_sentence__strangers_words__are_one_line_without_escapes),
        cmocka_unit_test(file_title__paths__lose_their_folders_and_what_no_name_may_have),
        cmocka_unit_test(file_title__long_names__keep_their_extension_and_whole_characters),
        cmocka_unit_test(file_title__columns__are_never_more_than_asked),
        cmocka_unit_test(progress_line__any_width__is_kept),
        cmocka_unit_test(progress_line__plain__has_all_facts),
        cmocka_unit_test(rate__of_a_steady_flow__is_its_rate_and_fades_when_it_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
