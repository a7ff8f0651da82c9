/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roll of applications, and searching it. */
#include "home/roll.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/records.h"

#define FILL_BATCH 500

void roll_add(struct plan *p, const char *application)
{
        json_t *row = json_object();

        json_set_text(row, "application", application);
        plan_append(p, "roll", row, NULL);
        json_decref(row);
}

/* --- applications from before there was a roll ---------------------------------------------- */

static int collect(void *context, const struct store_record *record)
{
        if (record->kind == 't' && strcmp(record->name, "application") == 0)
                json_add(context, json_new_text(record->key, strlen(record->key)));
        return 0;
}

static int fill(struct org *org, struct fail *why)
{
        json_t *made = NULL, *keys;
        struct plan p;
        uint64_t last = 0;
        size_t i = 0, count;
        int found = record_get(org, "org", "roll", &made, why), result = 0;

        json_decref(made);
        if (found != 0)
                return found < 0 ? -1 : 0;
        keys = json_array();
        if (store_series_last(org->store, "roll", &last, why) != 0 ||
            store_each(org->store, collect, keys, why) != 0)
                result = -1;
        count = json_array_size(keys);
        while (result == 0) {
                plan_init(&p);
                for (size_t n = 0; n < FILL_BATCH && i < count; n++, i++)
                        roll_add(&p, json_text_of(json_array_get(keys, i), ""));
                if (i == count) {
                        made = json_object();
                        json_set_int(made, "made_ms", when_now_ms());
                        record_put(p.batch, "org", "roll", made);
                        json_decref(made);
                }
                result = plan_commit(&p, org, why);
                plan_dispose(&p);
                if (i == count)
                        break;
        }
        json_decref(keys);
        return result;
}

/* --- searching ------------------------------------------------------------------------------ */

static bool has_part(const char *text, const char *part)
{
        return text != NULL && strcasestr(text, part) != NULL;
}

static bool fits_text(const char *key, const json_t *record, const json_t *session,
                      const char *part)
{
        const json_t *a = json_at(record, "application");
        char *name = mem_format("%s %s", json_get_text(a, "first_name", ""),
                                json_get_text(a, "last_name", ""));
        bool fits = has_part(name, part) || has_part(json_get_text(a, "email", NULL), part) ||
                    has_part(json_get_text(a, "job_name", NULL), part) ||
                    has_part(json_get_text(session, "session.name", NULL), part) ||
                    has_part(json_get_text(session, "session.email", NULL), part) ||
                    text_equal(dossier_id(key), part) || text_equal(key, part) ||
                    text_equal(json_get_text(a, "candidate_id", NULL), part);
        json_t *one;
        size_t i;

        json_array_foreach(json_at(record, "sessions"), i, one)
        {
                const char *id = json_text_of(one, "");

                fits = fits || text_equal(id, part) || text_equal(dossier_id(id), part);
        }
        mem_free(name);
        return fits;
}

static json_t *row_of(const char *key, const json_t *record, const json_t *session, uint64_t number)
{
        const json_t *a = json_at(record, "application");
        json_t *row = json_object();
        int64_t at = json_get_int(record, "read_ms", 0), moved;
        char *name = mem_format("%s %s", json_get_text(a, "first_name", ""),
                                json_get_text(a, "last_name", ""));
        const char *shown = text_trim(name);

        if (*shown == '\0')
                shown = json_get_text(session, "session.name", "");
        moved = json_get_int(session, "state_at_ms", 0);
        json_set_text(row, "key", key);
        json_set_int(row, "number", (int64_t)number);
        json_set_text(row, "name", shown);
        json_set_text(row, "email",
                      json_get_text(a, "email", json_get_text(session, "session.email", NULL)));
        json_set_text(row, "job", json_get_text(a, "job_name", NULL));
        json_set_text(row, "stage", json_get_text(a, "stage_name", NULL));
        json_set_text(row, "state",
                      session == NULL ? "none" : json_get_text(session, "session.state", ""));
        json_set_text(row, "test", json_get_text(session, "session.test_title", NULL));
        json_set_bool(row, "written", json_get_int(session, "written.at_ms", 0) != 0);
        json_set_int(row, "at_ms", moved > at ? moved : at);
        mem_free(name);
        return row;
}

/* One number of the roll: 1 it is in the list, 0 not, -1. */
static int take(struct org *org, const struct roll_question *q, uint64_t number, json_t *seen,
                json_t *list, struct fail *why)
{
        json_t *entry = NULL, *record = NULL, *session = NULL, *row;
        const char *key, *current;
        int found = record_series_get(org, "roll", number, &entry, why), result = 0;

        key = json_get_text(entry, "application", "");
        if (found == 1 && json_object_get(seen, key) != NULL)
                found = 0;
        if (found == 1)
                found = record_get(org, "application", key, &record, why);
        if (found == 1 && json_get_bool(record, "erased", false))
                found = 0;
        current = json_get_text(record, "current", "");
        if (found == 1 && *current != '\0' &&
            record_get(org, "session", current, &session, why) < 0)
                found = -1;
        if (found == 1 && (q->text == NULL || fits_text(key, record, session, q->text))) {
                row = row_of(key, record, session, number);
                if ((q->state == NULL || text_equal(q->state, json_get_text(row, "state", ""))) &&
                    json_get_int(row, "at_ms", 0) >= q->since_ms) {
                        json_set_bool(seen, key, true);
                        json_add(list, json_incref(row));
                        result = 1;
                }
                json_decref(row);
        }
        json_decref(entry);
        json_decref(record);
        json_decref(session);
        return found < 0 ? -1 : result;
}

int roll_search(struct org *org, const struct roll_question *q, json_t **list, uint64_t *next,
                struct fail *why)
{
        json_t *rows = json_array(), *seen = json_object();
        uint64_t last = 0, at, looked = 0;
        int result = fill(org, why);

        *next = 0;
        if (result == 0)
                result = store_series_last(org->store, "roll", &last, why);
        at = q->before != 0 && q->before <= last ? q->before - 1 : last;
        for (; result == 0 && at > 0; at--, looked++) {
                if (json_array_size(rows) >= q->limit || looked >= ROLL_LOOK) {
                        *next = at + 1;
                        break;
                }
                if (take(org, q, at, seen, rows, why) < 0)
                        result = -1;
        }
        json_decref(seen);
        if (result == 0)
                *list = rows;
        else
                json_decref(rows);
        return result;
}
