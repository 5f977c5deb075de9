/* Bodies, over a real connection: the fields behind a chunked one. */
#include "wire_scene.h"

#define HEAD "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"

/* Answers with what of the body's bytes and its trailer can be seen. */
static awaits int answer_with_trailer(struct request *req)
{
    uint8_t bytes[256], room[512];
    size_t len = 0;
    ssize_t got;
    assert(body_trailer(req, SLICE("upload-checksum")).ptr == NULL);
    while ((got = body_recv(req, (struct span){bytes + len, sizeof bytes - len})) > 0) {
        len += (size_t)got;
        assert(body_trailer(req, SLICE("upload-checksum")).ptr == NULL);
    }
    if (got < 0) {
        assert(body_trailer(req, SLICE("upload-checksum")).ptr == NULL);
        return answer_error(req, (int)got);
    }
    struct slice value = body_trailer(req, SLICE("upload-checksum"));
    struct text text = text_over((struct span){room, sizeof room});
    text_put(&text, slice_from(bytes, len));
    text_put(&text, value.ptr == NULL ? SLICE("|none") : SLICE("|"));
    text_put(&text, value);
    int err = answer_begin(req, 200);
    return err < 0 ? err : answer_body(req, text_slice(&text));
}

static awaits int keep_and_answer(struct request *req)
{
    req->keeps_trailer = true;
    return answer_with_trailer(req);
}

TEST(trailer__asked_for__is_told_once_the_body_has_ended)
{
    const char *got = answers_to(HEAD "3\r\nabc\r\n0\r\n"
                                      "X: y\r\nUpload-Checksum: sha1 AAAA \r\n\r\n",
                                 keep_and_answer);
    assert_string_equal(body_of(got), "abc|sha1 AAAA");
    got = answers_to(HEAD "3\r\nabc\r\n0\r\n\r\n", keep_and_answer);
    assert_string_equal(body_of(got), "abc|none");
    got = answers_to(HEAD "0\r\nUpload-Checksum:\r\n\r\n", keep_and_answer);
    assert_string_equal(body_of(got), "|");
}

TEST(trailer__not_asked_for__is_read_and_forgotten)
{
    const char *got =
        answers_to(HEAD "3\r\nabc\r\n0\r\nUpload-Checksum: sha1 AAAA\r\n\r\n", answer_with_trailer);
    assert_string_equal(body_of(got), "abc|none");
}

TEST(trailer__that_breaks_off__is_none)
{
    const char *got = answers_to(HEAD "0\r\nUpload-Checksum: sha1 AAAA\r\n", keep_and_answer);
    assert_has(got, "HTTP/1.1 400 ");
    got = answers_to(HEAD "0\r\nUpload-Checksum: sha1 AAAA\r\nno field\r\n\r\n", keep_and_answer);
    assert_has(got, "HTTP/1.1 400 ");
}

TEST(trailer__of_a_body_with_a_length__is_none)
{
    const char *got = answers_to("PUT /x HTTP/1.1\r\nHost: h\r\nUpload-Checksum: sha1 AAAA\r\n"
                                 "Content-Length: 3\r\n\r\nabc",
                                 keep_and_answer);
    assert_string_equal(body_of(got), "abc|none");
}

TEST(trailer__split_at_any_byte__is_whole)
{
    static const char sent[] = HEAD "3\r\nabc\r\n0\r\nX: y\r\nUpload-Checksum: sha1 AAAA\r\n\r\n";
    exchange.is_drop_by_drop = false;
    for (exchange.cut = sizeof HEAD - 1; exchange.cut < sizeof sent; exchange.cut++) {
        exchange_now(sent, keep_and_answer);
        assert_string_equal(body_of(exchange.got), "abc|sha1 AAAA");
    }
    exchange.cut = 0;
    exchange.is_drop_by_drop = true;
    exchange_now(sent, keep_and_answer);
    assert_string_equal(body_of(exchange.got), "abc|sha1 AAAA");
}

TEST(trailer__of_one_request__is_not_that_of_the_next)
{
    const char *got = answers_to(HEAD "3\r\nabc\r\n0\r\nUpload-Checksum: sha1 AAAA\r\n\r\n" HEAD
                                      "3\r\ndef\r\n0\r\n\r\n",
                                 keep_and_answer);
    assert_has(got, "abc|sha1 AAAA");
    assert_has(got, "def|none");
}

TEST(trailer__at_its_limit__is_kept_and_refused_beyond)
{
    static char sent[HTTP_TRAILER_BYTES_MAX + 256];
    for (size_t over = 0; over < 2; over++) {
        struct text text = text_over((struct span){(uint8_t *)sent, sizeof sent - 1});
        text_put(&text, SLICE(HEAD "0\r\n"));
        size_t begin = text.len;
        text_put(&text, SLICE("X: "));
        size_t end = SLICE("\r\nUpload-Checksum: last\r\n\r\n").len;
        while (text.len - begin + end < HTTP_TRAILER_BYTES_MAX + over)
            text_put_byte(&text, 'x');
        text_put(&text, SLICE("\r\nUpload-Checksum: last\r\n\r\n"));
        assert_false(text.is_full);
        sent[text.len] = '\0';
        const char *got = answers_to(sent, keep_and_answer);
        if (over == 0)
            assert_string_equal(body_of(got), "|last");
        else
            assert_has(got, "HTTP/1.1 431 ");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trailer__asked_for__is_told_once_the_body_has_ended),
        cmocka_unit_test(trailer__not_asked_for__is_read_and_forgotten),
        cmocka_unit_test(trailer__that_breaks_off__is_none),
        cmocka_unit_test(trailer__of_a_body_with_a_length__is_none),
        cmocka_unit_test(trailer__split_at_any_byte__is_whole),
        cmocka_unit_test(trailer__of_one_request__is_not_that_of_the_next),
        cmocka_unit_test(trailer__at_its_limit__is_kept_and_refused_beyond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
