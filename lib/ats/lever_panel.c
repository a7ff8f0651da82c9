/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interviews in Lever's schedule (wire/lever.md 3, "Interview / Panel"): a panel of ours with our
 * link in externalUrl, and our link in the location of an interview that is managed through the
 * API.  Those that people schedule in Lever itself cannot be changed by anybody else.
 */
#include <inttypes.h>
#include <string.h>

#include "ats/lever_call.h"
#include "ats/lever_part.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

struct search {
        const char *url;
        char *id;
};

static int look(void *context, const json_t *row)
{
        struct search *search = context;

        if (json_at(row, "canceledAt") == NULL &&
            text_equal(json_get_text(row, "externalUrl", NULL), search->url))
                search->id = json_get_id(row, "id");
        return search->id != NULL;
}

/* Who gives it until somebody says otherwise: the opportunity's owner, else the user acted for. */
static char *interviewer_of(struct link *link, const json_t *opportunity)
{
        char *owner = json_get_id(opportunity, "owner");

        if (owner == NULL)
                owner = json_get_id(opportunity, "owner.id");
        return owner != NULL ? owner : mem_text(lever_user(link));
}

static json_t *panel_body(const struct schedule_slot *slot, const char *interviewer)
{
        json_t *panel = json_object(), *interviews = json_array(), *one = json_object();
        json_t *people = json_array(), *person = json_object();
        int64_t minutes = (slot->ends_ms - slot->starts_ms) / WHEN_MINUTE;

        json_set_text(person, "id", interviewer);
        json_add(people, person);
        json_set(one, "interviewers", people);
        json_set_int(one, "date", slot->starts_ms);
        json_set_int(one, "duration", minutes < 1 ? 1 : minutes);
        json_set_text(one, "subject", slot->title);
        json_set_text(one, "location", slot->url);
        json_add(interviews, one);
        json_set_text(panel, "timezone", text_or(slot->timezone, "UTC"));
        json_set_text(panel, "externalUrl", slot->url);
        json_set(panel, "interviews", interviews);
        return panel;
}

int lever_make_slot(struct link *link, const struct application *application,
                    const struct schedule_slot *slot, char **id, struct outcome *outcome)
{
        struct search search = { slot->url, NULL };
        char *list = lever_path(link, application->id, "panels", false),
             *path = lever_path(link, application->id, "panels", true), *interviewer = NULL;
        json_t *opportunity = NULL, *body = NULL, *made = NULL;
        struct lever_ask ask = {
                .link = link, .method = "POST", .path = path, .permission = "create panel"
        };
        int result = -1;

        *id = NULL;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (lever_needs_user(link, "schedules an interview", outcome) != 0 ||
            lever_each(link, list, "list panels", look, &search, outcome) != 0)
                goto out;
        if (search.id != NULL) {
                *id = search.id;
                result = 0;
                goto out;
        }
        if (lever_opportunity(link, application->id, NULL, &opportunity, outcome) != 0)
                goto out;
        interviewer = interviewer_of(link, opportunity);
        body = panel_body(slot, interviewer);
        ask.body = body;
        result = lever_call(&ask, &made, outcome);
        if (result == 0)
                *id = json_get_id(made, "id");
out:
        mem_free(interviewer);
        json_decref(made);
        json_decref(body);
        json_decref(opportunity);
        mem_free(path);
        mem_free(list);
        return result;
}

/* "panels/<id>" and the like, encoded. */
static char *below(const char *what, const char *id)
{
        struct buf out = BUF_NONE;

        buf_format(&out, "%s/", what);
        code_url(&out, id);
        return buf_take(&out);
}

int lever_drop_slot(struct link *link, const struct application *application, const char *id,
                    struct outcome *outcome)
{
        char *rest = below("panels", id), *path = lever_path(link, application->id, rest, true);
        struct lever_ask ask = {
                .link = link, .method = "DELETE", .path = path, .permission = "delete panel"
        };
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        result = lever_call(&ask, NULL, outcome);
        if (result != 0 && outcome->kind == OUTCOME_ABSENT)
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        mem_free(path);
        mem_free(rest);
        return result;
}

/* --- the link in an interview -------------------------------------------------------- */

static void copy(json_t *to, const json_t *from, const char *name)
{
        if (json_at(from, name) != NULL)
                json_set(to, name, json_deep_copy(json_at(from, name)));
}

/* The literal "no-feedback" stands for none, and is no template's id (3). */
static void copy_template(json_t *to, const json_t *from)
{
        if (!text_equal(json_get_text(from, "feedbackTemplate", "no-feedback"), "no-feedback"))
                copy(to, from, "feedbackTemplate");
}

/* PUT replaces the whole: what is left out is deleted, so everything that may be sent is. */
static json_t *merged(const json_t *interview, const char *panel, const char *url)
{
        static const char *const names[] = { "subject",          "note", "date", "duration",
                                             "feedbackReminder", NULL };
        const json_t *people = json_at(interview, "interviewers");
        json_t *body = json_object(), *list = json_array();

        for (size_t i = 0; names[i] != NULL; i++)
                copy(body, interview, names[i]);
        for (size_t i = 0; i < json_array_size(people); i++) {
                const json_t *person = json_array_get(people, i);
                json_t *one = json_object();

                copy(one, person, "id");
                copy_template(one, person);
                json_add(list, one);
        }
        json_set(body, "interviewers", list);
        json_set_text(body, "panel", panel);
        copy_template(body, interview);
        json_set_text(body, "location", url);
        return body;
}

/* Reads <what>/<id> of the opportunity. */
static int read_one(struct link *link, const char *opportunity, const char *what, const char *id,
                    const char *permission, json_t **row, struct outcome *outcome)
{
        char *rest = below(what, id), *path = lever_path(link, opportunity, rest, false);
        struct lever_ask ask = {
                .link = link, .method = "GET", .path = path, .permission = permission
        };
        int result = lever_call(&ask, row, outcome);

        mem_free(path);
        mem_free(rest);
        return result;
}

static int put_link(struct link *link, const char *opportunity, const char *id, const char *url,
                    struct outcome *outcome)
{
        json_t *interview = NULL, *panel = NULL, *body = NULL;
        char *rest = below("interviews", id), *path = lever_path(link, opportunity, rest, true);
        char *panel_id = NULL;
        struct lever_ask ask = { .link = link,
                                 .method = "PUT",
                                 .path = path,
                                 .permission = "update opportunity interview" };
        int result = -1;

        if (read_one(link, opportunity, "interviews", id, "read opportunity interview", &interview,
                     outcome) != 0)
                goto out;
        if (text_equal(json_get_text(interview, "location", NULL), url)) {
                result = 0;
                goto out;
        }
        panel_id = json_get_id(interview, "panel");
        if (read_one(link, opportunity, "panels", text_or(panel_id, "-"), "read panel", &panel,
                     outcome) != 0)
                goto out;
        if (!json_get_bool(panel, "externallyManaged", false)) {
                outcome_set(outcome, OUTCOME_REFUSED,
                            "This interview was scheduled in Lever itself, and Lever lets only "
                            "people change those. The link stands in the note.",
                            "panel %s is not externally managed", text_or(panel_id, "unknown"));
                goto out;
        }
        body = merged(interview, panel_id, url);
        ask.body = body;
        result = lever_call(&ask, NULL, outcome);
out:
        mem_free(panel_id);
        mem_free(path);
        mem_free(rest);
        json_decref(body);
        json_decref(panel);
        json_decref(interview);
        return result;
}

/* An interview's address holds its opportunity: "<opportunity>/<interview>". */
int lever_set_interview_link(struct link *link, const char *interview_id, const char *field,
                             const char *url, struct outcome *outcome)
{
        const char *slash = strchr(interview_id, '/');
        char *opportunity;
        int result;

        (void)field; /* there is one place: location */
        *outcome = (struct outcome)OUTCOME_NONE;
        if (lever_needs_user(link, "changes an interview", outcome) != 0)
                return -1;
        if (slash == NULL || slash == interview_id || slash[1] == '\0')
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "An interview in Lever is named by the opportunity's id, a "
                                   "slash and its own id.",
                                   "interview id without an opportunity");
        opportunity = mem_text_part(interview_id, (size_t)(slash - interview_id));
        result = put_link(link, opportunity, slash + 1, url, outcome);
        mem_free(opportunity);
        return result;
}
