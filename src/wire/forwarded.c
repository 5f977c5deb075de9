/* Who really asks, behind proxies. */
#include "wire/forwarded.h"

#include "base/text.h"
#include "wire/authority.h"
#include "wire/cidr.h"
#include "wire/field.h"
#include "wire/wire.h"

/* The elements of all fields of one name, the last FORWARDED_HOPS_MAX of them: a ring. */
struct chain {
    size_t len;
    struct slice elements[FORWARDED_HOPS_MAX];
};

static void chain_read(const struct http_head *head, struct slice name, struct chain *ret_chain)
{
    ret_chain->len = 0;
    for (size_t i = 0; i < head->headers_len; i++) {
        struct slice rest = head->headers[i].value, element;
        if (!slice_is_same_word(head->headers[i].name, name))
            continue;
        while (field_next_element(&rest, &element))
            ret_chain->elements[ret_chain->len++ % FORWARDED_HOPS_MAX] = element;
    }
}

static size_t chain_hops(const struct chain *chain)
{
    return size_min(chain->len, FORWARDED_HOPS_MAX);
}

/* The element that stands `hop` places from the right, 0 being the last. */
static struct slice chain_at(const struct chain *chain, size_t hop)
{
    assert(hop < chain_hops(chain));
    return chain->elements[(chain->len - 1 - hop) % FORWARDED_HOPS_MAX];
}

/* The element for the hop; of a shorter list the first, since most proxies overwrite all but the
 * addresses. Empty when there is none. */
static struct slice chain_near(const struct chain *chain, size_t hop)
{
    size_t hops = chain_hops(chain);
    return hops > 0 ? chain_at(chain, size_min(hop, hops - 1)) : SLICE_NONE;
}

/* A node of RFC 7239 section 6, or of X-Forwarded-For: an address, perhaps with a port, an IPv6
 * address perhaps in brackets. Anything else ("unknown", "_hidden") is nobody. */
static bool read_node(struct slice node, struct address *ret_address)
{
    size_t colon = slice_find(node, ':');
    if (node.len > 0 && node.ptr[0] == '[') {
        if (!authority_is_valid(node))
            return false;
        node = slice_skip(slice_head(node, slice_find(node, ']')), 1);
    } else if (colon < node.len &&
               slice_find(slice_skip(node, colon + 1), ':') + colon + 1 == node.len) {
        if (!authority_is_valid(node))
            return false;
        node = slice_head(node, colon); /* one colon: behind it stands a port */
    }
    return address_parse(node, ret_address) == 0;
}

static void keep_protocol(struct forwarded *forwarded, struct slice protocol)
{
    if (slice_is_same_word(protocol, SLICE("http")) || slice_is_same_word(protocol, SLICE("https")))
        forwarded->protocol = protocol;
}

static void keep_host(struct forwarded *forwarded, struct slice host)
{
    if (authority_is_valid(host))
        forwarded->host = host;
}

/* Reads one element of Forwarded. Returns whether it names an address. A backslash in a value
 * means no address and no host, so values need no unescaping. */
static bool read_element(struct slice element, struct forwarded *forwarded)
{
    struct field_parameter parameter;
    struct slice node = SLICE_NONE, protocol = SLICE_NONE, host = SLICE_NONE;
    int got = 1;
    /* Its first pair has no semicolon before it. */
    for (bool is_first = true; got > 0; is_first = false) {
        got = is_first ? field_take_pair(&element, &parameter)
                       : field_take_parameter(&element, &parameter);
        if (got <= 0)
            break;
        if (slice_is_same_word(parameter.name, SLICE("for")))
            node = parameter.value;
        else if (slice_is_same_word(parameter.name, SLICE("proto")))
            protocol = parameter.value;
        else if (slice_is_same_word(parameter.name, SLICE("host")))
            host = parameter.value;
    }
    if (got < 0 || element.len > 0)
        return false;
    keep_protocol(forwarded, protocol);
    keep_host(forwarded, host);
    return read_node(node, &forwarded->client);
}

static void read_standard(const struct chain *chain, const struct cidr_list *trusted,
                          struct forwarded *forwarded)
{
    for (size_t hop = 0; hop < chain_hops(chain); hop++)
        if (!read_element(chain_at(chain, hop), forwarded) ||
            !cidr_list_has(trusted, &forwarded->client))
            return;
}

static void read_customary(const struct http_head *head, const struct cidr_list *trusted,
                           struct forwarded *forwarded)
{
    struct chain chain;
    size_t hop = 0;
    chain_read(head, SLICE("X-Forwarded-For"), &chain);
    while (hop < chain_hops(&chain) && read_node(chain_at(&chain, hop), &forwarded->client) &&
           cidr_list_has(trusted, &forwarded->client))
        hop++;
    chain_read(head, SLICE("X-Forwarded-Proto"), &chain);
    keep_protocol(forwarded, chain_near(&chain, hop));
    chain_read(head, SLICE("X-Forwarded-Host"), &chain);
    keep_host(forwarded, chain_near(&chain, hop));
}

void forwarded_read(const struct http_head *head, const struct address *peer,
                    const struct cidr_list *trusted, struct forwarded *ret_forwarded)
{
    struct forwarded forwarded = {.client = *peer};
    struct chain chain;
    if (trusted != NULL && cidr_list_has(trusted, peer)) {
        chain_read(head, SLICE("Forwarded"), &chain);
        if (chain.len > 0)
            read_standard(&chain, trusted, &forwarded);
        else
            read_customary(head, trusted, &forwarded);
    }
    *ret_forwarded = forwarded;
}

void forwarded_apply(struct request *req, const struct address *peer)
{
    struct forwarded forwarded;
    forwarded_read(&req->head, peer, req->wire->trusted_proxies, &forwarded);
    req->client = forwarded.client;
    req->is_https = slice_is_same_word(forwarded.protocol, SLICE("https"));
    if (forwarded.host.len > 0)
        req->head.authority = forwarded.host;
}
