/* The name of a file, made safe to show, to send and to save.
 *
 * Control characters are refused, since nobody means them; what is invisible is dropped, since
 * it comes along when a name is copied from a page. */
#include "wire/file_name.h"

#include "base/text.h"

/* Characters without a shape, and those that turn the direction (Trojan Source): so "gpj.exe"
 * can't be shown as "exe.jpg". In ascending order. */
static const struct {
    uint32_t first, last;
} dropped[] = {
    {0x00ad, 0x00ad}, /* soft hyphen */
    {0x061c, 0x061c}, /* Arabic letter mark */
    {0x180e, 0x180e}, /* Mongolian vowel separator */
    {0x200b, 0x200f}, /* zero-width space and joiners, marks of direction */
    {0x2028, 0x202e}, /* separators of lines, embeddings and overrides of direction */
    {0x2060, 0x206f}, /* word joiner, isolates */
    {0xfeff, 0xfeff}, /* byte order mark */
    {0xfff9, 0xfffb}, /* interlinear annotations */
};

static bool is_dropped(uint32_t character)
{
    for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
        if (character >= dropped[i].first && character <= dropped[i].last)
            return true;
    return false;
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* The first character of valid UTF-8 that isn't empty, and how many bytes it has. */
static uint32_t first_character(struct slice text, size_t *ret_len)
{
    uint8_t lead = text.ptr[0];
    size_t len = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t character = len == 1 ? lead : lead & (0xffU >> (len + 1));
    for (size_t i = 1; i < len; i++)
        character = character << 6 | (text.ptr[i] & 0x3fU);
    *ret_len = len;
    return character;
}

static struct slice last_part(struct slice path)
{
    size_t start = path.len;
    while (start > 0 && path.ptr[start - 1] != '/' && path.ptr[start - 1] != '\\')
        start--;
    return slice_skip(path, start);
}

int file_name_clean(struct slice raw, char ret_name[FILE_NAME_BYTES_MAX + 1])
{
    char name[FILE_NAME_BYTES_MAX + 1];
    size_t len = 0, step;
    if (!utf8_is_valid(raw))
        return -EILSEQ;

    for (struct slice rest = last_part(raw); rest.len > 0; rest = slice_skip(rest, step)) {
        uint32_t character = first_character(rest, &step);
        if (is_control(character))
            return -EINVAL;
        if (is_dropped(character))
            continue;
        if (len + step > FILE_NAME_BYTES_MAX)
            return -ENAMETOOLONG;
        memcpy(name + len, rest.ptr, step);
        len += step;
    }
    struct slice cleaned = slice_from(name, len);
    if (len == 0 || slice_is_equal(cleaned, SLICE(".")) || slice_is_equal(cleaned, SLICE("..")))
        cleaned = SLICE("file");
    memcpy(ret_name, cleaned.ptr, cleaned.len);
    ret_name[cleaned.len] = '\0';
    return (int)cleaned.len;
}
