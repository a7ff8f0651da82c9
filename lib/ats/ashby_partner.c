/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ashby's partner calls: what they say, and the answers. */
#include "ats/ashby_partner.h"

#include <string.h>

#include "door/secret.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

#define HALF 30 /* hexadecimal digits of ours in a UUID: all but version and variant */
#define WORD_MAX 200
#define EMAIL_MAX 254
#define FIELD_MAX 1000
#define NAME_MAX_BYTES 200

/* --- ids ------------------------------------------------------------------------------ */

/* 12 digits, the version (8: custom), 3 digits, the variant, 15 digits (RFC 9562 5.8). */
char *ashby_assessment_id(const char *id)
{
        return strlen(id) == HALF ? mem_format("%.8s-%.4s-8%.3s-a%.3s-%.12s", id, id + 8, id + 12,
                                               id + 15, id + 18)
                                  : NULL;
}

char *ashby_assessment_from(const char *uuid)
{
        static const char shape[] = "xxxxxxxx-xxxx-8xxx-axxx-xxxxxxxxxxxx";
        char *id;
        size_t n = 0;

        if (uuid == NULL || strlen(uuid) != sizeof shape - 1)
                return NULL;
        id = mem_alloc(HALF + 1);
        for (size_t i = 0; shape[i] != '\0'; i++) {
                char c = uuid[i] >= 'A' && uuid[i] <= 'F' ? (char)(uuid[i] - 'A' + 'a') : uuid[i];

                if (shape[i] == 'x' && strchr("0123456789abcdef", c) != NULL) {
                        id[n++] = c;
                } else if (shape[i] == 'x' || shape[i] != c) {
                        mem_free(id);
                        return NULL;
                }
        }
        return id;
}

char *ashby_type_id(const char *platform, const char *test)
{
        unsigned char digest[SECRET_DIGEST_SIZE];
        char *about = mem_format("ashby assessment type|%s|%s", platform, test), *uuid;
        struct buf text = BUF_NONE;

        secret_sha256(about, strlen(about), digest);
        code_hex(&text, digest, HALF / 2);
        uuid = ashby_assessment_id(text.data);
        buf_dispose(&text);
        mem_free(about);
        return uuid;
}

/* --- assessment.start ------------------------------------------------------------------- */

static int take(const json_t *body, const char *path, size_t most, bool needed, char **out,
                struct fail *why)
{
        const char *text = json_get_text(body, path, NULL);

        if (text_empty(text))
                return needed ? fail_set(why, FAIL_INPUT, "%s: is missing", path) : 0;
        if (strlen(text) > most)
                return fail_set(why, FAIL_INPUT, "%s: is longer than %zu bytes", path, most);
        *out = mem_text(text);
        return 0;
}

static bool usable_email(const char *text)
{
        const char *at = text == NULL ? NULL : strchr(text, '@');

        return at != NULL && at > text && at[1] != '\0' && strpbrk(text, " \t\r\n<>,;") == NULL;
}

/* Only what we asked for, as text: values may have any type (section 3). */
static void take_fields(const json_t *body, const json_t *asked, struct ashby_start *out)
{
        const json_t *given = json_object_get(body, "additional_fields");
        const char *id;
        json_t *name;

        out->fields = json_object();
        json_object_foreach((json_t *)(uintptr_t)asked, id, name)
        {
                const json_t *value = json_object_get(given, id);
                char *text = json_is_string(value) ? mem_text(json_string_value(value))
                             : value == NULL || json_is_null(value) ? NULL
                                                                    : json_text(value);

                if (text != NULL) {
                        text_cut(text, FIELD_MAX);
                        json_set_text(out->fields, json_text_of(name, id), text);
                }
                mem_free(text);
        }
}

/* application.status is not looked at: an enumeration that a partner's tests do not keep to. */
int ashby_start_read(const json_t *body, const json_t *asked, struct ashby_start *out,
                     struct fail *why)
{
        memset(out, 0, sizeof *out);
        if (!json_is_object(body))
                return fail_set(why, FAIL_INPUT, "body: must be a JSON object");
        if (take(body, "assessment_type_id", WORD_MAX, true, &out->type, why) != 0 ||
            take(body, "application.ashby_id", 64, true, &out->application, why) != 0 ||
            take(body, "candidate.ashby_id", 64, true, &out->candidate, why) != 0 ||
            take(body, "candidate.first_name", WORD_MAX, false, &out->first_name, why) != 0 ||
            take(body, "candidate.last_name", WORD_MAX, false, &out->last_name, why) != 0 ||
            take(body, "candidate.email", EMAIL_MAX, true, &out->email, why) != 0)
                return -1;
        if (!usable_email(out->email))
                return fail_set(why, FAIL_INPUT, "candidate.email: is no e-mail address");
        if (text_starts(json_get_text(body, "candidate.ashby_profile_url", ""), "https://") &&
            take(body, "candidate.ashby_profile_url", 2000, false, &out->profile, why) != 0)
                fail_clear(why); /* for people only: without it all the same */
        take_fields(body, asked, out);
        return 0;
}

void ashby_start_dispose(struct ashby_start *start)
{
        mem_free(start->type);
        mem_free(start->application);
        mem_free(start->candidate);
        mem_free(start->first_name);
        mem_free(start->last_name);
        mem_free(start->email);
        mem_free(start->profile);
        json_decref(start->fields);
        memset(start, 0, sizeof *start);
}

/* --- answers ---------------------------------------------------------------------------- */

static json_t *success(void)
{
        json_t *answer = json_object();

        json_set_bool(answer, "success", true);
        return answer;
}

static void describe(const json_t *test, struct buf *out)
{
        int64_t ms = json_get_int(test, "duration_ms", 0);
        const json_t *labels = json_object_get(test, "labels");

        if (ms > 0)
                buf_format(out, "%lld minutes", (long long)(ms + 59999) / 60000);
        for (size_t i = 0; i < json_array_size(labels); i++)
                buf_format(out, "%s%s", out->len > 0 ? ", " : "",
                           json_text_of(json_array_get(labels, i), ""));
}

json_t *ashby_types(const char *platform, const json_t *tests)
{
        json_t *answer = success(), *list = json_array();

        for (size_t i = 0; i < json_array_size(tests); i++) {
                const json_t *test = json_array_get(tests, i);
                const char *id = json_get_text(test, "id", "");
                char *uuid = ashby_type_id(platform, id);
                struct buf about;
                json_t *one = json_object();

                buf_limit(&about, FIELD_MAX);
                describe(test, &about);
                json_set_text(one, "assessment_type_id", uuid);
                json_set_text(one, "name", text_or(json_get_text(test, "title", NULL), id));
                json_set_text(one, "description", buf_text(&about));
                json_add(list, one);
                buf_dispose(&about);
                mem_free(uuid);
        }
        json_set(answer, "results", list);
        return answer;
}

/* The member is "fields" here, not "results". */
json_t *ashby_fields(const json_t *asked)
{
        json_t *answer = success(), *list = json_array(), *name;
        const char *id;

        json_object_foreach((json_t *)(uintptr_t)asked, id, name)
        {
                json_t *one = json_object();

                json_set_text(one, "id", id);
                json_set_text(one, "name", json_text_of(name, id));
                json_set_text(one, "type", "String");
                json_set_bool(one, "isRequired", false);
                json_add(list, one);
        }
        json_set(answer, "fields", list);
        return answer;
}

json_t *ashby_started(const char *assessment_id)
{
        json_t *answer = success(), *results = json_object();

        json_set_text(results, "assessment_id", assessment_id);
        json_set(answer, "results", results);
        return answer;
}

json_t *ashby_refusal(const char *code, const char *message)
{
        json_t *answer = json_object(), *errors = json_array(), *info = json_object();

        json_set_bool(answer, "success", false);
        json_add(errors, json_string(code));
        json_set(answer, "errors", errors);
        json_set_text(info, "code", code);
        json_set_text(info, "message", message);
        json_set(answer, "errorInfo", info);
        return answer;
}
