/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * assessment: what Ashby asks of an assessment partner (wire/ashby.md 3).
 *
 * Every call is POST with HTTP Basic, our key as the user, and answers at once from state: a slow
 * assessment.start would block the recruiter's page.  What goes wrong later is told by
 * assessment.update.
 */
#include "assessment.h"

#include <string.h>

#include "ats/ashby_partner.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/connection.h"
#include "home/partner.h"

#define BODY_MAX (256 * 1024)
#define ROUNDS_MAX 100 /* starts of one assessment for one application, after cancellings */

static const char *const desks[] = { "partner", NULL };

/* Whose call it is. */
struct caller {
        struct org *org;
        char *connection;
        json_t *asked; /* partner_fields; NULL for none */
};

static void caller_dispose(struct caller *c)
{
        mem_free(c->connection);
        json_decref(c->asked);
}

static void refuse(struct reply *re, int status, const char *code, const char *message)
{
        reply_json(re, status, ashby_refusal(code, message));
}

/* Ours to mend: 503, so that whoever retries does, with an envelope for whoever reads it. */
static void trouble(struct request *rq, struct reply *re, const char *what, const struct fail *why)
{
        log_event(LOG_LEVEL_ERROR, what, "cause", why->text, "request", request_id(rq), NULL);
        refuse(re, 503, "temporarily_unavailable", "This cannot be done just now. Try again.");
        reply_header(re, "Retry-After", "5");
}

static int load_fields(struct caller *c, struct fail *why)
{
        struct connection *connection = NULL;
        int found = connection_load(guard_home(), c->org, c->connection, &connection, why);

        if (found == 1)
                c->asked = json_deep_copy(json_at(connection->settings, "partner_fields"));
        connection_free(connection);
        return found < 0 ? -1 : 0;
}

/* The key names the connection; or it is answered, and -1. */
static int admit(struct request *rq, struct reply *re, struct caller *c)
{
        struct fail why = FAIL_CLEAR;
        const char *desk = NULL;
        int found;

        *c = (struct caller){ NULL, NULL, NULL };
        if (guard_open_org(rq, re, &c->org) != 0)
                return -1;
        found = partner_by_key(guard_home(), c->org, "ashby", desks, request_credential(rq),
                               &c->connection, &desk, &why);
        if (found == 1 && load_fields(c, &why) != 0)
                found = -1;
        if (found == 1)
                return 0;
        caller_dispose(c);
        if (found < 0) {
                trouble(rq, re, "partner key cannot be looked up", &why);
        } else {
                refuse(re, 401, "unauthorized", "This is no partner key of this organisation.");
                reply_header(re, "WWW-Authenticate", "Basic realm=\"Fairlead\", charset=\"UTF-8\"");
        }
        return -1;
}

/* What may be started: 0 with *tests and *platform for the caller; or it is answered, and -1. */
static int offer(struct request *rq, struct reply *re, const struct caller *c, char **platform,
                 json_t **tests)
{
        struct fail why = FAIL_CLEAR;

        switch (partner_offer_soon(guard_home(), c->org, c->connection, desks[0], when_now_ms(),
                                   platform, tests, &why)) {
        case 1:
                return 0;
        case 0:
                fail_set(&why, FAIL_BUSY, "the list of assessments is being read");
                trouble(rq, re, "list of assessments", &why);
                break;
        case 2:
                log_event(LOG_LEVEL_WARN, "partner not set up", "org", c->org->name, "connection",
                          c->connection, "cause", why.text, NULL);
                refuse(re, 503, "not_set_up",
                       "It is not set up which platform gives these assessments.");
                break;
        default:
                trouble(rq, re, "list of assessments", &why);
        }
        mem_free(*platform);
        *platform = NULL;
        return -1;
}

/* The body, an object; or it is answered, and NULL.  {} when there are no arguments. */
static json_t *document(struct request *rq, struct reply *re)
{
        const struct buf *body = request_body(rq);
        struct fail why = FAIL_CLEAR;
        json_t *value = json_read(body->data, body->len, &why);

        if (json_is_object(value))
                return value;
        json_decref(value);
        refuse(re, 400, "invalid_input",
               why.kind == FAIL_NONE ? "The body must be a JSON object." : why.text);
        return NULL;
}

static void list(struct request *rq, struct reply *re)
{
        struct caller c;
        json_t *tests = NULL;
        char *platform = NULL;

        if (admit(rq, re, &c) != 0)
                return;
        if (offer(rq, re, &c, &platform, &tests) == 0)
                reply_json(re, 200, ashby_types(platform, tests));
        json_decref(tests);
        mem_free(platform);
        caller_dispose(&c);
}

/* One handler for the three names that the call has had. */
static void fields(struct request *rq, struct reply *re)
{
        struct caller c;

        if (admit(rq, re, &c) != 0)
                return;
        reply_json(re, 200, ashby_fields(c.asked));
        caller_dispose(&c);
}

/* --- assessment.start --------------------------------------------------------------------- */

/* The id of the test that a type stands for; NULL when it is not offered (any more). */
static const char *test_of(const json_t *tests, const char *platform, const char *type)
{
        for (size_t i = 0; i < json_array_size(tests); i++) {
                const char *id = json_get_text(json_array_get(tests, i), "id", "");
                char *uuid = ashby_type_id(platform, id);
                bool same = text_equal_fold(uuid, type);

                mem_free(uuid);
                if (same)
                        return id;
        }
        return NULL;
}

/* What a recruiter reads: {message}, 422, or 409 for one who is through with it. */
static void tell(struct reply *re, int status, const char *message)
{
        json_t *answer =
            ashby_refusal(status == 409 ? "already_assessed" : "invalid_input", message);

        json_set_text(answer, "message", message);
        reply_json(re, status, answer);
}

/* How an order that was there before stands: 1 it goes on, 0 it came to nothing, so another may
 * be made, 2 it has its result, -1. */
static int stands(struct org *org, const char *id, struct fail *why)
{
        const struct trade trade = { .home = guard_home() };
        struct partner_view view = { .ats = NULL };
        int found = partner_read(&trade, org, id, &view, why), result = -1;

        if (found >= 0)
                result = view.news.stage == PARTNER_ENDED || view.news.stage == PARTNER_NOT_SENT ? 0
                         : view.news.stage == PARTNER_OVER                                       ? 2
                                                           : 1;
        partner_view_dispose(&view);
        return result;
}

/* One order for each application and type, and another once that one was cancelled: the same call
 * again gives the same id.  As partner_send(), and 2 there is a result. */
static int send(const struct caller *c, const struct ashby_start *start, const char *platform,
                const char *test, char **id, struct fail *why)
{
        json_t *kept = json_object();
        struct partner_order order = { .ats = c->connection,
                                       .desk = desks[0],
                                       .platform = platform,
                                       .test = test,
                                       .application = start->application,
                                       .candidate = start->candidate,
                                       .first_name = start->first_name,
                                       .last_name = start->last_name,
                                       .email = start->email,
                                       .url = start->profile,
                                       .kept = kept };
        int result = 0;

        json_set(kept, "fields", json_incref(start->fields));
        for (int round = 1; result == 0 && round <= ROUNDS_MAX; round++) {
                char *identity =
                    mem_format("%s|%s|%s|%d", start->application, platform, test, round);
                int before;

                mem_free(*id);
                *id = NULL;
                order.identity = identity;
                before = partner_send(guard_home(), c->org, &order, when_now_ms(), id, why);
                result = before == 0 ? stands(c->org, *id, why) : before;
                mem_free(identity);
        }
        if (result == 0)
                result = fail_set(why, FAIL_FULL, "started %d times", ROUNDS_MAX);
        json_decref(kept);
        return result;
}

static void order(struct request *rq, struct reply *re, const struct caller *c,
                  const struct ashby_start *start, const char *platform, const char *test)
{
        struct fail why = FAIL_CLEAR;
        char *id = NULL, *uuid = NULL;
        int result = send(c, start, platform, test, &id, &why);

        if (result == 1) {
                uuid = ashby_assessment_id(id);
                reply_json(re, 200, ashby_started(uuid));
        } else if (result == 2) {
                tell(re, 409, "This candidate has a result for this assessment already.");
        } else if (why.kind == FAIL_CONFLICT) {
                tell(re, 422, "The data of this candidate was erased.");
        } else {
                trouble(rq, re, "assessment.start", &why);
        }
        mem_free(uuid);
        mem_free(id);
}

static void start(struct request *rq, struct reply *re)
{
        struct ashby_start given = { .type = NULL };
        struct fail why = FAIL_CLEAR;
        json_t *body, *tests = NULL;
        char *platform = NULL;
        const char *test;
        struct caller c;

        if (admit(rq, re, &c) != 0)
                return;
        body = document(rq, re);
        if (body == NULL) {
                ; /* answered */
        } else if (ashby_start_read(body, c.asked, &given, &why) != 0) {
                tell(re, 422, why.text);
        } else if (offer(rq, re, &c, &platform, &tests) == 0) {
                test = test_of(tests, platform, given.type);
                if (test == NULL)
                        tell(re, 422, "There is no such assessment any more. Choose another one.");
                else
                        order(rq, re, &c, &given, platform, test);
        }
        ashby_start_dispose(&given);
        json_decref(tests);
        json_decref(body);
        mem_free(platform);
        caller_dispose(&c);
}

/* --- assessment.cancel -------------------------------------------------------------------- */

/* Is this assessment one of this connection?  1, 0, -1. */
static int is_ours(const struct caller *c, const char *id, struct fail *why)
{
        const struct trade trade = { .home = guard_home() };
        struct partner_view view = { .ats = NULL };
        int found = id == NULL ? 0 : partner_read(&trade, c->org, id, &view, why);

        if (found == 1)
                found = text_equal(view.ats, c->connection);
        partner_view_dispose(&view);
        return found;
}

static void cancel(struct request *rq, struct reply *re)
{
        const struct trade trade = { .home = guard_home() };
        struct fail why = FAIL_CLEAR;
        const char *uuid;
        struct caller c;
        json_t *body;
        char *id;
        int found;

        if (admit(rq, re, &c) != 0)
                return;
        body = document(rq, re);
        if (body != NULL) {
                uuid = json_get_text(body, "assessment_id", NULL);
                id = ashby_assessment_from(uuid);
                found = is_ours(&c, id, &why);
                /* Over already: there is nothing to withdraw, and Ashby knows the result. */
                if (found == 1)
                        found = partner_cancel(&trade, c.org, id, &why) < 0 ? -1 : 1;
                if (found < 0)
                        trouble(rq, re, "assessment.cancel", &why);
                else if (found == 0)
                        refuse(re, 200, "assessment_not_found", "There is no such assessment.");
                else
                        reply_json(re, 200, ashby_started(uuid));
                mem_free(id);
        }
        json_decref(body);
        caller_dispose(&c);
}

const struct route assessment_ashby[] = {
        { "POST", "{org}/ashby/assessment.list", list, BODY_MAX, true, NULL },
        { "POST", "{org}/ashby/assessment.start", start, BODY_MAX, true, NULL },
        { "POST", "{org}/ashby/assessment.cancel", cancel, BODY_MAX, true, NULL },
        { "POST", "{org}/ashby/customFields.fetch", fields, BODY_MAX, true, NULL },
        { "POST", "{org}/ashby/assessment.customField.list", fields, BODY_MAX, true, NULL },
        { "POST", "{org}/ashby/customField.list", fields, BODY_MAX, true, NULL },
        { NULL, NULL, NULL, 0, false, NULL },
};
