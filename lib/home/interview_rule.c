/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interviews that rules make, move and cancel, each in the plan of the step that decides it. */
#include <string.h>

#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/dossier.h"
#include "home/interview_document.h"
#include "home/interview_parts.h"
#include "home/records.h"
#include "home/room.h"

#define WORD_MAX 200

/* One member of the document that interview_take() checks; what is odd is left out. */
static void take(json_t *record, const char *name, json_t *value)
{
        json_t *document = json_object(), *probe = json_deep_copy(record);
        struct fail why = FAIL_CLEAR;

        json_set(document, name, value);
        if (interview_take(probe, document, &why) == 0)
                json_object_update(record, probe);
        json_decref(probe);
        json_decref(document);
}

static json_t *text_of(const char *text)
{
        char *copy = mem_text(text);
        json_t *value;

        for (char *c = copy; *c != '\0'; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = ' ';
        if (strlen(copy) > WORD_MAX)
                copy[text_cut(copy, WORD_MAX)] = '\0';
        value = json_new_text(copy, strlen(copy));
        mem_free(copy);
        return value;
}

static json_t *time_of(int64_t ms)
{
        struct buf text = BUF_NONE;
        json_t *value;

        when_iso(&text, ms);
        value = json_new_text(text.data, text.len);
        buf_dispose(&text);
        return value;
}

static void take_candidate(json_t *record, const struct interview_wish *w)
{
        json_t *name = json_object(), *email = json_object();

        /* An interview is with somebody: interview_take() wants a name or an address. */
        if (json_at(record, "candidate_name") == NULL && json_at(record, "candidate_email") == NULL)
                json_set_text(record, "candidate_name", "Candidate");
        json_set(name, "name", text_empty(w->candidate_name) ? NULL : text_of(w->candidate_name));
        json_set_text(email, "email", w->candidate_email);
        if (!text_empty(w->candidate_name))
                take(record, "candidate", json_incref(name));
        if (!text_empty(w->candidate_email))
                take(record, "candidate", json_incref(email));
        json_decref(email);
        json_decref(name);
}

static void take_wish(json_t *record, const struct interview_wish *w)
{
        take_candidate(record, w);
        if (!text_empty(w->interviewer_email))
                take(record, "interviewer_email", json_string(w->interviewer_email));
        if (!text_empty(w->title))
                take(record, "title", text_of(w->title));
        json_object_del(record, "starts_ms");
        json_object_del(record, "ends_ms");
        if (w->starts_ms != 0)
                take(record, "starts_at", time_of(w->starts_ms));
        if (w->ends_ms != 0)
                take(record, "ends_at", time_of(w->ends_ms));
}

char *interview_add(struct plan *p, struct home *h, struct org *org,
                    const struct interview_wish *wish, int64_t now_ms)
{
        char *id = secret_token(INTERVIEW_ID_LEN);
        json_t *record = json_object();

        json_set_text(record, "platform", wish->platform);
        take_wish(record, wish);
        if (wish->ats != NULL && wish->ats_interview != NULL) {
                json_set_text(record, "ats", wish->ats);
                json_set_text(record, "ats_interview", wish->ats_interview);
        }
        if (wish->application != NULL) {
                json_set_text(record, "application", wish->application);
                json_set_text(record, "timezone", text_or(wish->timezone, "UTC"));
        }
        json_set_text(record, "state", "ready");
        json_set_int(record, "sequence", 0);
        json_set_int(record, "created_ms", now_ms);
        json_set_int(record, "changed_ms", now_ms);
        json_set_text(record, "by", wish->by);
        interview_put_new(p, h, org, id, record);
        json_decref(record);
        return id;
}

static void put_changed(struct plan *p, const char *id, const json_t *read, json_t *record,
                        int64_t now_ms)
{
        json_set_int(record, "sequence", json_get_int(read, "sequence", 0) + 1);
        json_set_int(record, "changed_ms", now_ms);
        room_put(p, id, read, record);
}

int interview_move(struct plan *p, struct org *org, const char *id,
                   const struct interview_wish *wish, int64_t now_ms, struct fail *why)
{
        json_t *read = NULL, *record = NULL;
        int found = record_get(org, "interview", id, &read, why), result = found < 0 ? -1 : 0;

        if (found == 1 && !interview_is_over(read)) {
                record = json_deep_copy(read);
                take_wish(record, wish);
                if (!json_equal(record, read)) {
                        bool candidate =
                            !text_equal(json_get_text(read, "candidate_name", NULL),
                                        json_get_text(record, "candidate_name", NULL)) ||
                            !text_equal(json_get_text(read, "candidate_email", NULL),
                                        json_get_text(record, "candidate_email", NULL));

                        put_changed(p, id, read, record, now_ms);
                        if (candidate) /* the platform knows of no times */
                                interview_tell_platform(p, "edit_interview", id, record);
                        result = 1;
                }
                json_decref(record);
        }
        json_decref(read);
        return result;
}

void interview_clear(struct plan *p, const char *id, const json_t *record, int64_t now_ms)
{
        static const char *const orders[] = { "remove_link", "unschedule_interview" };
        const char *application = json_get_text(record, "application", NULL);
        char *ats = application == NULL ? NULL : dossier_connection(application);

        for (size_t i = 0; ats != NULL && i < sizeof orders / sizeof *orders; i++) {
                struct action_order order = { .kind = orders[i],
                                              .connection = ats,
                                              .application = application,
                                              .due_ms = now_ms,
                                              .now_ms = now_ms };

                if (i == 1 && json_get_text(record, "slot", NULL) == NULL)
                        continue;
                order.with = json_object();
                json_set_text(order.with, "interview", id);
                plan_action(p, &order);
        }
        mem_free(ats);
}

int interview_drop(struct plan *p, struct org *org, const char *id, bool erase, int64_t now_ms,
                   struct fail *why)
{
        json_t *read = NULL, *record;
        int found = record_get(org, "interview", id, &read, why);
        bool over = found == 1 && interview_is_over(read);

        if (found == 1 && (!over || erase)) {
                record = json_deep_copy(read);
                json_set_text(record, "state", "cancelled");
                if (erase) {
                        json_object_del(record, "candidate_email");
                        json_set_text(record, "candidate_name", "erased");
                        json_object_del(record, "title");
                }
                put_changed(p, id, read, record, now_ms);
                if (!over)
                        interview_tell_platform(p, "delete_interview", id, record);
                if (!over && !erase)
                        interview_clear(p, id, record, now_ms);
                json_decref(record);
        }
        json_decref(read);
        return found < 0 ? -1 : found == 1 && !over;
}
