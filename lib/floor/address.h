/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Internet addresses: which are special, which lie in a network.
 *
 * An address is 16 bytes; IPv4 is kept in its IPv4-mapped form (RFC 4291 2.5.5.2), so that
 * ::ffff:127.0.0.1 and 127.0.0.1 are one and the same.  A network of IPv6 never holds an
 * IPv4 address: ::/0 is all of IPv6 and nothing else.  Knows no names and asks nobody.
 */
#ifndef FLOOR_ADDRESS_H
#define FLOOR_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "floor/buf.h"
#include "floor/fail.h"

struct address {
        unsigned char bytes[16];
};

struct network {
        struct address base; /* bits beyond the prefix are zero */
        unsigned bits;       /* of 128; an IPv4 prefix counts 96 more */
};

/* 0, or -1 if the text is no dotted quad or IPv6 address (without brackets or zone). */
int address_parse(struct address *a, const char *text);
/* 0, or -1 if it is of another family or cut short. */
int address_from(struct address *a, const struct sockaddr *from, size_t len);
void address_write(const struct address *a, struct buf *out);

/* 127.0.0.0/8 or ::1. */
bool address_is_loopback(const struct address *a);
/* What kind of special range ("loopback", "private", "link-local" ...) it is in; NULL for
 * an address of the public Internet.  Whatever is not global unicast counts as special
 * (IANA special-purpose registries of RFC 6890, multicast, reserved), and so does what
 * carries a special IPv4 address inside (NAT64) or tunnels one (6to4, Teredo). */
const char *address_special(const struct address *a);

/* "10.0.0.0/8" or "fd00::/8"; without a slash, one address.  -1 when it is nothing of the
 * kind or has bits behind its prefix. */
int network_parse(struct network *n, const char *text);
bool network_holds(const struct network *n, const struct address *a);

/* A list separated by white space; *list is allocated, the caller frees with mem_free().
 * -1 with *why naming the part that is no network. */
int network_list(struct network **list, size_t *count, const char *text, struct fail *why);

#endif
