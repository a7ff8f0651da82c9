/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The step that withdraws an assessment: session.  The platform is asked first how it stands: a
 * session that is over keeps its result, whoever wants it cancelled.
 */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "home/erase.h"
#include "home/records.h"
#include "home/step.h"

/* The truth goes into our records: what the platform says, or that it is withdrawn. */
static void take(struct step *s, const json_t *read, struct session *stored,
                 const struct session *now)
{
        json_t *record = json_deep_copy(read);

        if (session_take(s->trade, s->org, &s->plan, s->session, read, record, stored, now, NULL,
                         &s->said, &s->why) < 0)
                step_trouble(s);
        else
                step_done(s, "");
        json_decref(record);
}

static void withdrawn(struct step *s, const json_t *read, struct session *stored)
{
        struct session now = { .state = SESSION_CANCELLED };

        now.id = mem_text(dossier_id(s->session));
        take(s, read, stored, &now);
        session_dispose(&now);
}

static bool may_be_withdrawn(enum session_state state)
{
        return state == SESSION_INVITED || state == SESSION_STARTED || state == SESSION_UNKNOWN;
}

void step_cancel_assessment(struct step *s)
{
        const struct platform *platform = s->desk.kind->platform;
        struct session stored = { 0 }, now = { 0 };
        struct session_ref ref = { .id = dossier_id(text_or(s->session, "-")) };
        json_t *read = NULL;
        int found;

        if (platform == NULL || platform->cancel == NULL || platform->read_session == NULL) {
                outcome_set(&s->outcome, OUTCOME_REFUSED,
                            "This platform cannot withdraw an invitation: withdraw it there.", "%s",
                            s->desk.kind->name);
                return;
        }
        found = dossier_session(s->trade->home, s->org, text_or(s->session, "-"), &read, &stored,
                                &s->why);
        ref.test_id = stored.test_id;
        ref.email = stored.email;
        if (found < 0) {
                step_trouble(s);
        } else if (found == 0) {
                step_done(s, "Nothing is known of this session.");
        } else if (stored.state == SESSION_ERASED) {
                step_done(s, ERASE_SENTENCE);
        } else if (!may_be_withdrawn(stored.state)) {
                step_done(s, "The session is over: there is nothing to withdraw.");
        } else if (platform->read_session(&s->desk.link, &ref, &now, &s->outcome) != 0) {
                if (s->outcome.kind == OUTCOME_ABSENT)
                        withdrawn(s, read, &stored);
                else if (s->outcome.kind == OUTCOME_UNCERTAIN)
                        s->outcome.kind = OUTCOME_AGAIN;
        } else if (!may_be_withdrawn(now.state)) {
                take(s, read, &stored, &now);
        } else if (step_begin(s, NULL) == 0) {
                if (platform->cancel(&s->desk.link, &ref, &s->outcome) == 0 ||
                    s->outcome.kind == OUTCOME_ABSENT)
                        withdrawn(s, read, &stored);
        }
        session_dispose(&stored);
        session_dispose(&now);
        json_decref(read);
}
