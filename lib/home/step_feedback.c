/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What interviewers said of a live interview becomes a note at the candidate's, once for each
 * change: the step that looks, with {interview: the platform's id, events}.
 */
#include <string.h>

#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/erase.h"
#include "home/follow.h"
#include "home/records.h"
#include "home/step.h"

/* Our interview in front of that room: 1 with its record, 0 there is none of ours, -1. */
static int find_interview(struct step *s, const char *room, json_t **record)
{
        char *key = dossier_key(s->desk.connection->id, room);
        json_t *index = NULL;
        int found = key == NULL ? 0 : record_get(s->org, "room", key, &index, &s->why);

        if (found == 1)
                found = record_get(s->org, "interview", json_get_text(index, "interview", "-"),
                                   record, &s->why);
        json_decref(index);
        mem_free(key);
        return found;
}

/* Key of the application that it is about: the interview's own, or its schedule's.  1, 0, -1. */
static int find_application(struct step *s, const json_t *interview, char **application)
{
        const char *ats = json_get_text(interview, "ats", NULL);
        char *key =
            ats == NULL ? NULL : dossier_key(ats, json_get_text(interview, "ats_interview", ""));
        json_t *schedule = NULL;
        int found = 0;

        *application = mem_text(json_get_text(interview, "application", NULL));
        if (*application == NULL && key != NULL)
                found = record_get(s->org, "schedule", key, &schedule, &s->why);
        if (found == 1)
                *application = mem_text(json_get_text(schedule, "application", NULL));
        json_decref(schedule);
        mem_free(key);
        return found < 0 ? -1 : *application != NULL;
}

static int is_erased(struct step *s, const char *application)
{
        json_t *record = NULL;
        int found = record_get(s->org, "application", application, &record, &s->why);

        if (found == 1)
                found = json_get_bool(record, "erased", false);
        json_decref(record);
        return found;
}

static int note_one(struct step *s, const json_t *one, const char *application,
                    const char *interview)
{
        json_t *with = json_object();
        struct buf text = BUF_NONE;
        char *said, *version;
        int result;

        words_feedback(&text, one, s->desk.kind->title);
        said = json_text(one);
        version = mem_format("%s|%s", interview, said);
        json_set_text(with, "text", buf_text(&text));
        result = follow_note(s->trade, s->org, &s->plan, "feedback", application, NULL, version,
                             with, &s->why);
        mem_free(version);
        mem_free(said);
        buf_dispose(&text);
        return result;
}

static void note_all(struct step *s, const json_t *feedback, const char *application)
{
        const char *room = json_get_text(s->with, "interview", "-");
        unsigned noted = 0;

        for (size_t i = 0; i < json_array_size(feedback); i++) {
                const json_t *one = json_array_get(feedback, i);

                if (!words_has_feedback(one))
                        continue;
                if (note_one(s, one, application, room) != 0) {
                        step_trouble(s);
                        return;
                }
                noted++;
        }
        step_done(s, noted == 0 ? "Nobody has said anything yet."
                                : "What interviewers said goes to the candidate's notes.");
}

void step_look_feedback(struct step *s)
{
        const struct platform *platform = s->desk.kind->platform;
        const char *room = json_get_text(s->with, "interview", "-");
        json_t *interview = NULL, *feedback = NULL;
        char *application = NULL;
        int found;

        if (platform == NULL || platform->read_feedback == NULL) {
                step_done(s, "This platform keeps no feedback that can be read.");
                return;
        }
        found = find_interview(s, room, &interview);
        if (found == 1)
                found = find_application(s, interview, &application);
        if (found == 1) {
                int erased = is_erased(s, application);

                if (erased != 0) {
                        found = erased < 0 ? -1 : 2;
                        if (erased > 0)
                                step_done(s, ERASE_SENTENCE);
                }
        } else if (found == 0) {
                step_done(s, "This interview is not one of ours, or no application belongs to it.");
                s->event_state = "unknown";
        }
        if (found < 0)
                step_trouble(s);
        else if (found == 1 &&
                 platform->read_feedback(&s->desk.link, room, &feedback, &s->outcome) == 0)
                note_all(s, feedback, application);
        else if (found == 1 && s->outcome.kind == OUTCOME_ABSENT)
                step_done(s, "The platform does not have this interview any more.");
        mem_free(application);
        json_decref(feedback);
        json_decref(interview);
}
