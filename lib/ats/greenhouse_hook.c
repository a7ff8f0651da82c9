/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Greenhouse as a sender of webhooks (wire/greenhouse.md 4).
 *
 * The signature is "sha256 <64 lower-case hexadecimal digits>", the HMAC of the raw body.
 * Only 200 counts as success with them, and a ping that fails leaves the hook disabled, so
 * every refusal says its reason for the admin who wonders why.
 */
#include <stdio.h>
#include <string.h>

#include "ats/greenhouse.h"
#include "door/secret.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define DIGITS (2 * SECRET_DIGEST_SIZE)
#define PING_MAX (64 * 1024) /* a real one has 300 bytes */
#define ABOUT_MAX 100        /* applications of one candidate */

/* --- intake ------------------------------------------------------------------------ */

static void refuse(struct verdict *verdict, const char *reason)
{
        *verdict = (struct verdict){ VERDICT_REFUSE, 401, TRUST_UNSIGNED, -1, reason };
}

/* The digits behind "sha256 ", or NULL.  Split at the first space: taking the prefix off
 * letter by letter eats digits (section 8, issue 469). */
static const char *digits_of(const char *header)
{
        const char *space = strchr(header, ' ');

        if (space == NULL || (size_t)(space - header) != strlen("sha256") ||
            !text_starts(header, "sha256"))
                return NULL;
        return strspn(space + 1, "0123456789abcdef") == DIGITS && space[1 + DIGITS] == '\0'
                   ? space + 1
                   : NULL;
}

/* Which secret made these digits, -1 for none.  Every secret is tried whatever the others
 * gave, so that the time says nothing about which; an empty one vouches for nothing. */
static int signer(const struct sender_request *request, const char *digits)
{
        int found = -1;

        for (size_t i = 0; i < request->secret_count; i++) {
                const struct sender_secret *secret = &request->secrets[i];
                struct buf want = BUF_NONE;

                if (secret->len == 0)
                        continue;
                secret_hmac_hex(secret->text, secret->len, buf_text(request->body),
                                request->body->len, &want);
                if (secret_equal(buf_text(&want), digits, DIGITS) && found < 0)
                        found = (int)i;
                buf_dispose(&want);
        }
        return found;
}

/* The hook's own Basic authentication, a second factor that an admin may set up (4.1). */
static bool basic_is_right(const struct sender_request *request)
{
        const char *want = json_get_text(request->settings, "webhook_basic_sha256", NULL);
        struct buf plain = BUF_NONE, got = BUF_NONE;
        const char *header = NULL;
        bool right = false;

        if (text_empty(want))
                return true;
        if (request->header(request->context, "Authorization", &header) == 1 &&
            text_starts_fold(header, "basic ") &&
            code_unbase64(&plain, header + 6, strlen(header + 6)) == 0) {
                secret_sha256_hex(buf_text(&plain), plain.len, &got);
                right = strlen(want) == DIGITS && secret_equal(buf_text(&got), want, DIGITS);
        }
        buf_dispose_secret(&plain);
        buf_dispose(&got);
        return right;
}

/* Looked at only behind a good signature, and only where the word occurs at all: most
 * deliveries are never parsed here. */
static bool is_ping(const struct buf *body)
{
        json_t *value;
        bool ping;

        if (body->len == 0 || body->len > PING_MAX ||
            memmem(body->data, body->len, "ping", 4) == NULL)
                return false;
        value = json_read(body->data, body->len, NULL);
        ping = text_equal(json_get_text(value, "action", NULL), "ping");
        json_decref(value);
        return ping;
}

static void verify(const struct sender_request *request, struct verdict *verdict)
{
        const char *header = NULL, *digits;
        int got = request->header(request->context, "Signature", &header), secret;

        if (got < 0) {
                refuse(verdict, "signature came more than once");
        } else if (got == 0 || text_empty(header)) {
                refuse(verdict, "signature missing");
        } else if ((digits = digits_of(header)) == NULL) {
                refuse(verdict, "signature is not sha256 and 64 digits");
        } else if (request->secret_count == 0) {
                refuse(verdict, "no secret key is set for this connection");
        } else if ((secret = signer(request, digits)) < 0) {
                refuse(verdict, "signature wrong: made with another secret key");
        } else if (!basic_is_right(request)) {
                refuse(verdict, "user name or password of the hook wrong");
        } else {
                bool ping = is_ping(request->body);

                *verdict = (struct verdict){ ping ? VERDICT_PROBE : VERDICT_KEEP, 200, TRUST_BODY,
                                             secret, ping ? "ping, signed" : "signed" };
        }
}

/* --- reading ----------------------------------------------------------------------- */

static void summarise(struct fact *fact, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void summarise(struct fact *fact, const char *format, ...)
{
        struct buf text;
        va_list list;

        buf_limit(&text, 2 * sizeof fact->summary);
        va_start(list, format);
        buf_format_list(&text, format, list);
        va_end(list);
        buf_add_char(&text, '\0');
        text_cut(text.data, sizeof fact->summary - 1);
        snprintf(fact->summary, sizeof fact->summary, "%s", text.data);
        buf_dispose(&text);
}

static char *event_identity(const json_t *headers)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)headers, name, value)
        {
                const char *id = json_text_of(value, "");

                if (text_equal_fold(name, "Greenhouse-Event-ID") && !text_empty(id))
                        return mem_format("event:%s", id);
        }
        return NULL;
}

/* Sets a member if there is such an id or text; vendors leave out or null anything. */
static void copy_id(json_t *to, const char *name, const json_t *from, const char *path)
{
        char *id = json_get_id(from, path);

        if (id != NULL)
                json_set_text(to, name, id);
        mem_free(id);
}

static void copy_text(json_t *to, const char *name, const json_t *from, const char *path)
{
        const char *text = json_get_text(from, path, NULL);

        if (!text_empty(text))
                json_set_text(to, name, text);
}

static void copy_email(json_t *to, const json_t *addresses)
{
        for (size_t i = 0; i < json_array_size(addresses); i++) {
                const char *text = json_get_text(json_array_get(addresses, i), "value", "");
                const char *at = strchr(text, '@');

                if (at != NULL && at > text && at[1] != '\0' &&
                    strpbrk(text, " \t\r\n<>,;") == NULL) {
                        json_set_text(to, "email", text);
                        return;
                }
        }
}

/* The documented sample has a stray space in it (4.5). */
static void copy_url(json_t *to, const json_t *from)
{
        const char *text = json_get_text(from, "url", "");
        struct buf url = BUF_NONE;

        for (; *text != '\0'; text++)
                if ((unsigned char)*text > ' ')
                        buf_add_char(&url, *text);
        if (text_starts_fold(buf_text(&url), "https://") ||
            text_starts_fold(buf_text(&url), "http://"))
                json_set_text(to, "url", buf_text(&url));
        buf_dispose(&url);
}

static json_t *stage_detail(const json_t *application)
{
        json_t *detail = json_object(), *stage = json_object(), *job = json_object();
        json_t *candidate = json_object();

        copy_id(stage, "id", application, "current_stage.id");
        copy_text(stage, "name", application, "current_stage.name");
        copy_id(job, "id", application, "jobs.0.id");
        copy_text(job, "name", application, "jobs.0.name");
        copy_id(candidate, "id", application, "candidate.id");
        copy_text(candidate, "first_name", application, "candidate.first_name");
        copy_text(candidate, "last_name", application, "candidate.last_name");
        copy_email(candidate, json_at(application, "candidate.email_addresses"));
        if (json_object_size(stage) > 0)
                json_set(detail, "stage", json_incref(stage));
        if (json_object_size(job) > 0)
                json_set(detail, "job", json_incref(job));
        if (json_object_size(candidate) > 0)
                json_set(detail, "candidate", json_incref(candidate));
        copy_text(detail, "status", application, "status");
        json_set_bool(detail, "prospect", json_get_bool(application, "prospect", false));
        copy_url(detail, application);
        json_decref(stage);
        json_decref(job);
        json_decref(candidate);
        return detail;
}

/* The same change may come twice with different event ids (two hooks on one address, and
 * nobody says that the id stays the same over retries), so what it says is its identity. */
static void stage_entered(struct fact *fact, const json_t *application)
{
        const char *active = json_get_text(application, "last_activity_at", NULL);
        char *stage = json_get_id(application, "current_stage.id");
        char *name = mem_format("%s %s", json_get_text(application, "candidate.first_name", ""),
                                json_get_text(application, "candidate.last_name", ""));

        fact->subject = json_get_id(application, "id");
        if (fact->subject == NULL) {
                summarise(fact, "a stage change that names no application");
        } else if (json_get_bool(application, "prospect", false)) {
                fact->kind = FACT_NOTHING;
                summarise(fact, "a prospect, who has no stage");
        } else if (text_equal(json_get_text(application, "status", NULL), "converted")) {
                fact->kind = FACT_NOTHING;
                summarise(fact, "a converted prospect: goes on as another application");
        } else {
                fact->kind = FACT_STAGE_ENTERED;
                fact->detail = stage_detail(application);
                when_parse(active, &fact->occurred_ms);
                summarise(fact, "%s entered %s (%s)", text_or(text_trim(name), "a candidate"),
                          json_get_text(application, "current_stage.name", "an unnamed stage"),
                          json_get_text(application, "jobs.0.name", "no job"));
                if (stage != NULL && active != NULL) {
                        mem_free(fact->identity);
                        fact->identity = mem_format("candidate_stage_change:%s:%s:%s",
                                                    fact->subject, stage, active);
                }
        }
        mem_free(name);
        mem_free(stage);
}

/* delete_application, delete_candidate, merge_candidate, candidate_anonymized: what is
 * known of them must go, or follow (4.5). */
static void gone(struct fact *fact, const json_t *payload, const char *what)
{
        static const char *const people[] = { "person.id", "candidate_id", "candidate.id",
                                              "application.candidate_id",
                                              "application.candidate.id" };
        const json_t *deleted = json_at(payload, "person.deleted_application_ids");
        char *application = json_get_id(payload, "application.id"), *candidate = NULL;
        json_t *applications = json_array();

        for (size_t i = 0; i < sizeof people / sizeof *people && candidate == NULL; i++)
                candidate = json_get_id(payload, people[i]);
        if (application != NULL)
                json_add(applications, json_new_text(application, strlen(application)));
        for (size_t i = 0; i < json_array_size(deleted); i++) {
                char *id = json_id_of(json_array_get(deleted, i));

                if (id != NULL)
                        json_add(applications, json_new_text(id, strlen(id)));
                mem_free(id);
        }
        fact->subject = mem_text(application != NULL ? application : candidate);
        if (fact->subject == NULL) {
                summarise(fact, "names nobody");
                json_decref(applications);
        } else {
                fact->kind = FACT_APPLICATION_GONE;
                fact->detail = json_object();
                json_set_text(fact->detail, "what", what);
                if (candidate != NULL)
                        json_set_text(fact->detail, "candidate", candidate);
                json_set(fact->detail, "applications", applications);
                copy_id(fact->detail, "into", payload, "person.new_candidate_id");
                summarise(fact, "%s %s was %s", application != NULL ? "application" : "candidate",
                          fact->subject, what);
        }
        mem_free(application);
        mem_free(candidate);
}

/* The only word on the schedule that they send (4.4): it says nothing but which. */
static void interview_gone(struct fact *fact, const json_t *payload)
{
        fact->subject = json_get_id(payload, "interview.id");
        if (fact->subject == NULL) {
                summarise(fact, "a deleted interview that is not named");
                return;
        }
        fact->kind = FACT_SCHEDULE;
        fact->detail = json_object();
        json_set_text(fact->detail, "what", "cancelled");
        summarise(fact, "interview %s was deleted", fact->subject);
}

/* The complete list of the vendor's own enumeration (4.4), and ping. */
static const struct {
        const char *action;
        const char *gone; /* what happened to whom we may hold; NULL for nothing */
} actions[] = {
        { "application_updated", NULL },
        { "candidate_anonymized", "anonymized" },
        { "candidate_stage_change", NULL },
        { "delete_application", "deleted" },
        { "delete_candidate", "deleted" },
        { "department_deleted", NULL },
        { "hire_candidate", NULL },
        { "interview_deleted", NULL },
        { "job_approved", NULL },
        { "job_created", NULL },
        { "job_deleted", NULL },
        { "job_interview_stage_deleted", NULL },
        { "job_post_created", NULL },
        { "job_post_deleted", NULL },
        { "job_post_updated", NULL },
        { "job_updated", NULL },
        { "merge_candidate", "merged" },
        { "new_candidate_application", NULL },
        { "new_prospect_application", NULL },
        { "offer_approved", NULL },
        { "offer_created", NULL },
        { "offer_deleted", NULL },
        { "offer_updated", NULL },
        { "office_deleted", NULL },
        { "ping", NULL },
        { "reject_candidate", NULL },
        { "scorecard_deleted", NULL },
        { "unhire_candidate", NULL },
        { "unreject_candidate", NULL },
        { "update_candidate", NULL },
};

static void read_action(struct fact *fact, const char *action, const json_t *payload)
{
        for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
                if (!text_equal(action, actions[i].action))
                        continue;
                if (text_equal(action, "candidate_stage_change")) {
                        stage_entered(fact, json_at(payload, "application"));
                } else if (text_equal(action, "interview_deleted")) {
                        interview_gone(fact, payload);
                } else if (actions[i].gone != NULL) {
                        gone(fact, payload, actions[i].gone);
                } else {
                        fact->kind = FACT_NOTHING;
                        summarise(fact, "%s: nothing follows from it", action);
                }
                return;
        }
        summarise(fact, "an action that is not in Greenhouse's list");
}

static void add_whom(json_t *list, const char *what, char *id)
{
        char *whom = id == NULL ? NULL : mem_format("%s:%.40s", what, id);

        for (size_t i = 0; whom != NULL && i < json_array_size(list); i++)
                if (text_equal(json_text_of(json_array_get(list, i), ""), whom)) {
                        mem_free(whom);
                        whom = NULL;
                }
        if (whom != NULL)
                json_add(list, json_new_text(whom, strlen(whom)));
        mem_free(whom);
        mem_free(id);
}

/* Every event of theirs holds the whole candidate, also those that nothing follows from. */
static json_t *about(const json_t *payload)
{
        static const struct {
                const char *path, *what;
        } rows[] = {
                { "application.candidate.id", "candidate" },
                { "application.candidate_id", "candidate" },
                { "candidate.id", "candidate" },
                { "person.id", "candidate" },
                { "candidate_id", "candidate" },
                { "scorecard.candidate_id", "candidate" },
                { "offer.candidate_id", "candidate" },
                { "application.id", "application" },
                { "application_id", "application" },
                { "offer.application_id", "application" },
        };
        const json_t *deleted = json_at(payload, "person.deleted_application_ids");
        json_t *list = json_array();

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                add_whom(list, rows[i].what, json_get_id(payload, rows[i].path));
        for (size_t i = 0; i < json_array_size(deleted) && i < ABOUT_MAX; i++)
                add_whom(list, "application", json_id_of(json_array_get(deleted, i)));
        return list;
}

static void decode(const void *body, size_t len, const json_t *headers, const json_t *settings,
                   struct fact *fact)
{
        struct fail why = FAIL_CLEAR;
        json_t *value = json_read(body, len, &why);
        const char *action = json_get_text(value, "action", NULL);

        (void)settings;
        *fact = (struct fact){ .kind = FACT_UNKNOWN, .identity = event_identity(headers) };
        if (value == NULL) {
                fact->name = mem_text("unreadable");
                summarise(fact, "not JSON: %s", why.text);
        } else if (text_empty(action)) {
                fact->name = mem_text("nameless");
                summarise(fact, "JSON that names no action");
        } else {
                fact->name = mem_text(action);
                text_cut(fact->name, 100);
                read_action(fact, action, json_at(value, "payload"));
                fact->about = about(json_at(value, "payload"));
        }
        json_decref(value);
}

static const char *const kept[] = { "Greenhouse-Event-ID", "User-Agent", NULL };

const struct sender greenhouse_sender = {
        .kind = "greenhouse",
        .headers = kept,
        .status_full = 503,
        .verify = verify,
        .decode = decode,
};
