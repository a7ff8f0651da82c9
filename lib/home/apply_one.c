/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection, through the same door as a whole document. */
#include "floor/buf.h"
#include "floor/mem.h"
#include "home/apply.h"
#include "home/records.h"

/* The document around it, which changes nothing else. */
static json_t *document_around(struct org *org, json_t *connection, struct fail *why)
{
        json_t *self = NULL, *document, *list = json_array();

        json_add(list, connection);
        if (record_get(org, "org", "self", &self, why) != 1) {
                apply_forget(list);
                fail_set(why, FAIL_BROKEN, "the organisation has no record of itself");
                return NULL;
        }
        document = json_object();
        json_set_text(document, "org", org->name);
        json_set_text(document, "name", json_get_text(self, "name", org->name));
        json_set_text(document, "public_url", json_get_text(self, "public_url", ""));
        if (json_object_get(self, "alert_email") != NULL)
                json_set(document, "alert_email",
                         json_deep_copy(json_object_get(self, "alert_email")));
        json_set(document, "connections", list);
        json_decref(self);
        return document;
}

int apply_one(struct home *h, struct org *org, json_t *connection,
              const struct apply_options *options, json_t **answer, struct fail *why)
{
        json_t *document = document_around(org, connection, why), *checked;
        struct buf text = BUF_NONE;
        int result = -1;

        if (document == NULL)
                return -1;
        json_write(document, &text);
        apply_forget(document);
        checked = apply_read(text.data, text.len, ".", why);
        if (checked != NULL) {
                result = apply_document(h, checked, options, answer, why);
                apply_forget(checked);
        }
        buf_dispose_secret(&text);
        return result;
}
