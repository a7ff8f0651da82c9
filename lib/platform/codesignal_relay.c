/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Somebody else's question to CodeSignal, asked with our key: whoever may read may not write.
 *
 * CodeSignal's keys cannot tell reading from writing (help page "Code Signal Integration" of
 * Endorsed), but its documents can (wire/codesignal.md 1.4: queries and mutations).  So the
 * question is parsed, and only one that is nothing but queries goes out.  What lets somebody act is
 * no reading: the link of an invitation is not handed out, and links to reports lose their
 * token (wire 1.7).
 */
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/codesignal.h"
#include "platform/codesignal_wire.h"
#include "platform/graphql.h"

#define TIMEOUT_MS (20 * WHEN_SECOND)
#define ANSWER_MAX ((size_t)8 * 1024 * 1024)
#define DEPTH_MAX 64 /* of an answer that is looked through */

static const char *const kept_back[] = { "invitationUrl", NULL };

/* NULL, or the field that is asked for and not handed out. */
static const char *find_kept_back(const struct graphql_selection *list, size_t count)
{
        const char *found = NULL;

        for (size_t i = 0; found == NULL && i < count; i++) {
                for (size_t k = 0; found == NULL && kept_back[k] != NULL; k++)
                        if (list[i].what == GRAPHQL_FIELD && text_equal(list[i].name, kept_back[k]))
                                found = kept_back[k];
                if (found == NULL)
                        found = find_kept_back(list[i].selections, list[i].selection_count);
        }
        return found;
}

/* 0 it only reads, -1 *why says what it does otherwise. */
static int check_document(const char *document, struct fail *why)
{
        struct fail cause = FAIL_CLEAR;
        struct graphql *g = graphql_parse(document, strlen(document), &cause);
        const char *field = NULL;
        int result = 0;

        if (g == NULL)
                return fail_set(why, FAIL_INPUT, "query: %.200s", cause.text);
        if (g->operation_count == 0)
                result = fail_set(why, FAIL_INPUT, "query: there is no query in it");
        for (size_t i = 0; result == 0 && i < g->operation_count; i++) {
                const struct graphql_operation *op = &g->operations[i];

                if (!text_equal(op->word, "query"))
                        result = fail_set(why, FAIL_DENIED,
                                          "This key reads and changes nothing: line %d of the "
                                          "question is a %.20s.",
                                          op->line, op->word);
                field = find_kept_back(op->selections, op->selection_count);
        }
        for (size_t i = 0; field == NULL && i < g->fragment_count; i++)
                field = find_kept_back(g->fragments[i].selections, g->fragments[i].selection_count);
        if (result == 0 && field != NULL)
                result = fail_set(why, FAIL_DENIED,
                                  "%s is not handed out: whoever has it can act in the candidate's "
                                  "place. Leave it out of the question.",
                                  field);
        graphql_free(g);
        return result;
}

/* {query, variables, operationName} and nothing else, as it goes out; NULL *why. */
static json_t *envelope_of(const void *question, size_t len, struct fail *why)
{
        json_t *asked = json_parse(question, len, true, why), *envelope = NULL, *value;
        const char *document = json_get_text(asked, "query", NULL), *name;

        if (asked == NULL)
                return NULL;
        if (!json_is_object(asked) || document == NULL)
                fail_set(why, FAIL_INPUT, "query: a GraphQL document is asked with");
        else if (check_document(document, why) == 0)
                envelope = json_object();
        json_object_foreach(asked, name, value)
        {
                bool good = text_equal(name, "query") ||
                            (text_equal(name, "variables") &&
                             (json_is_object(value) || json_is_null(value))) ||
                            (text_equal(name, "operationName") &&
                             (json_is_string(value) || json_is_null(value)));

                if (envelope != NULL && !good) {
                        fail_set(why, FAIL_INPUT, "%.60s: there is no such member, or not so",
                                 name);
                        json_decref(envelope);
                        envelope = NULL;
                }
                if (envelope != NULL)
                        json_set(envelope, name, json_deep_copy(value));
        }
        json_decref(asked);
        return envelope;
}

/* Links whose token opens a report without a sign-in lose it; in place. */
static void cut_tokens(json_t *value, int depth)
{
        const char *name, *text = json_string_value(value), *mark;
        json_t *one;
        void *next;
        size_t i;

        if (text != NULL) {
                mark = text_starts(text, "http") && strcasestr(text, "accessToken=") != NULL
                           ? strchr(text, '?')
                           : NULL;
                if (mark != NULL) {
                        char *rest = mem_text_part(text, (size_t)(mark - text));

                        json_string_set(value, rest);
                        mem_free(rest);
                }
                return;
        }
        if (depth >= DEPTH_MAX)
                return;
        json_array_foreach(value, i, one)
        {
                cut_tokens(one, depth + 1);
        }
        json_object_foreach_safe(value, next, name, one)
        {
                cut_tokens(one, depth + 1);
        }
}

static int judge(const struct fetch_answer *a, struct relayed *out, struct fail *why)
{
        struct fail odd = FAIL_CLEAR;
        char *later;

        if (a->end != FETCH_ANSWERED)
                return fail_set(why, FAIL_OUTSIDE, "%s", a->cause);
        if (a->status == 401 || a->status == 403)
                return fail_set(why, FAIL_OUTSIDE, "CodeSignal refuses our key (status %d)",
                                a->status);
        out->status = a->status;
        later = fetch_header(a, "Retry-After");
        if (later != NULL && text_int(later, 0, 86400, &out->retry_after_s) != 0)
                out->retry_after_s = 0;
        mem_free(later);
        out->body = json_parse(a->body.data, a->body.len, false, &odd);
        if (json_is_object(out->body) && (json_object_get(out->body, "data") != NULL ||
                                          json_object_get(out->body, "errors") != NULL)) {
                cut_tokens(out->body, 0);
                return 0;
        }
        json_decref(out->body);
        out->body = NULL;
        if (a->status == 429)
                return 0;
        return fail_set(why, FAIL_OUTSIDE, "CodeSignal gave no usable answer (status %d)",
                        a->status);
}

int codesignal_relay(struct link *link, const void *question, size_t len, struct relayed *out,
                     struct fail *why)
{
        char *authorization =
            mem_format("Authorization: Bearer %s", text_or(link_credential(link, "api_key"), ""));
        const char *headers[] = { "Content-Type: application/json", "Accept: application/json",
                                  authorization, NULL };
        struct fetch_request request = { .method = "POST",
                                         .url = link_setting(link, "base_url", CODESIGNAL_URL),
                                         .headers = headers,
                                         .timeout_ms = TIMEOUT_MS,
                                         .answer_max = ANSWER_MAX };
        json_t *envelope;
        struct fetch_answer answer;
        struct buf body = BUF_NONE;
        int result = -1;

        *out = (struct relayed){ 0 };
        envelope = envelope_of(question, len, why);
        if (envelope != NULL) {
                struct fail cause = FAIL_CLEAR;

                json_write(envelope, &body);
                request.body = body.data;
                request.body_len = body.len;
                link_ask(link, &request, &answer, &cause);
                link_hide(link, answer.body.data); /* who asks here must never see the key */
                result = judge(&answer, out, why);
                fetch_answer_dispose(&answer);
        }
        json_decref(envelope);
        buf_dispose(&body);
        mem_free_secret(authorization);
        return result;
}
