/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps that mark a candidate in the ATS: links and tags.  Repeating any of them does no harm:
 * the adapters look what stands there first. */
#include <string.h>

#include "bridge/rule.h"
#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/interview.h"
#include "home/selection.h"
#include "home/step.h"

#define LIST_WAIT_MS (15 * WHEN_SECOND) /* a platform that is down does not keep the link away */
#define LIST_LOOK_MS 100 /* after the first look; each later one comes that much later */

static void soften(struct step *s)
{
        if (s->outcome.kind == OUTCOME_UNCERTAIN)
                s->outcome.kind = OUTCOME_AGAIN;
}

/* The link of a selection or an interview: 1 and *url, 0 it is gone, -1. */
static int url_of(struct step *s, char **url)
{
        const char *selection = json_get_text(s->with, "selection", NULL);
        json_t *view = NULL;
        int found;

        *url = NULL;
        if (selection != NULL)
                return selection_url(s->trade->home, s->org, selection, url, &s->why);
        switch (interview_view(s->trade->home, s->org, json_get_text(s->with, "interview", "-"),
                               &view, &s->why)) {
        case INTERVIEW_DONE:
                *url = mem_text(json_get_text(view, "url", ""));
                found = 1;
                break;
        case INTERVIEW_ABSENT:
                found = 0;
                break;
        default:
                found = -1;
        }
        json_decref(view);
        return found;
}

/* Where the ATS has no links beside a candidate, a note holds it. */
static void note_link(struct step *s, const char *url)
{
        struct buf text = BUF_NONE;
        json_t *with = json_object();

        words_selection(&text, url);
        json_set_text(with, "text", buf_text(&text));
        if (follow_note(s->trade, s->org, &s->plan, "selection", s->application, NULL,
                        json_get_text(s->with, "selection", ""), with, &s->why) != 0)
                step_trouble(s);
        else
                step_done(s, "The ATS takes no links beside candidates: a note was ordered.");
        buf_dispose(&text);
}

/* The link of a selection comes when there is something to choose from, and not after it has done
 * its work.  1 go on, 0 the step ended. */
static int may_add(struct step *s)
{
        const char *selection = json_get_text(s->with, "selection", NULL);
        int64_t waited = trade_now(s->trade) - json_get_int(s->action, "created_ms", 0);

        switch (selection == NULL ? SELECTION_LINK_YES
                                  : selection_link(s->trade, s->org, selection, &s->why)) {
        case SELECTION_LINK_YES:
                return 1;
        case SELECTION_LINK_LATER:
                if (waited < 0 || waited >= LIST_WAIT_MS)
                        return 1;
                outcome_set(&s->outcome, OUTCOME_AGAIN,
                            "The list of assessments to choose from is being read.",
                            "the list was never read");
                s->no_call = true;
                s->outcome.wait_ms = (step_attempts(s) + 1) * LIST_LOOK_MS;
                return 0;
        case SELECTION_LINK_NO:
                step_done(s, "The link is not needed any more.");
                return 0;
        default:
                step_trouble(s);
                return 0;
        }
}

static void set_link(struct step *s, bool add)
{
        const struct ats *ats = s->desk.kind->ats;
        int (*call)(struct link *, const struct application *, const char *, struct outcome *) =
            ats == NULL ? NULL
            : add       ? ats->add_link
                        : ats->remove_link;
        struct application a = { 0 };
        json_t *record = NULL;
        char *url = NULL;
        int found;

        if ((add && may_add(s) != 1) || step_application(s, &record, &a) != 1)
                return;
        found = url_of(s, &url);
        if (found < 0)
                step_trouble(s);
        else if (found == 0)
                step_done(s, "The link is not there any more.");
        else if (call != NULL && call(&s->desk.link, &a, url, &s->outcome) == 0)
                step_done(s, add ? "The link stands beside the candidate."
                                 : "The link was taken away.");
        else if (call != NULL)
                soften(s);
        else if (add && json_get_text(s->with, "selection", NULL) != NULL)
                note_link(s, url);
        else
                step_done(s, "The ATS takes no links beside candidates.");
        mem_free(url);
        application_dispose(&a);
        json_decref(record);
}

void step_add_link(struct step *s)
{
        set_link(s, true);
}

void step_remove_link(struct step *s)
{
        set_link(s, false);
        /* Nobody in the ATS needs to read that a link stayed behind: it leads nowhere. */
        s->silent = true;
}

/* --- tags ---------------------------------------------------------------------------------------
 */

/* The rule's tag for the verdict; the rule's others go. */
static void set_tags(struct step *s, const struct application *a, enum rule_verdict verdict)
{
        const json_t *tags = json_object_get(s->with, "tags");
        const char *add[2] = { rule_tag(tags, verdict), NULL }, *remove[4] = { NULL };
        size_t count = 0;
        char *sentence;

        for (enum rule_verdict v = RULE_PASS; v < RULE_NONE; v++)
                if (v != verdict)
                        remove[count++] = rule_tag(tags, v);
        if (s->desk.kind->ats->set_tags(&s->desk.link, a, add, remove, &s->outcome) != 0) {
                soften(s);
                return;
        }
        sentence = mem_format("Tagged \"%s\".", add[0]);
        step_done(s, sentence);
        mem_free(sentence);
}

void step_tag_result(struct step *s)
{
        struct session session = { 0 };
        struct application a = { 0 };
        json_t *record = NULL, *read = NULL;
        enum rule_verdict verdict;

        if (s->desk.kind->ats == NULL || s->desk.kind->ats->set_tags == NULL) {
                s->silent = true; /* the rule is there for another ATS of the org */
                outcome_set(&s->outcome, OUTCOME_REFUSED, "this ATS takes no tags from us.", "%s",
                            s->desk.kind->name);
                return;
        }
        if (step_application(s, &record, &a) != 1)
                return;
        if (step_result(s, "tag", json_get_text(s->action, "rule", ""), &read, &session)) {
                verdict = rule_verdict(s->with, &session);
                if (verdict == RULE_NONE)
                        step_done(s, "There is nothing to tag.");
                else
                        set_tags(s, &a, verdict);
        }
        session_dispose(&session);
        application_dispose(&a);
        json_decref(read);
        json_decref(record);
}
