/* Addresses of peers: 16 bytes, IPv4 as IPv4-mapped IPv6 (RFC 4291 section 2.5.5.2). */
#pragma once

#include "base/base.h"

#include <sys/socket.h>

/* Room for the longest text form and a NUL. */
enum { ADDRESS_TEXT_BYTES = 46 };

struct address {
    uint8_t bytes[16];
};

/* The address of a socket's peer; zeroes when it is neither IPv4 nor IPv6. */
struct address address_of(const struct sockaddr_storage *name);
/* An IPv4 address in dotted form or an IPv6 address without brackets. Returns 0 or -EINVAL. */
must_use int address_parse(struct slice words, struct address *ret_address);
/* The port of a socket's name; 0 when it is neither IPv4 nor IPv6. */
unsigned address_port(const struct sockaddr_storage *name);
/* The text form with a NUL. */
void address_text(const struct address *address, char ret_text[ADDRESS_TEXT_BYTES]);
