/* Forwarded fields: from strangers nothing is believed, and what is told is sound. */
#include "fuzz.h"

#include "wire/authority.h"
#include "wire/cidr.h"
#include "wire/forwarded.h"

static struct address address_from(const char *words)
{
    struct address address = {0};
    assert(address_parse(slice_of(words), &address) == 0);
    return address;
}

static void check_networks(struct slice words)
{
    struct cidr cidr;
    if (cidr_parse(words, &cidr) == 0)
        assert(cidr.bits <= 128 && cidr_has(&cidr, &cidr.network));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct http_head head;
    static uint8_t room[HTTP_HEAD_BYTES_MAX];
    struct slice input = slice_from(bytes, len);
    check_networks(input);
    if (!head_over(input, room, &head))
        return 0;

    struct cidr_list trusted = {0};
    struct forwarded forwarded;
    assert(cidr_list_add(&trusted, SLICE("10.0.0.0/8")) == 0);
    struct address stranger = address_from("192.0.2.1"), proxy = address_from("10.0.0.1");
    forwarded_read(&head, &stranger, &trusted, &forwarded);
    assert(memcmp(&forwarded.client, &stranger, sizeof(stranger)) == 0);
    assert(forwarded.host.len == 0 && forwarded.protocol.len == 0);

    forwarded_read(&head, &proxy, &trusted, &forwarded);
    struct slice whole = slice_from(room, sizeof(room));
    assert(is_inside(forwarded.host, whole) && is_inside(forwarded.protocol, whole));
    assert(forwarded.host.len == 0 || authority_is_valid(forwarded.host));
    assert(forwarded.protocol.len == 0 || forwarded.protocol.len == 4 ||
           forwarded.protocol.len == 5);
    return 0;
}
