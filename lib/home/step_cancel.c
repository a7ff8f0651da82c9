/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The step that withdraws an assessment: session, or with {partner: id}.  The platform is asked
 * first how it stands: a session that is over keeps its result, whoever wants it cancelled.
 */
#include <stdlib.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/erase.h"
#include "home/partner.h"
#include "home/records.h"
#include "home/step.h"

#define SENDING_WAIT_MS (5 * WHEN_SECOND)

/* --- what was not sent yet ------------------------------------------------------------------ */

/* The sending waits and nothing of it can have left: it ends here.  Under way, it is waited for. */
static void stop_sending(struct step *s, const char *id)
{
        struct buf number = BUF_NONE;
        json_t *action = NULL;
        uint64_t n = 0;
        int found = store_get(s->org->store, "partner-action", id, &number, &s->why);

        if (found == 1) {
                n = strtoull(buf_text(&number), NULL, 10);
                found = record_series_get(s->org, "action", n, &action, &s->why);
        }
        if (found < 0) {
                step_trouble(s);
        } else if (found == 0) {
                step_done(s, "There is nothing to withdraw.");
        } else if (json_get_bool(action, "begun", false)) {
                step_wait(s, SENDING_WAIT_MS, "The invitation is on its way: it is waited for.");
        } else {
                action_end(&s->plan, n, action, "refused", "It was cancelled before it was sent.",
                           trade_now(s->trade));
                if (partner_tell(&s->plan, s->trade, s->org, id, "cancelled", &s->why) != 0)
                        step_trouble(s);
                else
                        step_done(s, "It was cancelled before it was sent.");
        }
        json_decref(action);
        buf_dispose(&number);
}

/* The session that is meant (the caller's), or NULL and the step ended. */
static char *find_session(struct step *s)
{
        const char *id = json_get_text(s->with, "partner", NULL);
        struct partner_view view = { .ats = NULL };
        char *key = NULL;
        int found;

        if (id == NULL)
                return mem_text(text_or(s->session, "-"));
        found = partner_read(s->trade, s->org, id, &view, &s->why);
        if (found < 0)
                step_trouble(s);
        else if (found == 1 && view.key != NULL)
                key = mem_text(view.key);
        else if (found == 1 && view.news.stage == PARTNER_SENDING)
                stop_sending(s, id);
        else
                step_done(s, "There is nothing to withdraw.");
        partner_view_dispose(&view);
        return key;
}

/* --- what was sent ---------------------------------------------------------------------------- */

/* The truth goes into our records: what the platform says, or that it is withdrawn. */
static void take(struct step *s, const char *key, const json_t *read, struct session *stored,
                 const struct session *now)
{
        json_t *record = json_deep_copy(read);

        if (session_take(s->trade, s->org, &s->plan, key, read, record, stored, now, NULL, &s->said,
                         &s->why) < 0)
                step_trouble(s);
        else
                step_done(s, "");
        json_decref(record);
}

static void withdrawn(struct step *s, const char *key, const json_t *read, struct session *stored)
{
        struct session now = { .state = SESSION_CANCELLED };

        now.id = mem_text(dossier_id(key));
        take(s, key, read, stored, &now);
        session_dispose(&now);
}

static bool may_be_withdrawn(enum session_state state)
{
        return state == SESSION_INVITED || state == SESSION_STARTED || state == SESSION_UNKNOWN;
}

/* One invitation may serve several: who cancels one of them does not speak for the others. */
static bool serves_others(const json_t *record)
{
        return json_array_size(json_object_get(record, "also")) > 0 ||
               json_array_size(json_object_get(record, "partners")) > 1;
}

static void withdraw(struct step *s, const char *key, const json_t *read, struct session *stored)
{
        const struct platform *platform = s->desk.kind->platform;
        struct session_ref ref = { dossier_id(key), stored->test_id, stored->email };
        struct session now = { 0 };

        if (platform->read_session(&s->desk.link, &ref, &now, &s->outcome) != 0) {
                if (s->outcome.kind == OUTCOME_ABSENT)
                        withdrawn(s, key, read, stored);
                else if (s->outcome.kind == OUTCOME_UNCERTAIN)
                        s->outcome.kind = OUTCOME_AGAIN;
        } else if (!may_be_withdrawn(now.state)) {
                take(s, key, read, stored, &now);
        } else if (step_begin(s, NULL) == 0 &&
                   (platform->cancel(&s->desk.link, &ref, &s->outcome) == 0 ||
                    s->outcome.kind == OUTCOME_ABSENT)) {
                withdrawn(s, key, read, stored);
        }
        session_dispose(&now);
}

void step_cancel_assessment(struct step *s)
{
        const struct platform *platform = s->desk.kind->platform;
        struct session stored = { 0 };
        json_t *read = NULL;
        char *key;
        int found;

        if (platform == NULL || platform->cancel == NULL || platform->read_session == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED,
                            "This platform cannot withdraw an invitation: withdraw it there.", "%s",
                            s->desk.kind->name);
                return;
        }
        key = find_session(s);
        if (key == NULL)
                return;
        found = dossier_session(s->trade->home, s->org, key, &read, &stored, &s->why);
        if (found < 0)
                step_trouble(s);
        else if (found == 0)
                step_done(s, "Nothing is known of this session.");
        else if (stored.state == SESSION_ERASED)
                step_done(s, ERASE_SENTENCE);
        else if (!may_be_withdrawn(stored.state))
                step_done(s, "The session is over: there is nothing to withdraw.");
        else if (serves_others(read))
                step_done(s, "The same invitation serves another application too: it stays.");
        else
                withdraw(s, key, read, &stored);
        session_dispose(&stored);
        json_decref(read);
        mem_free(key);
}
