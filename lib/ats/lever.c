/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lever as an applicant tracking system: opportunities and notes. */
#include "ats/lever.h"

#include <inttypes.h>
#include <string.h>

#include "ats/lever_call.h"
#include "ats/lever_part.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

/* --- reading an opportunity -------------------------------------------------------- */

int lever_opportunity(struct link *link, const char *id, const char *query, json_t **row,
                      struct outcome *outcome)
{
        char *bare = lever_path(link, id, NULL, false),
             *path = mem_format("%s%s%s", bare, query == NULL ? "" : "?", text_or(query, ""));
        struct lever_ask ask = {
                .link = link, .method = "GET", .path = path, .permission = "read opportunity"
        };
        char *got = NULL;
        int result;

        *row = NULL;
        result = text_empty(id) ? outcome_set(outcome, OUTCOME_ABSENT,
                                              "It is not known which opportunity this is about.",
                                              "no opportunity id")
                                : lever_call(&ask, row, outcome);
        got = json_get_id(*row, "id");
        if (result == 0 && !text_equal(got, id)) {
                result = outcome_set(outcome, OUTCOME_AGAIN,
                                     "Lever gave an answer that cannot be read. It will be tried "
                                     "again.",
                                     "read opportunity: another id than asked for");
                json_decref(*row);
                *row = NULL;
        }
        mem_free(got);
        mem_free(path);
        mem_free(bare);
        return result;
}

/* Live {reason, archivedAt} or null; the documentation's sample has archivedAt beside it. */
bool lever_is_archived(const json_t *opportunity)
{
        return json_at(opportunity, "archived") != NULL ||
               json_at(opportunity, "archivedAt") != NULL ||
               json_get_bool(opportunity, "isAnonymized", false);
}

int lever_needs_user(const struct link *link, const char *what, struct outcome *outcome)
{
        char *sentence;

        if (lever_user(link) != NULL)
                return 0;
        sentence = mem_format("Lever wants to know who %s. Name a Lever user in the settings of "
                              "the connection (act_as_user).",
                              what);
        outcome_set(outcome, OUTCOME_DENIED, sentence, "no act_as_user");
        mem_free(sentence);
        return -1;
}

static bool usable_email(const char *text)
{
        const char *at = strchr(text, '@');

        return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t\r\n<>,;") == NULL;
}

/* One text here; whatever stands before the last space is the first name. */
static void take_name(const char *name, struct application *out)
{
        char *copy = mem_text(text_or(name, "")), *whole = text_trim(copy),
             *space = strrchr(whole, ' ');

        if (space != NULL) {
                out->last_name = mem_text(space + 1);
                *space = '\0';
        }
        if (*whole != '\0')
                out->first_name = mem_text(text_trim(whole));
        mem_free(copy);
}

/* When it came to the stage in which it is: the latest change to it.  Two entries into one stage
 * differ by this. */
static char *entry_of(const json_t *row, const char *stage)
{
        const json_t *changes = json_at(row, "stageChanges");
        int64_t latest = 0;

        for (size_t i = 0; i < json_array_size(changes); i++) {
                const json_t *change = json_array_get(changes, i);
                int64_t at = json_get_int(change, "updatedAt", 0);
                char *to = json_get_id(change, "toStageId");

                if (text_equal(to, stage) && at > latest)
                        latest = at;
                mem_free(to);
        }
        return latest > 0 ? mem_format("%" PRId64, latest) : NULL;
}

static const char *status_of(const json_t *row)
{
        if (json_get_bool(row, "isAnonymized", false))
                return "anonymized";
        return lever_is_archived(row) ? "archived" : "active";
}

/* An id, or with expand the object (1, "include / expand"). */
static void take_stage(const json_t *row, struct application *out)
{
        out->stage_id = json_get_id(row, "stage");
        if (out->stage_id == NULL) {
                out->stage_id = json_get_id(row, "stage.id");
                out->stage_name = mem_text(json_get_text(row, "stage.text", NULL));
        }
        out->stage_entry = entry_of(row, out->stage_id);
}

static void take(const json_t *row, struct application *out)
{
        const json_t *emails = json_at(row, "emails");
        const char *show = json_get_text(row, "urls.show", NULL);

        out->id = json_get_id(row, "id");
        out->candidate_id = json_get_id(row, "contact");
        take_name(json_get_text(row, "name", NULL), out);
        for (size_t i = 0; i < json_array_size(emails) && out->email == NULL; i++) {
                const char *text = json_text_of(json_array_get(emails, i), "");

                if (usable_email(text))
                        out->email = mem_text(text);
        }
        take_stage(row, out);
        out->job_id = json_get_id(row, "applications.0.posting");
        if (out->job_id == NULL)
                out->job_id = json_get_id(row, "applications.0.posting.id");
        out->status = mem_text(status_of(row));
        if (show != NULL && text_starts(show, "https://"))
                out->url = mem_text(show);
        out->private_candidate =
            text_equal(json_get_text(row, "confidentiality", NULL), "confidential");
}

/* The name behind an id, where the key may know it: without, rules must name ids, and no more is
 * lost.  1 or 0, -1 when Lever should be asked again. */
static int read_name(struct link *link, const char *what, const char *id, const char *permission,
                     char **name, struct outcome *outcome)
{
        struct buf path = BUF_NONE;
        struct lever_ask ask = { .link = link, .method = "GET", .permission = permission };
        json_t *row = NULL;
        int result;

        buf_format(&path, "%s/", what);
        code_url(&path, id);
        ask.path = buf_text(&path);
        result = lever_call(&ask, &row, outcome);
        if (result == 0)
                *name = mem_text(json_get_text(row, "text", NULL));
        else if (outcome->kind == OUTCOME_ABSENT ||
                 (outcome->kind == OUTCOME_DENIED && outcome->status == 403))
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        json_decref(row);
        buf_dispose(&path);
        return result;
}

static int read_application(struct link *link, const char *id, struct application *out,
                            struct outcome *outcome)
{
        json_t *row = NULL;
        int result;

        memset(out, 0, sizeof *out);
        *outcome = (struct outcome)OUTCOME_NONE;
        if (lever_opportunity(link, id, "expand=applications&expand=stage", &row, outcome) != 0)
                return -1;
        take(row, out);
        result = 0;
        if (out->stage_id != NULL && out->stage_name == NULL)
                result = read_name(link, "stages", out->stage_id, "read stage", &out->stage_name,
                                   outcome);
        if (result == 0 && out->job_id != NULL)
                result = read_name(link, "postings", out->job_id, "read posting", &out->job_name,
                                   outcome);
        json_decref(row);
        if (result != 0)
                application_dispose(out);
        return result;
}

/* --- notes ------------------------------------------------------------------------- */

struct search {
        const char *marker;
        int found;
};

/* The text stands in fields, one for each comment of the thread; "text" is the form's title. */
static int look(void *context, const json_t *row)
{
        struct search *search = context;
        const json_t *fields = json_at(row, "fields");

        for (size_t i = 0; i < json_array_size(fields); i++)
                if (strstr(json_get_text(json_array_get(fields, i), "value", ""), search->marker) !=
                    NULL)
                        search->found = 1;
        return search->found;
}

static int find_note(struct link *link, const struct application *application, const char *marker,
                     int *found, struct outcome *outcome)
{
        struct search search = { marker, 0 };
        char *path;
        int result;

        *found = 0;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (text_empty(marker))
                return outcome_set(outcome, OUTCOME_REFUSED, "There is nothing to look for.",
                                   "notes: no marker");
        path = lever_path(link, application->id, "notes", false);
        result = lever_each(link, path, "list opportunity notes", look, &search, outcome);
        mem_free(path);
        *found = result == 0 ? search.found : 0;
        return result;
}

/* "@username" at the start of a word notifies that user: texts from outside, such as the title
 * of an assessment, must not call anybody. */
static char *without_mentions(const char *text)
{
        struct buf out = BUF_NONE;
        char before = ' ';

        for (; *text != '\0'; before = *text++) {
                buf_add_char(&out, *text);
                if (*text == '@' && strchr(" \t\n([{<\"'.,:;-/", before) != NULL && text[1] != ' ')
                        buf_add_char(&out, ' ');
        }
        return buf_take(&out);
}

static int write_note(struct link *link, const struct application *application,
                      const struct note *note, struct outcome *outcome)
{
        char *path = lever_path(link, application->id, "notes", true);
        char *value = without_mentions(text_or(note->body, ""));
        json_t *body = json_object();
        struct lever_ask ask = { .link = link,
                                 .method = "POST",
                                 .path = path,
                                 .permission = "create opportunity note",
                                 .body = body };
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        json_set_text(body, "value", value);
        if (note->result && text_equal(link_setting(link, "notify", "none"), "followers"))
                json_set_bool(body, "notifyFollowers", true);
        if (note->score >= 1 && note->score <= 4)
                json_set_int(body, "score", note->score);
        result = text_empty(note->body) ? outcome_set(outcome, OUTCOME_REFUSED,
                                                      "There is nothing to write.", "notes: empty")
                                        : lever_call(&ask, NULL, outcome);
        json_decref(body);
        mem_free(value);
        mem_free(path);
        return result;
}

const struct ats lever_ats = {
        .kind = "lever",
        .read_application = read_application,
        .find_note = find_note,
        .write_note = write_note,
        .add_link = lever_add_link,
        .remove_link = lever_remove_link,
        .set_tags = lever_set_tags,
        .find_file = lever_find_file,
        .upload_file = lever_upload_file,
        .list_stages = lever_list_stages,
        .list_jobs = lever_list_jobs,
        .move_stage = lever_move_stage,
        .make_slot = lever_make_slot,
        .drop_slot = lever_drop_slot,
        .set_interview_link = lever_set_interview_link,
        .create_webhook = lever_create_webhook,
        .check_settings = lever_check_settings,
        .test = lever_test,
};
