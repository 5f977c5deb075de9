/* Heads of requests: what is understood, and what is refused with which status. */
#include "wire_check.h"

static struct http_head head;
static struct parse_refusal refusal;
static size_t head_len;

static enum parse_result parse(struct slice bytes)
{
    struct slice copy = copy_of(bytes);
    refusal = (struct parse_refusal){0};
    enum parse_result result = http1_parse_head(copy, &head, &head_len, &refusal);
    copy_free(copy);
    return result;
}

static void usual_head__all_its_parts_are_found(void **state)
{
    (void)state;
    static const char request[] = "PUT /a/b%20c?x=%zz&y HTTP/1.1\r\n"
                                  "Host: files.example:8080\r\n"
                                  "Content-Length: 42\r\n"
                                  "X-Empty:\r\n"
                                  "X-Space: \t two words \t \r\n"
                                  "Expect: 100-Continue\r\n"
                                  "\r\nbody";
    assert_int_equal(http1_parse_head(SLICE(request), &head, &head_len, &refusal), PARSE_DONE);
    assert_int_equal(head_len, sizeof(request) - 1 - 4);
    assert_int_equal(head.method, HTTP_PUT);
    assert_int_equal(head.version_minor, 1);
    assert_true(is_text(head.path, "/a/b%20c"));
    assert_true(is_text(head.query, "x=%zz&y"));
    assert_true(is_text(head.authority, "files.example:8080"));
    assert_int_equal(head.framing, BODY_LENGTH);
    assert_int_equal(head.content_length, 42);
    assert_true(head.has_host && head.is_keep_alive && head.expects_continue);
    assert_false(head.is_asterisk);
    assert_int_equal(head.headers_len, 5);
    assert_true(is_text(http_header_find(&head, SLICE("x-space")), "two words"));
    struct slice empty = http_header_find(&head, SLICE("x-empty"));
    assert_true(empty.ptr != NULL && empty.len == 0);
    assert_null(http_header_find(&head, SLICE("x-absent")).ptr);
    assert_int_equal(http_header_count(&head, SLICE("HOST")), 1);
}

static void target__each_form__is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *line, *path, *query, *authority;
        bool is_asterisk;
    } cases[] = {
        {"GET / HTTP/1.1", "/", "", "x", false},
        {"GET /? HTTP/1.1", "/", "", "x", false},
        {"GET /a?b?c HTTP/1.1", "/a", "b?c", "x", false},
        {"GET //a HTTP/1.1", "//a", "", "x", false},
        {"GET /|\"<>`{}^\\[] HTTP/1.1", "/|\"<>`{}^\\[]", "", "x", false},
        {"GET http://y.example:81/a?b HTTP/1.1", "/a", "b", "y.example:81", false},
        {"GET HTTPS://y.example/ HTTP/1.1", "/", "", "y.example", false},
        {"GET http://y.example HTTP/1.1", "/", "", "y.example", false},
        {"GET http://y.example?q=/ HTTP/1.1", "/", "q=/", "y.example", false},
        {"GET http://[::1]:80/ HTTP/1.1", "/", "", "[::1]:80", false},
        {"OPTIONS * HTTP/1.1", "*", "", "x", true},
        {"OPTIONS /a HTTP/1.1", "/a", "", "x", false},
        {"OPTIONS http://y.example HTTP/1.1", "/", "", "y.example", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char request[256];
        snprintf(request, sizeof(request), "%s\r\nHost: x\r\n\r\n", cases[i].line);
        check(http1_parse_head(slice_of(request), &head, &head_len, &refusal) == PARSE_DONE, i);
        check(is_text(head.path, cases[i].path), i);
        check(is_text(head.query, cases[i].query), i);
        check(is_text(head.authority, cases[i].authority), i);
        check(head.is_asterisk == cases[i].is_asterisk, i);
    }
}

/* Each is a whole head; %s of the first kind stands where a request line must. */
static const struct {
    const char *line;
    unsigned status;
} bad_lines[] = {
    {"", 400},
    {" ", 400},
    {"GET", 400},
    {"GET /", 400},
    {"GET  / HTTP/1.1", 400},
    {"GET /  HTTP/1.1", 400},
    {"GET / HTTP/1.1 ", 400},
    {" GET / HTTP/1.1", 400},
    {"GET\t/ HTTP/1.1", 400},
    {"GET /\tHTTP/1.1", 400},
    {"G@T / HTTP/1.1", 400},
    {"GET / http/1.1", 400},
    {"GET / HTTP/1", 400},
    {"GET / HTTP/1.1.1", 400},
    {"GET / HTTP/11", 400},
    {"GET / HTTP/1.x", 400},
    {"GET / HTTPS/1.1", 400},
    {"GET / HTTP/2.0", 505},
    {"GET / HTTP/0.9", 505},
    {"get / HTTP/1.1", 501},
    {"FROB / HTTP/1.1", 501},
    {"TRACE / HTTP/1.1", 501},
    {"CONNECT x:80 HTTP/1.1", 501},
    {"AVERYLONGMETHODNAMETHATNOBODYHASEVERSEEN / HTTP/1.1", 501},
    {"GET a HTTP/1.1", 400},
    {"GET * HTTP/1.1", 400},
    {"OPTIONS ** HTTP/1.1", 400},
    {"GET x.example:80 HTTP/1.1", 400},
    {"GET ftp://x/ HTTP/1.1", 400},
    {"GET http:// HTTP/1.1", 400},
    {"GET http:///a HTTP/1.1", 400},
    {"GET http://u@x/ HTTP/1.1", 400},
    {"GET http://x:0/ HTTP/1.1", 400},
    {"GET http:/x/ HTTP/1.1", 400},
    {"GET /a#b HTTP/1.1", 400},
    {"GET /a\x01 HTTP/1.1", 400},
    {"GET /a\x7f HTTP/1.1", 400},
    {"GET /\xc3\xa4 HTTP/1.1", 400},
    {"GET /% HTTP/1.1", 400},
    {"GET /%4 HTTP/1.1", 400},
    {"GET /%zz HTTP/1.1", 400},
    {"GET /a%00b HTTP/1.1", 400},
};

static void request_line__malformed__is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_lines); i++) {
        char request[256];
        snprintf(request, sizeof(request), "%s\r\nHost: x\r\n\r\n", bad_lines[i].line);
        check(parse(slice_of(request)) == PARSE_REFUSED, i);
        check(refusal.status == bad_lines[i].status, i);
        check(refusal.reason != NULL && strlen(refusal.reason) > 10, i);
    }
}

/* Behind `PUT / HTTP/1.1` and, where they have no Host of their own, `Host: x`. */
static const struct {
    const char *lines;
    unsigned status;
} bad_fields[] = {
    {"Host: x\r\nHost: x\r\n", 400},
    {"Host: x\r\nhost: y\r\n", 400},
    {"Host: a b\r\n", 400},
    {"Host: a,b\r\n", 400},
    {"Host: u@a\r\n", 400},
    {"Host: a:\r\n", 400},
    {"Host: a:1:2\r\n", 400},
    {"Host: [::1\r\n", 400},
    {"Host: a\xff\r\n", 400},
    {"X-No-Host: x\r\n", 400},
    {" X: y\r\n", 400},
    {"X: y\r\n z\r\n", 400},
    {"X: y\r\n\tz\r\n", 400},
    {"X : y\r\n", 400},
    {"X\t: y\r\n", 400},
    {"X Y: z\r\n", 400},
    {": z\r\n", 400},
    {"no colon\r\n", 400},
    {"X@: z\r\n", 400},
    {"X\xe4: z\r\n", 400},
    {"X: a\rb\r\n", 400},
    {"X: a\nb\r\n", 400},
    {"X: a\r\r\n", 400},
    {"X: a\x01\r\n", 400},
    {"X: a\x7f\r\n", 400},
    {"X: a\n\r\n", 400},
    {"Content-Length: 5\r\nContent-Length: 5\r\n", 400},
    {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
    {"Content-Length: 5, 5\r\n", 400},
    {"Content-Length:\r\n", 400},
    {"Content-Length: +5\r\n", 400},
    {"Content-Length: -5\r\n", 400},
    {"Content-Length: 0x5\r\n", 400},
    {"Content-Length: 5 5\r\n", 400},
    {"Content-Length: \xb2\r\n", 400},
    {"Content-Length: 18446744073709551616\r\n", 413},
    {"Content-Length: 9223372036854775808\r\n", 413},
    {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
    {"transfer-encoding: chunked\r\ncontent-length: 0\r\n", 400},
    {"Transfer-Encoding:\r\n", 400},
    {"Transfer-Encoding: xchunked\r\n", 400},
    {"Transfer-Encoding: chunked, chunked\r\n", 400},
    {"Transfer-Encoding: chunked, gzip\r\n", 400},
    {"Transfer-Encoding: gzip\r\n", 400},
    {"Transfer-Encoding: gzip, chunked\r\n", 501},
    {"Transfer-Encoding: identity\r\n", 400},
    {"Transfer-Encoding: chunked;q=1\r\n", 400},
    {"Transfer-Encoding: \"chunked\"\r\n", 400},
    {"Transfer-Encoding: \x0b"
     "chunked\r\n",
     400},
    {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
    {"Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", 400},
    {"Expect: the-unexpected\r\n", 417},
    {"Expect: 100-continue, more\r\n", 417},
};

static void fields__malformed_or_ambiguous__are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_fields); i++) {
        bool has_host = strstr(bad_fields[i].lines, "Host") != NULL;
        char request[256];
        snprintf(request, sizeof(request), "PUT / HTTP/1.1\r\n%s%s\r\n",
                 has_host ? "" : "Host: x\r\n", bad_fields[i].lines);
        check(parse(slice_of(request)) == PARSE_REFUSED, i);
        check(refusal.status == bad_fields[i].status, i);
    }
}

static void nul__anywhere__is_refused(void **state)
{
    (void)state;
    static const char request[] = "PUT /a HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n";
    char changed[sizeof(request)];
    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        memcpy(changed, request, sizeof(request));
        changed[i] = '\0';
        check(parse(slice_from(changed, sizeof(request) - 1)) == PARSE_REFUSED, i);
    }
}

static void line_end__of_another_kind__is_refused(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "GET / HTTP/1.1\nHost: x\n\n",         "GET / HTTP/1.1\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\n\r\n",     "GET / HTTP/1.1\r\nHost: x\r\n\n",
        "GET / HTTP/1.1\rHost: x\r\n\r\n",     "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n",
        "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\rGET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\rX",
    };
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        check(parse(slice_of(requests[i])) == PARSE_REFUSED, i);
        check(refusal.status == 400, i);
    }
}

static void empty_line__before_the_request__is_skipped_and_counted(void **state)
{
    (void)state;
    static const char request[] = "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_int_equal(parse(SLICE(request)), PARSE_DONE);
    assert_int_equal(head_len, sizeof(request) - 1);
}

static void head__cut_anywhere__asks_for_more(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "\r\nPUT http://y:81/a%20b?c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost:\r\nExpect: 100-continue\r\nX:  y \r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        size_t len = strlen(requests[i]);
        for (size_t cut = 0; cut < len; cut++)
            check(parse(slice_from(requests[i], cut)) == PARSE_MORE, cut);
        check(parse(slice_of(requests[i])) == PARSE_DONE, i);
        check(head_len == len, i);
    }
}

/* What is wrong is wrong whatever follows, so it is told as soon as it is seen and stays so. */
static void refusal__of_a_cut_head__is_that_of_the_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad_fields); i++) {
        char request[256];
        int len =
            snprintf(request, sizeof(request), "PUT / HTTP/1.1\r\n%s\r\n", bad_fields[i].lines);
        unsigned status = 0;
        for (size_t cut = 0; cut <= (size_t)len; cut++) {
            enum parse_result result = parse(slice_from(request, cut));
            check(status == 0 || (result == PARSE_REFUSED && refusal.status == status), i);
            status = result == PARSE_REFUSED ? refusal.status : 0;
        }
        check(status != 0, i);
    }
}

static struct text begin_text(void)
{
    static uint8_t room[2 * HTTP_HEAD_BYTES_MAX];
    return text_over((struct span){room, sizeof(room)});
}

static void target__of_8192_bytes__is_the_longest(void **state)
{
    (void)state;
    for (size_t more = 0; more <= 1; more++) {
        struct text text = begin_text();
        text_put(&text, SLICE("GET /"));
        text_fill(&text, 'a', HTTP_TARGET_BYTES_MAX - 1 + more);
        size_t cut = text.len;
        text_put(&text, SLICE(" HTTP/1.1\r\nHost: x\r\n\r\n"));
        check(parse(slice_head(text_slice(&text), cut)) == (more ? PARSE_REFUSED : PARSE_MORE),
              more);
        check(parse(text_slice(&text)) == (more ? PARSE_REFUSED : PARSE_DONE), more);
        check(more == 0 || refusal.status == 414, more);
    }
}

static void head__of_16384_bytes__is_the_longest(void **state)
{
    (void)state;
    for (size_t more = 0; more <= 1; more++) {
        struct text text = begin_text();
        text_put(&text, SLICE("GET / HTTP/1.1\r\nHost: x\r\nX:"));
        text_fill(&text, 'v', HTTP_HEAD_BYTES_MAX - text.len - 4 + more);
        text_put(&text, SLICE("\r\n\r\n"));
        check(parse(slice_head(text_slice(&text), HTTP_HEAD_BYTES_MAX - 1)) == PARSE_MORE, more);
        check(parse(text_slice(&text)) == (more ? PARSE_REFUSED : PARSE_DONE), more);
        check(more == 0 || refusal.status == 431, more);
        check(more == 1 || head_len == HTTP_HEAD_BYTES_MAX, more);
    }
}

static void fields__64_of_them__are_the_most(void **state)
{
    (void)state;
    for (size_t more = 0; more <= 1; more++) {
        struct text text = begin_text();
        text_put(&text, SLICE("GET / HTTP/1.1\r\nHost: x\r\n"));
        for (size_t i = 1; i < HTTP_HEADERS_MAX + more; i++)
            text_format(&text, "X-%zu: y\r\n", i);
        text_put(&text, SLICE("\r\n"));
        check(parse(text_slice(&text)) == (more ? PARSE_REFUSED : PARSE_DONE), more);
        check(more == 0 || refusal.status == 431, more);
    }
}

static void connection__in_all_spellings__decides_what_is_kept(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool is_keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: TE , close,\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: closed\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: x\r\nConnection: TE\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check(parse(slice_of(cases[i].request)) == PARSE_DONE, i);
        check(head.is_keep_alive == cases[i].is_keep_alive, i);
    }
}

static void http_1_0__knows_neither_coding_nor_expectation(void **state)
{
    (void)state;
    assert_int_equal(parse(SLICE("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")),
                     PARSE_REFUSED);
    assert_int_equal(refusal.status, 400);
    assert_int_equal(parse(SLICE("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nExpect: x\r\n"
                                 "Content-Length: 1\r\n\r\n")),
                     PARSE_DONE);
    assert_false(head.expects_continue);
    assert_false(head.has_host);
    assert_int_equal(head.authority.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_head__all_its_parts_are_found),
        cmocka_unit_test(target__each_form__is_taken_apart),
        cmocka_unit_test(request_line__malformed__is_refused),
        cmocka_unit_test(fields__malformed_or_ambiguous__are_refused),
        cmocka_unit_test(nul__anywhere__is_refused),
        cmocka_unit_test(line_end__of_another_kind__is_refused),
        cmocka_unit_test(empty_line__before_the_request__is_skipped_and_counted),
        cmocka_unit_test(head__cut_anywhere__asks_for_more),
        cmocka_unit_test(refusal__of_a_cut_head__is_that_of_the_whole),
        cmocka_unit_test(target__of_8192_bytes__is_the_longest),
        cmocka_unit_test(head__of_16384_bytes__is_the_longest),
        cmocka_unit_test(fields__64_of_them__are_the_most),
        cmocka_unit_test(connection__in_all_spellings__decides_what_is_kept),
        cmocka_unit_test(http_1_0__knows_neither_coding_nor_expectation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
