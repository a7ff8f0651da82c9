/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lever as a sender of webhooks (wire/lever.md 4). */
#include "ats/lever.h"

#include <inttypes.h>
#include <string.h>

#include "bridge/signature.h"
#include "floor/mem.h"
#include "floor/text.h"

#define PROBE_MAX (64 * 1024) /* bytes: a real one has 202 */

/* triggeredAt as JavaScript prints it: plain decimal digits.  Our parser keeps 64-bit
 * integers whole; a real counts if it is one in disguise (1431458021951.0). */
static bool triggered_at(const json_t *event, int64_t *ms)
{
        const json_t *value = json_object_get(event, "triggeredAt");

        if (json_is_string(value)) /* in JavaScript the same text */
                return text_int(json_string_value(value), 0, INT64_MAX, ms) == 0;
        if (json_is_real(value)) {
                double real = json_real_value(value);

                /* Without libm: intake would load it at each start for this alone. */
                if (!(real > -9007199254740992.0 && real < 9007199254740992.0) ||
                    real != (double)(int64_t)real)
                        return false;
        } else if (!json_is_integer(value)) {
                return false;
        }
        *ms = json_int_of(value, 0);
        return true;
}

/* The index of the signer, -1 wrong, -2 unsigned or not in a form that could be signed. */
static int signer(const struct sender_request *request, const json_t *event)
{
        const char *token = json_string_value(json_object_get(event, "token"));
        const char *shown = json_string_value(json_object_get(event, "signature"));
        int64_t ms;
        char *message;
        int who;

        if (text_empty(token) || text_empty(shown) || !triggered_at(event, &ms))
                return -2;
        message = mem_format("%s%" PRId64, token, ms);
        who = signature_of(request, message, strlen(message), shown);
        mem_free(message);
        return who;
}

/* "Verify connection" has empty data, and comes before the admin can see the signature
 * token: it is answered 2xx whatever its signature, and has no effect. */
static bool is_probe(const json_t *event)
{
        const json_t *data = json_object_get(event, "data");

        return json_is_object(data) && json_object_size(data) == 0 &&
               json_is_string(json_object_get(event, "event"));
}

static void judge(const struct sender_request *request, const json_t *event,
                  struct verdict *verdict)
{
        int who = signer(request, event);

        if (is_probe(event))
                verdict_set(verdict, VERDICT_PROBE, 200,
                            who >= 0                     ? "probe, signed"
                            : request->secret_count == 0 ? "probe, no signature token known yet"
                            : who == -2                  ? "probe, not signed"
                                                         : "probe, signature wrong");
        else if (who >= 0)
                verdict_set(verdict, VERDICT_KEEP, 200, "signed");
        else if (request->secret_count == 0) /* Lever comes again: the token may be here by then */
                verdict_set(verdict, VERDICT_REFUSE, 503, "no signature token is set");
        else
                verdict_set(verdict, VERDICT_REFUSE, 401,
                            who == -2 ? "signature missing" : "signature wrong");
        if (who >= 0) {
                verdict->trust = TRUST_NOTICE;
                verdict->secret = who;
        }
}

/* The signature is inside, and the first members are all that is needed of the body, unless it is
 * small enough to be a probe.  Where it is no JSON further in (the stage-change sample in Lever's
 * own documentation is such a body) it still says who signed, and is kept for people; one that
 * says nothing of the kind is refused and counted, and Lever shows it as failed. */
static void verify(const struct sender_request *request, struct verdict *verdict)
{
        const struct buf *body = request->body;
        json_t *whole = body->len > PROBE_MAX ? NULL : json_read(body->data, body->len, NULL);
        json_t *event =
            json_is_object(whole) ? json_incref(whole) : json_skim(body->data, body->len);

        if (json_is_object(whole) || signer(request, event) != -2)
                judge(request, event, verdict);
        else
                verdict_set(verdict, VERDICT_REFUSE, 400,
                            body->len == 0 ? "empty body" : "body is not JSON");
        json_decref(event);
        json_decref(whole);
}

/* Events from which nothing follows here; their payloads hold ids only. */
static const char *const quiet[] = {
        "applicationCreated", "candidateArchiveChange", "candidateHired",
        "contactCreated",     "contactUpdated",         "interviewCreated",
        "interviewDeleted",   "interviewUpdated",       NULL
};

static void set_id(json_t *object, const char *name, char *id)
{
        if (id != NULL)
                json_set_text(object, name, id);
        mem_free(id);
}

static json_t *stage_detail(const json_t *data)
{
        json_t *detail = json_object(), *stage = json_object(), *candidate = json_object();

        set_id(stage, "id", json_get_id(data, "toStageId"));
        set_id(stage, "from", json_get_id(data, "fromStageId"));
        set_id(candidate, "id", json_get_id(data, "contactId"));
        json_set(detail, "stage", stage);
        json_set(detail, "candidate", candidate);
        return detail;
}

static void read_event(struct fact *fact, const char *name, const json_t *event)
{
        const json_t *data = json_at(event, "data");
        char *opportunity = json_get_id(data, "opportunityId");

        if (opportunity == NULL)
                opportunity = json_get_id(data, "candidateId"); /* the older name of the same */
        if (json_is_object(data) && json_object_size(data) == 0) {
                fact_start(fact, FACT_NOTHING, name, "a test of the connection");
        } else if (text_equal(name, "candidateStageChange") && opportunity != NULL) {
                fact_start(fact, FACT_STAGE_ENTERED, name, "opportunity %s entered stage %s",
                           opportunity, json_get_text(data, "toStageId", "(not named)"));
                fact->detail = stage_detail(data);
        } else if (text_equal(name, "candidateDeleted") && opportunity != NULL) {
                fact_start(fact, FACT_APPLICATION_GONE, name, "opportunity %s was deleted",
                           opportunity);
                fact->detail = json_object();
                json_set_text(fact->detail, "what", "deleted");
                json_set(fact->detail, "applications", json_array());
                json_add(json_at(fact->detail, "applications"),
                         json_new_text(opportunity, strlen(opportunity)));
        } else if (text_equal(name, "candidateStageChange") ||
                   text_equal(name, "candidateDeleted")) {
                fact_start(fact, FACT_UNKNOWN, name, "%s names no opportunity", name);
        } else {
                fact_start(fact, FACT_UNKNOWN, name, "an event that is not in Lever's list");
                for (size_t i = 0; quiet[i] != NULL; i++)
                        if (text_equal(name, quiet[i])) {
                                fact_dispose(fact);
                                fact_start(fact, FACT_NOTHING, name, "%s: nothing follows from it",
                                           name);
                        }
        }
        fact->subject = opportunity;
}

/* Two webhooks on one URL deliver one change twice, perhaps with different ids; without an id
 * the change itself is what repeats (section 4, "Answer, retries, duplicates").  The id is not
 * signed, so it never stands alone: a lie must not make us blind to the truth that comes later. */
static char *identity_of(const char *name, const char *subject, const json_t *event)
{
        char *id = json_get_id(event, "id"), *identity;

        if (id != NULL)
                identity = mem_format("%s:id:%s:%s", name, id, text_or(subject, ""));
        else
                identity = mem_format("%s:%s:%s:%" PRId64, name, text_or(subject, ""),
                                      json_get_text(event, "data.toStageId", ""),
                                      json_int_of(json_object_get(event, "triggeredAt"), 0));
        mem_free(id);
        return identity;
}

static void decode(const void *body, size_t len, const json_t *headers, const json_t *settings,
                   struct fact *fact)
{
        struct fail why = FAIL_CLEAR;
        json_t *event = json_read(body, len, &why);
        const char *name = json_get_text(event, "event", NULL);

        (void)headers;
        (void)settings;
        if (event == NULL) {
                fact_start(fact, FACT_UNKNOWN, "unreadable", "not JSON: %s", why.text);
        } else if (text_empty(name)) {
                fact_start(fact, FACT_UNKNOWN, "nameless", "JSON that names no event");
        } else {
                read_event(fact, name, event);
                fact->identity = identity_of(fact->name, fact->subject, event);
                fact->occurred_ms = json_get_int(event, "triggeredAt", 0);
        }
        json_decref(event);
}

static const char *const kept[] = { "Content-Type", "User-Agent", NULL };

const struct sender lever_sender = {
        .kind = "lever",
        .headers = kept,
        .status_full = 503,
        .verify = verify,
        .decode = decode,
};
