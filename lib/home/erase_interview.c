/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "home/erase_interview.h"

#include <string.h>

#include "floor/text.h"
#include "home/interview_parts.h"
#include "home/records.h"

struct seeking {
        const char *email;
        json_t *ids;
        struct fail *why;
};

static int see_interview(void *context, const struct store_record *r)
{
        struct seeking *s = context;
        json_t *record;

        if (r->kind != 't' || !text_equal(r->name, "interview"))
                return 0;
        record = json_parse(r->data, r->len, true, s->why);
        if (record == NULL)
                return -1;
        if (text_equal_fold(json_get_text(record, "candidate_email", ""), s->email) &&
            text_empty(json_get_text(record, "application", NULL)))
                json_add(s->ids, json_new_text(r->key, strlen(r->key)));
        json_decref(record);
        return 0;
}

json_t *erase_interview_ids(struct org *org, const char *email, struct fail *why)
{
        struct seeking s = { email, json_array(), why };

        if (!text_empty(email) && store_each(org->store, see_interview, &s, why) < 0) {
                json_decref(s.ids);
                return NULL;
        }
        return s.ids;
}

/* 1 it has this address and is not erased: no further one needs to be seen. */
static int see_application(void *context, const struct store_record *r)
{
        struct seeking *s = context;
        json_t *record;
        int result;

        if (r->kind != 't' || !text_equal(r->name, "application"))
                return 0;
        record = json_parse(r->data, r->len, true, s->why);
        if (record == NULL)
                return -1;
        result = !json_get_bool(record, "erased", false) &&
                 text_equal_fold(json_get_text(record, "application.email", ""), s->email);
        json_decref(record);
        return result;
}

static int erase_one(struct step *s, const char *id)
{
        struct seeking seeking = { NULL, NULL, &s->why };
        json_t *record = NULL;
        struct plan p;
        int found = record_get(s->org, "interview", id, &record, &s->why), result = 0;

        seeking.email = json_get_text(record, "candidate_email", "");
        if (found == 1 && !text_empty(seeking.email))
                result = store_each(s->org->store, see_application, &seeking, &s->why);
        else if (found < 0)
                result = -1;
        if (found == 1 && !text_empty(seeking.email) && result == 0) {
                plan_init(&p);
                if (interview_drop(&p, s->org, id, true, trade_now(s->trade), &s->why) < 0 ||
                    plan_commit(&p, s->org, &s->why) != 0)
                        result = -1;
                plan_dispose(&p);
        }
        json_decref(record);
        return result < 0 ? -1 : 0;
}

int erase_interviews(struct step *s)
{
        const json_t *ids = json_object_get(s->with, "interviews");
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(ids); i++)
                result = erase_one(s, json_text_of(json_array_get(ids, i), "-"));
        return result;
}
