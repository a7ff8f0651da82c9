/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What differs from vendor to vendor in a play. */
#include <stdlib.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "play.h"

/* Gives a stand-in what an admin would paste: 0 with its answer (the caller drops it), or -1. */
static int paste(struct play *p, const char *connection, const char *vendor, json_t **answer,
                 struct fail *why)
{
        const json_t *c = play_connection(p, connection);
        json_t *body = json_object();

        json_set_text(body, "url", json_get_text(c, "webhook_url", NULL));
        json_set_text(body, "secret", json_get_text(c, "webhook_secret", NULL));
        *answer = play_control(p, vendor, "webhook", body, why);
        return *answer == NULL ? -1 : 0;
}

static int not_answered(const char *title, struct fail *why)
{
        return fail_set(why, FAIL_OUTSIDE, "%s's test of the webhook was not answered well", title);
}

static json_t *person(const struct play *p, bool parted)
{
        json_t *body = json_object();

        if (parted) {
                json_set_text(body, "first_name", "Ada");
                json_set_text(body, "last_name", "Lindqvist");
        } else {
                json_set_text(body, "name", "Ada Lindqvist");
        }
        json_set_text(body, "email", p->email);
        return body;
}

/* Adds Ada; candidate and application are where they stand in the answer. */
static int add(struct play *p, bool parted, const char *candidate, const char *application,
               struct fail *why)
{
        json_t *answer = play_control(p, p->ats->name, "add", person(p, parted), why);

        if (answer == NULL)
                return -1;
        p->application = json_get_id(answer, application);
        p->candidate = json_get_id(answer, candidate);
        json_decref(answer);
        if (p->application == NULL || p->candidate == NULL)
                return fail_set(why, FAIL_OUTSIDE, "%s did not say whom it added", p->ats->title);
        play_say(p, p->ats->title, "Ada Lindqvist applies: application %s", p->application);
        return 0;
}

static int move(struct play *p, json_t *body, struct fail *why)
{
        json_t *answer;

        json_set_text(body, "stage", p->ats->stage);
        answer = play_control(p, p->ats->name, "move", body, why);
        json_decref(answer);
        if (answer == NULL)
                return -1;
        play_say(p, p->ats->title, "a recruiter moves Ada into the stage \"%s\"", p->ats->stage);
        return 0;
}

/* The newest row but `number` ones whose member is this id; its text, or NULL. */
static const char *nth_note(const json_t *rows, size_t number, const char *member, const char *id,
                            const char *text)
{
        for (size_t i = json_array_size(rows); i > 0; i--) {
                const json_t *row = json_array_get(rows, i - 1);
                char *whose = json_get_id(row, member);
                bool ours = text_equal(whose, id);

                mem_free(whose);
                if (ours && number-- == 0)
                        return json_get_text(row, text, "");
        }
        return NULL;
}

/* --- Greenhouse ------------------------------------------------------------------------------ */

static int greenhouse_paste(struct play *p, struct fail *why)
{
        json_t *answer;
        bool active;

        if (paste(p, "gh", "greenhouse", &answer, why) != 0)
                return -1;
        active = json_get_bool(answer, "active", false);
        json_decref(answer);
        if (!active)
                return not_answered("Greenhouse", why);
        play_say(p, "Greenhouse", "webhook saved; its ping arrived and its signature was right");
        return 0;
}

static int greenhouse_enter(struct play *p, struct fail *why)
{
        json_t *body;

        if (add(p, true, "candidate_id", "id", why) != 0)
                return -1;
        body = json_object();
        json_set_int(body, "application_id", strtoll(p->application, NULL, 10));
        return move(p, body, why);
}

static const char *greenhouse_note(const struct play *p, const json_t *state, size_t number)
{
        return nth_note(json_at(state, "notes"), number, "candidate_id", p->candidate, "body");
}

/* --- Lever ----------------------------------------------------------------------------------- */

/* Lever makes the token itself and shows it once the webhook was added; quickstart has given it
 * to Fairlead before (play --token). */
static int lever_paste(struct play *p, struct fail *why)
{
        (void)why;
        play_say(p, "Lever", "webhook added; Verify connection worked before its token was known");
        return 0;
}

static int lever_enter(struct play *p, struct fail *why)
{
        json_t *body;

        if (add(p, false, "id", "id", why) != 0)
                return -1;
        body = json_object();
        json_set_text(body, "opportunity", p->application);
        return move(p, body, why);
}

static const char *lever_note(const struct play *p, const json_t *state, size_t number)
{
        return nth_note(json_at(state, "notes"), number, "(opportunity)", p->application,
                        "fields.0.value");
}

/* --- Ashby -------------------------------------------------------------------------------------
 */

static int ashby_paste(struct play *p, struct fail *why)
{
        json_t *answer;
        size_t count;

        if (paste(p, "ab", "ashby", &answer, why) != 0)
                return -1;
        count = json_array_size(answer);
        json_decref(answer);
        if (count == 0)
                return not_answered("Ashby", why);
        play_say(p, "Ashby", "webhooks saved, a row for each event, each answered its ping");
        return 0;
}

static int ashby_enter(struct play *p, struct fail *why)
{
        json_t *body;

        if (add(p, false, "candidate", "id", why) != 0)
                return -1;
        body = json_object();
        json_set_text(body, "application_id", p->application);
        return move(p, body, why);
}

static const char *ashby_note(const struct play *p, const json_t *state, size_t number)
{
        return nth_note(json_at(state, "notes"), number, "candidateId", p->candidate, "content");
}

const struct play_ats play_ats_list[] = {
        { "greenhouse", "Greenhouse", "gh", "Coding test", "candidates/%s", false, greenhouse_paste,
          greenhouse_enter, greenhouse_note },
        { "lever", "Lever", "lv", "Phone screen", "opportunities/%s", true, lever_paste,
          lever_enter, lever_note },
        { "ashby", "Ashby", "ab", "Coding test", "applications/%s", true, ashby_paste, ashby_enter,
          ashby_note },
        { .name = NULL },
};

/* --- CodeSignal --------------------------------------------------------------------------------
 */

static int step(struct play *p, const char *kind, json_t *body, struct fail *why)
{
        char *path = mem_format("%s/%s", kind, p->session);
        json_t *answer = play_control(p, p->platform->name, path, body, why);

        json_decref(answer);
        mem_free(path);
        return answer == NULL ? -1 : 0;
}

static json_t *doing(const char *what)
{
        json_t *body = json_object();

        json_set_text(body, "do", what);
        return body;
}

static json_t *points(const int *list, size_t count)
{
        json_t *scores = json_array();

        for (size_t i = 0; i < count; i++)
                json_add(scores, json_integer(list[i]));
        return scores;
}

static int codesignal_paste(struct play *p, struct fail *why)
{
        json_t *answer;
        int64_t status;

        if (paste(p, "cs", "codesignal", &answer, why) != 0)
                return -1;
        status = json_get_int(answer, "status", 0);
        json_decref(answer);
        if (status != 200)
                return not_answered("CodeSignal", why);
        play_say(p, "CodeSignal", "webhook saved; its test delivery was answered 200");
        return 0;
}

static int codesignal_take(struct play *p, struct fail *why)
{
        static const int got[] = { 300, 270, 140, 0 };
        json_t *idle = json_object(), *finish, *answer;

        if (step(p, "sessions", doing("start"), why) != 0) {
                json_decref(idle);
                return -1;
        }
        play_say(p, "CodeSignal", "Ada starts");
        json_set_int(idle, "timeout_ms", 10 * WHEN_SECOND); /* it sends one event a second */
        answer = play_control(p, "codesignal", "idle", idle, why);
        json_decref(answer);
        if (answer == NULL)
                return -1;
        finish = doing("finish");
        json_set(finish, "scores", points(got, sizeof got / sizeof *got));
        if (step(p, "sessions", finish, why) != 0)
                return -1;
        play_say(p, "CodeSignal",
                 "Ada finishes with 300, 270, 140 and 0 points; \"finished\" is sent");
        return 0;
}

/* --- Coderbyte ---------------------------------------------------------------------------------
 */

static int coderbyte_paste(struct play *p, struct fail *why)
{
        json_t *answer;

        if (paste(p, "cb", "coderbyte", &answer, why) != 0)
                return -1;
        json_decref(answer);
        play_say(p, "Coderbyte", "webhook saved for each kind of event");
        return 0;
}

static int coderbyte_take(struct play *p, struct fail *why)
{
        static const int got[] = { 10, 7 };
        json_t *finish;

        if (step(p, "attempts", doing("join"), why) != 0)
                return -1;
        play_say(p, "Coderbyte", "Ada joins");
        finish = doing("finish");
        json_set(finish, "scores", points(got, sizeof got / sizeof *got));
        json_set_int(finish, "correct", 3);
        if (step(p, "attempts", finish, why) != 0)
                return -1;
        play_say(p, "Coderbyte",
                 "Ada finishes with 10 and 7 points and 3 right answers of 4; "
                 "\"completed\" is sent");
        return 0;
}

const struct play_platform play_platform_list[] = {
        { "codesignal", "CodeSignal", "cs", "sessions", "testTaker.email", "id", true,
          codesignal_paste, codesignal_take },
        { "coderbyte", "Coderbyte", "cb", "attempts", "email", "_id", false, coderbyte_paste,
          coderbyte_take },
        { .name = NULL },
};
