/* WebSocket: the handshake's answer, and what a client may and may not send (RFC 6455). */
#include "wire/websocket.h"

#include "base/text.h"
#include "limits.h"
#include "unit.h"
#include "wire/http1_parse.h"

#include <stdio.h>

static const uint8_t mask[] = {0x37, 0xFA, 0x21, 0x3D};

/* A frame as a client sends it: `first` is its first byte. */
static void put_frame(struct text *text, uint8_t first, struct slice payload)
{
    text_put_byte(text, first);
    if (payload.len < 126) {
        text_put_byte(text, (uint8_t)(0x80 | payload.len));
    } else {
        text_put_byte(text, 0x80 | 126);
        text_put_byte(text, (uint8_t)(payload.len >> 8));
        text_put_byte(text, (uint8_t)payload.len);
    }
    text_put(text, slice_from(mask, sizeof mask));
    for (size_t i = 0; i < payload.len; i++)
        text_put_byte(text, payload.ptr[i] ^ mask[i % sizeof mask]);
}

static uint8_t room[4 * WEBSOCKET_MESSAGE_BYTES_MAX];

static struct text room_text(void)
{
    return text_over((struct span){room, sizeof room});
}

/* Writes each event as a letter: m, i (ping), o (pong), c (close), r (refused); the code behind the
 * last two. Pieces of `step` bytes. */
static void read_all(struct slice bytes, size_t step, char *into, size_t into_len)
{
    struct websocket_reader reader = {0};
    size_t len = 0;
    into[0] = '\0';
    while (bytes.len > 0) {
        struct slice piece = slice_head(bytes, step);
        bytes = slice_skip(bytes, step);
        enum websocket_event event;
        while ((event = websocket_read(&reader, &piece)) != WEBSOCKET_MORE) {
            static const char letters[] = "?mioc";
            bool is_end = event == WEBSOCKET_CLOSE || event == WEBSOCKET_REFUSED;
            int printed = is_end ? snprintf(into + len, into_len - len, "%c%u",
                                            event == WEBSOCKET_CLOSE ? 'c' : 'r', reader.code)
                                 : snprintf(into + len, into_len - len, "%c", letters[event]);
            assert_true(printed > 0 && (size_t)printed < into_len - len);
            len += (size_t)printed;
        }
        assert_int_equal(piece.len, 0);
    }
    websocket_reader_clear(&reader);
}

static void check_events(struct slice bytes, const char *events)
{
    static const size_t steps[] = {1, 2, 3, 7, sizeof room};
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        char seen[256];
        read_all(bytes, steps[i], seen, sizeof seen);
        assert_string_equal(seen, events);
    }
}

static void check_frame(uint8_t first, struct slice payload, const char *events)
{
    struct text text = room_text();
    put_frame(&text, first, payload);
    assert_false(text.is_full);
    check_events(text_slice(&text), events);
}

TEST(accept__of_the_example_in_the_rfc__is_its_answer)
{
    char into[32];
    struct text text = text_over((struct span){(uint8_t *)into, sizeof into});
    assert_int_equal(websocket_put_accept(&text, SLICE("dGhlIHNhbXBsZSBub25jZQ==")), 0);
    assert_slice_equal(text_slice(&text), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(accept__key_that_is_none__einval)
{
    static const char *const keys[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZQ!!",
        "dGhlIHNhbXBsZSBub25jZTEy",
        "================",
    };
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char into[32];
        struct text text = text_over((struct span){(uint8_t *)into, sizeof into});
        assert_int_equal(websocket_put_accept(&text, slice_of(keys[i])), -EINVAL);
    }
}

static bool is_asked(const char *head)
{
    static struct request req;
    struct parse_refusal refusal;
    size_t len;
    assert_int_equal(http1_parse_head(slice_of(head), &req.head, &len, &refusal), PARSE_DONE);
    return websocket_is_asked(&req);
}

TEST(is_asked__each_way_of_asking__is_seen)
{
    assert_true(is_asked("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"));
    assert_true(is_asked("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c, WebSocket\r\n\r\n"));
    assert_true(
        is_asked("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nUPGRADE: websocket\r\n\r\n"));
    assert_true(is_asked("GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: x\r\n\r\n"));
    assert_false(is_asked("GET / HTTP/1.0\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"));
    assert_false(is_asked("HEAD / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"));
    assert_false(is_asked("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n"));
}

TEST(reader__messages_and_pings_between_fragments__are_events)
{
    struct text text = room_text();
    put_frame(&text, 0x81, SLICE("hello"));
    put_frame(&text, 0x82, SLICE_NONE);
    put_frame(&text, 0x01, SLICE("part one, "));
    put_frame(&text, 0x89, SLICE("ping"));
    put_frame(&text, 0x00, SLICE_NONE);
    put_frame(&text, 0x8A, SLICE_NONE);
    put_frame(&text, 0x80, SLICE("part two"));
    check_events(text_slice(&text), "mmiom");
}

TEST(reader__control_frame__keeps_its_bytes)
{
    struct websocket_reader reader = {0};
    struct text text = room_text();
    uint8_t payload[WEBSOCKET_CONTROL_BYTES_MAX];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(255 - i);
    put_frame(&text, 0x89, slice_from(payload, sizeof payload));
    struct slice bytes = text_slice(&text);
    assert_int_equal(websocket_read(&reader, &bytes), WEBSOCKET_PING);
    assert_int_equal(reader.control_len, sizeof payload);
    assert_memory_equal(reader.control, payload, sizeof payload);
    websocket_reader_clear(&reader);
}

TEST(reader__between_two_frames__holds_no_memory)
{
    struct websocket_reader reader = {0};
    struct text text = room_text();
    put_frame(&text, 0x81, SLICE("one"));
    size_t first_len = text.len;
    put_frame(&text, 0x81, SLICE("two"));
    struct slice bytes = slice_from(room, first_len + 1);
    assert_int_equal(websocket_read(&reader, &bytes), WEBSOCKET_MESSAGE);
    assert_int_equal(websocket_read(&reader, &bytes), WEBSOCKET_MORE);
    assert_non_null(reader.frames);
    bytes = slice_from(room + first_len + 1, text.len - first_len - 1);
    assert_int_equal(websocket_read(&reader, &bytes), WEBSOCKET_MESSAGE);
    assert_null(reader.frames);
    websocket_reader_clear(&reader);
}

TEST(reader__frames_against_the_rules__are_refused_with_1002)
{
    check_events(SLICE("\x81\x01X"), "r1002"); /* not masked */
    check_events(SLICE("\x89\x00"), "r1002");
    check_frame(0xC1, SLICE("x"), "r1002"); /* RSV1: no extension was agreed to */
    check_frame(0xA1, SLICE("x"), "r1002"); /* RSV2 */
    check_frame(0x91, SLICE("x"), "r1002"); /* RSV3 */
    check_frame(0x09, SLICE("x"), "r1002"); /* a ping in fragments */
    check_frame(0x80, SLICE("x"), "r1002"); /* goes on with nothing */
    for (uint8_t opcode = 3; opcode < 16; opcode++)
        if (opcode < 8 || opcode > 10)
            check_frame(0x80 | opcode, SLICE("x"), "r1002");
    struct text text = room_text();
    put_frame(&text, 0x01, SLICE("a"));
    put_frame(&text, 0x81, SLICE("b")); /* a new message inside another */
    put_frame(&text, 0x81, SLICE("c"));
    check_events(text_slice(&text), "r1002");
}

TEST(reader__lengths_against_the_rules__are_refused_with_1002)
{
    check_events(SLICE("\x89\xFE\x00\x7E\x01\x02\x03\x04x"), "r1002"); /* a ping of 126 bytes */
    check_events(SLICE("\x81\xFE\x00\x05\x00\x00\x00\x00hello"), "r1002");
    check_events(SLICE("\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF\x00\x00\x00\x00hello"), "r1002");
    check_events(SLICE("\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00h"), "r1002");
}

TEST(reader__messages_up_to_the_bound__pass_and_longer_ones_are_refused_with_1009)
{
    static uint8_t zeros[WEBSOCKET_MESSAGE_BYTES_MAX + 1];
    check_frame(0x82, slice_from(zeros, WEBSOCKET_MESSAGE_BYTES_MAX), "m");
    check_frame(0x82, slice_from(zeros, WEBSOCKET_MESSAGE_BYTES_MAX + 1), "r1009");
    struct text text = room_text();
    put_frame(&text, 0x02, slice_from(zeros, WEBSOCKET_MESSAGE_BYTES_MAX - 1));
    put_frame(&text, 0x80, slice_from(zeros, 1));
    put_frame(&text, 0x02, slice_from(zeros, WEBSOCKET_MESSAGE_BYTES_MAX));
    put_frame(&text, 0x80, slice_from(zeros, 1));
    check_events(text_slice(&text), "mr1009");
    check_events(SLICE("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\x03\x04x"), "r1009");
}

TEST(reader__texts__are_checked_to_be_utf8)
{
    check_frame(0x81, SLICE("\u00e4\u20ac\U0001F600\x7F"), "m");
    check_frame(0x82, SLICE("\xFF\xFE"), "m");
    check_frame(0x81, SLICE("\xC0\xAF"), "r1007");
    check_frame(0x81, SLICE("\xED\xA0\x80"), "r1007");
    check_frame(0x81, SLICE("\xF4\x90\x80\x80"), "r1007");
    check_frame(0x81, SLICE("caf\xC3"), "r1007"); /* ends inside a character */
    struct text text = room_text();
    put_frame(&text, 0x01, SLICE("\xE2\x82"));
    put_frame(&text, 0x80, SLICE("\xAC"));
    put_frame(&text, 0x01, SLICE("\xE2\x82"));
    put_frame(&text, 0x00, SLICE("\x20"));
    check_events(text_slice(&text), "mr1007");
}

TEST(reader__characters_of_any_bytes__are_judged_as_a_whole_text_is)
{
    uint64_t seed = 6455;
    for (unsigned i = 0; i < 20000; i++) {
        static const uint8_t edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1,
                                        0xC2, 0xDF, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF};
        uint8_t bytes[4];
        char seen[16];
        for (size_t at = 0; at < sizeof bytes; at++)
            bytes[at] = edges[random_next(&seed) % sizeof edges];
        struct text text = room_text();
        put_frame(&text, 0x81, slice_from(bytes, sizeof bytes));
        read_all(text_slice(&text), 3, seen, sizeof seen);
        bool is_valid = utf8_is_valid(slice_from(bytes, sizeof bytes));
        assert_string_equal(seen, is_valid ? "m" : "r1007");
    }
}

TEST(reader__close__is_checked_and_ends_all)
{
    check_frame(0x88, SLICE_NONE, "c0");
    check_frame(0x88, SLICE("\x03\xE8"), "c1000");
    check_frame(0x88, SLICE("\x03\xE9going"), "c1001");
    check_frame(0x88, SLICE("\x03"), "r1002");
    check_frame(0x88, SLICE("\x03\xE8\xC3\x28"), "r1007");
    static const unsigned bad[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535};
    static const unsigned good[] = {1000, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4999};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const uint8_t payload[] = {(uint8_t)(bad[i] >> 8), (uint8_t)bad[i]};
        check_frame(0x88, slice_from(payload, sizeof payload), "r1002");
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const uint8_t payload[] = {(uint8_t)(good[i] >> 8), (uint8_t)good[i]};
        char events[8];
        (void)snprintf(events, sizeof events, "c%u", good[i]);
        check_frame(0x88, slice_from(payload, sizeof payload), events);
    }
    struct text text = room_text();
    put_frame(&text, 0x88, SLICE("\x03\xE8"));
    put_frame(&text, 0x81, SLICE("after"));
    check_events(text_slice(&text), "c1000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept__of_the_example_in_the_rfc__is_its_answer),
        cmocka_unit_test(accept__key_that_is_none__einval),
        cmocka_unit_test(is_asked__each_way_of_asking__is_seen),
        cmocka_unit_test(reader__messages_and_pings_between_fragments__are_events),
        cmocka_unit_test(reader__control_frame__keeps_its_bytes),
        cmocka_unit_test(reader__between_two_frames__holds_no_memory),
        cmocka_unit_test(reader__frames_against_the_rules__are_refused_with_1002),
        cmocka_unit_test(reader__lengths_against_the_rules__are_refused_with_1002),
        cmocka_unit_test(
            reader__messages_up_to_the_bound__pass_and_longer_ones_are_refused_with_1009),
        cmocka_unit_test(reader__texts__are_checked_to_be_utf8),
        cmocka_unit_test(reader__characters_of_any_bytes__are_judged_as_a_whole_text_is),
        cmocka_unit_test(reader__close__is_checked_and_ends_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
