/* Names may be any bytes; what leaves here is well-formed UTF-8, cut between characters. */
#include "client/file_title.h"

#include "limits.h"

/* The length of the well-formed character in front; 0 when there is none. */
static size_t character(struct slice bytes)
{
    for (size_t len = 1; len <= 4 && len <= bytes.len; len++)
        if (utf8_is_valid(slice_head(bytes, len)))
            return len;
    return 0;
}

static uint32_t code_of(struct slice character)
{
    static const uint8_t masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = character.ptr[0] & masks[character.len];
    for (size_t i = 1; i < character.len; i++)
        code = code << 6 | (character.ptr[i] & 0x3F);
    return code;
}

/* Puts as many whole characters as fit into `bytes_max`, those that can't stay replaced. */
static void put_clean(struct text *into, struct slice name, size_t bytes_max)
{
    size_t end = into->len + bytes_max;
    while (name.len > 0) {
        size_t len = character(name);
        struct slice put = slice_head(name, len);
        uint32_t code = len > 0 ? code_of(put) : 0xFFFD;
        if (len == 0)
            put = SLICE("\xEF\xBF\xBD");
        else if (code < 0x20 || (code >= 0x7F && code < 0xA0))
            put = SLICE("_");
        if (into->len + put.len > end)
            return;
        text_put(into, put);
        name = slice_skip(name, len == 0 ? 1 : len);
    }
}

void file_title_put(struct text *into, const char *path)
{
    enum { EXTENSION_BYTES_MAX = 16 };
    struct slice name = slice_of(path);
    while (name.len > 1 && name.ptr[name.len - 1] == '/')
        name.len--;
    const uint8_t *slash = memrchr(name.ptr, '/', name.len);
    if (slash != NULL)
        name = slice_skip(name, (size_t)(slash - name.ptr) + 1);

    /* A byte that isn't UTF-8 grows to three. */
    uint8_t tail_room[EXTENSION_BYTES_MAX * 3];
    struct text tail = text_over((struct span){tail_room, sizeof tail_room});
    const uint8_t *dot = memrchr(name.ptr, '.', name.len);
    if (dot != NULL && dot > name.ptr && name.ptr + name.len - dot <= EXTENSION_BYTES_MAX) {
        put_clean(&tail, slice_skip(name, (size_t)(dot - name.ptr)), sizeof tail_room);
        name.len = (size_t)(dot - name.ptr);
    }
    put_clean(into, name, FILE_NAME_BYTES_MAX - tail.len);
    text_put(into, text_slice(&tail));
}

/* Characters of East Asia and pictures take two columns. */
static size_t columns_of(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {
        {0x1100, 0x115F},   {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
        {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
        {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF}, {0x20000, 0x3FFFD},
    };
    if (code >= 0x300 && code <= 0x36F)
        return 0; /* sits on the one before */
    for (size_t i = 0; i < ARRAY_LEN(wide); i++)
        if (code >= wide[i].first && code <= wide[i].last)
            return 2;
    return 1;
}

/* Cuts as many characters off the front as fit on `columns`; tells how many columns they take. */
static struct slice cut_columns(struct slice *name, size_t columns, size_t *ret_columns)
{
    struct slice whole = *name;
    size_t used = 0;
    while (name->len > 0) {
        size_t len = character(*name);
        size_t wanted = len > 0 ? columns_of(code_of(slice_head(*name, len))) : 1;
        if (used + wanted > columns)
            break;
        used += wanted;
        *name = slice_skip(*name, len == 0 ? 1 : len);
    }
    *ret_columns = used;
    return slice_head(whole, whole.len - name->len);
}

size_t file_title_columns(struct slice name)
{
    size_t columns;
    (void)cut_columns(&name, SIZE_MAX / 2, &columns);
    return columns;
}

void file_title_put_columns(struct text *into, const char *name, size_t columns)
{
    struct slice rest = slice_of(name);
    size_t used;
    if (file_title_columns(rest) <= columns) {
        text_put(into, rest);
    } else if (columns > 0) {
        text_put(into, cut_columns(&rest, columns - 1, &used));
        text_put(into, SLICE("\xE2\x80\xA6"));
    }
}
