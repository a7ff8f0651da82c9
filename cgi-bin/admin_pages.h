/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handlers and tables that one file of the admin program has for another. */
#ifndef CGI_BIN_ADMIN_PAGES_H
#define CGI_BIN_ADMIN_PAGES_H

#include "web/serve.h"

route_handler admin_board;
extern const struct route admin_candidate_routes[], admin_connection_routes[];

#endif
