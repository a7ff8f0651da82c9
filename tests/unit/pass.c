/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passphrases, one-time codes and base32 against published vectors; time zones. */
#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "door/secret.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/when.h"
#include "floor/zone.h"

/* RFC 7914, section 12 */
static void test_scrypt(void)
{
        const struct {
                const char *pass, *salt;
                unsigned log_n, r, p;
                const char *want;
        } rows[] = {
                { "", "", 4, 1, 1,
                  "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                  "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906" },
                { "password", "NaCl", 10, 8, 16,
                  "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                  "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640" },
                { "pleaseletmein", "SodiumChloride", 14, 8, 1,
                  "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                  "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct buf hex = BUF_NONE;
                unsigned char out[64];

                secret_scrypt(rows[i].pass, rows[i].salt, strlen(rows[i].salt), rows[i].log_n,
                              rows[i].r, rows[i].p, out, sizeof out);
                code_hex(&hex, out, sizeof out);
                tap_text(buf_text(&hex), rows[i].want, "scrypt of \"%s\"", rows[i].pass);
                buf_dispose(&hex);
        }
}

static void test_pass(void)
{
        struct buf one = BUF_NONE, two = BUF_NONE;
        bool outdated = false;
        const char *const wrong[] = {
                NULL,
                "",
                "scrypt",
                "scrypt.15.8.3",
                "scrypt.30.8.3.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
                "scrypt.15.0.3.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
                "scrypt.15.8.3.!!.AAAAAAAAAAAAAAAAAAAAAA",
                "scrypt.15.8.3.AAAA.AA",
                "bcrypt.15.8.3.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
        };

        secret_pass_hash("correct horse", &one);
        secret_pass_hash("correct horse", &two);
        tap_ok(strcmp(one.data, two.data) != 0, "the same passphrase is stored in two ways");
        tap_ok(strncmp(one.data, "scrypt.15.8.3.", 14) == 0, "with its cost: %s", one.data);
        tap_ok(secret_pass_fits("correct horse", one.data, &outdated), "it fits");
        tap_ok(!outdated, "and is of today");
        tap_ok(!secret_pass_fits("correct horsf", one.data, NULL), "another does not");
        tap_ok(!secret_pass_fits("", one.data, NULL), "nor does none");
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                tap_ok(!secret_pass_fits("x", wrong[i], NULL), "nothing fits %s",
                       wrong[i] == NULL ? "nothing" : wrong[i]);
        /* the vector of RFC 7914, as one would be stored that was made with another cost */
        tap_ok(secret_pass_fits("pleaseletmein",
                                "scrypt.14.8.1.U29kaXVtQ2hsb3JpZGU.cCO9yzr9c0hGHAbNgb047_2GxrpPiQ",
                                &outdated) == false &&
                   outdated,
               "another cost is seen as outdated");
        buf_dispose(&one);
        buf_dispose(&two);
}

/* RFC 6238, appendix B: SHA-1, 8 digits */
static void test_totp(void)
{
        static const char key[] = "12345678901234567890";
        const struct {
                int64_t seconds;
                uint32_t want;
        } rows[] = {
                { 59, 94287082 },         { 1111111109, 7081804 },  { 1111111111, 14050471 },
                { 1234567890, 89005924 }, { 2000000000, 69279037 }, { 20000000000, 65353130 }
        };
        int64_t step = 0;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                tap_int(secret_totp(key, 20, rows[i].seconds / 30, 8), rows[i].want, "at %lld s",
                        (long long)rows[i].seconds);
        tap_ok(secret_totp_fits(key, 20, "287082", 59000, &step), "its last six digits");
        tap_int(step, 1, "of this step");
        tap_ok(!secret_totp_fits(key, 20, "287082", 59000, &step), "never twice");
        step = 0;
        tap_ok(secret_totp_fits(key, 20, "287082", 89000, &step), "the step before will do");
        step = 0;
        tap_ok(secret_totp_fits(key, 20, "287082", 29000, &step), "and the next");
        step = 0;
        tap_ok(!secret_totp_fits(key, 20, "287082", 120000, &step), "no older one");
        tap_ok(!secret_totp_fits(key, 20, "", 59000, &step), "nor none");
        tap_ok(!secret_totp_fits(key, 20, NULL, 59000, &step), "nor nothing at all");
}

/* RFC 4648, section 10 */
static void test_base32(void)
{
        const struct {
                const char *given, *want;
        } rows[] = { { "", "" },
                     { "f", "MY" },
                     { "fo", "MZXQ" },
                     { "foo", "MZXW6" },
                     { "foob", "MZXW6YQ" },
                     { "fooba", "MZXW6YTB" },
                     { "foobar", "MZXW6YTBOI" } };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct buf out = BUF_NONE;

                code_base32(&out, rows[i].given, strlen(rows[i].given));
                tap_text(buf_text(&out), rows[i].want, "base32 of \"%s\"", rows[i].given);
                buf_dispose(&out);
        }
}

/* A zone of two kinds without transitions, so that the footer decides. */
static struct zone *made(const char *footer)
{
        static const unsigned char header[44] = { 'T', 'Z', 'i', 'f', '2', [39] = 1, [43] = 4 };
        static const unsigned char type[10] = { 0, 0, 0, 0, 0, 0, 'L', 'M', 'T', 0 };
        struct buf b = BUF_NONE;
        struct zone *z;

        for (int i = 0; i < 2; i++) {
                buf_add(&b, header, sizeof header);
                buf_add(&b, type, sizeof type);
        }
        buf_format(&b, "\n%s\n", footer);
        z = zone_read(b.data, b.len);
        buf_dispose(&b);
        return z;
}

static void test_zone(void)
{
        const struct {
                const char *footer, *at, *want;
        } rows[] = {
                { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-11-22T16:51:00Z",
                  "Sun 22 Nov 2026, 17:51 CET" },
                { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01T22:30:00Z",
                  "Thu 2 Jul 2026, 00:30 CEST" },
                { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z",
                  "Sun 29 Mar 2026, 01:59 CET" },
                { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z",
                  "Sun 29 Mar 2026, 03:00 CEST" },
                { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z",
                  "Sun 25 Oct 2026, 02:00 CET" },
                { "EST5EDT,M3.2.0,M11.1.0", "2026-01-01T03:00:00Z", "Wed 31 Dec 2025, 22:00 EST" },
                { "AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-01-15T00:00:00Z",
                  "Thu 15 Jan 2026, 11:00 AEDT" },
                { "<+0545>-5:45", "2026-01-15T00:00:00Z", "Thu 15 Jan 2026, 05:45 +0545" },
                { "IST-5:30", "1969-12-31T23:00:00Z", "Thu 1 Jan 1970, 04:30 IST" },
        };
        const char *const not_known[] = { NULL,          "",
                                          "/etc/passwd", "../../../etc/passwd",
                                          "Europe/..",   "Nowhere/Land",
                                          "tzdata.zi",   "." };
        struct buf out = BUF_NONE;
        struct zone *z;
        int64_t ms;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                z = made(rows[i].footer);
                when_parse(rows[i].at, &ms);
                buf_reset(&out);
                if (tap_ok(z != NULL, "%s is a zone", rows[i].footer))
                        zone_people(&out, z, ms);
                tap_text(buf_text(&out), rows[i].want, "%s there", rows[i].at);
                zone_free(z);
        }
        for (size_t i = 0; i < sizeof not_known / sizeof *not_known; i++)
                tap_ok(!zone_known(not_known[i]), "%s is no zone",
                       not_known[i] == NULL ? "nothing" : not_known[i]);
        tap_ok(zone_known("UTC"), "UTC is known everywhere");
        z = zone_load("Nowhere/Land");
        buf_reset(&out);
        zone_people(&out, z, 0);
        tap_text(buf_text(&out), "Thu 1 Jan 1970, 00:00 UTC", "an unknown zone is UTC");
        zone_free(z);
        for (size_t i = 0; i < 120; i++) { /* cut anywhere: nothing, or a zone, never a crash */
                char bytes[120];

                memset(bytes, (int)i, sizeof bytes);
                memcpy(bytes, "TZif2", 5);
                zone_free(zone_read(bytes, i));
        }
        if (zone_known("Europe/Berlin")) {
                z = zone_load("Europe/Berlin");
                when_parse("1995-07-01T12:00:00Z", &ms);
                buf_reset(&out);
                zone_people(&out, z, ms);
                tap_text(buf_text(&out), "Sat 1 Jul 1995, 14:00 CEST",
                         "from the system's own file");
                when_parse("2051-07-01T23:00:00Z", &ms);
                buf_reset(&out);
                zone_day(&out, z, ms);
                tap_text(buf_text(&out), "2051-07-02", "behind its last transition");
                zone_free(z);
        } else {
                tap_skip(2, "this system has no time zones");
        }
        buf_dispose(&out);
}

int main(void)
{
        test_scrypt();
        test_pass();
        test_totp();
        test_base32();
        test_zone();
        return tap_end();
}
