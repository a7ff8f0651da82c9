/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handlers and tables that one file of the admin program has for another. */
#ifndef CGI_BIN_ADMIN_PAGES_H
#define CGI_BIN_ADMIN_PAGES_H

#include "web/serve.h"

route_handler admin_board;
/* Connections of the org for a select, "any" first. */
json_t *admin_connection_options(struct request *rq, const char *chosen);
const char *admin_trust_words(const char *trust);

extern const struct route admin_action_routes[], admin_event_routes[], admin_key_routes[],
    admin_rule_routes[];
extern const struct route admin_candidate_routes[], admin_connection_routes[];

#endif
