/* Answers, over a real connection: those of unknown length, those before the final one, what every
 * answer has in common. */
#include "wire_scene.h"

#include <fcntl.h>
#include <stdio.h>

#define GET "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define LAST_GET "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
#define HEAD "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
#define OLD_GET "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"

static int file = -1;

static awaits int begin_pieces(struct request *req)
{
    int err = answer_begin(req, 200);
    if (err == 0)
        err = answer_stream_open(req);
    if (err == 0)
        err = answer_send(req, SLICE("one"));
    if (err == 0)
        err = answer_send(req, SLICE_NONE);
    return err == 0 ? answer_send(req, SLICE("sixteen bytes...")) : err;
}

static awaits int send_pieces(struct request *req)
{
    int err = begin_pieces(req);
    return err == 0 ? answer_end(req) : err;
}

TEST(stream__of_unknown_length__goes_out_in_chunks)
{
    const char *got = answers_to(LAST_GET, send_pieces);
    assert_has(got, "HTTP/1.1 200 OK\r\n");
    assert_has(got, "Connection: close\r\n");
    assert_has(got, "\r\nTransfer-Encoding: chunked\r\n");
    assert_has_not(got, "Content-Length");
    assert_string_equal(body_of(got), "3\r\none\r\n10\r\nsixteen bytes...\r\n0\r\n\r\n");
    assert_false(exchange.was_reset);
}

TEST(stream__ended__lets_the_connection_go_on)
{
    const char *second = strstr(answers_to(GET GET, send_pieces), "0\r\n\r\n");
    assert_non_null(second);
    assert_string_equal(body_of(second + 5), "3\r\none\r\n10\r\nsixteen bytes...\r\n0\r\n\r\n");
    assert_has_not(exchange.got, "Connection:");
}

TEST(stream__for_head__has_no_body)
{
    const char *got = answers_to(HEAD, send_pieces);
    assert_has(got, "Transfer-Encoding: chunked\r\n");
    assert_string_equal(body_of(got), "");
    got = answers_to(HEAD HEAD, send_pieces);
    assert_has(body_of(got), "HTTP/1.1 200 OK\r\n");
}

TEST(stream__to_http10__ends_with_the_connection)
{
    const char *got = answers_to(OLD_GET OLD_GET, send_pieces);
    assert_has(got, "Connection: close\r\n");
    assert_has_not(got, "keep-alive");
    assert_has_not(got, "Transfer-Encoding");
    assert_has_not(got, "Content-Length");
    assert_string_equal(body_of(got), "onesixteen bytes...");
    assert_false(exchange.was_reset);
}

TEST(stream__left_without_its_end__is_cut)
{
    const char *got = answers_to(GET GET, begin_pieces);
    assert_string_equal(body_of(got), "3\r\none\r\n10\r\nsixteen bytes...\r\n");
    (void)answers_to(OLD_GET, begin_pieces);
    assert_true(exchange.was_reset);
}

/* Leaves it and says so. */
static awaits int fail_midway(struct request *req)
{
    int err = begin_pieces(req);
    return err == 0 ? answer_error(req, -EIO) : err;
}

TEST(stream__that_fails_midway__is_cut)
{
    const char *got = answers_to(GET GET, fail_midway);
    assert_string_equal(body_of(got), "3\r\none\r\n10\r\nsixteen bytes...\r\n");
    (void)answers_to(OLD_GET, fail_midway);
    assert_true(exchange.was_reset);
}

enum { FILE_BYTES = 600 * 1000 };

static awaits int send_files(struct request *req)
{
    int err = answer_begin(req, 200);
    if (err == 0)
        err = answer_stream_open(req);
    if (err == 0)
        err = answer_send_file(req, file, 0, 0);
    if (err == 0)
        err = answer_send_file(req, file, 1, 10);
    if (err == 0)
        err = answer_send_file(req, file, 0, FILE_BYTES);
    return err == 0 ? answer_end(req) : err;
}

static void make_file(void)
{
    static uint8_t bytes[FILE_BYTES];
    char path[] = "/tmp/answer_test.XXXXXX";
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)('a' + i % 23);
    file = mkostemp(path, O_CLOEXEC);
    assert_true(file >= 0 && unlink(path) == 0);
    assert_int_equal(write(file, bytes, sizeof bytes), sizeof bytes);
}

static void assert_file(const char *at, size_t offset, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert_int_equal(at[i], 'a' + (int)((offset + i) % 23));
}

TEST(stream__of_files__has_a_chunk_for_each)
{
    make_file();
    const char *at = body_of(answers_to(GET, send_files));
    assert_memory_equal(at, "a\r\n", 3);
    assert_file(at + 3, 1, 10);
    assert_memory_equal(at + 13, "\r\n927c0\r\n", 9);
    assert_file(at + 22, 0, FILE_BYTES);
    assert_string_equal(at + 22 + FILE_BYTES, "\r\n0\r\n\r\n");

    at = body_of(answers_to(OLD_GET, send_files));
    assert_file(at, 1, 10);
    assert_file(at + 10, 0, FILE_BYTES);
    assert_int_equal(strlen(at), 10 + FILE_BYTES);
    assert_int_equal(close(file), 0);
}

/* Says twice where the upload will be, then answers with its body. */
static awaits int tell_then_answer(struct request *req)
{
    int err = answer_interim(req, 104, SLICE("Location: /files/a\r\nUpload-Limit: min-size=0\r\n"));
    uint8_t bytes[16];
    ssize_t got = err == 0 ? body_recv(req, (struct span){bytes, sizeof bytes}) : err;
    if (got >= 0)
        err = answer_interim(req, 104, SLICE("Upload-Offset: 3\r\n"));
    if (err == 0)
        err = answer_begin(req, 200);
    return err == 0 ? answer_body(req, slice_from(bytes, (size_t)got)) : err;
}

TEST(interim__before_the_final_answer__is_sent_at_once)
{
    const char *got = answers_to("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                                 "Content-Length: 3\r\n\r\nabc",
                                 tell_then_answer);
    static const char expected[] = "HTTP/1.1 104 Upload Resumption Supported\r\n"
                                   "Location: /files/a\r\nUpload-Limit: min-size=0\r\n\r\n"
                                   "HTTP/1.1 100 Continue\r\n\r\n"
                                   "HTTP/1.1 104 Upload Resumption Supported\r\n"
                                   "Upload-Offset: 3\r\n\r\n"
                                   "HTTP/1.1 200 OK\r\n";
    assert_memory_equal(got, expected, sizeof expected - 1);
    assert_string_equal(body_of(strstr(got, "HTTP/1.1 200")), "abc");
}

TEST(interim__for_http10__is_left_out)
{
    const char *got =
        answers_to("PUT / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc", tell_then_answer);
    assert_memory_equal(got, "HTTP/1.1 200 OK\r\n", 17);
    assert_string_equal(body_of(got), "abc");
}

/* Whatever is asked for is wrong, but something is to be told with each answer. */
static awaits int answer_in_common(struct request *req)
{
    req->common_fields = SLICE("Tus-Resumable: 1.0.0\r\nVary: Origin\r\n");
    int err = answer_interim(req, 103, SLICE("Link: </x>\r\n"));
    return err == 0 ? answer_problem(req, 404, "There is no %s.", "such thing") : err;
}

TEST(common_fields__of_a_request__are_in_its_final_answer_only)
{
    const char *got = answers_to(GET, answer_in_common);
    static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    assert_memory_equal(got, interim, sizeof interim - 1);
    got += sizeof interim - 1;
    assert_has(got, "HTTP/1.1 404 Not Found\r\n");
    assert_has(got, "\r\nTus-Resumable: 1.0.0\r\nVary: Origin\r\n");
    assert_string_equal(body_of(got), "There is no such thing.\n");
}

static awaits int answer_one_in_common(struct request *req)
{
    if (req->head.method == HTTP_GET)
        req->common_fields = SLICE("X-Only: first\r\n");
    int err = answer_begin(req, 204);
    return err == 0 ? answer_empty(req) : err;
}

TEST(common_fields__of_one_request__are_not_those_of_the_next)
{
    const char *got = answers_to(GET HEAD, answer_one_in_common);
    assert_has(got, "X-Only: first\r\n");
    assert_has_not(body_of(got), "X-Only");
    assert_has(body_of(got), "HTTP/1.1 204 No Content\r\n");
}

static awaits int answer_switching(struct request *req)
{
    int err = answer_begin(req, 101);
    return err == 0 ? answer_empty(req) : err;
}

TEST(empty__of_a_status_without_body__tells_no_length)
{
    assert_has_not(answers_to(GET, answer_switching), "Content-Length");
    assert_has_not(answers_to(GET, answer_one_in_common), "Content-Length");
}

static awaits int answer_mismatch(struct request *req)
{
    int err = answer_begin(req, 409);
    if (err < 0)
        return err;
    answer_field(req, "Upload-Offset", SLICE("5"));
    return answer_problem_typed(req, "https://h/types#a", "An \"A\"",
                                SLICE(",\"expected-offset\":5,\"provided-offset\":7"),
                                "It stands \\ at\x01 5.");
}

static awaits int answer_plain_problem(struct request *req)
{
    int err = answer_begin(req, 400);
    return err == 0 ? answer_problem_typed(req, "https://h/b", "B", SLICE_NONE, "") : err;
}

TEST(problem__of_a_type__is_a_document_whatever_is_preferred)
{
    const char *got =
        answers_to("GET / HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n", answer_mismatch);
    assert_has(got, "HTTP/1.1 409 Conflict\r\n");
    assert_has(got, "Upload-Offset: 5\r\n");
    assert_has(got, "Content-Type: application/problem+json\r\n");
    assert_has(got, "Cache-Control: no-store\r\n");
    assert_string_equal(body_of(got),
                        "{\"type\":\"https://h/types#a\",\"title\":\"An \\\"A\\\"\",\"status\":409,"
                        "\"detail\":\"It stands \\\\ at\\u0001 5.\",\"expected-offset\":5,"
                        "\"provided-offset\":7}\n");
    got = answers_to(GET, answer_plain_problem);
    assert_string_equal(
        body_of(got),
        "{\"type\":\"https://h/b\",\"title\":\"B\",\"status\":400,\"detail\":\"\"}\n");
    got = answers_to(HEAD, answer_plain_problem);
    assert_string_equal(body_of(got), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream__of_unknown_length__goes_out_in_chunks),
        cmocka_unit_test(stream__ended__lets_the_connection_go_on),
        cmocka_unit_test(stream__for_head__has_no_body),
        cmocka_unit_test(stream__to_http10__ends_with_the_connection),
        cmocka_unit_test(stream__left_without_its_end__is_cut),
        cmocka_unit_test(stream__that_fails_midway__is_cut),
        cmocka_unit_test(stream__of_files__has_a_chunk_for_each),
        cmocka_unit_test(interim__before_the_final_answer__is_sent_at_once),
        cmocka_unit_test(interim__for_http10__is_left_out),
        cmocka_unit_test(common_fields__of_a_request__are_in_its_final_answer_only),
        cmocka_unit_test(common_fields__of_one_request__are_not_those_of_the_next),
        cmocka_unit_test(empty__of_a_status_without_body__tells_no_length),
        cmocka_unit_test(problem__of_a_type__is_a_document_whatever_is_preferred),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
