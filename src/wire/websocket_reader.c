/* wslay takes frames apart: lengths in their shortest form, whole and short control frames,
 * unmasking. What it leaves to its user is checked here: masks, reserved bits, opcodes, the order
 * of fragments, sizes, UTF-8, close codes.
 *
 * Its context has a buffer of 4 KiB, so there is one only while a frame is there in part. */
#include "wire/websocket_reader.h"

#include "base/text.h"
#include "limits.h"

#include <wslay/wslay.h>

/* RFC 6455 section 5.2: the two bytes that each frame begins with, and a mask. */
enum { FRAME_HEAD_BYTES = 2, FRAME_MASK_BYTES = 4 };

/* ---- UTF-8 ---- */

/* RFC 3629 section 4: first bytes, how many follow, and what the second may be. */
static const struct {
    uint8_t first, last, left, low, high;
} utf8_leads[] = {
    {0x00, 0x7F, 0, 0, 0},       {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF},
    {0xE1, 0xEC, 2, 0x80, 0xBF}, {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF},
    {0xF0, 0xF0, 3, 0x90, 0xBF}, {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static bool utf8_begin(struct websocket_utf8 *utf8, uint8_t byte)
{
    for (size_t i = 0; i < ARRAY_LEN(utf8_leads); i++)
        if (byte >= utf8_leads[i].first && byte <= utf8_leads[i].last) {
            *utf8 =
                (struct websocket_utf8){utf8_leads[i].left, utf8_leads[i].low, utf8_leads[i].high};
            return true;
        }
    return false;
}

/* Whether the text so far, with these bytes, can still become well-formed. */
static bool utf8_add(struct websocket_utf8 *utf8, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = bytes.ptr[i];
        if (utf8->left == 0) {
            if (!utf8_begin(utf8, byte))
                return false;
            continue;
        }
        if (byte < utf8->low || byte > utf8->high)
            return false;
        *utf8 = (struct websocket_utf8){(uint8_t)(utf8->left - 1), 0x80, 0xBF};
    }
    return true;
}

/* ---- Pieces of frames ---- */

/* Hands bytes over to wslay; -1: there are none. */
static ssize_t give_bytes(uint8_t *into, size_t room, int flags, void *user_data)
{
    (void)flags;
    struct websocket_reader *reader = user_data;
    size_t len = size_min(room, reader->input.len);
    if (len == 0)
        return -1;
    memcpy(into, reader->input.ptr, len);
    reader->input = slice_skip(reader->input, len);
    reader->taken_bytes += len;
    return (ssize_t)len;
}

static void free_frames(struct websocket_reader *reader)
{
    if (reader->frames != NULL)
        wslay_frame_context_free(reader->frames);
    reader->frames = NULL;
    reader->taken_bytes = reader->used_bytes = 0;
}

/* The next piece of a frame. Returns 1, 0 when bytes are missing, or the negated code to close
 * with. */
static int take_piece(struct websocket_reader *reader, struct wslay_frame_iocb *ret_piece)
{
    const struct wslay_frame_callbacks callbacks = {.recv_callback = give_bytes};
    if (reader->frames == NULL) {
        if (reader->input.len == 0)
            return 0;
        if (wslay_frame_context_init(&reader->frames, &callbacks, reader) != 0)
            return -WEBSOCKET_CODE_INTERNAL;
    }
    ssize_t got = wslay_frame_recv(reader->frames, ret_piece);
    if (got == WSLAY_ERR_WANT_READ)
        return 0;
    if (got < 0)
        return -(got == WSLAY_ERR_PROTO ? WEBSOCKET_CODE_PROTOCOL : WEBSOCKET_CODE_INTERNAL);
    return 1;
}

/* Checks the head of a frame. Returns the code to close with, or 0. */
static unsigned check_head(const struct websocket_reader *reader,
                           const struct wslay_frame_iocb *frame)
{
    bool is_known = frame->opcode <= WEBSOCKET_BINARY || (frame->opcode >= WEBSOCKET_OPCODE_CLOSE &&
                                                          frame->opcode <= WEBSOCKET_OPCODE_PONG);
    if (frame->mask == 0 || frame->rsv != WSLAY_RSV_NONE || !is_known)
        return WEBSOCKET_CODE_PROTOCOL;
    if (wslay_is_ctrl_frame(frame->opcode))
        return 0;
    if ((frame->opcode == WEBSOCKET_CONTINUATION) != reader->is_in_message)
        return WEBSOCKET_CODE_PROTOCOL;
    uint64_t before = reader->is_in_message ? reader->message_bytes : 0;
    if (frame->payload_length > WEBSOCKET_MESSAGE_BYTES_MAX - before)
        return WEBSOCKET_CODE_TOO_BIG;
    return 0;
}

/* Begins a frame whose first piece has come. */
static unsigned begin_frame(struct websocket_reader *reader, const struct wslay_frame_iocb *frame)
{
    unsigned code = check_head(reader, frame);
    if (code != 0)
        return code;
    reader->is_in_frame = true;
    reader->frame_left = frame->payload_length;
    if (wslay_is_ctrl_frame(frame->opcode)) {
        reader->control_len = 0;
    } else if (frame->opcode != WEBSOCKET_CONTINUATION) {
        reader->is_in_message = true;
        reader->is_text = frame->opcode == WEBSOCKET_TEXT;
        reader->message_bytes = 0;
        reader->utf8 = (struct websocket_utf8){0};
    }
    return 0;
}

/* Takes the payload of one piece. Returns the code to close with, or 0. */
static unsigned add_payload(struct websocket_reader *reader, const struct wslay_frame_iocb *piece)
{
    assert(piece->data_length <= reader->frame_left);
    reader->frame_left -= piece->data_length;
    if (wslay_is_ctrl_frame(piece->opcode)) {
        assert(piece->data_length <= sizeof reader->control - reader->control_len);
        if (piece->data_length > 0)
            memcpy(reader->control + reader->control_len, piece->data, piece->data_length);
        reader->control_len += piece->data_length;
        return 0;
    }
    reader->message_bytes += piece->data_length;
    bool is_well =
        !reader->is_text || utf8_add(&reader->utf8, slice_from(piece->data, piece->data_length));
    return is_well ? 0 : WEBSOCKET_CODE_NOT_UTF8;
}

/* ---- Whole frames ---- */

static enum websocket_event refuse(struct websocket_reader *reader, unsigned code)
{
    reader->is_over = true;
    reader->code = code;
    return WEBSOCKET_REFUSED;
}

/* RFC 6455 section 7.4 and the registry it made: codes that may stand in a frame. */
static bool is_code(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/* RFC 6455 section 5.5.1: nothing, or a code and a reason in UTF-8. */
static enum websocket_event end_close(struct websocket_reader *reader)
{
    unsigned code = WEBSOCKET_CODE_NONE;
    if (reader->control_len == 1)
        return refuse(reader, WEBSOCKET_CODE_PROTOCOL);
    if (reader->control_len > 0) {
        code = (unsigned)reader->control[0] << 8 | reader->control[1];
        if (!is_code(code))
            return refuse(reader, WEBSOCKET_CODE_PROTOCOL);
        if (!utf8_is_valid(slice_from(reader->control + 2, reader->control_len - 2)))
            return refuse(reader, WEBSOCKET_CODE_NOT_UTF8);
    }
    reader->is_over = true;
    reader->code = code;
    return WEBSOCKET_CLOSE;
}

/* The context is freed when all that it took has been used: it is between two frames then. */
static void count_frame(struct websocket_reader *reader, uint64_t payload_bytes)
{
    uint64_t length_bytes = payload_bytes < 126 ? 0 : payload_bytes <= UINT16_MAX ? 2 : 8;
    reader->used_bytes += FRAME_HEAD_BYTES + length_bytes + FRAME_MASK_BYTES + payload_bytes;
    assert(reader->used_bytes <= reader->taken_bytes);
    if (reader->used_bytes == reader->taken_bytes)
        free_frames(reader);
}

/* What a frame that is complete means; WEBSOCKET_MORE: nothing yet. */
static enum websocket_event end_frame(struct websocket_reader *reader,
                                      const struct wslay_frame_iocb *frame)
{
    reader->is_in_frame = false;
    count_frame(reader, frame->payload_length);
    if (frame->opcode == WEBSOCKET_OPCODE_CLOSE)
        return end_close(reader);
    if (frame->opcode == WEBSOCKET_OPCODE_PING)
        return WEBSOCKET_PING;
    if (frame->opcode == WEBSOCKET_OPCODE_PONG)
        return WEBSOCKET_PONG;
    if (!frame->fin)
        return WEBSOCKET_MORE;
    reader->is_in_message = false;
    if (reader->is_text && reader->utf8.left > 0)
        return refuse(reader, WEBSOCKET_CODE_NOT_UTF8);
    return WEBSOCKET_MESSAGE;
}

static enum websocket_event next_event(struct websocket_reader *reader)
{
    for (;;) {
        struct wslay_frame_iocb piece;
        int got = take_piece(reader, &piece);
        if (got == 0)
            return WEBSOCKET_MORE;
        unsigned code = got < 0 ? (unsigned)-got : 0;
        if (code == 0 && !reader->is_in_frame)
            code = begin_frame(reader, &piece);
        if (code == 0)
            code = add_payload(reader, &piece);
        if (code != 0)
            return refuse(reader, code);
        enum websocket_event event =
            reader->frame_left > 0 ? WEBSOCKET_MORE : end_frame(reader, &piece);
        if (event != WEBSOCKET_MORE)
            return event;
    }
}

enum websocket_event websocket_read(struct websocket_reader *reader, struct slice *bytes)
{
    if (reader->is_over) {
        *bytes = SLICE_NONE;
        return WEBSOCKET_MORE;
    }
    reader->input = *bytes;
    enum websocket_event event = next_event(reader);
    *bytes = reader->input;
    reader->input = SLICE_NONE;
    if (reader->is_over)
        free_frames(reader);
    return event;
}

void websocket_reader_clear(struct websocket_reader *reader)
{
    free_frames(reader);
    *reader = (struct websocket_reader){0};
}
