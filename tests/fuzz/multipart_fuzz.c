/* Forms: any split gives the same parts with the same content, and the same verdict. */
#include "fuzz.h"

#include "wire/multipart.h"

enum { SCRIPT_BYTES_MAX = 1 << 20, INPUT_BYTES_MAX = 1 << 16 };

/* All events as text; data are not marked, so that it doesn't matter how they were cut. */
struct script {
    struct text text;
    int result;
    bool has_ended, is_in_part;
    size_t data_bytes;
};

static void check_order(struct script *script, const struct multipart_event *event)
{
    assert(!script->has_ended);
    switch (event->kind) {
    case MULTIPART_PART:
        assert(!script->is_in_part);
        script->is_in_part = true;
        break;
    case MULTIPART_DATA:
        assert(script->is_in_part && event->data.len > 0);
        script->data_bytes += event->data.len;
        break;
    case MULTIPART_PART_END:
        assert(script->is_in_part);
        script->is_in_part = false;
        break;
    case MULTIPART_END:
        assert(!script->is_in_part);
        script->has_ended = true;
        break;
    case MULTIPART_MORE:
        break;
    }
}

static void write_event(struct script *script, const struct multipart_event *event)
{
    check_order(script, event);
    if (event->kind == MULTIPART_DATA) {
        text_put(&script->text, event->data);
        return;
    }
    text_put_byte(&script->text, (uint8_t)event->kind);
    text_put(&script->text, event->name);
    text_put_byte(&script->text, event->has_file_name);
    text_put(&script->text, event->file_name);
    text_put(&script->text, event->content_type);
}

static bool feed(struct multipart *multipart, struct slice piece, struct script *script)
{
    struct multipart_event event;
    do {
        ssize_t got = multipart_feed(multipart, piece, &event);
        if (got < 0) {
            assert(got == -EPROTO && event.refusal.status >= 400);
            script->result = -EPROTO;
            return false;
        }
        assert((size_t)got <= piece.len);
        if (event.kind != MULTIPART_MORE)
            write_event(script, &event);
        piece = slice_skip(piece, (size_t)got);
    } while (event.kind != MULTIPART_MORE);
    assert(piece.len == 0);
    return true;
}

static void parse(struct cutter cutter, struct span room, struct script *script)
{
    static struct multipart multipart;
    struct parse_refusal refusal;
    struct slice piece;
    bool goes_on = true;
    *script = (struct script){.text = text_over(room)};
    assert(multipart_begin(&multipart, SLICE("multipart/form-data; boundary=b-b")) == 0);
    while (goes_on && cutter_next(&cutter, &piece)) {
        struct slice copy = copy_of(piece);
        goes_on = feed(&multipart, copy, script);
        copy_free(copy);
    }
    if (goes_on)
        script->result = multipart_end(&multipart, &refusal);
    assert(script->result == 0 || script->result == -EPROTO);
    assert(script->result < 0 || script->has_ended);
    assert(!script->text.is_full);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t rooms[2][SCRIPT_BYTES_MAX];
    static struct multipart multipart;
    struct script split, whole;
    if (len > INPUT_BYTES_MAX)
        return 0;
    (void)!multipart_begin(&multipart, slice_from(bytes, len)); /* as a Content-Type */

    struct cutter cutter = cutter_over(slice_from(bytes, len));
    parse(cutter, (struct span){rooms[0], SCRIPT_BYTES_MAX}, &split);
    cutter.lengths = SLICE_NONE;
    parse(cutter, (struct span){rooms[1], SCRIPT_BYTES_MAX}, &whole);
    assert(split.result == whole.result);
    assert(whole.data_bytes <= cutter.rest.len);
    if (whole.result == 0)
        assert(slice_is_equal(text_slice(&split.text), text_slice(&whole.text)));
    return 0;
}
