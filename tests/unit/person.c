/* SPDX-License-Identifier: GPL-3.0-or-later */
/* People: invitations, signing in, second factors, visits, glass, slowing down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tap.h"
#include "door/secret.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/when.h"
#include "home/person.h"
#include "home/records.h"
#include "home/slow.h"
#include "home/visit.h"

#define PASS "seven quiet lanterns"

static struct home *home;
static struct org *org, *host;
static char *clock_path;

static void move_clock(int64_t ms)
{
        char text[32];
        int len = snprintf(text, sizeof text, "%lld", (long long)ms);

        file_write(clock_path, text, (size_t)len, 0600, NULL);
}

static enum person_answer invite(struct org *in, const char *email, const char *role, bool reset,
                                 char **token)
{
        const struct person_invitation order = {
                .email = email, .role = role, .by = "ada@example.com", .reset = reset
        };
        struct fail why = FAIL_CLEAR;
        enum person_answer answer = person_invite(in, &order, token, &why);

        if (answer == PERSON_BROKEN)
                tap_note("%s", why.text);
        return answer;
}

static enum person_answer sign_in(const char *email, const char *pass, const char *code)
{
        struct fail why = FAIL_CLEAR;
        char *id = NULL;
        enum person_answer answer =
            person_sign_in(home, org, email, pass, code, "192.0.2.1", &id, &why);

        tap_ok((id != NULL) == (answer == PERSON_DONE), "an id when it was right, else none");
        mem_free(id);
        return answer;
}

static char *id_of(const char *email)
{
        json_t *record = NULL;
        char *id = NULL;

        person_by_email(org, email, &id, &record, NULL);
        json_decref(record);
        return id;
}

static char *join(const char *email, const char *role)
{
        struct fail why = FAIL_CLEAR;
        char *token = NULL, *id = NULL;

        tap_int(invite(org, email, role, false, &token), PERSON_DONE, "%s is invited", email);
        tap_int(person_accept(org, token, "Somebody", PASS, &id, &why), PERSON_DONE,
                "%s accepts: %s", email, why.text);
        mem_free(token);
        return id;
}

static void test_misuse(void)
{
        const struct {
                const char *name, *email, *role;
                enum person_answer want;
        } rows[] = {
                { "no address", NULL, "admin", PERSON_WRONG },
                { "an empty address", "", "admin", PERSON_WRONG },
                { "no at", "ada", "admin", PERSON_WRONG },
                { "two", "a@b@c", "admin", PERSON_WRONG },
                { "nothing behind it", "ada@", "admin", PERSON_WRONG },
                { "a line break", "ada@example.com\r\nBcc: x@y", "admin", PERSON_WRONG },
                { "a bracket", "<ada@example.com>", "admin", PERSON_WRONG },
                { "a role nobody knows", "ada@example.com", "king", PERSON_WRONG },
                { "no role", "ada@example.com", NULL, PERSON_WRONG },
                { "a role of the host", "ada@example.com", "operator", PERSON_WRONG },
        };
        char *token = NULL, long_email[300];

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                tap_int(invite(org, rows[i].email, rows[i].role, false, &token), rows[i].want,
                        "refused: %s", rows[i].name);
        memset(long_email, 'a', sizeof long_email);
        memcpy(long_email + 250, "@b.example", 11);
        tap_int(invite(org, long_email, "admin", false, &token), PERSON_WRONG, "refused: overlong");
        tap_int(invite(org, "ada@example.com", NULL, true, &token), PERSON_ABSENT,
                "nobody to reset");
        tap_int(invite(host, "ada@example.com", "admin", false, &token), PERSON_WRONG,
                "the host has operators only");
        tap_ok(token == NULL, "no link for any of them");
}

static void test_invitation(void)
{
        const char *const bad[] = { NULL, "", "short", "aaaaaaaaaaaaaaaaaaaaaaa",
                                    "ada.lovelace says hello" };
        char *token = NULL, *again = NULL, *id = NULL;
        struct fail why = FAIL_CLEAR;
        json_t *list = NULL, *record = NULL;
        struct buf stored = BUF_NONE;

        tap_int(invite(org, " Ada.Lovelace@Example.com ", "admin", false, &token), PERSON_DONE,
                "invited");
        tap_int((int64_t)strlen(token), 40, "200 bits");
        tap_int(person_invitations(org, &list, &why), 0, "listed");
        tap_int((int64_t)json_array_size(list), 1, "one");
        tap_text(json_get_text(json_array_get(list, 0), "email", ""), "ada.lovelace@example.com",
                 "in lower case");
        tap_ok(strstr(json_get_text(json_array_get(list, 0), "id", ""), token) == NULL,
               "the list does not know the link");
        json_decref(list);
        tap_int(person_invited(org, "aaaa", &record, &why), 0, "another link leads nowhere");
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                fail_clear(&why);
                tap_int(person_accept(org, token, "Ada", bad[i], &id, &why), PERSON_WRONG,
                        "no passphrase: %s", bad[i] == NULL ? "none" : bad[i]);
        }
        fail_clear(&why);
        tap_int(person_accept(org, token, "Ada", PASS, &id, &why), PERSON_DONE, "accepted: %s",
                why.text);
        tap_int(store_get(org->store, "person", id, &stored, &why), 1, "stored");
        tap_ok(strstr(stored.data, PASS) == NULL, "without the passphrase");
        mem_free(id);
        tap_int(person_accept(org, token, "Eve", PASS, &id, &why), PERSON_ABSENT,
                "a link counts once");
        tap_int(invite(org, "ada.lovelace@example.com", "admin", false, &again), PERSON_TAKEN,
                "nobody is invited twice");
        mem_free(token);
        tap_int(invite(org, "late@example.com", "auditor", false, &token), PERSON_DONE, "another");
        move_clock(PERSON_INVITED_MS + 1000);
        tap_int(person_accept(org, token, "Late", PASS, &id, &why), PERSON_ABSENT,
                "after a week it is over");
        move_clock(0);
        person_invitations(org, &list, &why);
        tap_int(person_withdraw(org, json_get_text(json_array_get(list, 0), "id", ""), &why),
                PERSON_DONE, "or when it is withdrawn");
        tap_int(person_accept(org, token, "Late", PASS, &id, &why), PERSON_ABSENT, "gone");
        json_decref(list);
        mem_free(token);
        buf_dispose(&stored);
}

static void test_sign_in(void)
{
        tap_int(sign_in("ada.lovelace@example.com", PASS, NULL), PERSON_DONE, "signed in");
        tap_int(sign_in("ADA.Lovelace@example.com", PASS, ""), PERSON_DONE, "in any case");
        tap_int(sign_in("ada.lovelace@example.com", "seven quiet lantern", NULL), PERSON_WRONG,
                "a wrong passphrase");
        tap_int(sign_in("ada.lovelace@example.com", "", NULL), PERSON_WRONG, "an empty one");
        tap_int(sign_in("ada.lovelace@example.com", NULL, NULL), PERSON_WRONG, "none");
        tap_int(sign_in("eve@example.com", PASS, NULL), PERSON_WRONG, "nobody of this name");
        tap_int(sign_in("", PASS, NULL), PERSON_WRONG, "no name");
}

/* The code of now, through what the person was shown. */
static void code_of(const char *base32, int64_t steps, char out[8])
{
        struct buf key = BUF_NONE;
        unsigned bits = 0, count = 0;

        for (; *base32 != '\0'; base32++) {
                bits = bits << 5 | (unsigned)(*base32 >= 'A' ? *base32 - 'A' : *base32 - '2' + 26);
                count += 5;
                if (count >= 8) {
                        buf_add_char(&key, (char)(bits >> (count - 8)));
                        count -= 8;
                }
        }
        snprintf(out, 8, "%06u", secret_totp(key.data, key.len, when_now_ms() / 30000 + steps, 6));
        buf_dispose(&key);
}

static void test_second_factor(void)
{
        char *id = id_of("ada.lovelace@example.com"), *base32 = NULL, code[8], *loud;
        struct fail why = FAIL_CLEAR;
        struct buf stored = BUF_NONE;
        json_t *codes = NULL;
        const char *first;

        move_clock(0);
        tap_int(person_totp_begin(home, org, id, &base32, &why), PERSON_DONE, "begun");
        tap_int((int64_t)strlen(base32), 32, "160 bits in base32");
        tap_int(sign_in("ada.lovelace@example.com", PASS, NULL), PERSON_DONE,
                "nothing changes before it is confirmed");
        tap_int(person_totp_confirm(home, org, id, "000000", &codes, &why), PERSON_WRONG,
                "not with a made-up code");
        fail_clear(&why);
        code_of(base32, 0, code);
        tap_int(person_totp_confirm(home, org, id, code, &codes, &why), PERSON_DONE, "confirmed");
        tap_int((int64_t)json_array_size(codes), PERSON_CODES, "ten recovery codes");
        store_get(org->store, "person", id, &stored, &why);
        tap_ok(strstr(stored.data, base32) == NULL, "the key is sealed");
        tap_int(sign_in("ada.lovelace@example.com", PASS, NULL), PERSON_TAKEN,
                "now a code is asked for");
        tap_int(sign_in("ada.lovelace@example.com", PASS, code), PERSON_WRONG,
                "the one that confirmed is used up");
        code_of(base32, 1, code);
        tap_int(sign_in("ada.lovelace@example.com", "wrong wrong wrong", code), PERSON_WRONG,
                "a code alone opens nothing");
        tap_int(sign_in("ada.lovelace@example.com", PASS, code), PERSON_DONE, "both do");
        tap_int(sign_in("ada.lovelace@example.com", PASS, code), PERSON_WRONG, "once");
        first = json_text_of(json_array_get(codes, 0), "");
        tap_ok(strstr(stored.data, first) == NULL, "recovery codes are digests");
        tap_int(sign_in("ada.lovelace@example.com", PASS, first), PERSON_DONE, "a recovery code");
        tap_int(sign_in("ada.lovelace@example.com", PASS, first), PERSON_WRONG, "once");
        loud = mem_text(json_text_of(json_array_get(codes, 1), ""));
        for (char *c = loud; *c != '\0'; c++)
                *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c == '-' ? ' ' : *c;
        tap_int(sign_in("ada.lovelace@example.com", PASS, loud), PERSON_DONE,
                "typed in capitals and with gaps: %s", loud);
        tap_int(person_totp_off(org, id, "wrong wrong", &why), PERSON_WRONG,
                "off needs the passphrase");
        fail_clear(&why);
        tap_int(person_totp_off(org, id, PASS, &why), PERSON_DONE, "off");
        tap_int(sign_in("ada.lovelace@example.com", PASS, NULL), PERSON_DONE, "as before");
        mem_free(loud);
        json_decref(codes);
        buf_dispose(&stored);
        mem_free(base32);
        mem_free(id);
}

static void test_changes(void)
{
        char *ada = id_of("ada.lovelace@example.com"), *bob, *stamp;
        struct person_change change = { .role = "recruiter" };
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;

        tap_int(person_change(org, ada, &change, &why), PERSON_LAST, "the last admin stays one");
        change = (struct person_change){ .off = "yes" };
        tap_int(person_change(org, ada, &change, &why), PERSON_LAST, "and stays on");
        tap_int(person_remove(org, ada, &why), PERSON_LAST, "and stays");
        bob = join("bob@example.com", "admin");
        person_get(org, bob, &record, &why);
        stamp = person_stamp(record);
        change = (struct person_change){ .stamp = stamp, .name = "Bob", .zone = "UTC" };
        tap_int(person_change(org, bob, &change, &why), PERSON_DONE, "a name");
        tap_int(person_change(org, bob, &change, &why), PERSON_TAKEN,
                "with an old stamp somebody else was first");
        change = (struct person_change){ .zone = "Nowhere/Land" };
        tap_int(person_change(org, bob, &change, &why), PERSON_WRONG, "no such zone: %s", why.text);
        fail_clear(&why);
        change = (struct person_change){ .off = "yes" };
        tap_int(person_change(org, ada, &change, &why), PERSON_DONE, "one of two may go off");
        tap_int(sign_in("ada.lovelace@example.com", PASS, NULL), PERSON_WRONG,
                "and cannot sign in");
        change = (struct person_change){ .off = "no" };
        tap_int(person_change(org, ada, &change, &why), PERSON_DONE, "on again");
        tap_int(person_set_pass(org, bob, "wrong", "nine loud trumpets", &why), PERSON_WRONG,
                "a new passphrase needs the old one");
        fail_clear(&why);
        tap_int(person_set_pass(org, bob, PASS, "short", &why), PERSON_WRONG, "and must do");
        fail_clear(&why);
        tap_int(person_set_pass(org, bob, PASS, "nine loud trumpets", &why), PERSON_DONE, "set");
        tap_int(sign_in("bob@example.com", "nine loud trumpets", NULL), PERSON_DONE, "it counts");
        tap_int(person_remove(org, bob, &why), PERSON_DONE, "removed");
        tap_int(sign_in("bob@example.com", "nine loud trumpets", NULL), PERSON_WRONG, "gone");
        tap_int(person_remove(org, bob, &why), PERSON_ABSENT, "once");
        mem_free(stamp);
        json_decref(record);
        mem_free(ada);
        mem_free(bob);
}

static int look(struct org *in, const char *token)
{
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;
        char *id = NULL;
        int found = visit_look(in, token, &id, &record, &why);

        json_decref(record);
        mem_free(id);
        return found;
}

static void test_visits(void)
{
        char *carl = join("carl@example.com", "recruiter"),
             *dora = join("dora@example.com", "admin");
        char *one = NULL, *two = NULL, *hers = NULL, *reset = NULL, *id = NULL;
        struct person_change change = { .role = "auditor" };
        struct fail why = FAIL_CLEAR;
        json_t *list = NULL;

        tap_int(visit_begin(org, carl, "192.0.2.1", "Browser", &one, &why), 0, "a visit");
        tap_int(visit_begin(org, carl, "192.0.2.2", "Phone", &two, &why), 0, "another");
        visit_begin(org, dora, "192.0.2.3", NULL, &hers, &why);
        tap_int(look(org, one), 1, "goes on");
        tap_int(look(host, one), 0, "here and nowhere else");
        tap_int(look(NULL, one), 0, "not in an org that is not there");
        tap_int(look(org, NULL), 0, "nothing shown");
        tap_int(look(org, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 0, "something made up");
        visit_list(org, carl, one, &list, &why);
        tap_int((int64_t)json_array_size(list), 2, "listed");
        for (size_t i = 0; i < 2; i++) {
                json_t *row = json_array_get(list, i);

                if (!json_get_bool(row, "own", false))
                        tap_int(visit_end_one(org, carl, json_get_text(row, "id", ""), &why), 1,
                                "the other one is ended");
                else
                        tap_int(visit_end_one(org, dora, json_get_text(row, "id", ""), &why), 0,
                                "nobody ends another's");
        }
        json_decref(list);
        tap_int(look(org, two), 0, "it is over");
        tap_int(look(org, one), 1, "this one is not");
        move_clock(VISIT_IDLE_MS - 1000);
        tap_int(look(org, one), 1, "still");
        move_clock(2 * VISIT_IDLE_MS - 2000);
        tap_int(look(org, one), 1, "a look keeps it");
        move_clock(4 * VISIT_IDLE_MS);
        tap_int(look(org, one), 0, "without one it ends");
        move_clock(0);
        tap_int(look(org, one), 1, "the clock set back");
        tap_int(person_change(org, carl, &change, &why), PERSON_DONE, "another role");
        tap_int(look(org, one), 0, "ends what went on with the old one");
        mem_free(one);
        visit_begin(org, carl, "192.0.2.1", "x", &one, &why);
        tap_int(person_end_visits(org, carl, &why), PERSON_DONE, "everywhere");
        tap_int(look(org, one), 0, "signed out everywhere");
        tap_int(look(org, hers), 1, "nobody else is");
        invite(org, "dora@example.com", NULL, true, &reset);
        tap_int(person_accept(org, reset, NULL, "eleven slow rivers", &id, &why), PERSON_DONE,
                "reset");
        tap_int(look(org, hers), 0, "a reset ends visits");
        tap_int(sign_in("dora@example.com", "eleven slow rivers", NULL), PERSON_DONE,
                "the new one counts");
        mem_free(one);
        visit_begin(org, carl, "x", "x", &one, &why);
        for (int i = 0; i < VISIT_EACH_MAX; i++) {
                mem_free(two);
                two = NULL;
                move_clock(i + 1);
                visit_begin(org, carl, "x", "x", &two, &why);
        }
        tap_int(look(org, one), 0, "there is a ceiling: the oldest goes");
        tap_int(look(org, two), 1, "the latest stays");
        move_clock(0);
        mem_free(one);
        mem_free(two);
        mem_free(hers);
        mem_free(reset);
        mem_free(carl);
        mem_free(dora);
        mem_free(id);
}

static void test_glass(void)
{
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL, *list = NULL;

        tap_int(glass_open(org, "token", &record, &why), 0, "closed");
        tap_int(glass_break(org, "token", "op@example.com", "  because ", &why), PERSON_WRONG,
                "not without a reason: %s", why.text);
        fail_clear(&why);
        tap_int(glass_break(org, "token", "op@example.com", "A candidate's score is missing", &why),
                PERSON_DONE, "broken");
        tap_int(glass_open(org, "token", &record, &why), 1, "open");
        json_decref(record);
        tap_int(glass_open(org, "another", &record, &why), 0, "to nobody else");
        glass_list(org, &list, &why);
        tap_text(json_get_text(json_array_get(list, 0), "reason", ""),
                 "A candidate's score is missing", "the org can see why");
        json_decref(list);
        move_clock(GLASS_MS + 1000);
        tap_int(glass_open(org, "token", &record, &why), 0, "for an hour");
        move_clock(0);
}

static int64_t attempt(const char *account, const char *address, int64_t at)
{
        struct fail why = FAIL_CLEAR;

        return slow_try(home, "acme", account, address, at, &why);
}

static void test_slow(void)
{
        int64_t t = 1700000000000, wait = 0;

        for (int i = 0; i < SLOW_FREE; i++)
                tap_int(attempt("ada", "192.0.2.1", t), 0, "attempt %d is free", i + 1);
        tap_int(attempt("ada", "192.0.2.1", t), 1000, "then a second");
        tap_int(attempt("ada", "192.0.2.1", t), 1000, "an attempt that waits does not count");
        tap_int(attempt("ada", "192.0.2.1", t + 1000), 0, "after it");
        tap_int(attempt("ada", "192.0.2.1", t + 1000), 2000, "then two");
        tap_int(attempt("bob", "192.0.2.1", t + 1000), 2000, "the address waits for any name");
        tap_int(attempt("bob", "2001:db8::1", t + 1000), 0, "another address does not");
        for (int i = 0; i < 40; i++) {
                t += SLOW_MOST_MS + 1000;
                wait = attempt("ada", "192.0.2.1", t);
                if (wait != 0)
                        break;
        }
        tap_int(wait, 0, "a patient one may go on");
        tap_int(attempt("ada", "192.0.2.1", t), SLOW_MOST_MS, "a quarter of an hour at most");
        tap_int(attempt("ada", "198.51.100.7", t), SLOW_ACCOUNT_MS,
                "its owner waits for seconds, wherever he is");
        tap_int(attempt("ada", "198.51.100.7", t + SLOW_ACCOUNT_MS), 0, "and gets in");
        slow_forgive(home, "acme", "ada", "198.51.100.7", t + SLOW_ACCOUNT_MS);
        tap_int(attempt("ada", "198.51.100.7", t + SLOW_ACCOUNT_MS), 0,
                "what was right is forgiven");
        for (int i = 0; i < SLOW_FREE; i++) {
                char address[64];

                snprintf(address, sizeof address, "2001:db8:5:6:%d::%d", i, i);
                attempt("carl", address, t);
        }
        tap_ok(attempt("dora", "2001:db8:5:6:ffff::1", t) > 0,
               "addresses of one customer count together");
        tap_int(attempt("dora", "2001:db8:5:7::1", t), 0, "those of the next do not");
        tap_int(attempt("dora", "no address at all", t + SLOW_FORGET_MS), 0, "whatever it is");
}

int main(void)
{
        char *top = tap_dir(), *path = file_path(top, "home");
        struct fail why = FAIL_CLEAR;
        bool made;

        clock_path = file_path(top, "clock");
        move_clock(0);
        setenv("FAIRLEAD_TEST_CLOCK", clock_path, 1);
        if (home_create(path, &made, &why) != 0 || home_open(&home, path, &why) != 1 ||
            home_create_org(home, "acme", &org, &why) != 0 || home_host(home, &host, &why) != 0)
                tap_ok(false, "a home: %s", why.text);
        test_misuse();
        test_invitation();
        test_sign_in();
        test_second_factor();
        test_changes();
        test_visits();
        test_glass();
        test_slow();
        home_close(home);
        mem_free(clock_path);
        mem_free(path);
        mem_free(top);
        return tap_end();
}
