/* Forms: multipart/form-data.
 *
 * A delimiter begins with a CR and has no other, so a search for CR finds all candidates, and a
 * candidate that turns out to be content can't hide another: what was held back of it is then
 * given out from the parser's own copy of the delimiter. */
#include "wire/multipart.h"

#include "base/text.h"
#include "wire/disposition.h"
#include "wire/field.h"

static int refuse(struct multipart_event *event, unsigned status, const char *reason)
{
    event->refusal = (struct parse_refusal){status, reason};
    return -EPROTO;
}

/* bchars of RFC 2046 section 5.1.1; a space may not be the last. */
static bool is_boundary(struct slice boundary)
{
    static const char marks[] = "'()+_,-./:=? ";
    if (boundary.len == 0 || boundary.len > MULTIPART_BOUNDARY_BYTES_MAX ||
        boundary.ptr[boundary.len - 1] == ' ')
        return false;
    for (size_t i = 0; i < boundary.len; i++) {
        uint8_t byte = boundary.ptr[i];
        bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter && !is_digit && memchr(marks, byte, sizeof(marks) - 1) == NULL)
            return false;
    }
    return true;
}

int multipart_begin(struct multipart *multipart, struct slice content_type)
{
    static const struct slice type = {(const uint8_t *)"multipart/form-data", 19};
    struct slice rest = slice_trim(content_type);
    if (!slice_is_same_word(slice_head(rest, type.len), type))
        return -EINVAL;

    struct field_parameter parameter;
    uint8_t boundary[MULTIPART_BOUNDARY_BYTES_MAX];
    ssize_t boundary_len = 0;
    int got;
    rest = slice_skip(rest, type.len);
    while ((got = field_take_parameter(&rest, &parameter)) > 0) {
        if (!slice_is_same_word(parameter.name, SLICE("boundary")))
            continue;
        if (boundary_len != 0)
            return -EINVAL;
        boundary_len = field_unescape(parameter.value, (struct span){boundary, sizeof(boundary)});
        if (boundary_len < 0)
            return -EINVAL;
    }
    if (got < 0 || rest.len > 0 || !is_boundary(slice_from(boundary, (size_t)boundary_len)))
        return -EINVAL;

    /* A delimiter at the very front has no line before it: it is as if CR LF had been seen. */
    multipart->state = MULTIPART_PREAMBLE;
    multipart->held = 2;
    multipart->parts = 0;
    memcpy(multipart->delimiter, "\r\n--", 4);
    memcpy(multipart->delimiter + 4, boundary, (size_t)boundary_len);
    multipart->delimiter_len = 4 + (size_t)boundary_len;
    return 0;
}

/* What a candidate is, as far as it can be seen. */
enum candidate {
    CANDIDATE_OPEN,    /* more bytes must tell */
    CANDIDATE_CONTENT, /* only looks like a delimiter */
    CANDIDATE_PADDED,  /* white space follows, then the end of the line */
    CANDIDATE_NEXT,    /* the line ends: a part follows */
    CANDIDATE_LAST,    /* "--": no part follows */
};

/* Reads the bytes at the front as what follows those that are held. `ret_len` of them belong to
 * the delimiter; for one that is open, all. The two bytes behind the boundary decide too: without
 * them a boundary that begins like ours would be taken for ours. */
static enum candidate candidate_read(struct multipart *multipart, struct slice bytes,
                                     size_t *ret_len)
{
    const size_t held = multipart->held, end = multipart->delimiter_len;
    size_t compared = held < end ? size_min(bytes.len, end - held) : 0;
    if (compared > 0 && memcmp(bytes.ptr, multipart->delimiter + held, compared) != 0)
        return CANDIDATE_CONTENT;

    size_t at = compared;
    uint8_t first = multipart->delimiter[end];
    if (held <= end) {
        *ret_len = at;
        if (at == bytes.len)
            return CANDIDATE_OPEN;
        first = bytes.ptr[at];
        if (first == ' ' || first == '\t')
            return CANDIDATE_PADDED;
        if (first != '\r' && first != '-')
            return CANDIDATE_CONTENT;
        at++;
    }
    if (at == bytes.len) {
        multipart->delimiter[end] = first;
        *ret_len = at;
        return CANDIDATE_OPEN;
    }
    *ret_len = at + 1;
    if (first == '\r' && bytes.ptr[at] == '\n')
        return CANDIDATE_NEXT;
    return first == '-' && bytes.ptr[at] == '-' ? CANDIDATE_LAST : CANDIDATE_CONTENT;
}

/* A delimiter was found: the part before it ends. */
static void pass_delimiter(struct multipart *multipart, enum candidate candidate,
                           struct multipart_event *event)
{
    bool is_in_part = multipart->state == MULTIPART_CONTENT;
    event->kind = is_in_part ? MULTIPART_PART_END : MULTIPART_MORE;
    multipart->held = 0;
    multipart->head_len = 0;
    multipart->line_start = 0;
    multipart->state = candidate == CANDIDATE_PADDED ? MULTIPART_PADDING
                       : candidate == CANDIDATE_NEXT ? MULTIPART_HEAD
                                                     : MULTIPART_CLOSING;
}

/* What was held is content. A CR behind a whole boundary stays held: another may begin there. */
static void give_held(struct multipart *multipart, struct multipart_event *event)
{
    size_t len = multipart->held;
    bool is_return_held =
        len > multipart->delimiter_len && multipart->delimiter[multipart->delimiter_len] == '\r';
    if (is_return_held)
        len--;
    multipart->held = is_return_held ? 1 : 0;
    event->kind = MULTIPART_DATA;
    event->data = slice_from(multipart->delimiter, len);
}

/* Where the next candidate begins from `at` on; the end of the bytes when there is none. Most CRs
 * of most files are no line ends, and are passed without another search. */
static size_t find_candidate(struct slice bytes, size_t at)
{
    while (at < bytes.len) {
        if (bytes.ptr[at] != '\r') {
            const uint8_t *found = memchr(bytes.ptr + at, '\r', bytes.len - at);
            if (found == NULL)
                return bytes.len;
            at = (size_t)(found - bytes.ptr);
        }
        if (at + 1 == bytes.len || bytes.ptr[at + 1] == '\n')
            return at;
        at++;
    }
    return at;
}

/* Reads content, or what stands before the first delimiter and is nobody's. */
static size_t feed_content(struct multipart *multipart, struct slice bytes,
                           struct multipart_event *event)
{
    size_t at = 0, len = 0;
    event->kind = MULTIPART_MORE;
    while (at < bytes.len) {
        if (multipart->held == 0) {
            at = find_candidate(bytes, at);
            if (at == bytes.len)
                break;
        }
        enum candidate candidate = candidate_read(multipart, slice_skip(bytes, at), &len);
        if (candidate == CANDIDATE_CONTENT && multipart->held == 0) {
            at++;
            continue;
        }
        if (at > 0)
            break; /* first give what stands before the candidate */
        if (candidate == CANDIDATE_CONTENT)
            give_held(multipart, event);
        else if (candidate == CANDIDATE_OPEN)
            multipart->held += len;
        else
            pass_delimiter(multipart, candidate, event);
        return candidate == CANDIDATE_CONTENT ? 0 : len;
    }
    if (at > 0) {
        event->kind = MULTIPART_DATA;
        event->data = slice_head(bytes, at);
    }
    return at;
}

/* RFC 2046 section 5.1.1: only white space may stand between a boundary and its line end. */
static ssize_t feed_padding(struct multipart *multipart, struct slice bytes,
                            struct multipart_event *event)
{
    size_t at = 0;
    event->kind = MULTIPART_MORE;
    while (at < bytes.len && multipart->state != MULTIPART_HEAD) {
        uint8_t byte = bytes.ptr[at++];
        if (multipart->state == MULTIPART_PADDING_LF && byte == '\n')
            multipart->state = MULTIPART_HEAD;
        else if (multipart->state == MULTIPART_PADDING && byte == '\r')
            multipart->state = MULTIPART_PADDING_LF;
        else if (multipart->state == MULTIPART_PADDING_LF || (byte != ' ' && byte != '\t'))
            return refuse(event, 400, "A boundary of the form does not end its line.");
    }
    return (ssize_t)at;
}

/* One line of a part's head, without its end. Fields other than these two say nothing here
 * (RFC 7578 section 4.8). */
static int read_head_line(struct slice line, struct slice *disposition, struct slice *type)
{
    struct slice name = field_take_token(&line);
    if (name.len == 0 || !field_take_byte(&line, ':') || !field_is_value(line))
        return -EINVAL;
    struct slice *place = NULL;
    if (slice_is_same_word(name, SLICE("Content-Disposition")))
        place = disposition;
    else if (slice_is_same_word(name, SLICE("Content-Type")))
        place = type;
    if (place == NULL)
        return 0;
    if (place->ptr != NULL)
        return -EINVAL;
    *place = slice_trim(line);
    return 0;
}

/* The head is whole, each line with its CR LF: tells the part. */
static int begin_part(struct multipart *multipart, struct multipart_event *event)
{
    struct slice rest = slice_from(multipart->head, multipart->head_len);
    struct slice disposition_field = SLICE_NONE, type = SLICE_NONE;
    while (rest.len > 0) {
        size_t len = slice_find(rest, '\n');
        assert(len > 0 && rest.ptr[len - 1] == '\r');
        if (read_head_line(slice_head(rest, len - 1), &disposition_field, &type) < 0)
            return refuse(event, 400, "A header field in the form is malformed.");
        rest = slice_skip(rest, len + 1);
    }
    if (++multipart->parts > MULTIPART_PARTS_MAX)
        return refuse(event, 413, "The form has more than 4096 parts.");

    struct disposition disposition;
    struct span room = {multipart->names, sizeof(multipart->names)};
    if (disposition_read_part(disposition_field, room, &disposition) < 0)
        return refuse(event, 400, "A part of the form has no sound Content-Disposition.");
    multipart->state = MULTIPART_CONTENT;
    event->kind = MULTIPART_PART;
    event->name = disposition.name;
    event->has_file_name = disposition.has_file_name;
    event->file_name = disposition.file_name;
    event->content_type = type;
    return 0;
}

/* Adds bytes to the head, line by line, until the empty one. */
static ssize_t feed_head(struct multipart *multipart, struct slice bytes,
                         struct multipart_event *event)
{
    size_t at = 0;
    event->kind = MULTIPART_MORE;
    while (at < bytes.len) {
        struct slice rest = slice_skip(bytes, at);
        size_t line_end = slice_find(rest, '\n');
        bool has_end = line_end < rest.len;
        size_t len = line_end + (has_end ? 1 : 0);
        if (len > sizeof(multipart->head) - multipart->head_len)
            return refuse(event, 400, "The head of a part of the form is longer than 4096 bytes.");
        memcpy(multipart->head + multipart->head_len, rest.ptr, len);
        multipart->head_len += len;
        at += len;
        if (!has_end)
            break;

        size_t line_len = multipart->head_len - multipart->line_start;
        if (line_len < 2 || multipart->head[multipart->head_len - 2] != '\r')
            return refuse(event, 400, "A line feed stands alone in the head of a part.");
        if (line_len == 2) {
            multipart->head_len = multipart->line_start;
            int err = begin_part(multipart, event);
            return err < 0 ? err : (ssize_t)at;
        }
        multipart->line_start = multipart->head_len;
    }
    return (ssize_t)at;
}

/* One step: what the state reads of the bytes. */
static ssize_t step(struct multipart *multipart, struct slice bytes, struct multipart_event *event)
{
    switch (multipart->state) {
    case MULTIPART_PREAMBLE:
    case MULTIPART_CONTENT:
        return (ssize_t)feed_content(multipart, bytes, event);
    case MULTIPART_PADDING:
    case MULTIPART_PADDING_LF:
        return feed_padding(multipart, bytes, event);
    case MULTIPART_HEAD:
        return feed_head(multipart, bytes, event);
    case MULTIPART_CLOSING:
        multipart->state = MULTIPART_EPILOGUE;
        event->kind = MULTIPART_END;
        return 0;
    case MULTIPART_EPILOGUE:
        break;
    }
    event->kind = MULTIPART_MORE;
    return (ssize_t)bytes.len;
}

ssize_t multipart_feed(struct multipart *multipart, struct slice bytes,
                       struct multipart_event *ret_event)
{
    size_t taken = 0;
    assert(multipart->delimiter_len > 4);
    for (;;) {
        *ret_event = (struct multipart_event){.kind = MULTIPART_MORE};
        bool is_preamble = multipart->state == MULTIPART_PREAMBLE;
        ssize_t got = step(multipart, slice_skip(bytes, taken), ret_event);
        if (got < 0)
            return got;
        taken += (size_t)got;
        if (ret_event->kind == MULTIPART_DATA && is_preamble)
            continue; /* RFC 2046 section 5.1.1: a preamble is ignored */
        if (ret_event->kind != MULTIPART_MORE ||
            (taken == bytes.len && multipart->state != MULTIPART_CLOSING))
            return (ssize_t)taken;
    }
}

int multipart_end(const struct multipart *multipart, struct parse_refusal *ret_refusal)
{
    if (multipart->state == MULTIPART_EPILOGUE || multipart->state == MULTIPART_CLOSING)
        return 0;
    *ret_refusal = (struct parse_refusal){400, "The form ends before its last boundary."};
    return -EPROTO;
}
