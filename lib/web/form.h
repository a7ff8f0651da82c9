/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names and values as browsers write them: application/x-www-form-urlencoded, in a query or
 * a body.  Decoded once.  A pair that cannot be decoded (bad escape, NUL, invalid UTF-8, a
 * name longer than FORM_NAME_MAX) is left out as if it had not been sent; of a name that
 * comes twice the first counts.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include <stdbool.h>
#include <stddef.h>

#define FORM_FIELDS_MAX 200
#define FORM_NAME_MAX 200

struct form {
        struct form_field {
                char *name, *value;
        } * fields;
        size_t count;
        bool over; /* more than FORM_FIELDS_MAX: the rest was not read */
};

#define FORM_NONE                                                                                  \
        {                                                                                          \
                NULL, 0, false                                                                     \
        }

void form_parse(struct form *f, const char *text, size_t len);
const char *form_value(const struct form *f, const char *name); /* NULL if absent */
void form_dispose(struct form *f);                              /* wipes: values may be secret */

#endif
