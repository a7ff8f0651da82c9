/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session as stored: JSON in both directions, all but the report URL. */
#include <stdio.h>
#include <string.h>

#include "bridge/session.h"
#include "floor/mem.h"

static json_t *score_to_json(const struct score *s)
{
        json_t *value;

        if (!s->present)
                return NULL;
        value = json_object();
        json_set(value, "value", json_real(s->value));
        json_set(value, "least", json_real(s->least));
        json_set(value, "most", json_real(s->most));
        json_set_text(value, "version", s->version);
        json_set_text(value, "label", s->label);
        return value;
}

static void score_from_json(struct score *s, const json_t *value)
{
        *s = (struct score){ 0 };
        if (!json_is_object(value))
                return;
        s->present = true;
        s->value = json_real_of(json_at(value, "value"), 0);
        s->least = json_real_of(json_at(value, "least"), 0);
        s->most = json_real_of(json_at(value, "most"), 0);
        snprintf(s->version, sizeof(s->version), "%s", json_get_text(value, "version", ""));
        snprintf(s->label, sizeof(s->label), "%s", json_get_text(value, "label", ""));
}

static json_t *parts_to_json(const struct session *s)
{
        json_t *list = json_array();

        for (size_t i = 0; i < s->part_count; i++) {
                const struct part *p = &s->parts[i];
                json_t *one = json_object();

                json_set_text(one, "title", p->title);
                json_set_bool(one, "scored", p->scored);
                json_set(one, "value", json_real(p->value));
                json_set(one, "most", json_real(p->most));
                json_set_int(one, "spent_ms", p->spent_ms);
                json_add(list, one);
        }
        return list;
}

static void parts_from_json(struct session *s, const json_t *list)
{
        size_t count = json_array_size(list);

        s->parts = count > 0 ? mem_array(count, sizeof(s->parts[0])) : NULL;
        s->part_count = count;
        for (size_t i = 0; i < count; i++) {
                const json_t *one = json_array_get(list, i);
                struct part *p = &s->parts[i];

                p->title = mem_text(json_get_text(one, "title", NULL));
                p->scored = json_get_bool(one, "scored", false);
                p->value = json_real_of(json_at(one, "value"), 0);
                p->most = json_real_of(json_at(one, "most"), 0);
                p->spent_ms = json_get_int(one, "spent_ms", -1);
        }
}

json_t *session_to_json(const struct session *s)
{
        json_t *value = json_object(), *reasons = json_array();

        json_set_text(value, "id", s->id);
        json_set_text(value, "test_id", s->test_id);
        json_set_text(value, "test_title", s->test_title);
        json_set_text(value, "email", s->email);
        json_set_text(value, "name", s->name);
        json_set_text(value, "external_id", s->external_id);
        json_set_text(value, "invitation_url", s->invitation_url);
        json_set_text(value, "verdict", s->verdict);
        json_set_text(value, "state", session_word(s->state));
        json_set_text(value, "verification", verification_word(s->verification));
        json_set_bool(value, "archived", s->archived);
        json_set_bool(value, "shared", s->shared);
        json_set(value, "score", score_to_json(&s->score));
        json_set(value, "parts", parts_to_json(s));
        for (size_t i = 0; i < s->reason_count; i++)
                json_add(reasons, json_new_text(s->reasons[i], strlen(s->reasons[i])));
        json_set(value, "reasons", reasons);
        json_set_bool(value, "integrity_flag", s->integrity_flag);
        json_set_text(value, "retake_id", s->retake_id);
        json_set_text(value, "reactivated_id", s->reactivated_id);
        json_set_int(value, "created_ms", s->created_ms);
        json_set_int(value, "started_ms", s->started_ms);
        json_set_int(value, "finished_ms", s->finished_ms);
        json_set_int(value, "expires_ms", s->expires_ms);
        return value;
}

void session_from_json(struct session *s, const json_t *value)
{
        const json_t *reasons = json_at(value, "reasons");
        size_t count = json_array_size(reasons);

        *s = (struct session){ 0 };
        s->id = mem_text(json_get_text(value, "id", NULL));
        s->test_id = mem_text(json_get_text(value, "test_id", NULL));
        s->test_title = mem_text(json_get_text(value, "test_title", NULL));
        s->email = mem_text(json_get_text(value, "email", NULL));
        s->name = mem_text(json_get_text(value, "name", NULL));
        s->external_id = mem_text(json_get_text(value, "external_id", NULL));
        s->invitation_url = mem_text(json_get_text(value, "invitation_url", NULL));
        s->verdict = mem_text(json_get_text(value, "verdict", NULL));
        s->state = session_state_of(json_get_text(value, "state", NULL));
        s->verification = verification_of(json_get_text(value, "verification", NULL));
        s->archived = json_get_bool(value, "archived", false);
        s->shared = json_get_bool(value, "shared", false);
        score_from_json(&s->score, json_at(value, "score"));
        parts_from_json(s, json_at(value, "parts"));
        s->reasons = count > 0 ? mem_array(count, sizeof(s->reasons[0])) : NULL;
        s->reason_count = count;
        for (size_t i = 0; i < count; i++)
                s->reasons[i] = mem_text(json_text_of(json_array_get(reasons, i), ""));
        s->integrity_flag = json_get_bool(value, "integrity_flag", false);
        s->retake_id = mem_text(json_get_text(value, "retake_id", NULL));
        s->reactivated_id = mem_text(json_get_text(value, "reactivated_id", NULL));
        s->created_ms = json_get_int(value, "created_ms", 0);
        s->started_ms = json_get_int(value, "started_ms", 0);
        s->finished_ms = json_get_int(value, "finished_ms", 0);
        s->expires_ms = json_get_int(value, "expires_ms", 0);
}
