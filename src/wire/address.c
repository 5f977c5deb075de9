/* Addresses between their binary and text forms. See address.h. */
#include "wire/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static struct address map(const void *ipv4)
{
    struct address address;
    memcpy(address.bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(address.bytes + sizeof mapped_prefix, ipv4, 4);
    return address;
}

struct address address_of(const struct sockaddr_storage *name)
{
    struct address address = {0};
    if (name->ss_family == AF_INET)
        return map(&((const struct sockaddr_in *)name)->sin_addr);
    if (name->ss_family == AF_INET6)
        memcpy(address.bytes, &((const struct sockaddr_in6 *)name)->sin6_addr, 16);
    return address;
}

unsigned address_port(const struct sockaddr_storage *name)
{
    if (name->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)name)->sin_port);
    if (name->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)name)->sin6_port);
    return 0;
}

int address_parse(struct slice words, struct address *ret_address)
{
    char text[ADDRESS_TEXT_BYTES];
    if (words.len == 0 || words.len >= sizeof text || memchr(words.ptr, 0, words.len) != NULL)
        return -EINVAL;
    memcpy(text, words.ptr, words.len);
    text[words.len] = '\0';
    struct in_addr ipv4;
    if (inet_pton(AF_INET, text, &ipv4) == 1) {
        *ret_address = map(&ipv4);
        return 0;
    }
    struct in6_addr ipv6;
    if (inet_pton(AF_INET6, text, &ipv6) != 1)
        return -EINVAL;
    memcpy(ret_address->bytes, &ipv6, 16);
    return 0;
}

void address_text(const struct address *address, char ret_text[ADDRESS_TEXT_BYTES])
{
    bool is_ipv4 = memcmp(address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
    const void *bytes = is_ipv4 ? address->bytes + sizeof mapped_prefix : address->bytes;
    if (inet_ntop(is_ipv4 ? AF_INET : AF_INET6, bytes, ret_text, ADDRESS_TEXT_BYTES) == NULL)
        ret_text[0] = '\0';
}
