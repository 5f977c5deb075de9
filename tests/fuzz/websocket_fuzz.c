/* WebSocket frames: any split gives the same events; a text passes exactly if it is UTF-8. */
#include "fuzz.h"

#include "wire/websocket_reader.h"

enum { EVENTS_MAX = 1 << 15 };

struct outcome {
    size_t len;
    uint8_t events[EVENTS_MAX];
    unsigned code;
    size_t control_bytes;
};

static void feed(struct websocket_reader *reader, struct slice piece, struct outcome *outcome)
{
    struct slice copy = copy_of(piece), rest = copy;
    enum websocket_event event;
    while ((event = websocket_read(reader, &rest)) != WEBSOCKET_MORE) {
        bool is_end = event == WEBSOCKET_CLOSE || event == WEBSOCKET_REFUSED;
        assert(is_inside(rest, copy) && outcome->len < EVENTS_MAX);
        assert(outcome->code == 0 && is_end == reader->is_over);
        outcome->events[outcome->len++] = (uint8_t)event;
        if (is_end)
            outcome->code = reader->code;
        if (event == WEBSOCKET_PING || event == WEBSOCKET_PONG)
            outcome->control_bytes += reader->control_len;
    }
    assert(rest.len == 0 && reader->control_len <= sizeof reader->control);
    assert(reader->message_bytes <= WEBSOCKET_MESSAGE_BYTES_MAX);
    copy_free(copy);
}

static void read_pieces(struct cutter cutter, struct outcome *outcome)
{
    struct websocket_reader reader = {0};
    struct slice piece;
    outcome->len = outcome->code = outcome->control_bytes = 0;
    while (cutter_next(&cutter, &piece))
        feed(&reader, piece, outcome);
    websocket_reader_clear(&reader);
}

/* Sends the input as a text in fragments. */
static void check_text(struct cutter cutter)
{
    static struct outcome outcome;
    struct websocket_reader reader = {0};
    struct slice whole = cutter.rest, piece;
    uint8_t opcode = WEBSOCKET_TEXT;
    outcome.len = outcome.code = 0;
    if (whole.len > WEBSOCKET_MESSAGE_BYTES_MAX)
        return;
    while (cutter_next(&cutter, &piece) && !reader.is_over) {
        piece = slice_head(piece, 125);
        const uint8_t head[] = {opcode, (uint8_t)(0x80 | piece.len), 0, 0, 0, 0};
        feed(&reader, slice_from(head, sizeof head), &outcome);
        feed(&reader, piece, &outcome);
        opcode = WEBSOCKET_CONTINUATION;
        cutter.rest = slice_from(piece.ptr + piece.len,
                                 (size_t)(whole.ptr + whole.len - piece.ptr) - piece.len);
    }
    const uint8_t last[] = {(uint8_t)(0x80 | opcode), 0x80, 0, 0, 0, 0};
    feed(&reader, slice_from(last, sizeof last), &outcome);
    websocket_reader_clear(&reader);
    assert(outcome.len == 1);
    assert(outcome.events[0] == (utf8_is_valid(whole) ? WEBSOCKET_MESSAGE : WEBSOCKET_REFUSED));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct outcome cut, whole;
    struct cutter cutter = cutter_over(slice_from(bytes, len));
    struct cutter uncut = {.rest = cutter.rest};
    read_pieces(cutter, &cut);
    read_pieces(uncut, &whole);
    assert(cut.len == whole.len && cut.code == whole.code);
    assert(cut.control_bytes == whole.control_bytes);
    assert(memcmp(cut.events, whole.events, cut.len) == 0);
    check_text(cutter);
    return 0;
}
