/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps about interviews: with {interview: id}. */
#include "floor/mem.h"
#include "floor/text.h"
#include "home/room.h"
#include "home/step.h"

static const char *interview_of(const struct step *s)
{
        return json_get_text(s->with, "interview", "-");
}

/* The making itself is begun and read back by room_make(). */
void step_create_interview(struct step *s)
{
        char *url = NULL;

        if (room_make(s->trade, s->org, interview_of(s), &url, &s->outcome) == 0)
                step_done(s, "The interview was made.");
        mem_free_secret(url);
}

/* Repeating either of these does no harm. */
void step_edit_interview(struct step *s)
{
        if (room_edit(s->trade, s->org, interview_of(s), &s->outcome) == 0)
                step_done(s, "The interview was brought up to date.");
        else if (s->outcome.kind == OUTCOME_UNCERTAIN)
                s->outcome.kind = OUTCOME_AGAIN;
}

void step_delete_interview(struct step *s)
{
        if (room_delete(s->trade, s->org, interview_of(s), &s->outcome) == 0)
                step_done(s, "The interview was taken away.");
        else if (s->outcome.kind == OUTCOME_UNCERTAIN)
                s->outcome.kind = OUTCOME_AGAIN;
}

/* It cannot be put there for good: recruiters read of it in a note instead. */
static void write_instead(struct step *s)
{
        const char *text = json_get_text(s->with, "otherwise", NULL);
        json_t *with;

        if (text == NULL || s->application == NULL ||
            (s->outcome.kind != OUTCOME_REFUSED && s->outcome.kind != OUTCOME_DENIED &&
             s->outcome.kind != OUTCOME_ABSENT))
                return;
        with = json_object();
        json_set_text(with, "text", text);
        if (follow_note(s->trade, s->org, &s->plan, "interview", s->application, NULL,
                        json_get_text(s->with, "interview", ""), with, &s->why) != 0)
                step_trouble(s);
        else
                step_done(s, "The link cannot be put into the schedule: a note tells it.");
}

/* with {interview_id: of the ATS, field, url, interview: ours, otherwise: a note's text (either may
 * be missing)}; writing the same link again changes nothing. */
void step_set_interview_link(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;

        if (ats == NULL || ats->set_interview_link == NULL)
                outcome_set(&s->outcome, OUTCOME_REFUSED,
                            "this ATS takes no links into its schedule.", "%s", s->desk.kind->name);
        else if (ats->set_interview_link(&s->desk.link, json_get_text(s->with, "interview_id", ""),
                                         json_get_text(s->with, "field", "location"),
                                         json_get_text(s->with, "url", ""), &s->outcome) == 0)
                step_done(s, "The link stands in the schedule.");
        else if (s->outcome.kind == OUTCOME_UNCERTAIN)
                s->outcome.kind = OUTCOME_AGAIN;
        write_instead(s);
}
