/* Networks written as ADDRESS/BITS, and lists of them: the proxies that are believed. */
#pragma once

#include "limits.h"
#include "wire/address.h"

struct cidr {
    struct address network; /* the bits behind the prefix are 0 */
    unsigned bits;          /* of the 128; an IPv4 network has 96 more than it is written with */
};

struct cidr_list {
    size_t len;
    struct cidr networks[TRUSTED_PROXIES_MAX];
};

/* Reads "10.0.0.0/8", "fd00::/8" or a single address. Returns 0, or -EINVAL when it is malformed or
 * has bits set behind its prefix (a slip of the pen that would trust too much). */
must_use int cidr_parse(struct slice words, struct cidr *ret_cidr);
bool cidr_has(const struct cidr *cidr, const struct address *address);

/* Adds a network to the list. Returns like cidr_parse(), or -ENOSPC when the list is full. */
must_use int cidr_list_add(struct cidr_list *list, struct slice words);
bool cidr_list_has(const struct cidr_list *list, const struct address *address);
