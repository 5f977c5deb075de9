/* Chunked bodies: any split gives the same data, the same end and the same verdict. */
#include "fuzz.h"

enum { DATA_BYTES_MAX = 1 << 16 };

struct outcome {
    bool is_refused;
    unsigned status;
    enum chunked_state state;
    size_t used, data_len;
    uint8_t data[DATA_BYTES_MAX];
};

/* Feeds one piece. False when nothing more is to be fed. */
static bool feed(struct chunked *chunked, struct slice piece, struct outcome *outcome)
{
    while (piece.len > 0 && chunked->state != CHUNKED_DONE) {
        struct parse_refusal refusal;
        ssize_t got = chunked_framing(chunked, piece, &refusal);
        if (got < 0) {
            assert(got == -EPROTO && refusal.status >= 400 && refusal.reason != NULL);
            outcome->is_refused = true;
            outcome->status = refusal.status;
            return false;
        }
        assert((size_t)got <= piece.len);
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
    outcome->used = outcome->data_len = 0;
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
    if (!whole.is_refused)
        assert(split.state == whole.state && split.used == whole.used);
    assert(whole.data_len <= cutter.rest.len);
    return 0;
}
