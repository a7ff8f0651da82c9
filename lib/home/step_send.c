/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The step that sends an assessment. */
#include <string.h>

#include "bridge/words.h"
#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/partner.h"
#include "home/records.h"
#include "home/selection.h"
#include "home/step.h"

#define STALE_MS (10 * WHEN_MINUTE) /* what we know of the application is read again then */
#define IN_FLIGHT_MS                                                                               \
        (30 * WHEN_SECOND) /* longer than fetch() waits: then it arrived or never will */
#define EXTERNAL_BYTES 15
#define CLOCKS_APART_MS (5 * WHEN_MINUTE) /* the platform's and ours */

/* Our id in the platform's events: the same for the same sending, so that it can be repeated. */
static char *external_id(const struct step *s)
{
        unsigned char key[SECRET_KEY_SIZE], digest[SECRET_DIGEST_SIZE];
        char *about = mem_format("%s|%llu", s->application, (unsigned long long)s->number);
        struct buf text = BUF_NONE;

        secret_derive(home_root(s->trade->home), "external-id", s->org->name, key);
        secret_hmac(key, sizeof key, about, strlen(about), digest);
        buf_add_text(&text, "fl-");
        code_hex(&text, digest, EXTERNAL_BYTES);
        mem_wipe(key, sizeof key);
        mem_free(about);
        return buf_take(&text);
}

/* A retry may come days later: is the candidate still where he was?  1 yes, 0 the step ended. */
static int still_there(struct step *s, const json_t *record, struct application *a)
{
        char *ats, *stage;
        struct application now = { 0 };
        struct desk desk;
        int64_t age = trade_now(s->trade) - json_get_int(record, "read_ms", 0);
        int found = 1;

        /* Somebody pressed Send: no stage was waited for. */
        if (json_get_text(s->with, "partner", NULL) != NULL)
                return 1;
        ats = dossier_connection(s->application);
        stage = json_get_id(s->with, "stage.id");
        memset(&desk, 0, sizeof desk);
        if (age >= 0 && age < trade_wait(s->trade, STALE_MS))
                goto out;
        found = desk_open(&desk, s->trade, s->org, ats, &s->why);
        if (found < 0)
                step_trouble(s);
        if (found != 1 || desk.kind->ats == NULL || desk.kind->ats->read_application == NULL) {
                found = found < 0 ? 0 : 1; /* cannot be asked: go by what we know */
                goto out;
        }
        found = 0;
        if (desk.kind->ats->read_application(&desk.link, dossier_id(s->application), &now,
                                             &s->outcome) != 0) {
                if (s->outcome.kind == OUTCOME_ABSENT)
                        step_done(s, "The application is not there any more: nothing was sent.");
                goto out;
        }
        if (!text_equal(now.status, "active") ||
            (stage != NULL && !text_equal(stage, now.stage_id))) {
                step_done(s, "The application left the stage before the assessment could be "
                             "sent: nothing was sent.");
                goto out;
        }
        application_dispose(a);
        *a = now;
        memset(&now, 0, sizeof now);
        found = 1;
out:
        application_dispose(&now);
        desk_close(&desk);
        mem_free(stage);
        mem_free(ats);
        return found;
}

/* Is there a session of this test that makes another sending wrong?  An open one always; after
 * a doubt also one that this very sending made, whatever became of it.  1 yes, 0, -1. */
static int sent_already(struct step *s, const json_t *application, const char *external,
                        char **ours, char **stands)
{
        const json_t *keys = json_object_get(application, "sessions");
        const char *test = json_get_text(s->with, "assessment", "");
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(keys); i++) {
                json_t *record = NULL;
                const char *key = json_text_of(json_array_get(keys, i), "");

                result = record_get(s->org, "session", key, &record, &s->why);
                if (result == 1)
                        result = text_equal(json_get_text(record, "platform", ""),
                                            s->desk.connection->id) &&
                                 text_equal(json_get_text(record, "session.test_id", ""), test) &&
                                 (session_is_open(session_state_of(
                                      json_get_text(record, "session.state", ""))) ||
                                  text_equal(json_get_text(record, "external", ""), external));
                /* An event may have been faster than our own record of this very sending. */
                if (result == 1)
                        *stands = mem_text(key);
                if (result == 1 &&
                    text_equal(json_get_text(record, "external", external), external))
                        *ours = mem_text(key);
                json_decref(record);
        }
        return result;
}

/* The same assessment goes to the same address for somebody else at this moment: the session that
 * comes of it will do for both. */
static bool others_turn(struct step *s, const json_t *invitee)
{
        int64_t rest = trade_wait(s->trade, IN_FLIGHT_MS), now = trade_now(s->trade),
                since = json_get_int(invitee, "at_ms", 0);

        if (invitee == NULL || since > now || since + rest <= now ||
            text_equal(json_get_text(invitee, "application", NULL), s->application))
                return false;
        s->no_call = true;
        outcome_set(&s->outcome, OUTCOME_AGAIN,
                    "The same assessment is being sent to this address already. That is looked at "
                    "in a moment.",
                    "another application has begun");
        s->outcome.wait_ms = since + rest - now;
        return true;
}

/* Who is meant by our id, and by test and address: an event may come before our answer. */
static int begin(struct step *s, const struct invitation *invitation)
{
        const char *test = invitation->test_id, *platform = s->desk.connection->id;
        char *invitee = dossier_invitee_key(platform, test, invitation->email);
        json_t *record = json_object(), *before = NULL;
        struct plan first;
        int result = -1;

        if (record_get(s->org, "invitee", invitee, &before, &s->why) < 0) {
                step_trouble(s);
                goto out;
        }
        if (s->desk.kind->platform->session_id != NULL && others_turn(s, before))
                goto out;
        json_set_text(record, "application", s->application);
        json_set_text(record, "platform", platform);
        json_set_text(record, "test", test);
        json_set_text(record, "rule", json_get_text(s->action, "rule", NULL));
        json_set(record, "stage", json_deep_copy(json_object_get(s->with, "stage")));
        if (json_get_text(s->with, "partner", NULL) != NULL)
                json_set_text(record, "partner", json_get_text(s->with, "partner", NULL));
        json_set_int(record, "at_ms", trade_now(s->trade));
        plan_init(&first);
        record_put(first.batch, "external", invitation->external_id, record);
        plan_guard(&first, "invitee", invitee, before);
        record_put(first.batch, "invitee", invitee, record);
        result = step_begin(s, &first);
out:
        json_decref(before);
        json_decref(record);
        mem_free(invitee);
        return result;
}

/* Where a pair of test and address has one session only, and we know it as open: 1 with what we
 * know, 0, -1 the step ended. */
static int known_open(struct step *s, const struct invitation *invitation, struct session *made)
{
        const struct platform *platform = s->desk.kind->platform;
        char *id = platform->session_id == NULL
                       ? NULL
                       : platform->session_id(invitation->test_id, invitation->email),
             *key = dossier_key(s->desk.connection->id, id);
        json_t *read = NULL;
        int found = 0;

        if (key != NULL)
                found = dossier_session(s->trade->home, s->org, key, &read, made, &s->why);
        if (found < 0) {
                step_trouble(s);
        } else if (found == 1 && !session_is_open(made->state)) {
                session_dispose(made);
                found = 0;
        }
        if (found != 1)
                *made = (struct session){ 0 };
        json_decref(read);
        mem_free(key);
        mem_free(id);
        return found;
}

/* once: the sending, when each is told anew; NULL: told once for the session. */
static int note_sent(struct step *s, const char *what, const char *key, const char *once,
                     void (*words)(struct buf *out, const struct session *s, const char *platform),
                     const struct session *session)
{
        json_t *with = json_object();
        struct buf text = BUF_NONE;
        int result;

        words(&text, session, s->desk.kind->title);
        json_set_text(with, "text", buf_text(&text));
        result =
            follow_note(s->trade, s->org, &s->plan, what, s->application, key, once, with, &s->why);
        buf_dispose(&text);
        return result;
}

static int note_invited(struct step *s, const char *key, const struct session *session)
{
        return note_sent(s, "invited", key, NULL, words_invited, session);
}

/* Chosen by a recruiter: the link to choose by has done its work. */
static int leave_selection(struct step *s)
{
        const char *selection = json_get_text(s->with, "selection", NULL);

        return selection == NULL ? 0
                                 : selection_sent(&s->plan, s->org, s->application, selection,
                                                  trade_now(s->trade), &s->why);
}

/* Sent from within the ATS: that sending and the session know each other. */
static int join_partner(struct step *s, const char *key, json_t *record)
{
        const char *partner = json_get_text(s->with, "partner", NULL);

        return partner == NULL ? 0 : partner_join(&s->plan, s->org, partner, key, record, &s->why);
}

/* The session goes into its record; one that is there (an event was faster, or the same
 * invitation serves another application too) is kept and completed. */
static int put_session(struct step *s, const char *key, const struct session *now,
                       const char *external)
{
        json_t *read = NULL, *record = NULL;
        struct session stored = { 0 }, given = *now; /* borrows */
        const char *whose;
        int found = dossier_session(s->trade->home, s->org, key, &read, &stored, &s->why),
            result = -1;

        if (found < 0)
                goto out;
        record = read == NULL ? json_object() : json_deep_copy(read);
        whose = json_get_text(record, "application", NULL);
        if (whose == NULL || text_equal(whose, s->application)) {
                json_set_text(record, "application", s->application);
                json_set_text(record, "platform", s->desk.connection->id);
                json_set_text(record, "rule", json_get_text(s->action, "rule", NULL));
                json_set(record, "stage", json_deep_copy(json_object_get(s->with, "stage")));
                json_set_text(record, "external", external);
        } else {
                dossier_add_text(record, "also", s->application);
        }
        if (join_partner(s, key, record) != 0)
                goto out;
        given.shared = now->shared && read == NULL; /* not where we saw it come about */
        if (session_take(s->trade, s->org, &s->plan, key, read, record, &stored, &given, NULL, NULL,
                         &s->why) < 0)
                goto out;
        result = now->shared ? note_sent(s, "taken", key, external, words_taken_before, &stored)
                             : note_invited(s, key, &stored);
out:
        session_dispose(&stored);
        json_decref(record);
        json_decref(read);
        return result;
}

static int put_application(struct step *s, const json_t *read, const struct application *a,
                           const char *key)
{
        json_t *record = json_deep_copy(read);
        int result;

        dossier_add_text(record, "sessions", key);
        json_set_text(record, "current", key);
        result =
            dossier_put_application(&s->plan, s->org, s->application, read, record, a, &s->why);
        json_decref(record);
        return result;
}

struct taken {
        struct step *s;
        const char *external;
};

/* Which sending made a session, as our own record says: 1, 0 there is no record, -1.  *external is
 * the caller's: "" when an event wrote it down first. */
static int made_by(struct step *s, const char *id, char **external)
{
        char *key = dossier_key(s->desk.connection->id, id);
        json_t *record = NULL;
        int found = key == NULL ? -1 : record_get(s->org, "session", key, &record, NULL);

        *external = mem_text(json_get_text(record, "external", ""));
        json_decref(record);
        mem_free(key);
        return found;
}

/* A session that another sending made.  What cannot be told counts as taken. */
static bool is_taken(void *context, const char *id)
{
        struct taken *t = context;
        char *external;
        int found = made_by(t->s, id, &external);
        bool taken = found < 0 || (found == 1 && !text_equal(external, t->external));

        mem_free(external);
        return taken;
}

/* The same, and it can be told. */
static bool is_earlier(struct step *s, const char *id, const char *external)
{
        char *theirs;
        bool earlier =
            made_by(s, id, &theirs) == 1 && !text_empty(theirs) && !text_equal(theirs, external);

        mem_free(theirs);
        return earlier;
}

/* What a killed worker had sent may still be on its way to the platform: whoever looks before it
 * has arrived, finds nothing and sends a second one.  1: it has to rest first. */
static int must_rest(struct step *s)
{
        int64_t rest = trade_wait(s->trade, IN_FLIGHT_MS), now = trade_now(s->trade),
                since = json_get_int(s->action, "begun_ms", 0);

        if (!s->doubt || since > now || since + rest <= now)
                return 0;
        outcome_set(&s->outcome, OUTCOME_UNCERTAIN,
                    "It may have been sent. That is looked at in a moment.", "begun and not ended");
        s->outcome.wait_ms = since + rest - now;
        return 1;
}

/* Asks for the session.  After a doubt the candidate may have finished it meanwhile, and to
 * invite would make a second one: those that are over are looked through first. */
static int obtain(struct step *s, const struct invitation *invitation, bool doubt,
                  struct session *made)
{
        const struct platform *platform = s->desk.kind->platform;
        int64_t since = json_get_int(s->action, "created_ms", 0) - CLOCKS_APART_MS;
        struct taken taken = { s, invitation->external_id };
        int known = known_open(s, invitation, made);

        if (known != 0) {
                s->no_call = true;
                return known == 1 ? 0 : -1;
        }
        if (doubt && platform->find_session != NULL) {
                if (platform->find_session(&s->desk.link, invitation->test_id, invitation->email,
                                           since, is_taken, &taken, made, &s->outcome) != 0) {
                        /* Reading decides nothing about the writing: the doubt stays. */
                        if (s->outcome.kind == OUTCOME_REFUSED || s->outcome.kind == OUTCOME_ABSENT)
                                s->outcome.kind = OUTCOME_AGAIN;
                        return -1;
                }
                if (made->id != NULL)
                        return 0;
        }
        if (begin(s, invitation) != 0)
                return -1;
        if (platform->invite(&s->desk.link, invitation, made, &s->outcome) != 0)
                return -1;
        if (doubt && !is_earlier(s, made->id, invitation->external_id))
                made->shared = false; /* what there is may be of this very sending */
        return 0;
}

static void invite(struct step *s, const json_t *read, const struct application *a,
                   const char *external)
{
        struct invitation invitation = { .test_id = json_get_text(s->with, "assessment", ""),
                                         .first_name = a->first_name,
                                         .last_name = a->last_name,
                                         .email = a->email,
                                         .external_id = external };
        struct session made = { 0 };
        char *key = NULL;

        if (must_rest(s) || obtain(s, &invitation, s->doubt, &made) != 0)
                goto out;
        key = dossier_key(s->desk.connection->id, made.id);
        if (key == NULL) {
                outcome_set(&s->outcome, OUTCOME_UNCERTAIN,
                            "The platform did not say what it made.",
                            "no session id in the answer");
        } else {
                if (made.test_id == NULL)
                        made.test_id = mem_text(invitation.test_id);
                if (put_session(s, key, &made, external) != 0 ||
                    put_application(s, read, a, key) != 0 || leave_selection(s) != 0)
                        step_trouble(s);
                else
                        step_done(s, "The assessment was sent.");
        }
out:
        mem_free(key);
        session_dispose(&made);
}

/* The session that stands serves this sending, too; it may be over by now. */
static int serve_partner(struct step *s, const char *key, const json_t *read,
                         const struct session *session)
{
        json_t *record = json_deep_copy(read);
        int result = join_partner(s, key, record);

        if (result == 0 && !json_equal(record, read)) {
                plan_guard(&s->plan, "session", key, read);
                record_put(s->plan.batch, "session", key, record);
        }
        if (result == 0)
                result =
                    partner_tell_all(&s->plan, s->trade, s->org, key, record, session, &s->why);
        json_decref(record);
        return result;
}

/* It stands, made by this sending or an earlier one.  Of its own the recruiter is told, once,
 * whoever was the first to write it down. */
static void stands_already(struct step *s, const char *ours, const char *stands)
{
        struct session session = { 0 };
        json_t *record = NULL;
        int found = dossier_session(s->trade->home, s->org, stands, &record, &session, &s->why);

        if (found < 0 || (found == 1 && serve_partner(s, stands, record, &session) != 0) ||
            (found == 1 && ours != NULL && note_invited(s, ours, &session) != 0) ||
            leave_selection(s) != 0)
                step_trouble(s);
        else
                step_done(s, "The candidate has an open invitation to this assessment.");
        session_dispose(&session);
        json_decref(record);
}

static void replace(char **member, const char *text)
{
        if (text_empty(text))
                return;
        mem_free(*member);
        *member = mem_text(text);
}

/* Whoever pressed Send saw these. */
static void take_given(const struct step *s, struct application *a)
{
        replace(&a->first_name, json_get_text(s->with, "first_name", NULL));
        replace(&a->last_name, json_get_text(s->with, "last_name", NULL));
        replace(&a->email, json_get_text(s->with, "email", NULL));
}

void step_send_assessment(struct step *s)
{
        struct application a = { 0 };
        json_t *read = NULL;
        char *external = NULL, *ours = NULL, *stands = NULL;
        int sent;

        if (s->desk.kind->platform == NULL || s->desk.kind->platform->invite == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED,
                            "this platform cannot be used for invitations yet.", "%s",
                            s->desk.kind->name);
                return;
        }
        if (step_application(s, &read, &a) != 1)
                return;
        take_given(s, &a);
        external = external_id(s);
        sent = sent_already(s, read, external, &ours, &stands);
        if (sent < 0)
                step_trouble(s);
        else if (sent == 1)
                stands_already(s, ours, stands);
        else if (still_there(s, read, &a) != 1)
                ;
        else if (text_empty(a.email))
                outcome_set(&s->outcome, OUTCOME_REFUSED, WORDS_NO_EMAIL, "no e-mail address");
        else
                invite(s, read, &a, external);
        mem_free(external);
        mem_free(ours);
        mem_free(stands);
        application_dispose(&a);
        json_decref(read);
}
