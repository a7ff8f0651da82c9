/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A mail goes out.  Nobody can be asked whether one arrived: after a doubt it goes again an
 * hour later, with the same Message-ID, so that a reader who has it sees it once.
 */
#include <string.h>

#include "floor/when.h"
#include "home/records.h"
#include "home/step.h"

#define DOUBT_MS WHEN_HOUR /* of the clock, not scaled: nobody hears more often */

static void conclude(struct step *s, const struct mail_answer *answer, const char *to)
{
        struct outcome *o = &s->outcome;

        o->elapsed_us = answer->elapsed_us;
        o->status = answer->code;
        switch (answer->end) {
        case MAIL_SENT:
                step_done(s, "The mail has gone.");
                break;
        case MAIL_REFUSED:
                outcome_set(o, OUTCOME_REFUSED, "The mail relay does not take this mail.", "%s: %s",
                            to, answer->cause);
                break;
        case MAIL_LATER:
                outcome_set(o, OUTCOME_AGAIN, "The mail relay cannot take the mail now.", "%s",
                            answer->cause);
                break;
        case MAIL_DENIED:
                outcome_set(o, OUTCOME_DENIED,
                            "The mail relay does not let us send: look at FAIRLEAD_SMTP_USER and "
                            "FAIRLEAD_MAIL_FROM.",
                            "%s", answer->cause);
                break;
        case MAIL_UNCERTAIN:
                outcome_set(o, OUTCOME_UNCERTAIN, "The mail went out, and no answer came.", "%s",
                            answer->cause);
                o->wait_ms = DOUBT_MS;
                break;
        case MAIL_NO_WAY:
                outcome_set(o, OUTCOME_DENIED,
                            "Mail cannot be sent from here: set FAIRLEAD_SMTP_URL.", "%s",
                            answer->cause);
                break;
        }
}

/* In doubt since it was begun: 1 it has to wait. */
static int in_doubt(struct step *s)
{
        int64_t since = json_get_int(s->action, "begun_ms", 0), now = trade_now(s->trade);

        if (!s->doubt || since > now || since + DOUBT_MS <= now)
                return 0;
        outcome_set(&s->outcome, OUTCOME_UNCERTAIN,
                    "It may have gone. It goes once more when an hour has passed.",
                    "begun and not ended");
        s->outcome.wait_ms = since + DOUBT_MS - now;
        return 1;
}

void step_send_mail(struct step *s)
{
        struct mail mail = { .to = json_get_text(s->with, "to", ""),
                             .subject = json_get_text(s->with, "subject", ""),
                             .text = json_get_text(s->with, "text", ""),
                             .id = json_get_text(s->with, "id", ""),
                             .date_ms = json_get_int(s->action, "created_ms", 0) };
        struct mail_answer answer;
        json_t *self = NULL;

        if (in_doubt(s))
                return;
        if (record_get(s->org, "org", "self", &self, &s->why) < 0) {
                step_trouble(s);
        } else if (step_begin(s, NULL) == 0) {
                post_send(&s->trade->post, json_get_text(self, "public_url", NULL), &mail, &answer,
                          NULL);
                conclude(s, &answer, mail.to);
        }
        json_decref(self);
}
