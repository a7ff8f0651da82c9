/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interview schedules (wire/ashby.md 2, 5).  A schedule holds the interviews of one round, each an
 * event with its own time; the webhook tells of the schedule as a whole and often.
 *
 * The API takes no location and no meeting link.  What it takes is extraData, which other
 * programs read and people do not see, and only for schedules that the very same key made
 * (section 6, trap 14): so it is written only where a setting asks for it, and recruiters read
 * the link in a note.
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_part.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define EXTRA "fairlead_interview" /* a prefix of our own: others put theirs beside it */
#define EXTRA_MAX 512              /* characters of a value (section 5) */

static const struct ashby_method schedule_list = { "interviewSchedule.list", "Interviews: read",
                                                   false },
                                 event_list = { "interviewEvent.list", "Interviews: read", false },
                                 schedule_update = { "interviewSchedule.update",
                                                     "Interviews: write", true };

/* --- reading ------------------------------------------------------------------------- */

struct looking {
        const char *id;
        int found, cancelled;
};

static int look(void *context, const json_t *row)
{
        struct looking *l = context;
        char *id = json_get_id(row, "id");

        if (text_equal(id, l->id)) {
                l->found = 1;
                l->cancelled = text_equal(json_get_text(row, "status", NULL), "Cancelled");
        }
        mem_free(id);
        return l->found;
}

static void add_interviewers(json_t *part, const json_t *event)
{
        const json_t *people = json_at(event, "interviewers");
        json_t *list = json_array();

        for (size_t i = 0; i < json_array_size(people); i++) {
                const json_t *one = json_array_get(people, i);
                char *name = mem_format("%s %s", json_get_text(one, "firstName", ""),
                                        json_get_text(one, "lastName", ""));
                json_t *person = ashby_body("name", text_trim(name));

                json_set_text(person, "email", json_get_text(one, "email", NULL));
                json_add(list, person);
                mem_free(name);
        }
        json_set(part, "interviewers", list);
}

struct collecting {
        struct link *link;
        const char *schedule;
        json_t *parts;
};

static int collect(void *context, const json_t *event)
{
        struct collecting *c = context;
        char *id = json_get_id(event, "id"), *at;
        const char *title = json_get_text(event, "interview.externalTitle", NULL);
        json_t *part;
        int64_t ms;

        if (!ashby_is_id(id)) {
                mem_free(id);
                return 0;
        }
        part = ashby_body("id", id);
        title = text_or(json_get_text(event, "interview.title", NULL), title);
        if (!text_empty(title))
                json_set_text(part, "title", title);
        if (when_parse(json_get_text(event, "startTime", ""), &ms) == 0)
                json_set_int(part, "starts_ms", ms);
        if (when_parse(json_get_text(event, "endTime", ""), &ms) == 0)
                json_set_int(part, "ends_ms", ms);
        add_interviewers(part, event);
        if (text_equal(link_setting(c->link, "interview_field", "none"), "extra_data")) {
                at = mem_format("%s/%s", c->schedule, id);
                json_set_text(part, "link_id", at);
                mem_free(at);
        }
        json_add(c->parts, part);
        mem_free(id);
        return 0;
}

static json_t *events_of(const char *schedule)
{
        json_t *body = ashby_body("interviewScheduleId", schedule), *expand = json_array();

        json_add(expand, json_string("interview"));
        json_set(body, "expand", expand);
        return body;
}

int ashby_read_schedule(struct link *link, const struct application *application,
                        const char *schedule, json_t **parts, struct outcome *outcome)
{
        struct looking looking = { schedule, 0, 0 };
        struct collecting c = { link, schedule, NULL };

        *parts = NULL;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (!ashby_is_id(schedule) || !ashby_is_id(application->id))
                return outcome_set(outcome, OUTCOME_ABSENT, "Ashby has no such interview.",
                                   "interviewSchedule.list: no id");
        if (ashby_each(link, &schedule_list, ashby_body("applicationId", application->id), look,
                       &looking, outcome) != 0)
                return -1;
        if (!looking.found)
                return outcome_set(outcome, OUTCOME_ABSENT,
                                   "Ashby does not show this interview: it was deleted, or the API "
                                   "key may not see it.",
                                   "interviewSchedule.list: no such schedule");
        c.parts = json_array();
        if (!looking.cancelled &&
            ashby_each(link, &event_list, events_of(schedule), collect, &c, outcome) != 0) {
                json_decref(c.parts);
                return -1;
        }
        *parts = c.parts;
        return outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
}

/* --- writing ------------------------------------------------------------------------- */

struct wanted {
        const char *event;
        json_t *row;
};

static int want(void *context, const json_t *row)
{
        struct wanted *w = context;
        char *id = json_get_id(row, "id");

        if (text_equal(id, w->event))
                w->row = json_deep_copy(row);
        mem_free(id);
        return w->row != NULL;
}

/* A change names the whole event again: what is left out would be lost.  NULL when somebody in it
 * cannot be named (users without an address). */
static json_t *event_again(const json_t *row, const char *event, const char *url)
{
        const json_t *people = json_at(row, "interviewers"), *extra = json_at(row, "extraData");
        json_t *again = ashby_body("interviewEventId", event), *list = json_array(),
               *data = json_is_object(extra) ? json_deep_copy(extra) : json_object();
        const char *interview = json_get_text(row, "interviewId", NULL);
        bool all = json_array_size(people) > 0;

        json_set_text(again, "startTime", json_get_text(row, "startTime", ""));
        json_set_text(again, "endTime", json_get_text(row, "endTime", ""));
        for (size_t i = 0; i < json_array_size(people); i++) {
                const json_t *one = json_array_get(people, i);
                const char *email = json_get_text(one, "email", NULL);
                json_t *person = ashby_body("email", email);

                all = all && !text_empty(email);
                json_set_bool(person, "feedbackRequired",
                              json_get_bool(one, "isFeedbackRequired", false));
                json_add(list, person);
        }
        json_set(again, "interviewers", list);
        if (!text_empty(interview))
                json_set_text(again, "interviewId", interview);
        json_set_text(data, EXTRA, url);
        json_set(again, "extraData", data);
        if (!all) {
                json_decref(again);
                again = NULL;
        }
        return again;
}

static int write_event(struct link *link, const char *schedule, json_t *event,
                       struct outcome *outcome)
{
        json_t *body = ashby_body("interviewScheduleId", schedule);
        struct ashby_answer answer;
        int result;

        json_set(body, "interviewEvent", event);
        result = ashby_call(link, &schedule_update, body, &answer, outcome);
        ashby_answer_dispose(&answer);
        return result;
}

static int refuse(struct outcome *outcome, const char *why)
{
        return outcome_set(outcome, OUTCOME_REFUSED,
                           "The interview link cannot be put into Ashby's schedule.",
                           "interviewSchedule.update: %s", why);
}

/* interview_id: "<schedule>/<event>". */
int ashby_set_interview_link(struct link *link, const char *interview_id, const char *field,
                             const char *url, struct outcome *outcome)
{
        const char *slash = interview_id == NULL ? NULL : strchr(interview_id, '/');
        char *schedule =
            slash == NULL ? NULL : mem_text_part(interview_id, (size_t)(slash - interview_id));
        struct wanted w = { slash == NULL ? NULL : slash + 1, NULL };
        json_t *event;
        int result = -1;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (!text_equal(field, "extra_data") || !ashby_is_id(schedule) || !ashby_is_id(w.event) ||
            text_empty(url) || strlen(url) > EXTRA_MAX) {
                refuse(outcome, "no such field, interview or link");
        } else if (ashby_each(link, &event_list, events_of(schedule), want, &w, outcome) != 0) {
                result = -1;
        } else if (w.row == NULL) {
                outcome_set(outcome, OUTCOME_ABSENT, "Ashby has no such scheduled interview.",
                            "interviewEvent.list: no such event");
        } else if (text_equal(json_get_text(w.row, "extraData." EXTRA, NULL), url)) {
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        } else if ((event = event_again(w.row, w.event, url)) == NULL) {
                refuse(outcome, "an interviewer has no address");
        } else {
                result = write_event(link, schedule, event, outcome);
        }
        json_decref(w.row);
        mem_free(schedule);
        return result;
}
