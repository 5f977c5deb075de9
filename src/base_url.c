/* Checked once, at the start, so that every link made of it is a sound URL. */
#include "base_url.h"

#include "base/text.h"
#include "wire/authority.h"

int base_url_read(const char *url, char ret_url[BASE_URL_BYTES_MAX + 1])
{
    struct slice rest = slice_of(url);
    size_t scheme = slice_has_prefix(rest, SLICE("https://"))  ? 8
                    : slice_has_prefix(rest, SLICE("http://")) ? 7
                                                               : 0;
    size_t len = rest.len;
    rest = slice_skip(rest, scheme);
    bool is_sound = scheme > 0 && len <= BASE_URL_BYTES_MAX &&
                    authority_is_valid(slice_head(rest, slice_find(rest, '/')));
    for (size_t i = 0; i < rest.len; i++)
        is_sound = is_sound && rest.ptr[i] > ' ' && rest.ptr[i] < 0x7f && rest.ptr[i] != '?';
    if (len > 0 && !is_sound)
        return -EINVAL;
    while (len > scheme && url[len - 1] == '/')
        len--;
    memcpy(ret_url, url, len);
    ret_url[len] = '\0';
    return 0;
}
