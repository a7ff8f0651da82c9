/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Internet addresses: which are special, which lie in a network. */
#include "floor/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

static void from_v4(struct address *a, const void *four)
{
        memcpy(a->bytes, mapped, 12);
        memcpy(a->bytes + 12, four, 4);
}

static bool is_v4(const struct address *a)
{
        return memcmp(a->bytes, mapped, 12) == 0;
}

int address_parse(struct address *a, const char *text)
{
        unsigned char four[4];

        if (inet_pton(AF_INET, text, four) == 1) {
                from_v4(a, four);
                return 0;
        }
        return inet_pton(AF_INET6, text, a->bytes) == 1 ? 0 : -1;
}

int address_from(struct address *a, const struct sockaddr *from, size_t len)
{
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;

        if (from->sa_family == AF_INET && len >= sizeof v4) {
                memcpy(&v4, from, sizeof v4);
                from_v4(a, &v4.sin_addr);
                return 0;
        }
        if (from->sa_family == AF_INET6 && len >= sizeof v6) {
                memcpy(&v6, from, sizeof v6);
                memcpy(a->bytes, &v6.sin6_addr, 16);
                return 0;
        }
        return -1;
}

void address_write(const struct address *a, struct buf *out)
{
        char text[INET6_ADDRSTRLEN] = "";

        if (is_v4(a))
                inet_ntop(AF_INET, a->bytes + 12, text, sizeof text);
        else
                inet_ntop(AF_INET6, a->bytes, text, sizeof text);
        buf_add_text(out, text);
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
        unsigned whole = bits / 8, rest = bits % 8;

        return memcmp(a, b, whole) == 0 &&
               (rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0);
}

bool network_holds(const struct network *n, const struct address *a)
{
        if (is_v4(a) && n->bits < 96)
                return false;
        return same_bits(n->base.bytes, a->bytes, n->bits);
}

int network_parse(struct network *n, const char *text)
{
        char part[INET6_ADDRSTRLEN];
        const char *slash = strchr(text, '/');
        size_t len = slash ? (size_t)(slash - text) : strlen(text);
        int64_t bits;

        if (len >= sizeof part)
                return -1;
        memcpy(part, text, len);
        part[len] = '\0';
        if (address_parse(&n->base, part) != 0)
                return -1;
        if (strchr(part, ':') != NULL) {
                bits = 128;
                if (slash != NULL && text_int(slash + 1, 0, 128, &bits) != 0)
                        return -1;
        } else {
                bits = 32;
                if (slash != NULL && text_int(slash + 1, 0, 32, &bits) != 0)
                        return -1;
                bits += 96;
        }
        n->bits = (unsigned)bits;
        for (unsigned i = n->bits; i < 128; i++) {
                if (n->base.bytes[i / 8] >> (7 - i % 8) & 1)
                        return -1;
        }
        return 0;
}

int network_list(struct network **list, size_t *count, const char *text, struct fail *why)
{
        static const char space[] = " \t\r\n";
        char *copy = mem_text(text), *rest, *part;
        int result = 0;

        *list = NULL;
        *count = 0;
        for (part = strtok_r(copy, space, &rest); part != NULL;
             part = strtok_r(NULL, space, &rest)) {
                *list = mem_resize(*list, *count + 1, sizeof **list);
                if (network_parse(&(*list)[*count], part) != 0) {
                        result = fail_set(why, FAIL_INPUT,
                                          "\"%.60s\" is not a network like 10.0.0.0/8 or fd00::/8 "
                                          "with nothing behind its prefix",
                                          part);
                        break;
                }
                ++*count;
        }
        if (result != 0) {
                mem_free(*list);
                *list = NULL;
                *count = 0;
        }
        mem_free(copy);
        return result;
}

/* IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and after, read
 * 2026-11), RFC 5771 (multicast), RFC 1112 (class E).  The first row that holds decides. */
static const struct {
        const char *kind;
        unsigned char base[16];
        unsigned bits;
} ranges[] = {
#define V4(a, b, c, d)                                                                             \
        {                                                                                          \
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d                               \
        }
        { "unspecified", V4(0, 0, 0, 0), 96 + 8 },
        { "private", V4(10, 0, 0, 0), 96 + 8 },
        { "carrier-grade NAT", V4(100, 64, 0, 0), 96 + 10 },
        { "loopback", V4(127, 0, 0, 0), 96 + 8 },
        { "link-local", V4(169, 254, 0, 0), 96 + 16 },
        { "private", V4(172, 16, 0, 0), 96 + 12 },
        { "protocol assignment", V4(192, 0, 0, 0), 96 + 24 },
        { "documentation", V4(192, 0, 2, 0), 96 + 24 },
        { "6to4 relay", V4(192, 88, 99, 0), 96 + 24 },
        { "private", V4(192, 168, 0, 0), 96 + 16 },
        { "benchmarking", V4(198, 18, 0, 0), 96 + 15 },
        { "documentation", V4(198, 51, 100, 0), 96 + 24 },
        { "documentation", V4(203, 0, 113, 0), 96 + 24 },
        { "multicast", V4(224, 0, 0, 0), 96 + 4 },
        { "reserved", V4(240, 0, 0, 0), 96 + 4 },
#undef V4
        { "unspecified", { 0 }, 128 },
        { "loopback", { [15] = 1 }, 128 },
        { "IPv4-compatible", { 0 }, 96 },
        { "local NAT64", { 0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01 }, 48 },
        { "discard", { 0x01, 0x00 }, 64 },
        { "protocol assignment or Teredo", { 0x20, 0x01 }, 23 },
        { "documentation", { 0x20, 0x01, 0x0D, 0xB8 }, 32 },
        { "6to4", { 0x20, 0x02 }, 16 },
        { "documentation", { 0x3F, 0xFF }, 20 },
        { "private", { 0xFC }, 7 },
        { "link-local", { 0xFE, 0x80 }, 10 },
        { "site-local", { 0xFE, 0xC0 }, 10 },
        { "multicast", { 0xFF }, 8 },
};

bool address_is_loopback(const struct address *a)
{
        return text_equal(address_special(a), "loopback");
}

const char *address_special(const struct address *a)
{
        /* RFC 6052 2.1: the well-known prefix, then the IPv4 address */
        static const unsigned char nat64[12] = { 0x00, 0x64, 0xFF, 0x9B };
        struct address inner;

        for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
                if (same_bits(ranges[i].base, a->bytes, ranges[i].bits))
                        return ranges[i].kind;
        }
        if (is_v4(a))
                return NULL;
        if (memcmp(a->bytes, nat64, sizeof nat64) == 0) {
                from_v4(&inner, a->bytes + 12);
                return address_special(&inner) ? "NAT64 of a special address" : NULL;
        }
        /* RFC 4291 2.4: global unicast is 2000::/3 so far */
        return a->bytes[0] >> 5 == 1 ? NULL : "not global unicast";
}
