/* Chunked bodies, RFC 9112 section 7.1: a state machine over the bytes between the data.
 *
 * The framing is a few bytes for many bytes of data, so it is read byte by byte: there is no
 * position where a split of the input could matter. */
#include "wire/http1_parse.h"

#include "base/text.h"
#include "wire/field.h"

enum {
    /* The digits of a 64-bit number; leading zeros count, or a size could go on for ever. */
    SIZE_DIGITS_MAX = 16,
};

void chunked_begin(struct chunked *chunked)
{
    *chunked = (struct chunked){.state = CHUNKED_SIZE_START};
}

void chunked_data(struct chunked *chunked, uint64_t taken)
{
    assert(chunked->state == CHUNKED_DATA);
    assert(taken <= chunked->left);
    chunked->left -= taken;
    if (chunked->left == 0)
        chunked->state = CHUNKED_DATA_CR;
}

static int hex_value(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static int refuse(struct parse_refusal *refusal, unsigned status, const char *reason)
{
    *refusal = (struct parse_refusal){status, reason};
    return -EPROTO;
}

/* Takes `byte` only when it is `wanted`. */
static int step_exact(struct chunked *chunked, uint8_t byte, uint8_t wanted,
                      enum chunked_state next, struct parse_refusal *refusal)
{
    if (byte != wanted)
        return refuse(refusal, 400, "A line end of the chunked body is malformed.");
    chunked->state = next;
    return 0;
}

static int step_size(struct chunked *chunked, uint8_t byte, struct parse_refusal *refusal)
{
    int digit = hex_value(byte);
    if (digit >= 0) {
        if (++chunked->size_digits > SIZE_DIGITS_MAX)
            return refuse(refusal, 400, "The size of a chunk has more than 16 digits.");
        chunked->left = chunked->left << 4 | (uint64_t)digit;
        chunked->state = CHUNKED_SIZE;
        if (chunked->left > INT64_MAX)
            return refuse(refusal, 413, "A chunk is larger than any file can be.");
        return 0;
    }
    if (chunked->state == CHUNKED_SIZE_START)
        return refuse(refusal, 400, "A chunk does not begin with its size.");
    if (byte != ';')
        return step_exact(chunked, byte, '\r', CHUNKED_SIZE_LF, refusal);
    chunked->state = CHUNKED_EXTENSION;
    return 0;
}

/* RFC 9112 section 7.1.1: unknown extensions are ignored, their bytes limited. */
static int step_extension(struct chunked *chunked, uint8_t byte, struct parse_refusal *refusal)
{
    if (byte == '\r') {
        chunked->state = CHUNKED_SIZE_LF;
        return 0;
    }
    if ((field_bytes[byte] & FIELD_VALUE) == 0)
        return refuse(refusal, 400, "An extension of a chunk has a control character.");
    if (++chunked->extension_bytes > HTTP_CHUNK_EXTENSIONS_BYTES_MAX)
        return refuse(refusal, 400, "The extensions of the chunks are too long.");
    return 0;
}

static int step_trailer_field(struct chunked *chunked, uint8_t byte, struct parse_refusal *refusal)
{
    if (chunked->state == CHUNKED_TRAILER_VALUE) {
        if (byte == '\r')
            chunked->state = CHUNKED_TRAILER_LF;
        else if ((field_bytes[byte] & FIELD_VALUE) == 0)
            return refuse(refusal, 400, "A trailer field has a control character.");
        return 0;
    }
    if (chunked->state == CHUNKED_TRAILER_NAME && byte == ':') {
        chunked->state = CHUNKED_TRAILER_VALUE;
        return 0;
    }
    if (chunked->state == CHUNKED_TRAILER_START && byte == '\r') {
        chunked->state = CHUNKED_END_LF;
        return 0;
    }
    if ((field_bytes[byte] & FIELD_TOKEN) == 0)
        return refuse(refusal, 400, "The name of a trailer field is malformed.");
    chunked->state = CHUNKED_TRAILER_NAME;
    return 0;
}

static int step_trailer(struct chunked *chunked, uint8_t byte, struct parse_refusal *refusal)
{
    if (++chunked->trailer_bytes > HTTP_TRAILER_BYTES_MAX)
        return refuse(refusal, 431, "The trailer of the body is too long.");
    if (chunked->state == CHUNKED_TRAILER_LF)
        return step_exact(chunked, byte, '\n', CHUNKED_TRAILER_START, refusal);
    if (chunked->state == CHUNKED_END_LF)
        return step_exact(chunked, byte, '\n', CHUNKED_DONE, refusal);
    return step_trailer_field(chunked, byte, refusal);
}

/* The line of a chunk's size has ended: data follow, or the trailer behind the last chunk. */
static int step_size_end(struct chunked *chunked, uint8_t byte, struct parse_refusal *refusal)
{
    int err = step_exact(chunked, byte, '\n', CHUNKED_DATA, refusal);
    if (err == 0 && chunked->left == 0)
        chunked->state = CHUNKED_TRAILER_START;
    return err;
}

static int step_data_end(struct chunked *chunked, uint8_t byte, struct parse_refusal *refusal)
{
    chunked->size_digits = 0;
    chunked->line_bytes = 0;
    return step_exact(chunked, byte, '\n', CHUNKED_SIZE_START, refusal);
}

static int step(struct chunked *chunked, uint8_t byte, struct parse_refusal *refusal)
{
    switch (chunked->state) {
    case CHUNKED_SIZE_START:
    case CHUNKED_SIZE:
    case CHUNKED_EXTENSION:
        if (++chunked->line_bytes > HTTP_CHUNK_LINE_BYTES_MAX)
            return refuse(refusal, 400, "The line before a chunk is too long.");
        if (chunked->state == CHUNKED_EXTENSION)
            return step_extension(chunked, byte, refusal);
        return step_size(chunked, byte, refusal);
    case CHUNKED_SIZE_LF:
        return step_size_end(chunked, byte, refusal);
    case CHUNKED_DATA_CR:
        return step_exact(chunked, byte, '\r', CHUNKED_DATA_LF, refusal);
    case CHUNKED_DATA_LF:
        return step_data_end(chunked, byte, refusal);
    case CHUNKED_TRAILER_START:
    case CHUNKED_TRAILER_NAME:
    case CHUNKED_TRAILER_VALUE:
    case CHUNKED_TRAILER_LF:
    case CHUNKED_END_LF:
        return step_trailer(chunked, byte, refusal);
    case CHUNKED_DATA:
    case CHUNKED_DONE:
        break;
    }
    assert(false); /* chunked_framing() stops in these two */
    return -EPROTO;
}

ssize_t chunked_framing(struct chunked *chunked, struct slice bytes,
                        struct parse_refusal *ret_refusal)
{
    size_t used = 0;
    while (used < bytes.len && chunked->state != CHUNKED_DATA && chunked->state != CHUNKED_DONE) {
        int err = step(chunked, bytes.ptr[used], ret_refusal);
        if (err < 0)
            return err;
        used++;
    }
    return (ssize_t)used;
}

struct slice chunked_trailer_find(struct slice trailer, struct slice name)
{
    struct slice line;
    while (slice_next(&trailer, '\n', &line)) {
        size_t name_len = slice_find(line, ':');
        if (name_len < line.len && slice_is_same_word(slice_head(line, name_len), name)) {
            struct slice value = slice_skip(line, name_len + 1);
            return slice_trim(slice_head(value, slice_find(value, '\r')));
        }
    }
    return SLICE_NONE;
}
