/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coderbyte as a platform: invitations, reports, assessments. */
#include "platform/coderbyte.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/coderbyte_wire.h"

/* Absent from the profile's point of view: an answer that does not fit.  The order is refused
 * (others need not wait for it), and what an admin can do is said. */
static int misfit(struct outcome *o, char *odd)
{
        char *sentence = mem_format("Coderbyte's report could not be understood: %s. An "
                                    "administrator can correct data/coderbyte/profile.json.",
                                    odd);

        outcome_set(o, OUTCOME_REFUSED, sentence, "%s: %s", CODERBYTE_PROFILE, odd);
        mem_free(sentence);
        mem_free(odd);
        return -1;
}

static json_t *attempt_values(const struct session_ref *ref)
{
        json_t *values = json_object();

        coderbyte_give(values, "email", ref->email);
        coderbyte_give(values, "assessment", ref->test_id);
        return values;
}

/* The report of an attempt: 1, 0 there is none (yet), -1. */
static int read_attempt(struct coderbyte *c, const struct session_ref *ref, struct session *out)
{
        struct coderbyte_answer answer = { 0 };
        char *odd = NULL;
        int found = -1;

        *out = (struct session){ 0 };
        if (coderbyte_call(c, "read_report", attempt_values(ref), &answer) == 0)
                found = coderbyte_report(c->profile, answer.result, ref, out, &odd);
        else if (c->outcome->kind == OUTCOME_ABSENT)
                found = 0;
        if (odd != NULL)
                misfit(c->outcome, odd);
        coderbyte_answer_dispose(&answer);
        return found;
}

/* Somebody who was invited and did not join may have no report yet; his own page names the
 * assessment: 1 it does, 0 not, -1. */
static int is_invited(struct coderbyte *c, const struct session_ref *ref)
{
        struct coderbyte_answer answer = { 0 };
        json_t *list;
        int found = 0;

        if (!coderbyte_can(c->profile, "read_candidate"))
                return 0;
        if (coderbyte_call(c, "read_candidate", attempt_values(ref), &answer) != 0)
                return c->outcome->kind == OUTCOME_ABSENT ? 0 : -1;
        list = coderbyte_list(answer.result);
        for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *test =
                    coderbyte_at(c->profile, "candidate", "test_id", json_array_get(list, i), NULL);

                found = found || text_equal(json_text_of(test, NULL), ref->test_id);
        }
        json_decref(list);
        coderbyte_answer_dispose(&answer);
        return found;
}

/* As far as the invitation alone says. */
static void set_invited(struct session *out, const struct session_ref *ref, const char *title,
                        const char *url)
{
        out->id = mem_text(ref->id);
        out->test_id = mem_text(ref->test_id);
        out->email = mem_text(ref->email);
        out->test_title = mem_text(title);
        out->invitation_url = mem_text(url);
        out->state = SESSION_INVITED;
}

/* The assessment by its id: 0 with its address and title (the caller frees), or -1. */
static int find_test(struct coderbyte *c, const char *id, char **url, char **title)
{
        struct coderbyte_answer answer = { 0 };
        json_t *list;
        const json_t *test = NULL;
        const char *sentence = NULL;

        if (coderbyte_call(c, "list_tests", json_object(), &answer) != 0)
                return -1;
        list = coderbyte_list(answer.result);
        for (size_t i = 0; test == NULL && i < json_array_size(list); i++) {
                const json_t *one = json_array_get(list, i);
                char *own = json_id_of(coderbyte_at(c->profile, "test", "id", one, NULL));

                if (text_equal(own, id))
                        test = one;
                mem_free(own);
        }
        *url = mem_text(
            json_text_of(coderbyte_at(c->profile, "test", "public_url", test, NULL), NULL));
        *title =
            mem_text(json_text_of(coderbyte_at(c->profile, "test", "title", test, NULL), NULL));
        if (test == NULL)
                sentence = "Coderbyte has no such assessment any more. An administrator can choose "
                           "another in the rules.";
        else if (json_bool_of(coderbyte_at(c->profile, "test", "closed", test, NULL), false))
                sentence = "the assessment is closed at Coderbyte.";
        else if (text_empty(*url))
                sentence = "Coderbyte names no address for this assessment.";
        json_decref(list);
        coderbyte_answer_dispose(&answer);
        return sentence == NULL
                   ? 0
                   : outcome_set(c->outcome, OUTCOME_REFUSED, sentence, "assessment %s", id);
}

static int send_invitation(struct coderbyte *c, const struct session_ref *ref, const char *url,
                           const char *title, struct session *out)
{
        struct coderbyte_answer answer = { 0 };
        json_t *values = json_object(), *list;
        int result = -1;

        coderbyte_give(values, "email", ref->email);
        coderbyte_give(values, "public_url", url);
        if (coderbyte_call(c, "invite", values, &answer) != 0)
                goto out;
        list = coderbyte_list(answer.result);
        for (size_t i = 0; result != 0 && i < json_array_size(list); i++) {
                const json_t *one = json_array_get(list, i);

                if (!text_equal_fold(
                        json_text_of(coderbyte_at(c->profile, "invited", "email", one, NULL), NULL),
                        ref->email))
                        continue;
                set_invited(
                    out, ref, title,
                    json_text_of(coderbyte_at(c->profile, "invited", "url", one, NULL), NULL));
                out->created_ms = when_now_ms();
                result = 0;
        }
        json_decref(list);
        if (result != 0)
                /* "The HTTP status of a partly refused batch is unknown" (its specification). */
                outcome_set(c->outcome, OUTCOME_REFUSED,
                            "Coderbyte did not take this address: its answer does not name the "
                            "candidate.",
                            "invite: %s: invited.email matches nobody in the answer",
                            CODERBYTE_PROFILE);
out:
        coderbyte_answer_dispose(&answer);
        return result;
}

/* "Before inviting, read the report route: an existing entry means already invited" (wire 4). */
static int invite(struct link *link, const struct invitation *invitation, struct session *out,
                  struct outcome *outcome)
{
        struct coderbyte c;
        char *id = coderbyte_attempt(text_or(invitation->test_id, ""),
                                     text_or(invitation->email, "")),
             *url = NULL, *title = NULL;
        struct session_ref ref = { id, invitation->test_id, invitation->email };
        int found = -1, result = -1;

        *out = (struct session){ 0 };
        if (coderbyte_open(&c, link, outcome) != 0)
                goto out;
        if (text_empty(invitation->email)) {
                outcome_set(outcome, OUTCOME_REFUSED,
                            "this candidate has no e-mail address. Add one and move the stage "
                            "again.",
                            "invite: no e-mail address");
                goto out;
        }
        found = read_attempt(&c, &ref, out);
        if (found == 0)
                found = is_invited(&c, &ref);
        if (found == 1 && out->id == NULL)
                set_invited(out, &ref, NULL, NULL);
        if (found == 0 && find_test(&c, text_or(ref.test_id, ""), &url, &title) == 0)
                found = send_invitation(&c, &ref, url, title, out) == 0 ? 1 : -1;
        else if (found == 1)
                out->shared = !session_is_open(out->state); /* what there is counts */
        if (found == 1)
                result = outcome_set(outcome, OUTCOME_DONE, "", NULL);
out:
        coderbyte_close(&c);
        mem_free(title);
        mem_free(url);
        mem_free(id);
        return result;
}

/* No report is no news: whether one who was invited shows there is not known (wire 1). */
static int read_session(struct link *link, const struct session_ref *ref, struct session *out,
                        struct outcome *outcome)
{
        struct coderbyte c;
        int found = -1, result = -1;

        *out = (struct session){ 0 };
        if (coderbyte_open(&c, link, outcome) != 0) {
                ;
        } else if (text_empty(ref->email) || text_empty(ref->test_id)) {
                outcome_set(outcome, OUTCOME_ABSENT, "We did not send this assessment.",
                            "nothing is known of the attempt %.80s", ref->id);
        } else {
                found = read_attempt(&c, ref, out);
                if (found == 0)
                        set_invited(out, ref, NULL, NULL);
                if (found >= 0)
                        result = outcome_set(outcome, OUTCOME_DONE, "", NULL);
        }
        coderbyte_close(&c);
        return result;
}

static bool is_wanted(const json_t *profile, const json_t *one, const char *search)
{
        const char *title = json_text_of(coderbyte_at(profile, "test", "title", one, NULL), "");

        return !json_bool_of(coderbyte_at(profile, "test", "closed", one, NULL), false) &&
               (text_empty(search) || strcasestr(title, search) != NULL);
}

static void add_test(const json_t *profile, const json_t *one, json_t *tests)
{
        char *id = json_id_of(coderbyte_at(profile, "test", "id", one, NULL));
        json_t *test;

        if (id != NULL) {
                test = json_object();
                json_set_text(test, "id", id);
                json_set_text(test, "title",
                              json_text_of(coderbyte_at(profile, "test", "title", one, NULL), id));
                json_set_int(test, "duration_ms", 0); /* not told */
                json_set(test, "labels", json_array());
                json_add(tests, test);
        }
        mem_free(id);
}

/* There is no search and there are no pages (wire 1): the list is looked through here. */
static int list_tests(struct link *link, const char *search, json_t **tests,
                      struct outcome *outcome)
{
        struct coderbyte_answer answer = { 0 };
        struct coderbyte c;
        json_t *list;
        int result = -1;

        *tests = NULL;
        if (coderbyte_open(&c, link, outcome) == 0 &&
            coderbyte_call(&c, "list_tests", json_object(), &answer) == 0) {
                *tests = json_array();
                list = coderbyte_list(answer.result);
                for (size_t i = 0; i < json_array_size(list); i++)
                        if (is_wanted(c.profile, json_array_get(list, i), search))
                                add_test(c.profile, json_array_get(list, i), *tests);
                json_decref(list);
                result = 0;
        }
        coderbyte_answer_dispose(&answer);
        coderbyte_close(&c);
        return result;
}

/* "Nothing outbound until a path is configured" (wire 4). */
static int create_interview(struct link *link, const struct interview_order *order,
                            struct interview_made *made, struct outcome *outcome)
{
        struct coderbyte_answer answer = { 0 };
        json_t *values = json_object();
        struct coderbyte c;
        int result = -1;

        *made = (struct interview_made){ 0 };
        coderbyte_give(values, "email", order->candidate_email);
        coderbyte_give(values, "name", order->candidate_name);
        coderbyte_give(values, "template", order->template_id);
        if (coderbyte_open(&c, link, outcome) != 0) {
                json_decref(values);
        } else if (coderbyte_call(&c, "create_interview", values, &answer) == 0) {
                made->id =
                    json_id_of(coderbyte_at(c.profile, "interview", "id", answer.result, NULL));
                made->url = mem_text(json_text_of(
                    coderbyte_at(c.profile, "interview", "url", answer.result, NULL), NULL));
                result = text_empty(made->id) || text_empty(made->url) ? -1 : 0;
                if (result != 0) {
                        mem_free(made->id);
                        mem_free(made->url);
                        *made = (struct interview_made){ 0 };
                        outcome_set(
                            outcome, OUTCOME_UNCERTAIN, "Coderbyte's answer names no interview.",
                            "%s: interview.id or interview.url leads nowhere", CODERBYTE_PROFILE);
                }
        }
        coderbyte_answer_dispose(&answer);
        coderbyte_close(&c);
        return result;
}

static bool gives_interviews(const json_t *settings)
{
        return json_get_bool(settings, "interviews", false);
}

/* "Refuse or merge a second open link for the same pair" (wire 1). */
static char *session_id(const char *test_id, const char *email)
{
        return text_empty(test_id) || text_empty(email) ? NULL : coderbyte_attempt(test_id, email);
}

const struct platform coderbyte_platform = {
        .kind = "coderbyte",
        .session_id = session_id,
        .invite = invite,
        .read_session = read_session,
        .list_tests = list_tests,
        .create_interview = create_interview,
        .gives_interviews = gives_interviews,
        .test = coderbyte_test,
};
