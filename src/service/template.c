/* A value is put in once and never looked through for more places, so no file can be named in such
 * a way that another value appears in its name. */
#include "service/template.h"

enum {
    /* Escaped at a time, so that room for the longest escapes isn't taken for all of a long value.
     */
    PIECE_BYTES = 1024,
    ESCAPE_BYTES_MAX = 6,
};

static int put(struct buffer *into, struct slice bytes)
{
    struct text text;
    int err = buffer_room(into, bytes.len, &text);
    if (err < 0)
        return err;
    text_put(&text, bytes);
    buffer_added(into, &text);
    return 0;
}

static int put_escaped(struct buffer *into, struct slice value)
{
    int err = 0;
    while (err == 0 && value.len > 0) {
        struct slice piece = slice_head(value, PIECE_BYTES);
        struct text text;
        err = buffer_room(into, piece.len * ESCAPE_BYTES_MAX, &text);
        if (err < 0)
            break;
        text_put_html(&text, piece);
        buffer_added(into, &text);
        value = slice_skip(value, piece.len);
    }
    return err;
}

/* The value whose place begins at the front of `rest`; NULL when none does. */
static const struct template_value *value_at(struct slice rest, const struct template_value *values,
                                             size_t len)
{
    if (!slice_has_prefix(rest, SLICE("{{")))
        return NULL;
    rest = slice_skip(rest, 2);
    for (size_t i = 0; i < len; i++)
        if (slice_has_prefix(rest, values[i].name) &&
            slice_has_prefix(slice_skip(rest, values[i].name.len), SLICE("}}")))
            return &values[i];
    return NULL;
}

int template_fill(struct slice document, const struct template_value *values, size_t len,
                  struct buffer *into)
{
    int err = 0;
    while (err == 0 && document.len > 0) {
        const struct template_value *value = value_at(document, values, len);
        if (value != NULL) {
            err = put_escaped(into, value->value);
            document = slice_skip(document, value->name.len + 4); /* and its braces */
            continue;
        }
        size_t plain = 1 + slice_find(slice_skip(document, 1), '{');
        err = put(into, slice_head(document, plain));
        document = slice_skip(document, plain);
    }
    return err;
}
