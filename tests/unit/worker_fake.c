/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An ATS and a platform in shared memory. */
#include "worker_fake.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/delivery.h"
#include "home/records.h"

struct fake_world *fake;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Kill points: before and after each call and each commit (the linker puts this in front of
 * store_commit). */

int __real_store_commit(struct store *s, struct batch *b, struct fail *why);
int __wrap_store_commit(struct store *s, struct batch *b, struct fail *why);

static void kill_point(void)
{
        if (__atomic_add_fetch(&fake->steps, 1, __ATOMIC_SEQ_CST) == fake->die_at)
                _exit(77);
}

/* A vendor goes on when we are killed: no thread dies with another one's call half done. */
static void kill_point_of_ours(void)
{
        pthread_mutex_lock(&lock);
        kill_point();
        pthread_mutex_unlock(&lock);
}

int __wrap_store_commit(struct store *s, struct batch *b, struct fail *why)
{
        int result;

        kill_point_of_ours();
        result = __real_store_commit(s, b, why);
        kill_point_of_ours();
        return result;
}

static void copy(char *to, size_t size, const char *from)
{
        snprintf(to, size, "%s", from == NULL ? "" : from);
}
#define COPY(to, from) copy(to, sizeof(to), from)

/* Starts a call: 1 when it is scripted to fail (and *did whether to do it all the same). */
static int enter(enum fake_call call, struct outcome *o, bool *did)
{
        int scripted = 0;

        pthread_mutex_lock(&lock);
        kill_point();
        fake->calls[call]++;
        if (++fake->at_once > fake->most_at_once)
                fake->most_at_once = fake->at_once;
        *did = true;
        *o = (struct outcome)OUTCOME_NONE;
        if (fake->script[call].times > 0) {
                fake->script[call].times--;
                scripted = 1;
                *did = fake->script[call].did;
                if (fake->script[call].kind != OUTCOME_DONE)
                        outcome_set(o, fake->script[call].kind,
                                    fake->script[call].kind == OUTCOME_AGAIN
                                        ? "The vendor is busy; it is tried again."
                                        : "The vendor says so.",
                                    "scripted");
                if (fake->script[call].kind == OUTCOME_REFUSED)
                        o->status = 422;
                o->wait_ms = fake->script[call].wait_ms;
                o->lane_wait_ms = fake->script[call].lane_wait_ms;
        }
        return scripted;
}

static int leave(struct outcome *o)
{
        fake->at_once--;
        kill_point();
        pthread_mutex_unlock(&lock);
        return o->kind == OUTCOME_DONE ? 0 : -1;
}

struct fake_application *fake_application(const char *id)
{
        for (int i = 0; i < fake->application_count; i++)
                if (text_equal(fake->applications[i].id, id))
                        return &fake->applications[i];
        return NULL;
}

struct fake_session *fake_session(const char *id)
{
        for (int i = 0; i < fake->session_count; i++)
                if (text_equal(fake->sessions[i].id, id))
                        return &fake->sessions[i];
        return NULL;
}

int fake_notes(const char *application, const char *containing)
{
        int count = 0;

        for (int i = 0; i < fake->note_count; i++)
                count += text_equal(fake->notes[i].application, application) &&
                         strstr(fake->notes[i].body, containing) != NULL;
        return count;
}

/* The ATS. */

static int read_application(struct link *link, const char *id, struct application *out,
                            struct outcome *o)
{
        struct fake_application *a;
        bool did;

        (void)link;
        enter(CALL_READ_APPLICATION, o, &did);
        a = fake_application(id);
        if (o->kind == OUTCOME_DONE && (a == NULL || a->gone)) {
                outcome_set(o, OUTCOME_ABSENT, "It is not there.", "absent");
        } else if (o->kind == OUTCOME_DONE) {
                memset(out, 0, sizeof *out);
                out->id = mem_text(a->id);
                out->candidate_id = mem_text(a->candidate);
                out->first_name = mem_text("Jane");
                out->last_name = mem_text("Doe");
                if (a->email[0] != '\0')
                        out->email = mem_text(a->email);
                out->stage_id = mem_text(a->stage);
                out->stage_name = mem_text(a->stage_name);
                out->status = mem_text(a->status);
                if (a->entry[0] != '\0')
                        out->stage_entry = mem_text(a->entry);
        }
        return leave(o);
}

static int find_note(struct link *link, const struct application *a, const char *marker, int *found,
                     struct outcome *o)
{
        bool did;

        (void)link;
        enter(CALL_FIND_NOTE, o, &did);
        *found = fake_notes(a->id, marker) > 0;
        return leave(o);
}

static int write_note(struct link *link, const struct application *a, const struct note *given,
                      struct outcome *o)
{
        bool did;

        (void)link;
        enter(CALL_WRITE_NOTE, o, &did);
        if (did && fake->note_count < 256) {
                struct fake_note *note = &fake->notes[fake->note_count++];

                COPY(note->application, a->id);
                COPY(note->body, given->body);
                note->score = given->score;
        }
        return leave(o);
}

static int move_stage(struct link *link, const struct application *given, const char *to,
                      struct outcome *o)
{
        struct fake_application *a;
        bool did;

        (void)link;
        enter(CALL_MOVE_STAGE, o, &did);
        a = fake_application(given->id);
        if (did && a != NULL) {
                fake->moves++;
                COPY(a->stage, text_equal(to, "next") ? "s3" : to);
                COPY(a->stage_name, "On-site");
        }
        return leave(o);
}

/* Puts a text into the first empty place of a list, or empties its places. */
static void set_text(char *list, size_t count, size_t size, const char *text, bool add)
{
        for (size_t i = 0; i < count; i++) {
                char *at = list + i * size;

                if (add && text_equal(at, text))
                        return;
                if (!add && text_equal(at, text))
                        at[0] = '\0';
        }
        for (size_t i = 0; add && i < count; i++) {
                char *at = list + i * size;

                if (at[0] == '\0') {
                        copy(at, size, text);
                        return;
                }
        }
}

static int set_link(const struct application *given, const char *url, bool add, struct outcome *o)
{
        struct fake_application *a;
        bool did;

        enter(CALL_SET_LINK, o, &did);
        a = fake_application(given->id);
        if (did && a != NULL)
                set_text(a->links[0], 8, sizeof a->links[0], url, add);
        return leave(o);
}

static int add_link(struct link *link, const struct application *a, const char *url,
                    struct outcome *o)
{
        (void)link;
        return set_link(a, url, true, o);
}

static int remove_link(struct link *link, const struct application *a, const char *url,
                       struct outcome *o)
{
        (void)link;
        return set_link(a, url, false, o);
}

static int set_tags(struct link *link, const struct application *given, const char *const *add,
                    const char *const *less, struct outcome *o)
{
        struct fake_application *a;
        bool did;

        (void)link;
        enter(CALL_SET_TAGS, o, &did);
        a = fake_application(given->id);
        for (; did && a != NULL && add != NULL && *add != NULL; add++)
                set_text(a->tags[0], 8, sizeof a->tags[0], *add, true);
        for (; did && a != NULL && less != NULL && *less != NULL; less++)
                set_text(a->tags[0], 8, sizeof a->tags[0], *less, false);
        return leave(o);
}

static int find_file(struct link *link, const struct application *a, const char *name, int *found,
                     struct outcome *o)
{
        bool did;

        (void)link;
        enter(CALL_FIND_FILE, o, &did);
        *found = 0;
        for (int i = 0; i < fake->file_count; i++)
                if (text_equal(fake->files[i].application, a->id) &&
                    text_equal(fake->files[i].name, name))
                        *found = 1;
        return leave(o);
}

static int upload_file(struct link *link, const struct application *a,
                       const struct attachment *file, struct outcome *o)
{
        bool did;

        (void)link;
        enter(CALL_UPLOAD_FILE, o, &did);
        if (did && fake->file_count < 16) {
                struct fake_file *f = &fake->files[fake->file_count++];

                COPY(f->application, a->id);
                COPY(f->name, file->name);
                snprintf(f->body, sizeof f->body, "%.*s", (int)file->len, (const char *)file->data);
        }
        return leave(o);
}

static int make_slot(struct link *link, const struct application *given,
                     const struct schedule_slot *slot, char **id, struct outcome *o)
{
        struct fake_application *a;
        bool did;

        (void)link;
        enter(CALL_MAKE_SLOT, o, &did);
        *id = NULL;
        a = fake_application(given->id);
        if (did && a != NULL)
                set_text(a->slots[0], 4, sizeof a->slots[0], slot->url, true);
        if (o->kind == OUTCOME_DONE)
                *id = mem_text("P1");
        else if (o->kind == OUTCOME_DENIED)
                o->status = 403;
        return leave(o);
}

static int drop_slot(struct link *link, const struct application *given, const char *id,
                     struct outcome *o)
{
        struct fake_application *a;
        bool did;

        (void)link;
        enter(CALL_DROP_SLOT, o, &did);
        a = fake_application(given->id);
        if (did && a != NULL && text_equal(id, "P1"))
                memset(a->slots, 0, sizeof a->slots);
        return leave(o);
}

int fake_count(const char (*list)[160], size_t count, const char *containing)
{
        int hits = 0;

        for (size_t i = 0; i < count; i++)
                hits += list[i][0] != '\0' && strstr(list[i], containing) != NULL;
        return hits;
}

int fake_tags(const struct fake_application *a, const char *tag)
{
        int hits = 0;

        for (size_t i = 0; i < 8; i++)
                hits += a->tags[i][0] != '\0' && (tag == NULL || text_equal(a->tags[i], tag));
        return hits;
}

/* Of two jobs: one stage has the same name in both. */
static int list_stages(struct link *link, const char *job, json_t **stages, struct outcome *o)
{
        static const char text[] = "[{\"id\":\"1\",\"name\":\"Applied\"},"
                                   "{\"id\":\"2\",\"name\":\"Coding test\"},"
                                   "{\"id\":\"3\",\"name\":\"Applied\"},"
                                   "{\"id\":\"4\",\"name\":\"\"}]";
        bool did;

        (void)link;
        (void)job;
        enter(CALL_LIST_STAGES, o, &did);
        *stages = o->kind == OUTCOME_DONE ? json_parse(text, strlen(text), true, NULL) : NULL;
        return leave(o);
}

static int list_jobs(struct link *link, json_t **jobs, struct outcome *o)
{
        static const char text[] = "[{\"id\":\"17\",\"name\":\"Engineer\"},"
                                   "{\"id\":\"18\",\"name\":\"Designer\"},"
                                   "{\"id\":\"19\",\"name\":\"Engineer\"}]";
        bool did;

        (void)link;
        enter(CALL_LIST_JOBS, o, &did);
        *jobs = o->kind == OUTCOME_DONE ? json_parse(text, strlen(text), true, NULL) : NULL;
        return leave(o);
}

static struct ats ats = { .kind = "greenhouse",
                          .list_jobs = list_jobs,
                          .list_stages = list_stages,
                          .read_application = read_application,
                          .find_note = find_note,
                          .write_note = write_note,
                          .move_stage = move_stage,
                          .add_link = add_link,
                          .remove_link = remove_link,
                          .set_tags = set_tags,
                          .find_file = find_file,
                          .upload_file = upload_file,
                          .make_slot = make_slot,
                          .drop_slot = drop_slot };

/* The platform. */

static void session_out(const struct fake_session *s, struct session *out)
{
        memset(out, 0, sizeof *out);
        out->id = mem_text(s->id);
        out->test_id = mem_text(s->test);
        out->test_title = mem_text("Backend screen");
        out->email = mem_text(s->email);
        out->state = session_state_of(s->state);
        out->verification = verification_of(s->verification);
        out->finished_ms = s->finished_ms;
        out->look_again = s->making;
        out->integrity_flag = s->review;
        if (s->retake[0] != '\0')
                out->retake_id = mem_text(s->retake);
        if (out->state == SESSION_COMPLETE || out->state == SESSION_IN_REVIEW) {
                out->score = (struct score){
                        .present = true, .value = s->score, .most = 100, .version = "raw"
                };
                out->report_url = mem_format("https://p.example/r/%s?accessToken=hush", s->id);
        }
}

static int invite(struct link *link, const struct invitation *in, struct session *out,
                  struct outcome *o)
{
        struct fake_session *s = NULL;
        bool did;

        (void)link;
        enter(CALL_INVITE, o, &did);
        if (did) {
                for (int i = 0; i < fake->session_count && s == NULL; i++)
                        if (text_equal(fake->sessions[i].test, in->test_id) &&
                            text_equal(fake->sessions[i].email, in->email) &&
                            (fake->once || text_equal(fake->sessions[i].state, "invited") ||
                             text_equal(fake->sessions[i].state, "started")))
                                s = &fake->sessions[i];
                if (s == NULL) {
                        s = &fake->sessions[fake->session_count++];
                        snprintf(s->id, sizeof s->id, "S%d", fake->session_count);
                        COPY(s->test, in->test_id);
                        COPY(s->email, in->email);
                        COPY(s->external, in->external_id);
                        COPY(s->state, "invited");
                        COPY(s->verification, "none");
                }
                if (o->kind == OUTCOME_DONE) {
                        session_out(s, out);
                        out->shared = fake->once && out->state == SESSION_COMPLETE;
                }
        }
        return leave(o);
}

static int read_session(struct link *link, const struct session_ref *ref, struct session *out,
                        struct outcome *o)
{
        struct fake_session *s;
        bool did;

        (void)link;
        enter(CALL_READ_SESSION, o, &did);
        s = fake_session(ref->id);
        if (o->kind == OUTCOME_DONE && s == NULL)
                outcome_set(o, OUTCOME_ABSENT, "No such session.", "absent");
        else if (o->kind == OUTCOME_DONE)
                session_out(s, out);
        else if (o->kind == OUTCOME_REFUSED)
                o->status = 200; /* it answered */
        return leave(o);
}

static int read_sessions(struct link *link, const char *test, const struct session_ref *refs,
                         size_t count, void (*visit)(void *context, const struct session *session),
                         void *context, struct outcome *o)
{
        struct session found[64];
        size_t n = 0;
        bool did;
        int result;

        (void)link;
        enter(CALL_READ_SESSIONS, o, &did);
        for (size_t i = 0; o->kind == OUTCOME_DONE && i < count; i++) {
                struct fake_session *s = fake_session(refs[i].id);

                if (s != NULL && text_equal(s->test, test))
                        session_out(s, &found[n++]);
        }
        result = leave(o);
        for (size_t i = 0; i < n; i++) {
                visit(context, &found[i]);
                session_dispose(&found[i]);
        }
        return result;
}

/* All that are over; the caller must say which are somebody's. */
static int find_session(struct link *link, const char *test, const char *email, int64_t since_ms,
                        bool (*taken)(void *context, const char *id), void *context,
                        struct session *out, struct outcome *o)
{
        struct fake_session *s = NULL;
        bool did;

        (void)link;
        (void)since_ms;
        enter(CALL_FIND_SESSION, o, &did);
        memset(out, 0, sizeof *out);
        for (int i = 0; i < fake->session_count && s == NULL; i++)
                if (fake->sessions[i].finished_ms > 0 && text_equal(fake->sessions[i].test, test) &&
                    text_equal(fake->sessions[i].email, email) &&
                    !taken(context, fake->sessions[i].id))
                        s = &fake->sessions[i];
        if (o->kind == OUTCOME_DONE && s != NULL)
                session_out(s, out);
        return leave(o);
}

static int list_tests(struct link *link, const char *search, json_t **tests, struct outcome *o)
{
        static const char text[] =
            "[{\"id\":\"T1\",\"title\":\"Backend screen\",\"duration_ms\":3600000,"
            "\"labels\":[\"Screening\",\"Backend\"]},"
            "{\"id\":\"T2\",\"title\":\"Frontend\",\"duration_ms\":0,\"labels\":[\"screening\"]},"
            "{\"id\":\"T3\",\"title\":\"Pair programming\",\"duration_ms\":0,\"labels\":[]}]";
        bool did;

        (void)link;
        (void)search;
        enter(CALL_LIST_TESTS, o, &did);
        *tests = o->kind == OUTCOME_DONE ? json_parse(text, strlen(text), true, NULL) : NULL;
        return leave(o);
}

/* Pages of seven, the newest in front. */
static int list_sessions(struct link *link, const char *test, int64_t offset,
                         void (*visit)(void *context, const struct session *session), void *context,
                         bool *more, struct outcome *o)
{
        int64_t at = 0;
        bool did;

        (void)link;
        enter(CALL_LIST_SESSIONS, o, &did);
        *more = false;
        for (int i = fake->session_count - 1; o->kind == OUTCOME_DONE && i >= 0; i--) {
                struct session found;

                if (!text_equal(fake->sessions[i].test, test) || at++ < offset)
                        continue;
                if (at > offset + 7) {
                        *more = true;
                        break;
                }
                session_out(&fake->sessions[i], &found);
                pthread_mutex_unlock(&lock); /* whoever visits commits, and that is a kill point */
                visit(context, &found);
                pthread_mutex_lock(&lock);
                session_dispose(&found);
        }
        return leave(o);
}

static void made_out(int number, struct interview_made *made)
{
        made->id = mem_format("I%d", number);
        made->url = mem_format("https://p.example/i/%d", number);
}

static int create_interview(struct link *link, const struct interview_order *order,
                            struct interview_made *made, struct outcome *o)
{
        bool did;

        (void)link;
        (void)order;
        enter(CALL_CREATE_INTERVIEW, o, &did);
        if (did)
                fake->interviews++;
        if (o->kind == OUTCOME_DONE)
                made_out(fake->interviews, made);
        return leave(o);
}

/* All are for the same address: the caller must say which are somebody's. */
static int find_interview(struct link *link, const char *email, int64_t since_ms,
                          bool (*taken)(void *context, const char *id), void *context,
                          struct interview_made *made, struct outcome *o)
{
        char id[16];
        bool did;

        (void)link;
        (void)email;
        (void)since_ms;
        enter(CALL_FIND_INTERVIEW, o, &did);
        for (int i = 1; i <= fake->interviews && made->id == NULL; i++) {
                snprintf(id, sizeof id, "I%d", i);
                if (!taken(context, id))
                        made_out(i, made);
        }
        return leave(o);
}

static int delete_interview(struct link *link, const char *id, struct outcome *o)
{
        bool did;

        (void)link;
        (void)id;
        enter(CALL_DELETE_INTERVIEW, o, &did);
        return leave(o);
}

static int cancel(struct link *link, const struct session_ref *ref, struct outcome *o)
{
        struct fake_session *s;
        bool did;

        (void)link;
        enter(CALL_CANCEL, o, &did);
        s = fake_session(ref->id);
        if (o->kind == OUTCOME_DONE && s == NULL)
                outcome_set(o, OUTCOME_ABSENT, "No such session.", "absent");
        if (did && s != NULL)
                COPY(s->state, "cancelled");
        return leave(o);
}

static struct platform platform = { .kind = "codesignal",
                                    .invite = invite,
                                    .cancel = cancel,
                                    .read_session = read_session,
                                    .read_sessions = read_sessions,
                                    .find_session = find_session,
                                    .list_tests = list_tests,
                                    .list_sessions = list_sessions,
                                    .create_interview = create_interview,
                                    .find_interview = find_interview,
                                    .delete_interview = delete_interview };

void fake_poll(int (*poll)(struct link *link, json_t **cursor,
                           int (*visit)(void *context, const struct fact *fact), void *context,
                           struct outcome *outcome))
{
        ats.poll = poll;
        ats.poll_ms = WHEN_MINUTE;
}

void fake_singly(bool singly)
{
        platform.read_sessions = singly ? NULL : read_sessions;
}

/* What they send: {"fact", "subject", "identity", "occurred_ms", "detail"}. */

static void decode(const void *body, size_t len, const json_t *headers, const json_t *settings,
                   struct fact *fact)
{
        json_t *value = json_parse(body, len, false, NULL);

        (void)headers;
        (void)settings;
        memset(fact, 0, sizeof *fact);
        fact->kind = FACT_UNKNOWN;
        snprintf(fact->summary, sizeof fact->summary, "not understood");
        for (int k = FACT_NOTHING; value != NULL && k <= FACT_TESTS; k++)
                if (text_equal(json_get_text(value, "fact", ""), fact_word((enum fact_kind)k)))
                        fact->kind = (enum fact_kind)k;
        if (value != NULL) {
                fact->name = mem_text(json_get_text(value, "fact", NULL));
                fact->subject = mem_text(json_get_text(value, "subject", NULL));
                fact->identity = mem_text(json_get_text(value, "identity", NULL));
                fact->occurred_ms = json_get_int(value, "occurred_ms", 0);
                fact->detail = json_incref(json_object_get(value, "detail"));
                if (fact->kind != FACT_UNKNOWN)
                        snprintf(fact->summary, sizeof fact->summary, "a fact");
        }
        json_decref(value);
}

static const struct sender sender = { .kind = "fake", .decode = decode };
static const struct kind greenhouse = { .name = "greenhouse",
                                        .title = "Greenhouse",
                                        .role = KIND_ATS,
                                        .sender = &sender,
                                        .ats = &ats },
                         codesignal = { .name = "codesignal",
                                        .title = "CodeSignal",
                                        .role = KIND_PLATFORM,
                                        .sender = &sender,
                                        .platform = &platform };
/* A consumer has no adapter to replace: the real one, called by whatever call a test sets. */
static const struct kind *fakes[] = { &greenhouse, &codesignal, NULL, NULL };

/* Homes. */

static char *base;
static unsigned homes;

static int64_t now_ms(void)
{
        return when_now_ms() + fake->clock_ms;
}

void fake_start(void)
{
        fakes[2] = kind_find("consumer");
        fake = mmap(NULL, sizeof *fake, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (fake == MAP_FAILED)
                exit(99);
}

static void must(int result, const struct fail *why)
{
        if (result == 0)
                return;
        printf("Bail out! %s\n", why->text);
        exit(99);
}

void fake_rules(struct org *org, const char *json)
{
        struct fail why = FAIL_CLEAR;
        json_t *record = json_object();
        struct batch *b = batch_new();

        json_set(record, "rules", json_parse(json, strlen(json), true, &why));
        record_put(b, "rules", "all", record);
        must(store_commit(org->store, b, &why), &why);
        batch_free(b);
        json_decref(record);
}

void fake_connection(struct home *h, struct org *org, const char *id, const char *kind)
{
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *settings = json_object(), *credentials = json_object();

        connection_put(h, org, b, id, kind_find(kind), settings, credentials, NULL,
                       "https://hire.example/fairlead", NULL);
        must(store_commit(org->store, b, &why), &why);
        batch_free(b);
        json_decref(settings);
        json_decref(credentials);
}

void fake_home_make(struct fake_home *f)
{
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();
        json_t *self = json_object();
        bool made;

        if (base == NULL)
                base = tap_dir();
        memset(fake, 0, sizeof *fake);
        fake->scale = 1000;
        f->dir = mem_format("%s/%u", base, ++homes);
        must(home_create(f->dir, &made, &why), &why);
        must(home_open(&f->home, f->dir, &why) == 1 ? 0 : -1, &why);
        must(home_create_org(f->home, "acme", &f->org, &why), &why);
        json_set_text(self, "public_url", "https://hire.example/fairlead");
        record_put(b, "org", "self", self);
        must(store_commit(f->org->store, b, &why), &why);
        fake_connection(f->home, f->org, "gh", "greenhouse");
        fake_connection(f->home, f->org, "cs", "codesignal");
        fake_rules(f->org,
                   "[{\"id\":\"send\",\"when\":{\"entered_stage\":{\"ats\":\"gh\",\"stage\":"
                   "\"Coding test\"}},\"then\":[{\"send_assessment\":{\"platform\":\"cs\","
                   "\"assessment\":\"T1\"}}]},"
                   "{\"id\":\"back\",\"when\":{\"result\":\"any\"},\"then\":[{\"write_result\":{}},"
                   "{\"move_stage\":{\"to\":\"next\",\"if\":{\"percent_at_least\":70}}}]}]");
        fake->application_count = 1;
        fake->applications[0] = (struct fake_application){ .id = "17",
                                                           .candidate = "5",
                                                           .email = "jane@x.example",
                                                           .stage = "s2",
                                                           .stage_name = "Coding test",
                                                           .status = "active" };
        batch_free(b);
        json_decref(self);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        (void)st;
        (void)type;
        (void)at;
        return remove(path);
}

void fake_home_close(struct fake_home *f)
{
        home_close(f->home);
        nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        mem_free(f->dir);
        memset(f, 0, sizeof *f);
}

void fake_home_reopen(struct fake_home *f)
{
        struct fail why = FAIL_CLEAR;

        if (f->home != NULL)
                home_close(f->home);
        must(home_open(&f->home, f->dir, &why) == 1 ? 0 : -1, &why);
        must(home_org(f->home, "acme", &f->org, &why) == 1 ? 0 : -1, &why);
}

struct worker_options fake_options(struct fake_home *f)
{
        return (struct worker_options){ .trade = { .home = f->home,
                                                   .kinds = fakes,
                                                   .scale = fake->scale,
                                                   .now_ms = now_ms },
                                        .threads = 4,
                                        .linger_ms = 60,
                                        .tick_ms = 8000 };
}

void fake_tick(struct fake_home *f)
{
        struct worker_options options = fake_options(f);
        struct fail why = FAIL_CLEAR;

        must(worker_tick(&options, NULL, &why), &why);
}

void fake_deliver(struct fake_home *f, const char *org, const char *connection, enum trust trust,
                  const char *body)
{
        struct delivery d = { .what = DELIVERY_EVENT,
                              .org = (char *)(uintptr_t)org,
                              .connection = (char *)(uintptr_t)connection,
                              .received_ms = now_ms(),
                              .request_id = (char *)(uintptr_t) "rq",
                              .trust = trust,
                              .reason = (char *)(uintptr_t) "test",
                              .body = body,
                              .body_len = strlen(body) };
        struct buf record = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        struct inbox *inbox = home_inbox(f->home, &why);
        uint64_t number;

        delivery_write(&d, &record);
        must(inbox == NULL ? -1 : inbox_add(inbox, record.data, record.len, &number, &why), &why);
        buf_dispose(&record);
}

void fake_stage(struct fake_home *f, const char *application, const char *identity)
{
        char *body =
            mem_format("{\"fact\":\"stage_entered\",\"subject\":\"%s\",\"identity\":\"%s\","
                       "\"detail\":{\"stage\":{\"id\":\"s2\",\"name\":\"Coding test\"},"
                       "\"status\":\"active\"}}",
                       application, identity);

        fake_deliver(f, "acme", "gh", TRUST_BODY, body);
        mem_free(body);
}

void fake_told(struct fake_home *f, const char *session, const char *hint, const char *external,
               const char *identity)
{
        char *body = mem_format("{\"fact\":\"session\",\"subject\":\"%s\",\"identity\":\"%s\","
                                "\"detail\":{\"hint\":\"%s\",\"external_id\":\"%s\"}}",
                                session, identity, hint, external);

        fake_deliver(f, "acme", "cs", TRUST_NOTICE, body);
        mem_free(body);
}

static char *member_text(struct org *org, const char *series, uint64_t number, const char *member)
{
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;
        char *text = NULL;

        if (record_series_get(org, series, number, &record, &why) == 1)
                text = mem_text(json_get_text(record, member, NULL));
        json_decref(record);
        return text;
}

char *fake_event_text(struct org *org, uint64_t number, const char *member)
{
        return member_text(org, "event", number, member);
}

char *fake_action_text(struct org *org, uint64_t number, const char *member)
{
        return member_text(org, "action", number, member);
}

uint64_t fake_open_actions(struct org *org)
{
        struct fail why = FAIL_CLEAR;
        uint64_t count = 0;

        must(store_set_count(org->store, "open-actions", &count, &why), &why);
        return count;
}

json_t *fake_record(struct org *org, const char *table, const char *key)
{
        struct fail why = FAIL_CLEAR;
        json_t *record = NULL;

        record_get(org, table, key, &record, &why);
        return record;
}
