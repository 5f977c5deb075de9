/* Who really asks, behind proxies: Forwarded (RFC 7239), else X-Forwarded-For, -Proto and -Host.
 *
 * Each proxy adds to the right what it saw. So the chain is walked from the right, and only as
 * long as a trusted proxy speaks: the first address that isn't one is the client, and what stands
 * to the left of it may have been made up by that client. */
#pragma once

#include "wire/address.h"
#include "wire/http.h"

struct cidr_list;
struct request;

struct forwarded {
    struct address client;
    struct slice protocol; /* "http", "https" in any case, or empty when not told */
    struct slice host;     /* a sound authority, or empty when not told */
};

/* Reads the fields of a request that came from `peer`; from one that isn't in `trusted` (NULL:
 * nobody is) nothing is believed. */
void forwarded_read(const struct http_head *head, const struct address *peer,
                    const struct cidr_list *trusted, struct forwarded *ret_forwarded);

/* Sets client, is_https and the head's authority of `req`, which came from `peer`. */
void forwarded_apply(struct request *req, const struct address *peer);
