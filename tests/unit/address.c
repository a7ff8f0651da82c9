/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Internet addresses: special ranges, networks. */
#include "floor/address.h"

#include <netinet/in.h>
#include <string.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/fail.h"
#include "floor/mem.h"

static void test_special(void)
{
        static const struct {
                const char *given, *want; /* NULL: public */
        } rows[] = {
                { "0.0.0.0", "unspecified" },
                { "0.255.255.255", "unspecified" },
                { "1.0.0.0", NULL },
                { "9.255.255.255", NULL },
                { "10.0.0.0", "private" },
                { "10.255.255.255", "private" },
                { "11.0.0.0", NULL },
                { "100.63.255.255", NULL },
                { "100.64.0.0", "carrier-grade NAT" },
                { "100.127.255.255", "carrier-grade NAT" },
                { "100.128.0.0", NULL },
                { "126.255.255.255", NULL },
                { "127.0.0.1", "loopback" },
                { "127.255.255.255", "loopback" },
                { "128.0.0.0", NULL },
                { "169.253.255.255", NULL },
                { "169.254.169.254", "link-local" },
                { "169.255.0.0", NULL },
                { "172.15.255.255", NULL },
                { "172.16.0.0", "private" },
                { "172.31.255.255", "private" },
                { "172.32.0.0", NULL },
                { "192.0.0.8", "protocol assignment" },
                { "192.0.1.0", NULL },
                { "192.0.2.1", "documentation" },
                { "192.88.99.1", "6to4 relay" },
                { "192.167.255.255", NULL },
                { "192.168.1.1", "private" },
                { "192.169.0.0", NULL },
                { "198.17.255.255", NULL },
                { "198.18.0.0", "benchmarking" },
                { "198.19.255.255", "benchmarking" },
                { "198.20.0.0", NULL },
                { "198.51.100.7", "documentation" },
                { "203.0.113.7", "documentation" },
                { "223.255.255.255", NULL },
                { "224.0.0.1", "multicast" },
                { "239.255.255.255", "multicast" },
                { "240.0.0.1", "reserved" },
                { "255.255.255.255", "reserved" },
                { "::", "unspecified" },
                { "::1", "loopback" },
                { "::2", "IPv4-compatible" },
                { "::127.0.0.1", "IPv4-compatible" },
                { "::ffff:127.0.0.1", "loopback" },
                { "::ffff:10.0.0.1", "private" },
                { "::ffff:8.8.8.8", NULL },
                { "::ffff:0:127.0.0.1", "not global unicast" },
                { "64:ff9b::7f00:1", "NAT64 of a special address" },
                { "64:ff9b::169.254.169.254", "NAT64 of a special address" },
                { "64:ff9b::8.8.8.8", NULL },
                { "64:ff9b:1::8.8.8.8", "local NAT64" },
                { "100::1", "discard" },
                { "2001::1", "protocol assignment or Teredo" },
                { "2001:1ff:ffff::1", "protocol assignment or Teredo" },
                { "2001:200::1", NULL },
                { "2001:db8::1", "documentation" },
                { "2002:7f00:1::1", "6to4" },
                { "2002:808:808::1", "6to4" },
                { "2606:4700:4700::1111", NULL },
                { "3fff::1", "documentation" },
                { "3fff:1000::1", NULL },
                { "4000::1", "not global unicast" },
                { "5f00::1", "not global unicast" },
                { "fc00::1", "private" },
                { "fdff::1", "private" },
                { "fe80::1", "link-local" },
                { "febf::1", "link-local" },
                { "fec0::1", "site-local" },
                { "ff02::1", "multicast" },
        };
        static const char *const bad[] = { "",      "127.1",    "0x7f.0.0.1", "127.0.0.01", "1.2.3",
                                           "[::1]", "fe80::%1", "1.2.3.4.5",  " 1.2.3.4",   "::g" };
        struct address a;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                tap_int(address_parse(&a, rows[i].given), 0, "address %s", rows[i].given);
                tap_text(address_special(&a), rows[i].want, "kind of %s", rows[i].given);
                tap_ok(address_is_loopback(&a) ==
                           (rows[i].want != NULL && strcmp(rows[i].want, "loopback") == 0),
                       "loopback or not: %s", rows[i].given);
        }
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                tap_int(address_parse(&a, bad[i]), -1, "no address: \"%s\"", bad[i]);
}

static void test_network(void)
{
        static const struct {
                const char *network, *address;
                bool want;
        } rows[] = {
                { "127.0.0.0/8", "127.9.9.9", true },
                { "127.0.0.0/8", "::ffff:127.0.0.1", true },
                { "127.0.0.0/8", "128.0.0.1", false },
                { "127.0.0.0/8", "::1", false },
                { "10.1.2.3", "10.1.2.3", true },
                { "10.1.2.3", "10.1.2.4", false },
                { "10.1.2.2/31", "10.1.2.3", true },
                { "10.1.2.2/31", "10.1.2.4", false },
                { "0.0.0.0/0", "255.1.2.3", true },
                { "0.0.0.0/0", "::1", false },
                { "::/0", "fd00::1", true },
                { "::/0", "10.0.0.1", false },
                { "::ffff:10.0.0.0/104", "10.0.0.1", true },
                { "fd00::/8", "fdff::1", true },
                { "fd00::/8", "fc00::1", false },
                { "::1", "::1", true },
                { "fe80::/10", "febf::1", true },
                { "fe80::/10", "fec0::1", false },
        };
        static const char *const bad[] = {
                "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8",
                "fd00::/129",  "fd00::1/8", "localhost",   "/8",          "10.0.0.0/8,127.0.0.0/8"
        };
        struct network n, *list;
        struct fail why = FAIL_CLEAR;
        struct address a;
        size_t count;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                tap_int(network_parse(&n, rows[i].network), 0, "network %s", rows[i].network);
                address_parse(&a, rows[i].address);
                tap_ok(network_holds(&n, &a) == rows[i].want, "%s in %s", rows[i].address,
                       rows[i].network);
        }
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
                tap_int(network_parse(&n, bad[i]), -1, "no network: \"%s\"", bad[i]);
        tap_int(network_list(&list, &count, "", &why), 0, "an empty list");
        tap_int((int64_t)count, 0, "holds nothing");
        mem_free(list);
        tap_int(network_list(&list, &count, " 127.0.0.0/8\t::1\n10.0.0.0/8 ", &why), 0, "a list");
        tap_int((int64_t)count, 3, "of three");
        mem_free(list);
        tap_int(network_list(&list, &count, "127.0.0.0/8 nonsense", &why), -1, "a bad list");
        tap_ok(list == NULL && strstr(why.text, "\"nonsense\"") != NULL, "says: %s", why.text);
}

static void test_socket(void)
{
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr = { htonl(0x7F000001) } };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        struct sockaddr local = { .sa_family = AF_UNIX };
        struct buf text = BUF_NONE;
        struct address a;

        tap_int(address_from(&a, (struct sockaddr *)&v4, sizeof v4), 0, "from IPv4");
        address_write(&a, &text);
        tap_text(buf_text(&text), "127.0.0.1", "written");
        buf_reset(&text);
        tap_int(address_from(&a, (struct sockaddr *)&v6, sizeof v6), 0, "from IPv6");
        address_write(&a, &text);
        tap_text(buf_text(&text), "::1", "written");
        tap_int(address_from(&a, &local, sizeof local), -1, "a local socket has none");
        tap_int(address_from(&a, (struct sockaddr *)&v6, 8), -1, "cut short");
        buf_dispose(&text);
}

int main(void)
{
        test_special();
        test_network();
        test_socket();
        return tap_end();
}
