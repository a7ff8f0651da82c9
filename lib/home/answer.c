/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was answered at the last few attempts of an action. */
#include "home/answer.h"

#include <inttypes.h>
#include <stdio.h>

#include "home/records.h"

struct key {
        char text[24];
};

static struct key key_of(uint64_t number)
{
        struct key key;

        snprintf(key.text, sizeof key.text, "%" PRIu64, number);
        return key;
}

int answer_list(struct org *org, uint64_t number, json_t **tries, struct fail *why)
{
        json_t *record = NULL;
        int found = record_get(org, "answer", key_of(number).text, &record, why);

        *tries = found == 1 ? json_incref(json_object_get(record, "tries")) : NULL;
        json_decref(record);
        return found == 1 && *tries == NULL ? 0 : found;
}

int answer_keep(struct plan *p, struct org *org, uint64_t number, int64_t at_ms, json_t *calls,
                struct fail *why)
{
        json_t *tries = NULL, *one, *record;
        int found;

        if (calls == NULL)
                return 0;
        found = answer_list(org, number, &tries, why);
        if (found < 0) {
                json_decref(calls);
                return -1;
        }
        if (found == 0)
                tries = json_array();
        one = json_object();
        json_set_int(one, "at_ms", at_ms);
        json_set(one, "calls", calls);
        json_add(tries, one);
        while (json_array_size(tries) > ANSWER_TRIES)
                json_array_remove(tries, 0);
        record = json_object();
        json_set(record, "tries", tries);
        record_put(p->batch, "answer", key_of(number).text, record);
        json_decref(record);
        return 0;
}

void answer_drop(struct batch *b, uint64_t number)
{
        batch_delete(b, "answer", key_of(number).text);
}
