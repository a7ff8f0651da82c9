/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may run when: connections, orgs, subjects, rests, and what an org without work costs. */
#include "home/agenda.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../tap.h"
#include "floor/when.h"

#define NOW (INT64_C(1800000000) * 1000)
#define THREADS 8
#define MANY 2000

static int take(struct agenda *a, struct ticket *ticket)
{
        int64_t wait;

        return agenda_take(a, NOW, 1000, ticket, &wait);
}

/* Takes until nothing may run: how many, tickets filled. */
static int take_all(struct agenda *a, struct ticket *tickets, int most)
{
        int count = 0;

        while (count < most && take(a, &tickets[count]) == 1)
                count++;
        return count;
}

static void add(struct agenda *a, const char *org, uint64_t number, const char *connection,
                const char *subject)
{
        agenda_add(a, org, number, NOW, connection, subject, NULL, AGENDA_OWN);
}

/* Two calls of a connection at once, whatever waits. */
static void test_connection(void)
{
        struct agenda *a = agenda_new(THREADS);
        struct ticket t[20];
        char subject[8];
        unsigned running, due;

        for (uint64_t n = 1; n <= 6; n++) {
                snprintf(subject, sizeof subject, "s%d", (int)n);
                add(a, "acme", n, "gh", subject);
        }
        tap_int(take_all(a, t, 20), LANE_MAX, "two calls of a connection at once");
        tap_int((int64_t)(t[0].number * 10 + t[1].number), 12, "in their order");
        agenda_count(a, NOW, NOW, &running, &due);
        tap_int((int64_t)(running * 10 + due), 24, "two run, four are due");
        agenda_finish(a, &t[0], -1);
        tap_int(take_all(a, t + 2, 18), 1, "when one has ended, one more");
        tap_int((int64_t)t[2].number, 3, "the next");
        agenda_finish(a, &t[1], -1);
        agenda_finish(a, &t[2], -1);
        agenda_rest(a, "acme", "gh", NOW + 1000);
        tap_int(take_all(a, t, 20), 0, "none while it rests");
        agenda_rest(a, "acme", "gh", 0);
        tap_int(take_all(a, t, 20), LANE_MAX, "and two when it does not");
        agenda_free(a);
}

/* Half of the threads are the most for one org; another one's turn comes first. */
static void test_org(void)
{
        struct agenda *a = agenda_new(THREADS);
        char connection[8], subject[8];
        struct ticket t[20];
        int taken, of_big = 0;

        for (uint64_t n = 1; n <= 12; n++) {
                snprintf(connection, sizeof connection, "c%d", (int)(n % 6));
                snprintf(subject, sizeof subject, "s%d", (int)n);
                add(a, "big", n, connection, subject);
        }
        tap_int(take_all(a, t, 20), THREADS / 2,
                "an org with six connections: half of the threads");
        for (uint64_t n = 1; n <= 2; n++) {
                snprintf(subject, sizeof subject, "s%d", (int)n);
                add(a, "small", n, "gh", subject);
        }
        taken = take_all(a, t + THREADS / 2, 12);
        tap_int(taken, 2, "the other half is for others");
        tap_text(t[THREADS / 2].org, "small", "who come although the first has more to do");
        agenda_finish(a, &t[0], -1);
        tap_int(take_all(a, t + 10, 10), 1, "one ended, one more of it");
        tap_text(t[10].org, "big", "not above its half");
        agenda_free(a);

        /* In turn, when both have as much to do as they like. */
        a = agenda_new(2);
        for (uint64_t n = 1; n <= 40; n++) {
                snprintf(subject, sizeof subject, "s%d", (int)n);
                add(a, "big", n, "gh", subject);
                if (n <= 10)
                        add(a, "small", n, "gh", subject);
        }
        for (int i = 0; i < 20; i++) {
                if (take(a, &t[0]) != 1)
                        break;
                of_big += strcmp(t[0].org, "big") == 0;
                agenda_finish(a, &t[0], -1);
        }
        tap_int(of_big, 10, "orgs take turns");
        agenda_free(a);
}

static void test_subject(void)
{
        struct agenda *a = agenda_new(THREADS);
        struct ticket t[4];

        add(a, "acme", 1, "gh", "gh:17");
        add(a, "acme", 2, "gh", "gh:17");
        add(a, "acme", 3, "cs", "gh:17");
        tap_int(take_all(a, t, 4), 1, "of one application one after another");
        agenda_finish(a, &t[0], NOW + 1000);
        tap_int(take_all(a, t, 4), 1, "the next when it has ended for now");
        tap_int((int64_t)t[0].number, 2, "in order");
        agenda_free(a);
}

/* An org that had work and has none any more costs its name, and no time. */
static void test_idle(void)
{
        struct agenda *a = agenda_new(THREADS);
        struct mallinfo2 before, after;
        struct ticket ticket;
        struct timespec start, end;
        char name[16];
        int64_t spent_us;
        int wrong = 0;

        before = mallinfo2();
        for (int i = 0; i < MANY; i++) {
                snprintf(name, sizeof name, "org%d", i);
                add(a, name, 1, "gh", "s");
                if (take(a, &ticket) != 1)
                        wrong++;
                agenda_finish(a, &ticket, -1);
        }
        after = mallinfo2();
        tap_int(wrong, 0, "%d orgs had their turn", MANY);
        tap_ok((int64_t)(after.uordblks - before.uordblks) < MANY * INT64_C(400),
               "then each costs %lld bytes",
               (long long)(int64_t)(after.uordblks - before.uordblks) / MANY);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        for (int i = 0; i < 10000; i++)
                wrong += take(a, &ticket);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        spent_us = (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000;
        tap_ok(wrong == 0 && spent_us < 500000, "10000 looks for work take %lld us",
               (long long)spent_us);
        agenda_free(a);
}

/* Consumers that hang share one place: the one that works goes at once, whoever came first. */
static void test_hanging(void)
{
        static const char *const names[] = { "dead1", "dead1", "dead2", "well" };
        struct agenda *a = agenda_new(8);
        struct ticket first, second, third;
        int64_t wait;

        for (unsigned i = 0; i < 4; i++)
                agenda_add(a, "acme", i + 1, 1000, names[i], NULL, NULL, AGENDA_ASIDE);
        agenda_rest(a, "acme", "dead2", 1000);
        tap_int(agenda_take(a, 2000, 2000, &first, &wait), 1, "one that hangs starts");
        tap_text(first.connection, "dead1", "as it came first");
        agenda_rest(a, "acme", "dead1", 1000);
        tap_int(agenda_take(a, 2000, 2000, &second, &wait), 1, "another one starts");
        tap_text(second.connection, "well", "the one that works");
        tap_int(agenda_take(a, 2000, 2000, &third, &wait), 0, "and no more that fail");
        agenda_finish(a, &first, -1);
        tap_int(agenda_take(a, 2000, 2000, &third, &wait), 1, "until the first one has ended");
        agenda_free(a);
}

/* One hangs at this moment, another one answers late: whoever is quick goes beside them. */
static void test_slow_beside_hanging(void)
{
        static const char *const names[] = { "late", "hangs" };
        struct agenda *a = agenda_new(THREADS);
        struct ticket t[3];
        int64_t wait;

        for (unsigned i = 0; i < 2; i++) {
                agenda_add(a, "acme", i + 1, 1000, names[i], NULL, NULL, AGENDA_ASIDE);
                tap_int(agenda_take(a, 2000, 2000, &t[i], &wait), 1, "%s begins", names[i]);
        }
        t[0].slow = true;
        agenda_finish(a, &t[0], -1);
        agenda_add(a, "acme", 3, 1000, "late", NULL, NULL, AGENDA_ASIDE);
        agenda_add(a, "acme", 4, 1000, "well", NULL, NULL, AGENDA_ASIDE);
        tap_int(agenda_take(a, 7000, 7000, &t[2], &wait), 1, "one more goes");
        tap_text(t[2].connection, "well", "the quick one, not the late one");
        agenda_finish(a, &t[2], -1);
        tap_int(agenda_take(a, 7000, 7000, &t[2], &wait), 0, "the late one waits for its like");
        agenda_finish(a, &t[1], -1);
        tap_int(agenda_take(a, 7000, 7000, &t[2], &wait), 1, "and goes then");
        agenda_free(a);
}

/* A delivery of each org "o1", "o2" ... to its consumer. */
static void add_deliveries(struct agenda *a, int orgs, const char *consumer, uint64_t number)
{
        char org[16];

        for (int i = 1; i <= orgs; i++) {
                snprintf(org, sizeof org, "o%d", i);
                agenda_add(a, org, number, NOW, consumer, NULL, NULL, AGENDA_ASIDE);
        }
}

/* Every org's consumer hangs: what is taken while they do is told at the end. */
static int hang(struct agenda *a, int orgs, bool fail, struct ticket *t)
{
        char org[16];
        int taken;

        add_deliveries(a, orgs, "dead", 1);
        while ((taken = take_all(a, t, 20)) > 0)
                for (int i = 0; i < taken; i++) {
                        t[i].slow = !fail;
                        agenda_finish(a, &t[i], -1);
                }
        for (int i = 1; fail && i <= orgs; i++) {
                snprintf(org, sizeof org, "o%d", i);
                agenda_rest(a, org, "dead", NOW);
        }
        add_deliveries(a, orgs, "dead", 2);
        return take_all(a, t, 20);
}

/* Rule 10: consumers that hang, each of another org, do not take all the places there are. */
static void test_orgs_that_hang(void)
{
        static const struct {
                bool fail;
                const char *what;
        } rows[] = { { true, "consumers of ten orgs that fail" },
                     { false, "consumers of ten orgs that answer late" } };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct agenda *a = agenda_new(THREADS);
                struct ticket t[20], well[20];
                int hanging = hang(a, 10, rows[i].fail, t);

                tap_int(hanging, THREADS / 4, "%s have half of the places for deliveries",
                        rows[i].what);
                agenda_add(a, "well", 1, NOW, "good", NULL, NULL, AGENDA_ASIDE);
                tap_int(take_all(a, well, 20), 1, "one that works goes beside them");
                tap_text(well[0].org, "well", "it is that one");
                agenda_finish(a, &well[0], -1);
                agenda_finish(a, &t[0], -1);
                tap_int(take_all(a, t, 20), 1, "one has ended, the next one of them goes");
                agenda_free(a);
        }
}

/* The last place for deliveries, and the last thread, are for an org that has none. */
static void test_last_place(void)
{
        struct agenda *a = agenda_new(THREADS);
        struct ticket t[20];
        char connection[8];

        for (uint64_t n = 1; n <= 4; n++) {
                snprintf(connection, sizeof connection, "c%d", (int)n);
                agenda_add(a, "one", n, NOW, connection, NULL, NULL, AGENDA_ASIDE);
                agenda_add(a, "two", n, NOW, connection, NULL, NULL, AGENDA_ASIDE);
        }
        tap_int(take_all(a, t, 20), THREADS / 2 - 1, "two orgs leave a place for deliveries");
        agenda_add(a, "new", 1, NOW, "c1", NULL, NULL, AGENDA_ASIDE);
        tap_int(take_all(a, t, 20), 1, "which a third one takes");
        tap_text(t[0].org, "new", "it is that one");
        agenda_free(a);

        a = agenda_new(THREADS);
        for (uint64_t n = 1; n <= 8; n++) {
                snprintf(connection, sizeof connection, "c%d", (int)n);
                add(a, "one", n, connection, NULL);
                add(a, "two", n, connection, NULL);
        }
        tap_int(take_all(a, t, 20), THREADS - 1, "two orgs leave a thread");
        add(a, "new", 1, "c1", NULL);
        tap_int(take_all(a, t, 20), 1, "which a third one takes");
        tap_text(t[0].org, "new", "it is that one");
        agenda_free(a);
}

/* Vendors that are down, too: half of the threads is for those that are not. */
static void test_vendors_that_hang(void)
{
        struct agenda *a = agenda_new(THREADS);
        struct ticket t[20];
        char org[16];

        for (int i = 1; i <= 10; i++) {
                snprintf(org, sizeof org, "o%d", i);
                add(a, org, 1, "gh", NULL);
                agenda_rest(a, org, "gh", NOW);
        }
        tap_int(take_all(a, t, 20), THREADS / 2, "ten orgs whose vendor is down: half");
        for (int i = 1; i <= 10; i++) {
                snprintf(org, sizeof org, "p%d", i);
                add(a, org, 1, "gh", NULL);
        }
        tap_int(take_all(a, t + THREADS / 2, THREADS / 2), THREADS / 2,
                "the other half for those that work");
        tap_ok(t[THREADS / 2].org[0] == 'p', "they have it");
        agenda_free(a);
}

int main(void)
{
        test_slow_beside_hanging();
        test_orgs_that_hang();
        test_last_place();
        test_vendors_that_hang();
        test_connection();
        test_org();
        test_subject();
        test_idle();
        test_hanging();
        return tap_end();
}
