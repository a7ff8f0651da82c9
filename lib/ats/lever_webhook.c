/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making the webhooks in Lever that people would click together otherwise (wire/lever.md 4,
 * "Webhooks through the API").  A signature token is told once, in the answer that makes the
 * webhook: one whose token we do not have is taken away and made anew.
 */
#include <string.h>

#include "ats/lever_call.h"
#include "ats/lever_part.h"
#include "bridge/heard.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"

/* What something follows from here (lever_hook.c). */
static const char *const events[] = { "candidateStageChange", "candidateDeleted", NULL };

struct making {
        struct link *link;
        const char *url;
        const json_t *known;
        json_t *ids, *secrets; /* of what is made */
        json_t *rows;          /* at Lever, for this URL */
        struct outcome *outcome;
};

static int collect(void *context, const json_t *row)
{
        struct making *m = context;

        if (text_equal(json_get_text(row, "url", NULL), m->url))
                json_array_append(m->rows, (json_t *)(uintptr_t)row);
        return 0;
}

static bool is_known(const struct making *m, const char *id)
{
        for (size_t i = 0; i < json_array_size(m->known); i++)
                if (text_equal(json_text_of(json_array_get(m->known, i), NULL), id))
                        return true;
        return false;
}

static int take_away(struct making *m, const char *id)
{
        struct buf path = BUF_NONE;
        struct lever_ask ask = { .link = m->link,
                                 .method = "DELETE",
                                 .permission = "delete webhook" };
        int result;

        buf_add_text(&path, "webhooks/");
        code_url(&path, id);
        ask.path = buf_text(&path);
        result = lever_call(&ask, NULL, m->outcome);
        if (result != 0 && m->outcome->kind == OUTCOME_ABSENT)
                result = outcome_set(m->outcome, OUTCOME_DONE, NULL, NULL);
        buf_dispose(&path);
        return result;
}

static void add_text(json_t *list, const char *text)
{
        json_add(list, json_new_text(text, strlen(text)));
}

/* No origins: the event is wanted whatever the origin.  Lever tries the address first. */
static int make(struct making *m, const char *event)
{
        json_t *body = json_object(), *configuration = json_object(), *made = NULL;
        struct lever_ask ask = { .link = m->link,
                                 .method = "POST",
                                 .path = "webhooks",
                                 .permission = "create webhook",
                                 .body = body };
        const char *token;
        char *id = NULL;
        int result;

        json_set_text(body, "url", m->url);
        json_set_text(body, "event", event);
        json_set_bool(configuration, "verifyConnection", true);
        json_set(body, "configuration", configuration);
        result = lever_call(&ask, &made, m->outcome);
        if (m->link->heard != NULL)
                heard_drop(m->link->heard); /* the token is in it */
        if (result == 0) {
                id = json_get_id(made, "id");
                token = json_get_text(made, "configuration.signatureToken", NULL);
                if (id == NULL || token == NULL) {
                        result = outcome_set(m->outcome, OUTCOME_REFUSED,
                                             "Lever made the webhook but did not tell its "
                                             "signature token. Copy it from Lever's settings.",
                                             "webhooks: no signatureToken");
                } else {
                        add_text(m->ids, id);
                        add_text(m->secrets, token);
                }
        }
        mem_free(id);
        json_decref(made);
        json_decref(body);
        return result;
}

/* One webhook for the event: the first that we know stays, all others go. */
static int settle(struct making *m, const char *event)
{
        bool there = false;
        int result = 0;

        for (size_t i = 0; result == 0 && i < json_array_size(m->rows); i++) {
                const json_t *row = json_array_get(m->rows, i);
                char *id = json_get_id(row, "id");

                if (id != NULL && text_equal(json_get_text(row, "event", NULL), event)) {
                        if (!there && is_known(m, id)) {
                                there = true;
                                add_text(m->ids, id);
                        } else {
                                result = take_away(m, id);
                        }
                }
                mem_free(id);
        }
        return result != 0 || there ? result : make(m, event);
}

int lever_create_webhook(struct link *link, const char *url, const char *secret,
                         const json_t *known, json_t **made, struct outcome *outcome)
{
        struct making m = { .link = link,
                            .url = url,
                            .known = known,
                            .ids = json_array(),
                            .secrets = json_array(),
                            .rows = json_array(),
                            .outcome = outcome };
        int result;

        (void)secret; /* Lever makes its own */
        *outcome = (struct outcome)OUTCOME_NONE;
        result = lever_each(link, "webhooks", "list webhooks", collect, &m, outcome);
        for (size_t i = 0; result == 0 && events[i] != NULL; i++)
                result = settle(&m, events[i]);
        *made = json_object();
        json_set(*made, "ids", m.ids);
        json_set(*made, "secrets", m.secrets);
        json_decref(m.rows);
        return result;
}
