/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks what a caller asks of an interview link, and takes it into a record. */
#include "home/interview_document.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define NAME_MAX_BYTES 200
#define EMAIL_MAX_BYTES 254
#define LONGEST_MS (7 * WHEN_DAY)
/* Times outside of 2000 to 2099 are mistakes, and four digits of a year are all that a calendar
 * file has. */
#define EARLIEST_MS INT64_C(946684800000)
#define LATEST_MS INT64_C(4102444800000)

static int known_only(const json_t *object, const char *const *known, const char *prefix,
                      struct fail *why)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)object, name, value)
        {
                size_t i = 0;

                while (known[i] != NULL && !text_equal(known[i], name))
                        i++;
                if (known[i] == NULL)
                        return fail_set(why, FAIL_INPUT, "%s%.60s: there is no such member", prefix,
                                        name);
        }
        return 0;
}

static bool is_email(const char *text)
{
        const char *at = strchr(text, '@');

        if (at == NULL || at == text || strchr(at + 1, '@') != NULL || strchr(at, '.') == NULL)
                return false;
        for (const char *p = text; *p != '\0'; p++) {
                if ((unsigned char)*p <= ' ' || *p == 0x7F || *p == '<' || *p == '>' || *p == ',' ||
                    *p == ';' || *p == '"')
                        return false;
        }
        return at[strlen(at) - 1] != '.';
}

/* A text member; JSON null takes it away. */
static int take_text(json_t *record, const char *as, const json_t *object, const char *member,
                     const char *path, bool email, struct fail *why)
{
        const json_t *value = json_object_get(object, member);
        const char *text;

        if (value == NULL)
                return 0;
        if (json_is_null(value)) {
                json_object_del(record, as);
                return 0;
        }
        if (!json_is_string(value))
                return fail_set(why, FAIL_INPUT, "%s: must be a text", path);
        text = json_string_value(value);
        if (*text == '\0' || strlen(text) > (email ? EMAIL_MAX_BYTES : NAME_MAX_BYTES))
                return fail_set(why, FAIL_INPUT, "%s: must be 1 to %d bytes long", path,
                                email ? EMAIL_MAX_BYTES : NAME_MAX_BYTES);
        if (email && !is_email(text))
                return fail_set(why, FAIL_INPUT, "%s: is no e-mail address", path);
        for (const char *p = text; *p != '\0'; p++) {
                if ((unsigned char)*p < ' ' || *p == 0x7F)
                        return fail_set(why, FAIL_INPUT, "%s: has a control character", path);
        }
        json_set_text(record, as, text);
        return 0;
}

static int take_time(json_t *record, const char *as, const json_t *object, const char *member,
                     struct fail *why)
{
        const json_t *value = json_object_get(object, member);
        int64_t ms;

        if (value == NULL)
                return 0;
        if (json_is_null(value)) {
                json_object_del(record, as);
                return 0;
        }
        if (!json_is_string(value) || when_parse(json_string_value(value), &ms) != 0)
                return fail_set(why, FAIL_INPUT, "%s: must be a time such as 2026-11-25T14:30:00Z",
                                member);
        if (ms < EARLIEST_MS || ms >= LATEST_MS)
                return fail_set(why, FAIL_INPUT, "%s: must be in the years 2000 to 2099", member);
        json_set_int(record, as, ms);
        return 0;
}

/* The id in the ATS may come as a text or as a number; it is kept as text. */
static int take_id(json_t *record, const json_t *object, struct fail *why)
{
        const json_t *value = json_object_get(object, "ats_interview");
        char *id;

        if (value == NULL)
                return 0;
        id = json_id_of(value);
        if (id == NULL || strlen(id) > 100) {
                mem_free(id);
                return fail_set(why, FAIL_INPUT, "ats_interview: must be an id");
        }
        json_set_text(record, "ats_interview", id);
        mem_free(id);
        return 0;
}

int interview_take(json_t *record, const json_t *document, struct fail *why)
{
        static const char *const known[] = { "candidate", "interviewer_email", "title",
                                             "starts_at", "ends_at",           "platform",
                                             "ats",       "ats_interview",     NULL };
        static const char *const person[] = { "name", "email", NULL };
        const json_t *candidate = json_object_get(document, "candidate");
        int64_t starts, ends;

        if (!json_is_object(document))
                return fail_set(why, FAIL_INPUT, "the body must be a JSON object");
        if (known_only(document, known, "", why) != 0)
                return -1;
        if (candidate != NULL && !json_is_object(candidate))
                return fail_set(why, FAIL_INPUT, "candidate: must be an object");
        if (known_only(candidate, person, "candidate.", why) != 0 ||
            take_text(record, "candidate_name", candidate, "name", "candidate.name", false, why) ||
            take_text(record, "candidate_email", candidate, "email", "candidate.email", true,
                      why) ||
            take_text(record, "interviewer_email", document, "interviewer_email",
                      "interviewer_email", true, why) ||
            take_text(record, "title", document, "title", "title", false, why) ||
            take_text(record, "platform", document, "platform", "platform", false, why) ||
            take_text(record, "ats", document, "ats", "ats", false, why) ||
            take_id(record, document, why) ||
            take_time(record, "starts_ms", document, "starts_at", why) ||
            take_time(record, "ends_ms", document, "ends_at", why))
                return -1;
        if (json_at(record, "candidate_name") == NULL && json_at(record, "candidate_email") == NULL)
                return fail_set(why, FAIL_INPUT, "candidate: needs a name or an email");
        starts = json_get_int(record, "starts_ms", 0);
        ends = json_get_int(record, "ends_ms", 0);
        if (ends != 0 && starts == 0)
                return fail_set(why, FAIL_INPUT, "starts_at: is missing beside ends_at");
        if (ends != 0 && (ends <= starts || ends - starts > LONGEST_MS))
                return fail_set(why, FAIL_INPUT,
                                "ends_at: must be after starts_at and within 7 days of it");
        if ((json_at(record, "ats") == NULL) != (json_at(record, "ats_interview") == NULL))
                return fail_set(why, FAIL_INPUT,
                                "%s: is missing; ats and ats_interview go together",
                                json_at(record, "ats") == NULL ? "ats" : "ats_interview");
        return 0;
}
