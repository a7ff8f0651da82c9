/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection as a form: fields from the rows of its kind (kind.h), and back into an apply
 * document, so that pages and documents obey the same rules.  Stored credentials are never in a
 * form: an empty field leaves what stands.
 */
#ifndef HOME_CONNECTION_FORM_H
#define HOME_CONNECTION_FORM_H

#include "door/json.h"
#include "home/connection.h"

/* Array of {name, input ("settings.base_url"), label, help, required, secret, kept (something
 * stands), text | truth | long | choice (which input), value, checked, options[{value, words,
 * chosen}], fault}: settings, then credentials, then webhook secrets.  typed gives what a person
 * just typed (NULL: nothing was); standing may be NULL; fault_at is the input that is wrong. */
typedef const char *connection_typed(void *context, const char *input);
json_t *connection_form(const struct kind *kind, const struct connection *standing,
                        connection_typed *typed, void *context, const char *fault_at,
                        const char *fault);

/* The apply document's connection of what was typed: the caller's; it holds secrets, drop it with
 * apply_forget(). */
json_t *connection_of_form(const struct kind *kind, const char *id,
                           const struct connection *standing, connection_typed *typed,
                           void *context);

/* "connections.0.settings.base_url: must be ..." becomes the input and the sentence (the caller
 * frees both); the input is "" when it is about none. */
void connection_fault(const char *cause, char **input, char **sentence);

/* "Base URL" of "base_url". */
char *connection_label(const char *name);

#endif
