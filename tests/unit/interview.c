/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interview links: what callers may ask, and one room however many press Join. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/event.h"
#include "home/interview.h"
#include "home/interview_document.h"
#include "home/records.h"
#include "home/room.h"

#define PRESSES 16
#define MAKERS 32

/* A platform that does what it is told. */
static struct {
        pthread_mutex_t lock;
        int created, deleted, edited, found;
        enum outcome_kind end; /* of the next creating */
        void (*meanwhile)(void);
        char last_name[64], last_deleted[32];
        bool leaves_one; /* the next creating makes one although it ends badly */
} fake = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct home *home;
static struct org *org;
static struct trade trade;

static int fake_create(struct link *link, const struct interview_order *order,
                       struct interview_made *made, struct outcome *o)
{
        void (*meanwhile)(void);

        (void)link;
        pthread_mutex_lock(&fake.lock);
        *o = (struct outcome)OUTCOME_NONE;
        if (fake.end == OUTCOME_DONE || fake.leaves_one)
                fake.created++;
        if (fake.end != OUTCOME_DONE)
                outcome_set(o, fake.end, "The vendor says so.", "scripted");
        snprintf(fake.last_name, sizeof fake.last_name, "%s", text_or(order->candidate_name, ""));
        made->id = o->kind == OUTCOME_DONE ? mem_format("L%d", fake.created) : NULL;
        made->url = o->kind == OUTCOME_DONE
                        ? mem_format("https://platform.example/room/%d", fake.created)
                        : NULL;
        fake.end = OUTCOME_DONE;
        fake.leaves_one = false;
        meanwhile = fake.meanwhile;
        fake.meanwhile = NULL;
        pthread_mutex_unlock(&fake.lock);
        if (meanwhile != NULL)
                meanwhile();
        return o->kind == OUTCOME_DONE ? 0 : -1;
}

static int fake_edit(struct link *link, const char *id, const struct interview_order *order,
                     struct interview_made *made, struct outcome *o)
{
        (void)link;
        *o = (struct outcome)OUTCOME_NONE;
        fake.edited++;
        snprintf(fake.last_name, sizeof fake.last_name, "%s", text_or(order->candidate_name, ""));
        made->id = mem_text(id);
        made->url = mem_text("https://platform.example/room/edited");
        return 0;
}

static int fake_delete(struct link *link, const char *id, struct outcome *o)
{
        (void)link;
        *o = (struct outcome)OUTCOME_NONE;
        fake.deleted++;
        snprintf(fake.last_deleted, sizeof fake.last_deleted, "%s", id);
        return 0;
}

static int fake_find(struct link *link, const char *email, int64_t since_ms,
                     bool (*taken)(void *context, const char *id), void *context,
                     struct interview_made *made, struct outcome *o)
{
        char id[16];

        (void)link;
        (void)email;
        (void)since_ms;
        *o = (struct outcome)OUTCOME_NONE;
        fake.found++;
        snprintf(id, sizeof id, "L%d", fake.created);
        if (fake.created > 0 && !taken(context, id)) {
                made->id = mem_text(id);
                made->url = mem_format("https://platform.example/room/%d", fake.created);
        }
        return 0;
}

static const struct platform platform = { .kind = "codesignal",
                                          .create_interview = fake_create,
                                          .edit_interview = fake_edit,
                                          .delete_interview = fake_delete,
                                          .find_interview = fake_find };
static const struct kind codesignal = {
        .name = "codesignal", .title = "CodeSignal", .role = KIND_PLATFORM, .platform = &platform
};
static const struct kind *const fakes[] = { &codesignal, NULL };

static void must(int result, const struct fail *why)
{
        if (result == 0)
                return;
        printf("Bail out! %s\n", why->text);
        _Exit(99);
}

static json_t *json(const char *text)
{
        struct fail why = FAIL_CLEAR;
        json_t *value = json_parse(text, strlen(text), true, &why);

        must(value == NULL ? -1 : 0, &why);
        return value;
}

static void set_up(void)
{
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *self = json_object(), *settings = json_object(), *credentials = json_object();
        char *dir = tap_dir();
        bool made;

        must(home_create(dir, &made, &why), &why);
        must(home_open(&home, dir, &why) == 1 ? 0 : -1, &why);
        must(home_create_org(home, "acme", &org, &why), &why);
        json_set_text(self, "name", "Acme");
        json_set_text(self, "public_url", "https://hire.example/fairlead");
        record_put(b, "org", "self", self);
        json_set_text(credentials, "api_key", "made up");
        connection_put(home, org, b, "cs", kind_find("codesignal"), settings, credentials, NULL,
                       "https://hire.example/fairlead", NULL);
        must(store_commit(org->store, b, &why), &why);
        trade = (struct trade){ .home = home, .kinds = fakes };
        batch_free(b);
        json_decref(self);
        json_decref(settings);
        json_decref(credentials);
        mem_free(dir);
}

/* What a caller may ask. */

static void test_take(void)
{
        static const struct {
                const char *name, *given, *want;
        } rows[] = {
                { "not an object", "[]", "the body must be a JSON object" },
                { "a text", "\"x\"", "the body must be a JSON object" },
                { "null", "null", "the body must be a JSON object" },
                { "nobody", "{}", "candidate: needs a name or an email" },
                { "candidate a text", "{\"candidate\":\"Ada\"}", "candidate: must be an object" },
                { "candidate null", "{\"candidate\":null}", "candidate: must be an object" },
                { "unknown member", "{\"candidat\":{}}", "candidat: there is no such member" },
                { "unknown inner member", "{\"candidate\":{\"phone\":\"1\"}}",
                  "candidate.phone: there is no such member" },
                { "name a number", "{\"candidate\":{\"name\":7}}",
                  "candidate.name: must be a text" },
                { "name empty", "{\"candidate\":{\"name\":\"\"}}",
                  "candidate.name: must be 1 to 200 bytes long" },
                { "name with a line break", "{\"candidate\":{\"name\":\"a\\r\\nBcc: x\"}}",
                  "candidate.name: has a control character" },
                { "email without a place", "{\"candidate\":{\"email\":\"ada\"}}",
                  "candidate.email: is no e-mail address" },
                { "email with two", "{\"candidate\":{\"email\":\"a@b.c,d@e.f\"}}",
                  "candidate.email: is no e-mail address" },
                { "email with a name", "{\"candidate\":{\"email\":\"Ada <a@b.c>\"}}",
                  "candidate.email: is no e-mail address" },
                { "email with a line break", "{\"candidate\":{\"email\":\"a@b.c\\nx\"}}",
                  "candidate.email: is no e-mail address" },
                { "interviewer", "{\"candidate\":{\"name\":\"A\"},\"interviewer_email\":\"x\"}",
                  "interviewer_email: is no e-mail address" },
                { "title a list", "{\"candidate\":{\"name\":\"A\"},\"title\":[]}",
                  "title: must be a text" },
                { "time a number", "{\"candidate\":{\"name\":\"A\"},\"starts_at\":1795370094}",
                  "starts_at: must be a time such as 2026-11-25T14:30:00Z" },
                { "time without a zone",
                  "{\"candidate\":{\"name\":\"A\"},\"starts_at\":\"2026-11-25T14:30:00\"}",
                  "starts_at: must be a time such as 2026-11-25T14:30:00Z" },
                { "time of long ago",
                  "{\"candidate\":{\"name\":\"A\"},\"starts_at\":\"1970-01-01T00:00:00Z\"}",
                  "starts_at: must be in the years 2000 to 2099" },
                { "time too far",
                  "{\"candidate\":{\"name\":\"A\"},\"starts_at\":\"9999-12-31T23:59:59Z\"}",
                  "starts_at: must be in the years 2000 to 2099" },
                { "end alone",
                  "{\"candidate\":{\"name\":\"A\"},\"ends_at\":\"2026-11-25T14:30:00Z\"}",
                  "starts_at: is missing beside ends_at" },
                { "end before start",
                  "{\"candidate\":{\"name\":\"A\"},\"starts_at\":\"2026-11-25T14:30:00Z\","
                  "\"ends_at\":\"2026-11-25T15:30:00+02:00\"}",
                  "ends_at: must be after starts_at and within 7 days of it" },
                { "too long",
                  "{\"candidate\":{\"name\":\"A\"},\"starts_at\":\"2026-11-25T14:30:00Z\","
                  "\"ends_at\":\"2026-12-25T15:30:00Z\"}",
                  "ends_at: must be after starts_at and within 7 days of it" },
                { "ats alone", "{\"candidate\":{\"name\":\"A\"},\"ats\":\"gh\"}",
                  "ats_interview: is missing; ats and ats_interview go together" },
                { "ats_interview alone", "{\"candidate\":{\"name\":\"A\"},\"ats_interview\":7}",
                  "ats: is missing; ats and ats_interview go together" },
                { "ats_interview an object",
                  "{\"candidate\":{\"name\":\"A\"},\"ats\":\"gh\",\"ats_interview\":{}}",
                  "ats_interview: must be an id" },
                { "good, little", "{\"candidate\":{\"email\":\"ada@b.example\"}}", NULL },
                { "good, much",
                  "{\"candidate\":{\"name\":\"Ada \xC3\x9Cml\",\"email\":\"ada@b.example\"},"
                  "\"interviewer_email\":\"i@b.example\",\"title\":\"T\",\"platform\":\"cs\","
                  "\"starts_at\":\"2026-11-25T14:30:00+01:00\","
                  "\"ends_at\":\"2026-11-25T14:30:00Z\",\"ats\":\"gh\",\"ats_interview\":7}",
                  NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fail why = FAIL_CLEAR;
                json_t *given = json(rows[i].given), *record = json_object();
                int result = interview_take(record, given, &why);

                tap_text(result == 0 ? NULL : why.text, rows[i].want, "take: %s", rows[i].name);
                if (rows[i].want == NULL && i + 1 == sizeof rows / sizeof *rows) {
                        tap_int(json_get_int(record, "starts_ms", 0), INT64_C(1795613400000),
                                "take: an offset is counted in");
                        tap_text(json_get_text(record, "ats_interview", ""), "7",
                                 "take: a number as id is kept as text");
                }
                json_decref(given);
                json_decref(record);
        }
}

/* Making, moving, cancelling. */

static const char good[] = "{\"candidate\":{\"name\":\"Ada\",\"email\":\"ada@b.example\"},"
                           "\"starts_at\":\"2026-11-25T14:30:00Z\"}";

static enum interview_answer make(const char *document, const char *key, char **id, char **url)
{
        struct fail why = FAIL_CLEAR;
        json_t *asked = json(document), *view = NULL;
        enum interview_answer answer =
            interview_create(home, org, asked, "keyidkey", key, &view, &why);

        if (id != NULL)
                *id = mem_text(json_get_text(view, "id", NULL));
        if (url != NULL)
                *url = mem_text(json_get_text(view, "url", NULL));
        json_decref(view);
        json_decref(asked);
        return answer;
}

static enum interview_answer change(const char *id, const char *document, json_t **view)
{
        struct fail why = FAIL_CLEAR;
        json_t *asked = document == NULL ? NULL : json(document), *shown = NULL;
        enum interview_answer answer = asked == NULL
                                           ? interview_cancel(home, org, id, &shown, &why)
                                           : interview_change(home, org, id, asked, &shown, &why);

        json_decref(asked);
        if (view != NULL)
                *view = shown;
        else
                json_decref(shown);
        return answer;
}

static void test_life(void)
{
        struct fail why = FAIL_CLEAR;
        char *id = NULL, *url = NULL, *found = NULL, *room = NULL;
        struct outcome o;
        json_t *view = NULL, *record = NULL;
        const char *token;

        tap_int(change("aaaaaaaaaaaaaaaa", "{}", NULL), INTERVIEW_ABSENT, "absent: no change");
        tap_int(change("../../etc/passwd", NULL, NULL), INTERVIEW_ABSENT, "absent: no cancelling");
        tap_int(make("{\"candidate\":{\"name\":\"A\"},\"platform\":\"nope\"}", NULL, NULL, NULL),
                INTERVIEW_INVALID, "make: a platform that is none");
        tap_int(make("{\"candidate\":{\"name\":\"A\"},\"ats\":\"cs\",\"ats_interview\":1}", NULL,
                     NULL, NULL),
                INTERVIEW_INVALID, "make: an ATS that is none");

        tap_int(make(good, NULL, &id, &url), INTERVIEW_DONE, "made");
        tap_int((int64_t)strlen(text_or(id, "")), 16, "id has its length");
        token = strrchr(url, '/') + 1;
        tap_ok(text_starts(url, "https://hire.example/fairlead/interview-link/acme/join/"),
               "the link is below the public address");
        tap_int((int64_t)strlen(token), 26, "the token has 130 bits");
        tap_int(interview_by_token(home, org, token, &found, &record, &why), 1, "token: found");
        tap_text(found, id, "token: leads to it");
        tap_ok(json_at(record, "platform_id") == NULL && fake.created == 0,
               "no room before somebody presses Join");
        json_decref(record);
        mem_free(found);
        found = NULL;
        tap_int(interview_by_token(home, NULL, token, &found, &record, &why), 0,
                "token: of another org, unknown");
        tap_int(interview_by_token(home, org, "aaaaaaaaaaaaaaaaaaaaaaaaaa", &found, &record, &why),
                0, "token: unknown");
        tap_int(interview_by_token(home, org, "", &found, &record, &why), 0, "token: empty");

        tap_int(change(id, "{\"platform\":\"cs\"}", NULL), INTERVIEW_INVALID,
                "change: the platform stays");
        tap_int(change(id, "{\"starts_at\":\"2026-12-01T10:00:00Z\",\"title\":\"Moved\"}", &view),
                INTERVIEW_DONE, "change: moved");
        tap_text(json_get_text(view, "starts_at", ""), "2026-12-01T10:00:00Z", "change: the time");
        tap_int(json_get_int(view, "sequence", -1), 1, "change: the sequence goes up");
        tap_text(json_get_text(view, "url", ""), url, "change: the link stays");
        json_decref(view);
        tap_int(change(id, "{\"candidate\":{\"name\":null,\"email\":null}}", NULL),
                INTERVIEW_INVALID, "change: not to nobody");
        tap_int(change(id, "{\"starts_at\":null}", &view), INTERVIEW_DONE, "change: time away");
        tap_ok(json_at(view, "starts_at") == NULL, "change: null takes a member away");
        json_decref(view);

        tap_int(interview_join(&trade, org, id, &room, &o), 0, "join: the room is made");
        tap_text(room, "https://platform.example/room/1", "join: and its address given");
        mem_free(room);
        tap_int(interview_join(&trade, org, id, &room, &o), 0, "join again: the same");
        tap_text(room, "https://platform.example/room/1", "join again: the same room");
        tap_int(fake.created, 1, "join again: no second room");
        mem_free(room);

        tap_int(change(id, NULL, &view), INTERVIEW_DONE, "cancel");
        tap_text(json_get_text(view, "state", ""), "cancelled", "cancel: the state");
        json_decref(view);
        tap_int(change(id, NULL, &view), INTERVIEW_DONE, "cancel twice");
        tap_int(json_get_int(view, "sequence", -1), 3, "cancel twice: the sequence stays");
        json_decref(view);
        tap_int(change(id, "{\"title\":\"x\"}", NULL), INTERVIEW_OVER, "no change once cancelled");
        tap_int(interview_join(&trade, org, id, &room, &o), -1, "no joining once cancelled");
        tap_int(o.kind, OUTCOME_REFUSED, "no joining once cancelled: refused");
        mem_free(id);
        mem_free(url);
}

/* What the worker does once a day, so much later. */
static void prune_keys(int64_t later_ms)
{
        struct fail why = FAIL_CLEAR;
        bool more = true;

        while (more &&
               event_prune(org, when_now_ms() + later_ms, EVENT_KEPT_MS, 1, &more, &why) == 0)
                ;
        tap_ok(!more, "idempotency: pruned: %s", why.text);
}

static int count_keys(void *context, const struct store_record *r)
{
        *(int *)context += text_equal(r->name, "idempotency") ||
                           (r->kind == 's' && text_equal(r->name, "used-keys"));
        return 0;
}

static void test_idempotency(void)
{
        struct fail why = FAIL_CLEAR;
        int left = 0;
        char *first = NULL, *second = NULL, *long_key = mem_alloc(256);
        static const char other[] = "{\"candidate\":{\"name\":\"Bob\"}}";
        static const char same[] = "{ \"starts_at\": \"2026-11-25T14:30:00Z\",\n  \"candidate\":"
                                   "{\"email\":\"ada@b.example\",\"name\":\"Ada\"}}";

        memset(long_key, 'k', 255);
        long_key[255] = '\0';
        tap_int(make(good, "key 1", &first, NULL), INTERVIEW_DONE, "idempotency: first");
        tap_int(make(same, "key 1", &second, NULL), INTERVIEW_REPEATED,
                "idempotency: the same, spelled otherwise");
        tap_text(second, first, "idempotency: the same interview");
        mem_free(second);
        tap_int(make(other, "key 1", NULL, NULL), INTERVIEW_KEY_USED, "idempotency: another");
        tap_int(make("{}", "key 2", NULL, NULL), INTERVIEW_INVALID, "idempotency: a wrong one");
        tap_int(make(good, "key 2", &second, NULL), INTERVIEW_DONE,
                "idempotency: a wrong one uses up nothing");
        tap_ok(!text_equal(first, second), "idempotency: another key, another interview");
        tap_int(make(good, long_key, NULL, NULL), INTERVIEW_DONE, "idempotency: a long key");
        prune_keys(INTERVIEW_KEY_KEPT_MS - WHEN_HOUR);
        tap_int(make(good, "key 1", NULL, NULL), INTERVIEW_REPEATED,
                "idempotency: remembered for its time");
        prune_keys(INTERVIEW_KEY_KEPT_MS + WHEN_HOUR);
        tap_int(store_each(org->store, count_keys, &left, &why), 0,
                "idempotency: keys are counted");
        tap_int(left, 0, "idempotency: then nothing is left of any key");
        tap_int(make(other, "key 1", NULL, NULL), INTERVIEW_DONE, "idempotency: and it is new");
        mem_free(first);
        mem_free(second);
        mem_free(long_key);
}

/* Many at once. */

struct racer {
        pthread_t thread;
        pthread_barrier_t *start;
        const char *id, *key;
        enum interview_answer answer;
        char *got;
        int result;
};

static void *press(void *context)
{
        struct racer *r = context;
        struct outcome o;

        pthread_barrier_wait(r->start);
        r->result = interview_join(&trade, org, r->id, &r->got, &o);
        return NULL;
}

static void *order(void *context)
{
        struct racer *r = context;

        pthread_barrier_wait(r->start);
        r->answer = make(good, r->key, &r->got, NULL);
        return NULL;
}

static void race(struct racer *racers, int count, void *(*run)(void *), const char *id,
                 const char *key)
{
        pthread_barrier_t start;

        pthread_barrier_init(&start, NULL, (unsigned)count);
        for (int i = 0; i < count; i++) {
                racers[i] = (struct racer){ .start = &start, .id = id, .key = key };
                pthread_create(&racers[i].thread, NULL, run, &racers[i]);
        }
        for (int i = 0; i < count; i++)
                pthread_join(racers[i].thread, NULL);
        pthread_barrier_destroy(&start);
}

static void test_races(void)
{
        struct racer racers[MAKERS];
        int done = 0, repeated = 0, same = 0, before;
        char *id = NULL;

        race(racers, MAKERS, order, NULL, "one key");
        for (int i = 0; i < MAKERS; i++) {
                done += racers[i].answer == INTERVIEW_DONE;
                repeated += racers[i].answer == INTERVIEW_REPEATED;
                same += text_equal(racers[i].got, racers[0].got);
        }
        tap_int(done, 1, "%d with one key at once: one is made", MAKERS);
        tap_int(repeated, MAKERS - 1, "%d with one key at once: the others repeat it", MAKERS);
        tap_int(same, MAKERS, "%d with one key at once: all get the same", MAKERS);
        for (int i = 0; i < MAKERS; i++)
                mem_free(racers[i].got);

        race(racers, MAKERS, order, NULL, NULL);
        for (int i = done = same = 0; i < MAKERS; i++) {
                done += racers[i].answer == INTERVIEW_DONE;
                for (int k = 0; k < i; k++)
                        same += text_equal(racers[i].got, racers[k].got);
        }
        tap_int(done, MAKERS, "%d without a key at once: all are made", MAKERS);
        tap_int(same, 0, "%d without a key at once: none is another's", MAKERS);
        for (int i = 0; i < MAKERS; i++)
                mem_free(racers[i].got);

        for (int round = 0; round < 20; round++) {
                before = fake.created;
                done = 0;
                make(good, NULL, &id, NULL);
                race(racers, PRESSES, press, id, NULL);
                for (int i = 0; i < PRESSES; i++) {
                        done += racers[i].result == 0 && text_equal(racers[i].got, racers[0].got);
                }
                for (int i = 0; i < PRESSES; i++)
                        mem_free(racers[i].got);
                mem_free(id);
                if (done != PRESSES || fake.created != before + 1)
                        break;
        }
        tap_int(done, PRESSES, "%d press Join at once: all get into one room", PRESSES);
        tap_int(fake.created - before, 1, "%d press Join at once: one room is made", PRESSES);
}

/* What happens while the platform makes the room. */

static char *meant; /* the interview that the meanwhile is about */

static void cancel_it(void)
{
        change(meant, NULL, NULL);
}

static void rename_it(void)
{
        change(meant, "{\"candidate\":{\"name\":\"Ada Lovelace\"}}", NULL);
}

/* Another process made one, too, because we took so long. */
static void make_another(void)
{
        json_t *record = NULL, *changed;
        struct outcome o;
        char *url = NULL;
        struct plan p;

        /* What was begun counts as lost. */
        room_load(org, meant, &record, NULL);
        changed = json_deep_copy(record);
        json_set_int(changed, "making_ms", when_now_ms() - WHEN_HOUR);
        json_object_del(changed, "candidate_email"); /* so that it is not found, but made */
        plan_init(&p);
        room_put(&p, meant, record, changed);
        plan_commit(&p, org, NULL);
        plan_dispose(&p);
        json_decref(record);
        json_decref(changed);
        tap_int(interview_join(&trade, org, meant, &url, &o), 0, "a slow one: another makes it");
        mem_free(url);
}

static char *waiting_action(void)
{
        json_t *action = NULL;
        uint64_t last = 0;
        char *kind = NULL;

        if (store_series_last(org->store, "action", &last, NULL) == 0 &&
            record_series_get(org, "action", last, &action, NULL) == 1 &&
            text_equal(json_get_text(action, "with.interview", ""), meant))
                kind = mem_text(json_get_text(action, "kind", ""));
        json_decref(action);
        return kind;
}

static void test_meanwhile(void)
{
        struct outcome o;
        char *url = NULL, *kind, *again = NULL;
        int before;

        make(good, NULL, &meant, NULL);
        fake.meanwhile = cancel_it;
        tap_int(interview_join(&trade, org, meant, &url, &o), -1, "cancelled meanwhile: not sent");
        tap_int(o.kind, OUTCOME_REFUSED, "cancelled meanwhile: refused");
        tap_ok(url == NULL, "cancelled meanwhile: no address");
        kind = waiting_action();
        tap_text(kind, "delete_interview", "cancelled meanwhile: the room is taken away again");
        mem_free(kind);
        mem_free(meant);

        make(good, NULL, &meant, NULL);
        fake.meanwhile = rename_it;
        tap_int(interview_join(&trade, org, meant, &url, &o), 0, "changed meanwhile: joined");
        tap_text(fake.last_name, "Ada", "changed meanwhile: the platform knows the old name");
        kind = waiting_action();
        tap_text(kind, "edit_interview", "changed meanwhile: the platform is told");
        tap_int(room_edit(&trade, org, meant, &o), 0, "changed meanwhile: told");
        tap_text(fake.last_name, "Ada Lovelace", "changed meanwhile: it knows the new name");
        mem_free(kind);
        mem_free(url);
        mem_free(meant);

        before = fake.created;
        fake.deleted = 0;
        make(good, NULL, &meant, NULL);
        fake.meanwhile = make_another;
        tap_int(interview_join(&trade, org, meant, &url, &o), 0, "a slow one: joined");
        tap_int(fake.created, before + 2, "a slow one: two were made");
        tap_int(fake.deleted, 1, "a slow one: one is taken away");
        tap_int(interview_join(&trade, org, meant, &again, &o), 0, "a slow one: joined again");
        tap_text(url, again, "a slow one: everybody is in the same room");
        tap_ok(!text_ends(url, fake.last_deleted + 1), "a slow one: and it is not the deleted one");
        mem_free(url);
        mem_free(again);
        mem_free(meant);
        meant = NULL;
}

static void test_trouble(void)
{
        struct outcome o;
        char *id = NULL, *url = NULL;
        int before;

        make(good, NULL, &id, NULL);
        fake.end = OUTCOME_AGAIN;
        tap_int(interview_join(&trade, org, id, &url, &o), -1, "certainly not made: told so");
        tap_int(o.kind, OUTCOME_AGAIN, "certainly not made: try again");
        tap_int(interview_join(&trade, org, id, &url, &o), 0,
                "certainly not made: the next makes it");
        mem_free(url);
        mem_free(id);

        before = fake.created;
        trade.scale = 1000000; /* 30 s are over at once */
        make(good, NULL, &id, NULL);
        fake.end = OUTCOME_UNCERTAIN;
        fake.leaves_one = true;
        tap_int(interview_join(&trade, org, id, &url, &o), -1, "no answer: told so");
        tap_int(interview_join(&trade, org, id, &url, &o), 0, "no answer: read back");
        tap_int(fake.created, before + 1, "no answer: what was made is used");
        tap_ok(fake.found > 0, "no answer: it was looked for");
        trade.scale = 0;
        mem_free(url);
        mem_free(id);
}

/* The calendar file. */

static void test_calendar(void)
{
        json_t *record = json_object();
        struct buf out = BUF_NONE;
        size_t longest = 0, at = 0;
        bool whole = true;

        json_set_text(record, "title", "A, B; C\\D \"q\"\nnext");
        json_set_int(record, "starts_ms", INT64_C(1795617000000));
        json_set_int(record, "changed_ms", INT64_C(1795370094283));
        json_set_int(record, "sequence", 4);
        interview_calendar("acme", "abc", record, "https://h.example/a,b;c", &out);
        tap_ok(strstr(out.data, "SUMMARY:A\\, B\\; C\\\\D \"q\"\\nnext\r\n") != NULL,
               "calendar: text is escaped");
        tap_ok(strstr(out.data, "\r\nURL:https://h.example/a,b;c\r\n") != NULL,
               "calendar: an address is not");
        tap_ok(text_starts(out.data, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:"),
               "calendar: begins");
        tap_ok(text_ends(out.data, "END:VEVENT\r\nEND:VCALENDAR\r\n"), "calendar: ends");
        tap_ok(strstr(out.data, "\r\nDTSTART:20261125T143000Z\r\n") != NULL, "calendar: start");
        tap_ok(strstr(out.data, "\r\nDTEND:20261125T153000Z\r\n") != NULL,
               "calendar: an hour where no end is known");
        tap_ok(strstr(out.data, "\r\nDTSTAMP:20261122T175454Z\r\n") != NULL, "calendar: stamp");
        tap_ok(strstr(out.data, "\r\nSEQUENCE:4\r\n") != NULL, "calendar: sequence");
        tap_ok(strstr(out.data, "\r\nUID:abc.acme@fairlead\r\n") != NULL, "calendar: identity");
        tap_ok(strstr(out.data, "\r\nSTATUS:CONFIRMED\r\n") != NULL, "calendar: confirmed");

        buf_reset(&out);
        json_set_text(record, "state", "cancelled");
        json_set_text(record, "title",
                      "\xC3\xA4\xC3\xB6\xC3\xBC\xE2\x82\xAC\xF0\x9F\x8E\x89 0123456789 0123456789 "
                      "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
                      "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
                      "\xF0\x9F\x8E\x89\xF0\x9F\x8E\x89\xF0\x9F\x8E\x89\xF0\x9F\x8E\x89");
        interview_calendar("acme", "abc", record, "https://h.example/x", &out);
        while (at < out.len) {
                const char *end = strstr(out.data + at, "\r\n");
                size_t len = end == NULL ? 0 : (size_t)(end - (out.data + at));

                if (end == NULL || !text_utf8_valid(out.data + at, len))
                        whole = false;
                longest = len > longest ? len : longest;
                at += len + 2;
        }
        tap_ok(longest > 60 && longest <= 75, "calendar: lines of at most 75 octets, not %zu",
               longest);
        tap_ok(whole, "calendar: no character is split, every line ends in CRLF");
        tap_ok(strstr(out.data, "\r\nSTATUS:CANCELLED\r\n") != NULL &&
                   strstr(out.data, "\r\nMETHOD:CANCEL\r\n") != NULL,
               "calendar: cancelled");
        buf_dispose(&out);
        json_decref(record);
}

int main(void)
{
        set_up();
        test_take();
        test_life();
        test_idempotency();
        test_races();
        test_meanwhile();
        test_trouble();
        test_calendar();
        home_close(home);
        return tap_end();
}
