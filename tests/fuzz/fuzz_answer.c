/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Answers of vendors: the first byte chooses the outside system and what is asked of it, the
 * rest are its answers, one after the other, ended by NUL each: a status in its first byte,
 * header lines up to an empty one, a body.  When they are used up, nobody is there any more.
 */
#include "bridge/link.h"
#include "bridge/outcome.h"
#include "floor/buf.h"
#include "floor/text.h"
#include "fuzz.h"
#include "home/kind.h"

#define CALLS_MAX 300 /* of one question: more would be a loop that a vendor can keep going */

struct other {
        const uint8_t *data;
        size_t size;
        int calls;
};

static int statuses(uint8_t byte)
{
        static const int known[] = { 200, 200, 200, 200, 201, 204, 301, 400,
                                     401, 403, 404, 409, 422, 429, 500, 503 };

        return known[byte % (sizeof known / sizeof *known)];
}

static int answer_call(struct link *link, const struct fetch_request *request,
                       struct fetch_answer *answer, struct fail *why)
{
        struct other *other = link->context;
        char *text, *body;

        MUST(request->method != NULL && request->url != NULL);
        MUST(++other->calls <= CALLS_MAX);
        *answer = (struct fetch_answer){ .end = FETCH_UNREACHABLE, .cause = "gone" };
        if (other->size == 0)
                return fail_set(why, FAIL_OUTSIDE, "gone");
        answer->status = statuses(*other->data++);
        answer->end = FETCH_ANSWERED;
        answer->cause[0] = '\0';
        other->size--;
        text = next_part(&other->data, &other->size, '\0');
        body = strstr(text, "\n\n");
        if (body != NULL) {
                buf_add(&answer->headers, text, (size_t)(body - text) + 1);
                buf_add_text(&answer->body, body + 2);
        } else {
                buf_add_text(&answer->body, text);
        }
        mem_free(text);
        return 0;
}

static void check(int result, const struct outcome *outcome)
{
        MUST((result == 0) == (outcome->kind == OUTCOME_DONE));
        MUST(memchr(outcome->sentence, '\0', sizeof outcome->sentence) != NULL);
        MUST(memchr(outcome->detail, '\0', sizeof outcome->detail) != NULL);
        MUST(strstr(outcome->detail, "s3cr3t-of-the-connection") == NULL);
        MUST(strstr(outcome->sentence, "s3cr3t-of-the-connection") == NULL);
        MUST(outcome->wait_ms >= 0 && outcome->lane_wait_ms >= 0);
}

static void ask_ats(const struct ats *ats, struct link *link, unsigned what)
{
        struct application a = { .id = mem_text("17"),
                                 .candidate_id = mem_text("18"),
                                 .job_id = mem_text("19"),
                                 .stage_id = mem_text("20") };
        static const char *const tags[] = { "pass", "fail", NULL };
        const struct attachment file = { "report.txt", "text/plain", "words", 5 };
        static const struct schedule_slot slot = { "Interview", "https://example.org/x", "UTC",
                                                   1800000000000, 1800003600000 };
        struct outcome outcome = OUTCOME_NONE;
        json_t *value = NULL;
        char *id = NULL;
        int found = 0, result = 0;

        switch (what % 15) {
        case 7:
                if (ats->set_tags != NULL)
                        result = ats->set_tags(link, &a, tags, tags + 1, &outcome);
                break;
        case 8:
                if (ats->find_file != NULL)
                        result = ats->find_file(link, &a, "report.pdf", &found, &outcome);
                break;
        case 9:
                if (ats->upload_file != NULL)
                        result = ats->upload_file(link, &a, &file, &outcome);
                break;
        case 10:
                if (ats->read_schedule != NULL)
                        result = ats->read_schedule(link, &a, "22", &value, &outcome);
                break;
        case 11:
                if (ats->create_webhook != NULL)
                        result = ats->create_webhook(link, "https://example.org/hook", "s", NULL,
                                                     &value, &outcome);
                break;
        case 12:
                if (ats->add_link != NULL)
                        result = ats->add_link(link, &a, "https://example.org/x", &outcome);
                break;
        case 13:
                if (ats->make_slot != NULL)
                        result = ats->make_slot(link, &a, &slot, &id, &outcome);
                break;
        case 14:
                if (ats->check_settings != NULL)
                        result = ats->check_settings(link, &outcome);
                break;
        case 0:
                application_dispose(&a);
                memset(&a, 0, sizeof a);
                if (ats->read_application != NULL)
                        result = ats->read_application(link, "17", &a, &outcome);
                break;
        case 1:
                if (ats->find_note != NULL)
                        result = ats->find_note(link, &a, "marker-1", &found, &outcome);
                break;
        case 2:
                if (ats->write_note != NULL)
                        result = ats->write_note(
                            link, &a, &(struct note){ .body = "words marker-1" }, &outcome);
                break;
        case 3:
                if (ats->list_stages != NULL)
                        result = ats->list_stages(link, "19", &value, &outcome);
                json_decref(value);
                value = NULL;
                if (ats->list_jobs != NULL)
                        result = ats->list_jobs(link, &value, &outcome);
                break;
        case 4:
                if (ats->move_stage != NULL)
                        result = ats->move_stage(link, &a, "next", &outcome);
                break;
        case 5:
                if (ats->set_interview_link != NULL)
                        result = ats->set_interview_link(link, "21/22", "location",
                                                         "https://example.org/x", &outcome);
                break;
        default:
                if (ats->test != NULL)
                        result = ats->test(link, &value, &outcome);
        }
        check(result, &outcome);
        mem_free(id);
        json_decref(value);
        application_dispose(&a);
}

static void seen(void *context, const struct session *session)
{
        MUST(session->id != NULL);
        ++*(int *)context;
}

static void ask_platform(const struct platform *platform, struct link *link, unsigned what)
{
        static const struct session_ref refs[] = { { "s1", "t1", "jane@example.org" },
                                                   { "s2", "t1", "jo@example.org" } };
        static const struct invitation invitation = { "t1", "Jane", "Doe", "jane@example.org",
                                                      "ours-1" };
        static const struct interview_order order = { "Jane Doe", "jane@example.org", NULL, 0 };
        struct outcome outcome = OUTCOME_NONE;
        struct session session;
        struct interview_made made = { NULL, NULL };
        json_t *value = NULL;
        int result = 0, count = 0;

        memset(&session, 0, sizeof session);
        switch (what % 9) {
        case 0:
                if (platform->invite != NULL)
                        result = platform->invite(link, &invitation, &session, &outcome);
                break;
        case 1:
                if (platform->read_session != NULL)
                        result = platform->read_session(link, &refs[0], &session, &outcome);
                break;
        case 2:
                if (platform->read_sessions != NULL)
                        result =
                            platform->read_sessions(link, "t1", refs, 2, seen, &count, &outcome);
                break;
        case 3:
                if (platform->list_tests != NULL)
                        result = platform->list_tests(link, "", &value, &outcome);
                break;
        case 4:
                if (platform->create_interview != NULL)
                        result = platform->create_interview(link, &order, &made, &outcome);
                break;
        case 5:
                if (platform->edit_interview != NULL)
                        result = platform->edit_interview(link, "i1", &order, &made, &outcome);
                break;
        case 6:
                if (platform->delete_interview != NULL)
                        result = platform->delete_interview(link, "i1", &outcome);
                break;
        case 7:
                if (platform->find_interview != NULL)
                        result = platform->find_interview(link, "jane@example.org", 0, NULL, NULL,
                                                          &made, &outcome);
                break;
        default:
                if (platform->test != NULL)
                        result = platform->test(link, &value, &outcome);
        }
        check(result, &outcome);
        json_decref(value);
        session_dispose(&session);
        mem_free(made.id);
        mem_free(made.url);
}

static const struct kind *choose(unsigned which)
{
        const struct kind *able[32];
        unsigned count = 0;

        for (size_t i = 0; kinds[i] != NULL && count < 32; i++) {
                if (kinds[i]->ats != NULL || kinds[i]->platform != NULL)
                        able[count++] = kinds[i];
        }
        MUST(count > 0);
        return able[which % count];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char settings_text[] = "{\"base_url\":\"https://api.example.org/"
                                            "v3\",\"token_url\":\"https://api.example.org/t\","
                                            "\"act_as_user\":\"4158\",\"subdomain\":\"app\"}";
        static const char credentials_text[] =
            "{\"client_id\":\"id\",\"client_secret\":\"s3cr3t-of-the-connection\","
            "\"api_key\":\"s3cr3t-of-the-connection\"}";
        json_t *settings, *credentials;
        struct other other = { data, size, 0 };
        struct link_token token = { .lock = PTHREAD_MUTEX_INITIALIZER };
        struct link link = {
                .org = "acme", .id = "x", .scale = 1000, .call = answer_call, .token = &token
        };
        const struct kind *kind;
        char *dir;

        if (size < 2)
                return 0;
        kind = choose(data[0] >> 4);
        other.data++;
        other.size--;
        settings = json_parse(settings_text, strlen(settings_text), true, NULL);
        credentials = json_parse(credentials_text, strlen(credentials_text), true, NULL);
        dir = mem_format("%s/data", getenv("FAIRLEAD_SOURCE") ? getenv("FAIRLEAD_SOURCE") : ".");
        link.settings = settings;
        link.credentials = credentials;
        link.data_dir = dir;
        link.context = &other;
        if (kind->ats != NULL)
                ask_ats(kind->ats, &link, data[0] & 15);
        else
                ask_platform(kind->platform, &link, data[0] & 15);
        json_decref(settings);
        json_decref(credentials);
        mem_free_secret(token.text);
        mem_free(dir);
        return 0;
}
