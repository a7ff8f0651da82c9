/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session as CodeSignal tells it, in the bridge's words (wire/codesignal.md 1.7 and 3). */
#include <stdio.h>
#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "platform/codesignal_wire.h"

#define PARTS_MAX 200
#define REASONS_MAX 50
#define TIME_MOST_MS 1e15         /* beyond all years that a calendar here writes */
#define RESULT_LATEST_MS WHEN_DAY /* after the finish; then it is over without one */

struct reader {
        const json_t *map;
        const json_t *value;
        const char *odd;
};

static const json_t *at(const struct reader *r, const char *name)
{
        const char *path = codesignal_path(r->map, "session", name);

        return *path == '\0' ? NULL : json_at(r->value, path);
}

static char *text_at(const struct reader *r, const char *name)
{
        return mem_text(json_text_of(at(r, name), NULL));
}

/* Timestamps are milliseconds, as integers or as reals (wire 1.7). */
static int64_t time_at(const struct reader *r, const char *name)
{
        double ms = json_real_of(at(r, name), 0);

        return ms > 0 && ms < TIME_MOST_MS ? (int64_t)ms : 0;
}

/* Our word for one of theirs; NULL for null, and for a word the map does not know. */
static const char *word_at(struct reader *r, const char *name, const char *table)
{
        const char *theirs = json_text_of(at(r, name), NULL), *ours;

        if (theirs == NULL)
                return NULL;
        ours = json_text_of(json_object_get(json_object_get(r->map, table), theirs), NULL);
        if (ours == NULL)
                r->odd = theirs;
        return ours;
}

static void read_verification(struct reader *r, struct session *out)
{
        const char *word = word_at(r, "verification", "verification");

        if (word != NULL)
                out->verification = verification_of(word);
        else if (at(r, "verification") != NULL)
                /* Some review is going on that we cannot name: nothing is released. */
                out->verification = VERIFICATION_PENDING;
}

static enum session_state over_state(enum verification v)
{
        if (v == VERIFICATION_PENDING)
                return SESSION_IN_REVIEW;
        return v == VERIFICATION_NOT_VERIFIED ? SESSION_NOT_VERIFIED : SESSION_COMPLETE;
}

/* Over, but the result is null as long as there is none (wire 1.7): it is still being made. */
static bool result_to_come(const struct reader *r, const struct session *out)
{
        static const char *const names[] = { "score",       "report_url", "model",
                                             "model_score", "label",      "parts" };

        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
                if (at(r, names[i]) != NULL && !json_is_null(at(r, names[i])))
                        return false;
        return out->finished_ms > when_now_ms() - RESULT_LATEST_MS;
}

static void read_state(struct reader *r, struct session *out)
{
        const char *word = word_at(r, "status", "status");

        read_verification(r, out);
        if (text_equal(word, "over")) {
                out->state = over_state(out->verification);
                if (out->state == SESSION_COMPLETE && result_to_come(r, out))
                        out->state = SESSION_SUBMITTED;
        } else if (text_equal(word, "archived")) {
                /* Keeps the last state; if we never saw it end, its result tells that it did. */
                out->archived = true;
                if (out->finished_ms > 0 && json_is_number_of(at(r, "score")))
                        out->state = over_state(out->verification);
        } else {
                out->state = session_state_of(word);
        }
}

static void set_score(struct score *s, double value, double least, double most, const char *version)
{
        *s = (struct score){ .present = true, .value = value, .least = least, .most = most };
        snprintf(s->version, sizeof(s->version), "%s", version);
}

/* A number without a known scale is no score (rule 3); null is none either, never 0. */
static void read_score(const struct reader *r, struct session *out)
{
        const char *model = json_text_of(at(r, "model"), NULL);
        const char *label = json_text_of(at(r, "label"), NULL);
        const json_t *value = at(r, "model_score"), *raw = at(r, "score");
        const json_t *scale =
            json_object_get(json_object_get(r->map, "scales"), text_or(model, ""));
        double most = json_real_of(at(r, "max_score"), 0);

        if (model != NULL && json_is_number_of(value) && scale != NULL) {
                set_score(&out->score, json_real_of(value, 0), json_real_of(json_at(scale, "0"), 0),
                          json_real_of(json_at(scale, "1"), 0), model);
        } else if (!text_empty(label)) {
                set_score(&out->score, 0, 0, 0, json_get_text(r->map, "labels_only", "label"));
                snprintf(out->score.label, sizeof(out->score.label), "%s", label);
        } else if (text_equal(json_text_of(at(r, "scoring"), NULL),
                              json_get_text(r->map, "labels_only", NULL))) {
                return; /* its points mean nothing to people */
        } else if (json_is_number_of(raw) && most > 0) {
                set_score(&out->score, json_real_of(raw, 0), 0, most, "raw");
        }
}

static void read_parts(const struct reader *r, struct session *out)
{
        const json_t *list = at(r, "parts");
        size_t count = json_array_size(list);

        if (count > PARTS_MAX)
                count = PARTS_MAX;
        if (count == 0)
                return;
        out->parts = mem_array(count, sizeof(out->parts[0]));
        for (size_t i = 0; i < count; i++) {
                const struct reader one = { r->map, json_array_get(list, i), NULL };
                struct part *p = &out->parts[out->part_count];

                if (!json_is_object(one.value))
                        continue;
                p->title = mem_text(json_text_of(at(&one, "part_title"), NULL));
                p->scored = json_is_number_of(at(&one, "part_score"));
                p->value = json_real_of(at(&one, "part_score"), 0);
                p->most = json_real_of(at(&one, "part_most"), 0);
                p->spent_ms = json_int_of(at(&one, "part_spent"), -1);
                out->part_count++;
        }
}

static void read_reasons(const struct reader *r, struct session *out)
{
        const json_t *list = at(r, "reasons");
        size_t count = json_array_size(list);

        if (count > REASONS_MAX)
                count = REASONS_MAX;
        if (count == 0)
                return;
        out->reasons = mem_array(count, sizeof(out->reasons[0]));
        for (size_t i = 0; i < count; i++) {
                const struct reader one = { r->map, json_array_get(list, i), NULL };
                const char *name = json_text_of(at(&one, "reason_name"), "");
                const char *text = json_text_of(at(&one, "reason_text"), "");

                if (*name == '\0' && *text == '\0')
                        continue;
                out->reasons[out->reason_count++] = *text != '\0' ? mem_text(text) : mem_text(name);
        }
}

static char *full_name(const struct reader *r)
{
        const char *first = json_text_of(at(r, "first_name"), "");
        const char *last = json_text_of(at(r, "last_name"), "");
        char *name = mem_format("%s %s", first, last), *trimmed;

        if (*text_trim(name) == '\0') {
                mem_free(name);
                return NULL;
        }
        trimmed = mem_text(text_trim(name));
        mem_free(name);
        return trimmed;
}

bool codesignal_session(const json_t *map, const json_t *value, struct session *out,
                        const char **odd)
{
        struct reader r = { map, value, NULL };

        *out = (struct session){ 0 };
        out->id = json_id_of(at(&r, "id"));
        if (text_empty(out->id)) {
                mem_free(out->id);
                out->id = NULL;
                return false;
        }
        out->test_id = json_id_of(at(&r, "test_id"));
        out->test_title = text_at(&r, "test_title");
        out->email = text_at(&r, "email");
        out->name = full_name(&r);
        out->invitation_url = text_at(&r, "invitation_url");
        out->created_ms = time_at(&r, "created");
        out->started_ms = time_at(&r, "started");
        out->finished_ms = time_at(&r, "finished");
        out->expires_ms = time_at(&r, "expires");
        out->retake_id = json_id_of(at(&r, "retake_id"));
        out->reactivated_id = json_id_of(at(&r, "reactivated_id"));
        out->integrity_flag = json_bool_of(at(&r, "integrity_flag"), false);
        out->report_url = text_at(&r, "report_url");
        read_state(&r, out);
        read_score(&r, out);
        read_parts(&r, out);
        read_reasons(&r, out);
        if (odd != NULL)
                *odd = r.odd;
        return true;
}
