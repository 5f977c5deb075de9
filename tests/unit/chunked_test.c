/* Chunked bodies: decoded the same however they are split, refused where two could differ. */
#include "wire_check.h"

static struct chunked chunked;
static struct parse_refusal refusal;
static uint8_t data[1024];
static size_t data_len;
static uint8_t trailer[HTTP_TRAILER_BYTES_MAX];
static size_t trailer_len;

/* Takes what a reader that wants the trailer takes of `used`, bytes that were just consumed. */
static void keep_trailer(struct slice used, size_t before)
{
    size_t len = chunked.trailer_bytes - before;
    assert_true(len <= used.len && trailer_len + len <= sizeof(trailer));
    memcpy(trailer + trailer_len, used.ptr + used.len - len, len);
    trailer_len += len;
}

/* Feeds one piece. Returns how much of it was used, or -EPROTO. */
static ssize_t feed(struct slice bytes)
{
    size_t used = 0;
    while (used < bytes.len && chunked.state != CHUNKED_DONE) {
        size_t before = chunked.trailer_bytes;
        ssize_t got = chunked_framing(&chunked, slice_skip(bytes, used), &refusal);
        if (got < 0)
            return got;
        keep_trailer(slice_from(bytes.ptr + used, (size_t)got), before);
        used += (size_t)got;
        if (chunked.state != CHUNKED_DATA)
            continue;
        size_t len = (size_t)u64_min(chunked.left, bytes.len - used);
        if (len == 0)
            break;
        assert_true(data_len + len <= sizeof(data));
        memcpy(data + data_len, bytes.ptr + used, len);
        data_len += len;
        used += len;
        chunked_data(&chunked, len);
    }
    return (ssize_t)used;
}

/* Feeds `bytes` cut in three. Returns the sum of what was used, or -EPROTO. */
static ssize_t decode(struct slice bytes, size_t first, size_t second)
{
    chunked_begin(&chunked);
    data_len = trailer_len = 0;
    const size_t cuts[] = {0, first, second, bytes.len};
    ssize_t used = 0;
    for (size_t i = 0; i < 3; i++) {
        struct slice piece = copy_of(slice_from(bytes.ptr + cuts[i], cuts[i + 1] - cuts[i]));
        ssize_t got = feed(piece);
        copy_free(piece);
        if (got < 0)
            return got;
        used += got;
    }
    return used;
}

static void body__split_anywhere__has_the_same_data(void **state)
{
    (void)state;
    static const struct {
        const char *wire, *data;
    } cases[] = {
        {"3\r\nabc\r\n0\r\n\r\n", "abc"},
        {"0003\r\nabc\r\n0000\r\n\r\n", "abc"},
        {"a\r\n0123456789\r\nA;x\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
        {"3;a=\"b; \\\" c\"\r\nabc\r\n0;last\r\n\r\n", "abc"},
        {"3\r\n\r\n\r\r\n0\r\n\r\n", "\r\n\r"},
        {"3\r\nabc\r\n0\r\nX-One: 1\r\nX-Two:\r\n\r\n", "abc"},
        {"0\r\n\r\n", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char wire[256];
        int len = snprintf(wire, sizeof(wire), "%sNEXT", cases[i].wire);
        struct slice bytes = slice_from(wire, (size_t)len);
        for (size_t first = 0; first <= bytes.len; first++) {
            for (size_t second = first; second <= bytes.len; second++) {
                check(decode(bytes, first, second) == len - 4, i);
                check(chunked.state == CHUNKED_DONE, i);
                check(is_text(slice_from(data, data_len), cases[i].data), i);
            }
        }
    }
}

static void body__malformed__is_refused_however_split(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "g\r\nabc\r\n",
        "-3\r\nabc\r\n",
        "+3\r\nabc\r\n",
        "0x3\r\nabc\r\n",
        "\r\nabc\r\n",
        " 3\r\nabc\r\n",
        "3 \r\nabc\r\n",
        "3\nabc\r\n",
        "3\rabc\r\n",
        "3\r\nabc\n",
        "3\r\nabcd\r\n",
        "3\r\nab\r\n0\r\n\r\n",
        "3 3\r\nabc\r\n",
        "3;a\nb\r\nabc\r\n",
        "3;a\rb\r\nabc\r\n",
        "3;a\x01\r\nabc\r\n",
        "3,3\r\nabc\r\n",
        "00000000000000003\r\nabc\r\n",
        "ffffffffffffffff\r\nabc\r\n",
        "8000000000000000\r\nabc\r\n",
        "3\r\nabc\r\n0\n\n",
        "3\r\nabc\r\n0\r\n\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n: y\r\n\r\n",
        "0\r\nX: y\r\n folded\r\n\r\n",
        "0\r\nX: y\n\r\n",
        "0\r\nX: y\r\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice bytes = slice_of(cases[i]);
        for (size_t first = 0; first <= bytes.len; first++) {
            refusal = (struct parse_refusal){0};
            check(decode(bytes, first, bytes.len) == -EPROTO, i);
            check(refusal.status >= 400 && refusal.reason != NULL, i);
        }
    }
}

static void trailer__split_anywhere__is_kept_whole(void **state)
{
    (void)state;
    static const struct {
        const char *trailer, *value; /* of the field "Digest" */
    } cases[] = {
        {"\r\n", NULL},
        {"Digest: abc\r\n\r\n", "abc"},
        {"X:\r\nDIGEST:\t a b \t\r\ndigest: second\r\n\r\n", "a b"},
        {"digest:\r\n\r\n", ""},
        {"Digest2: a\r\nDiges: b\r\nX: Digest: c\r\n\r\n", NULL},
        {"a: b\r\ndigest: :\xc3\xa4:\r\nc: d\r\n\r\n", ":\xc3\xa4:"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char wire[256];
        int len = snprintf(wire, sizeof(wire), "3\r\nabc\r\n0\r\n%sNEXT", cases[i].trailer);
        struct slice bytes = slice_from(wire, (size_t)len);
        for (size_t first = 0; first <= bytes.len; first++) {
            for (size_t second = first; second <= bytes.len; second++) {
                check(decode(bytes, first, second) == len - 4, i);
                check(is_text(slice_from(trailer, trailer_len), cases[i].trailer), i);
                struct slice kept = copy_of(slice_from(trailer, trailer_len));
                struct slice value = chunked_trailer_find(kept, SLICE("digest"));
                check(cases[i].value == NULL ? value.ptr == NULL : is_text(value, cases[i].value),
                      i);
                copy_free(kept);
            }
        }
    }
    assert_null(chunked_trailer_find(SLICE_NONE, SLICE("digest")).ptr);
}

static void lengths__over_the_limits__are_refused(void **state)
{
    (void)state;
    static char wire[HTTP_CHUNK_EXTENSIONS_BYTES_MAX * 2];
    memset(wire, 'e', sizeof(wire));
    wire[0] = '3';
    wire[1] = ';';
    assert_int_equal(decode(slice_from(wire, HTTP_CHUNK_LINE_BYTES_MAX), 0, 0),
                     HTTP_CHUNK_LINE_BYTES_MAX);
    assert_int_equal(decode(slice_from(wire, HTTP_CHUNK_LINE_BYTES_MAX + 1), 0, 0), -EPROTO);

    memcpy(wire, "0\r\nX:", 5);
    assert_int_equal(decode(slice_from(wire, 3 + HTTP_TRAILER_BYTES_MAX), 0, 0),
                     3 + HTTP_TRAILER_BYTES_MAX);
    assert_int_equal(decode(slice_from(wire, 4 + HTTP_TRAILER_BYTES_MAX), 0, 0), -EPROTO);
    assert_int_equal(refusal.status, 431);

    /* The ends of lines count as well: what is kept has the same bound. */
    for (size_t i = 0; i < HTTP_TRAILER_BYTES_MAX; i += 4)
        memcpy(wire + 3 + i, "X:\r\n", 4);
    assert_int_equal(decode(slice_from(wire, 3 + HTTP_TRAILER_BYTES_MAX), 0, 0),
                     3 + HTTP_TRAILER_BYTES_MAX);
    memcpy(wire + 3 + HTTP_TRAILER_BYTES_MAX, "\r\n", 2);
    assert_int_equal(decode(slice_from(wire, 5 + HTTP_TRAILER_BYTES_MAX), 0, 0), -EPROTO);
    assert_int_equal(refusal.status, 431);
    memcpy(wire + 3 + HTTP_TRAILER_BYTES_MAX - 4, "\r\n", 2);
    assert_int_equal(decode(slice_from(wire, 3 + HTTP_TRAILER_BYTES_MAX), 0, 0),
                     1 + HTTP_TRAILER_BYTES_MAX);

    chunked_begin(&chunked);
    data_len = 0;
    static const char chunk[] = "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\na\r\n";
    size_t chunks = 0;
    while (feed(SLICE(chunk)) > 0 && chunks < HTTP_CHUNK_EXTENSIONS_BYTES_MAX)
        chunks++;
    assert_int_equal(chunks, HTTP_CHUNK_EXTENSIONS_BYTES_MAX / 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body__split_anywhere__has_the_same_data),
        cmocka_unit_test(body__malformed__is_refused_however_split),
        cmocka_unit_test(trailer__split_anywhere__is_kept_whole),
        cmocka_unit_test(lengths__over_the_limits__are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
