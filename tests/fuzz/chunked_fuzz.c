/* Chunked bodies: any split gives the same data, the same end and the same verdict. */
#include "fuzz.h"

enum { DATA_BYTES_MAX = 1 << 16 };

struct outcome {
    bool is_refused;
    unsigned status;
    enum chunked_state state;
    size_t used, data_len, trailer_len;
    uint8_t data[DATA_BYTES_MAX];
    uint8_t trailer[HTTP_TRAILER_BYTES_MAX];
};

/* Takes the trailer's part of what was consumed last. */
static void keep_trailer(struct outcome *outcome, struct slice used, size_t len)
{
    assert(len <= used.len && outcome->trailer_len + len <= HTTP_TRAILER_BYTES_MAX);
    memcpy(outcome->trailer + outcome->trailer_len, used.ptr + used.len - len, len);
    outcome->trailer_len += len;
}

/* Each line of a whole trailer is found by its name: that one, or an earlier one of that name. */
static void walk_trailer(struct slice trailer)
{
    struct slice copy = copy_of(trailer), rest = copy, line;
    assert(copy.len >= 2 && memcmp(copy.ptr + copy.len - 2, "\r\n", 2) == 0);
    while (slice_next(&rest, '\n', &line) && line.len > 1) {
        struct slice name = slice_head(line, slice_find(line, ':'));
        struct slice value = chunked_trailer_find(copy, name);
        assert(name.len > 0 && value.ptr != NULL && is_inside(value, copy));
        assert(slice_find(value, '\r') == value.len);
    }
    assert(rest.len == 0);
    copy_free(copy);
}

/* Feeds one piece. False when nothing more is to be fed. */
static bool feed(struct chunked *chunked, struct slice piece, struct outcome *outcome)
{
    while (piece.len > 0 && chunked->state != CHUNKED_DONE) {
        struct parse_refusal refusal;
        size_t before = chunked->trailer_bytes;
        ssize_t got = chunked_framing(chunked, piece, &refusal);
        if (got < 0) {
            assert(got == -EPROTO && refusal.status >= 400 && refusal.reason != NULL);
            outcome->is_refused = true;
            outcome->status = refusal.status;
            return false;
        }
        assert((size_t)got <= piece.len);
        keep_trailer(outcome, slice_head(piece, (size_t)got), chunked->trailer_bytes - before);
        piece = slice_skip(piece, (size_t)got);
        outcome->used += (size_t)got;
        if (chunked->state != CHUNKED_DATA) {
            assert(piece.len == 0 || chunked->state == CHUNKED_DONE);
            continue;
        }
        assert(chunked->left > 0);
        size_t len = (size_t)u64_min(chunked->left, piece.len);
        assert(outcome->data_len + len <= DATA_BYTES_MAX);
        memcpy(outcome->data + outcome->data_len, piece.ptr, len);
        outcome->data_len += len;
        outcome->used += len;
        piece = slice_skip(piece, len);
        if (len > 0)
            chunked_data(chunked, len);
    }
    return chunked->state != CHUNKED_DONE;
}

static void decode(struct cutter cutter, struct outcome *outcome)
{
    struct chunked chunked;
    struct slice piece;
    bool goes_on = true;
    chunked_begin(&chunked);
    outcome->is_refused = false;
    outcome->status = 0;
    outcome->used = outcome->data_len = outcome->trailer_len = 0;
    while (goes_on && cutter_next(&cutter, &piece)) {
        struct slice copy = copy_of(piece);
        goes_on = feed(&chunked, copy, outcome);
        copy_free(copy);
    }
    outcome->state = chunked.state;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct outcome whole, split;
    if (len > DATA_BYTES_MAX)
        return 0;
    struct cutter cutter = cutter_over(slice_from(bytes, len));
    decode(cutter, &split);
    cutter.lengths = SLICE_NONE;
    decode(cutter, &whole);
    assert(split.is_refused == whole.is_refused && split.status == whole.status);
    assert(split.data_len == whole.data_len);
    assert(memcmp(split.data, whole.data, whole.data_len) == 0);
    if (!whole.is_refused) {
        assert(split.state == whole.state && split.used == whole.used);
        assert(split.trailer_len == whole.trailer_len);
        assert(memcmp(split.trailer, whole.trailer, whole.trailer_len) == 0);
    }
    if (whole.state == CHUNKED_DONE && !whole.is_refused)
        walk_trailer(slice_from(whole.trailer, whole.trailer_len));
    assert(whole.data_len <= cutter.rest.len);
    return 0;
}
