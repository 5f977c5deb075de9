/* The target of a request. The path stays as the client sent it; only that its escapes can be
 * decoded is checked here, so that whoever decodes it once can't be surprised. */
#include "wire/http1_target.h"

#include "base/text.h"
#include "wire/authority.h"

static bool is_hex(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Whether each % begins an escape of a byte other than NUL. */
static bool has_sound_escapes(struct slice path)
{
    const uint8_t *at = path.ptr, *end = path.ptr + path.len;
    while ((at = memchr(at, '%', (size_t)(end - at))) != NULL) {
        if (end - at < 3 || !is_hex(at[1]) || !is_hex(at[2]) || (at[1] == '0' && at[2] == '0'))
            return false;
        at += 3;
    }
    return true;
}

static const char *read_path(struct slice path_and_query, struct http_head *head)
{
    size_t len = slice_find(path_and_query, '?');
    head->path = slice_head(path_and_query, len);
    head->query = SLICE_NONE;
    if (len < path_and_query.len)
        head->query = slice_skip(path_and_query, len + 1);
    if (!has_sound_escapes(head->path))
        return "The path of the request has a broken % escape.";
    return NULL;
}

static size_t scheme_len(struct slice target)
{
    static const struct slice schemes[] = {
        {(const uint8_t *)"http://", 7},
        {(const uint8_t *)"https://", 8},
    };
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (slice_is_same_word(slice_head(target, schemes[i].len), schemes[i]))
            return schemes[i].len;
    return 0;
}

/* RFC 9112 section 3.2.2: the authority of an absolute form stands before that of Host. */
static const char *read_absolute(struct slice target, struct http_head *head)
{
    size_t scheme = scheme_len(target);
    if (scheme == 0)
        return "The target of the request is neither a path nor an http URL.";

    struct slice rest = slice_skip(target, scheme);
    size_t len = size_min(slice_find(rest, '/'), slice_find(rest, '?'));
    head->authority = slice_head(rest, len);
    if (!authority_is_valid(head->authority))
        return "The host in the target of the request is malformed.";

    rest = slice_skip(rest, len);
    if (rest.len > 0 && rest.ptr[0] == '/')
        return read_path(rest, head);
    const char *wrong = rest.len > 0 ? read_path(rest, head) : NULL;
    /* An empty path means "/": the one before the authority serves, so that it lies in the head. */
    head->path = (struct slice){target.ptr + scheme - 1, 1};
    /* Section 3.2.4: a proxy passes `OPTIONS *` on as an absolute form without a path. */
    head->is_asterisk = head->method == HTTP_OPTIONS && rest.len == 0;
    return wrong;
}

const char *http1_target_read(struct slice target, struct http_head *head)
{
    assert(target.len > 0);
    head->is_asterisk = false;
    head->authority = head->query = SLICE_NONE;
    if (target.ptr[0] == '/')
        return read_path(target, head);
    if (target.ptr[0] != '*' || target.len != 1)
        return read_absolute(target, head);

    head->path = target;
    head->is_asterisk = true;
    return head->method == HTTP_OPTIONS ? NULL : "Only OPTIONS can ask for *.";
}
