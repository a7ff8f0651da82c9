/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The step that tells a hiring system what became of what was sent from within it. */
#include "floor/mem.h"
#include "floor/text.h"
#include "home/partner.h"
#include "home/step.h"

/* The hiring system does not want it any more, which nobody can mend. */
static bool is_over(const struct outcome *o)
{
        return o->kind == OUTCOME_REFUSED &&
               (o->status == 404 || o->status == 410 || o->status == 422);
}

/* with {partner: id}.  Told is how it stands now: an older order finds the newer truth. */
void step_tell_partner(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        const char *id = json_get_text(s->with, "partner", "-");
        struct partner_view view = { .ats = NULL };
        int64_t stamp = 0;
        int found;

        if (ats == NULL || ats->tell_partner == NULL) {
                s->silent = true;
                outcome_set(&s->outcome, OUTCOME_REFUSED,
                            "This hiring system does not ask to be told.", "%s",
                            s->desk.kind->name);
                return;
        }
        /* The stamp first: what is read behind it is as new as it says, or newer. */
        found = partner_stamp(s->org, id, trade_now(s->trade), &stamp, &s->why);
        if (found == 0)
                found = partner_read(s->trade, s->org, id, &view, &s->why);
        view.news.stamp_ms = stamp;
        if (found < 0)
                step_trouble(s);
        else if (found == 0 || view.news.stage == PARTNER_REMOVED)
                step_done(s, "There is nothing to tell any more.");
        else if (ats->tell_partner(&s->desk.link, &view.news, &s->outcome) == 0)
                step_done(s, text_or(s->outcome.sentence, "The hiring system was told."));
        else if (s->outcome.kind == OUTCOME_UNCERTAIN) /* telling twice does no harm */
                s->outcome.kind = OUTCOME_AGAIN;
        else if (s->outcome.kind == OUTCOME_ABSENT || is_over(&s->outcome))
                s->silent = true;
        partner_view_dispose(&view);
}
