/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps about interviews: with {interview: id}. */
#include "floor/mem.h"
#include "floor/text.h"
#include "home/interview.h"
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

/* --- in the ATS's own schedule --------------------------------------------------------- */

/* The interview's record: 1, or 0 when the step ended. */
static int open_interview(struct step *s, json_t **record)
{
        int found = room_load(s->org, interview_of(s), record, &s->why);

        if (found < 0)
                step_trouble(s);
        else if (found == 0)
                step_done(s, "The interview is not there any more.");
        return found == 1;
}

/* "slot": where it stands in the schedule. */
static void remember_slot(struct step *s, const json_t *read, const char *slot)
{
        json_t *record = json_deep_copy(read);

        if (slot != NULL)
                json_set_text(record, "slot", slot);
        else
                json_object_del(record, "slot");
        room_put(&s->plan, interview_of(s), read, record);
        json_decref(record);
}

static void schedule(struct step *s, const struct application *a, const json_t *record)
{
        struct schedule_slot slot = { .title = json_get_text(record, "title", ""),
                                      .timezone = json_get_text(record, "timezone", "UTC"),
                                      .starts_ms = json_get_int(record, "starts_ms", 0),
                                      .ends_ms = json_get_int(record, "ends_ms", 0) };
        json_t *view = NULL;
        char *id = NULL;

        if (interview_view(s->trade->home, s->org, interview_of(s), &view, &s->why) !=
            INTERVIEW_DONE) {
                step_trouble(s);
                return;
        }
        slot.url = json_get_text(view, "url", "");
        if (s->desk.kind->ats->make_slot(&s->desk.link, a, &slot, &id, &s->outcome) == 0) {
                remember_slot(s, record, id);
                step_done(s, "The interview stands in the schedule.");
        } else if (s->outcome.kind == OUTCOME_DENIED && s->outcome.status == 403) {
                /* Where the key may: the note and the link say it otherwise. */
                step_done(s, "The credential may not schedule interviews; the link stands in the "
                             "note.");
        } else if (s->outcome.kind == OUTCOME_UNCERTAIN) {
                s->outcome.kind = OUTCOME_AGAIN; /* it is found again by its link */
        }
        mem_free(id);
        json_decref(view);
}

void step_schedule_interview(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        struct application a = { 0 };
        json_t *about = NULL, *record = NULL;

        if (ats == NULL || ats->make_slot == NULL)
                outcome_set(&s->outcome, OUTCOME_REFUSED, "this ATS takes no interviews from us.",
                            "%s", s->desk.kind->name);
        else if (step_application(s, &about, &a) == 1 && open_interview(s, &record)) {
                if (text_equal(json_get_text(record, "state", ""), "cancelled"))
                        step_done(s, "The interview was cancelled meanwhile.");
                else
                        schedule(s, &a, record);
        }
        application_dispose(&a);
        json_decref(record);
        json_decref(about);
}

void step_unschedule_interview(struct step *s)
{
        const struct ats *ats = s->desk.kind->ats;
        struct application a = { 0 };
        json_t *about = NULL, *record = NULL;

        if (ats == NULL || ats->drop_slot == NULL)
                step_done(s, "There is nothing in the schedule.");
        else if (step_application(s, &about, &a) == 1 && open_interview(s, &record)) {
                if (ats->drop_slot(&s->desk.link, &a, json_get_text(record, "slot", "-"),
                                   &s->outcome) == 0) {
                        remember_slot(s, record, NULL);
                        step_done(s, "The interview was taken out of the schedule.");
                } else if (s->outcome.kind == OUTCOME_UNCERTAIN) {
                        s->outcome.kind = OUTCOME_AGAIN;
                }
        }
        application_dispose(&a);
        json_decref(record);
        json_decref(about);
}
