/* The form of an authority, RFC 3986 section 3.2 without user information. */
#include "wire/authority.h"

#include "base/text.h"

#include <arpa/inet.h>

enum {
    HOST_BYTES_MAX = 255, /* the longest name in the DNS, RFC 1035 section 2.3.4 */
    PORT_DIGITS_MAX = 5,
    PORT_MAX = 65535,
};

static const uint8_t is_name_byte[256] = {
    ['-' ... '.'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1,
    ['_'] = 1,         ['a' ... 'z'] = 1, ['~'] = 1,
};

static bool is_name(struct slice host)
{
    if (host.len == 0 || host.len > HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (is_name_byte[host.ptr[i]] == 0)
            return false;
    return true;
}

/* The inside of the brackets: an IPv6 address without a zone. */
static bool is_ipv6(struct slice inside)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (inside.len == 0 || inside.len >= sizeof(text))
        return false;
    memcpy(text, inside.ptr, inside.len);
    text[inside.len] = '\0';
    /* inet_pton would stop at a NUL inside and take what stands before it. */
    return memchr(text, '\0', inside.len) == NULL && inet_pton(AF_INET6, text, &address) == 1;
}

/* How many bytes of `authority` are the host; 0 when it is none. */
static size_t host_len(struct slice authority)
{
    if (authority.len == 0)
        return 0;
    if (authority.ptr[0] != '[') {
        size_t len = slice_find(authority, ':');
        return is_name(slice_head(authority, len)) ? len : 0;
    }
    size_t close = slice_find(authority, ']');
    if (close == authority.len || !is_ipv6((struct slice){authority.ptr + 1, close - 1}))
        return 0;
    return close + 1;
}

bool authority_is_valid(struct slice authority)
{
    size_t len = host_len(authority);
    if (len == 0)
        return false;
    if (len == authority.len)
        return true;
    if (authority.ptr[len] != ':')
        return false;

    struct slice digits = slice_skip(authority, len + 1);
    uint64_t port = 0;
    if (digits.len > PORT_DIGITS_MAX || parse_u64(digits, &port) < 0)
        return false;
    return port >= 1 && port <= PORT_MAX;
}
