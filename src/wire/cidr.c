/* Networks written as ADDRESS/BITS. */
#include "wire/cidr.h"

#include "base/text.h"

enum { ADDRESS_BITS = 128, IPV4_PREFIX_BITS = 96 };

/* The bits of byte `at` that belong to a prefix of so many bits. */
static uint8_t byte_mask(unsigned bits, size_t at)
{
    size_t before = at * 8;
    if (bits >= before + 8)
        return 0xff;
    return (uint8_t)(bits <= before ? 0 : 0xffU << (8 - (bits - before)));
}

int cidr_parse(struct slice words, struct cidr *ret_cidr)
{
    size_t slash = slice_find(words, '/');
    struct slice host = slice_head(words, slash);
    bool is_ipv6 = slice_find(host, ':') < host.len;
    uint64_t bits_max = is_ipv6 ? ADDRESS_BITS : ADDRESS_BITS - IPV4_PREFIX_BITS;
    uint64_t bits = bits_max;
    struct cidr cidr;

    if (address_parse(host, &cidr.network) < 0)
        return -EINVAL;
    if (slash < words.len && parse_u64(slice_skip(words, slash + 1), &bits) < 0)
        return -EINVAL;
    if (bits > bits_max)
        return -EINVAL;
    cidr.bits = (unsigned)bits + (is_ipv6 ? 0 : IPV4_PREFIX_BITS);
    for (size_t i = 0; i < sizeof(cidr.network.bytes); i++)
        if ((cidr.network.bytes[i] & ~byte_mask(cidr.bits, i) & 0xff) != 0)
            return -EINVAL;
    *ret_cidr = cidr;
    return 0;
}

bool cidr_has(const struct cidr *cidr, const struct address *address)
{
    assert(cidr->bits <= ADDRESS_BITS);
    for (size_t i = 0; i < sizeof(address->bytes); i++)
        if ((address->bytes[i] & byte_mask(cidr->bits, i)) != cidr->network.bytes[i])
            return false;
    return true;
}

int cidr_list_add(struct cidr_list *list, struct slice words)
{
    struct cidr cidr;
    int err = cidr_parse(words, &cidr);
    if (err < 0)
        return err;
    if (list->len == ARRAY_LEN(list->networks))
        return -ENOSPC;
    list->networks[list->len++] = cidr;
    return 0;
}

bool cidr_list_has(const struct cidr_list *list, const struct address *address)
{
    for (size_t i = 0; i < list->len; i++)
        if (cidr_has(&list->networks[i], address))
            return true;
    return false;
}
