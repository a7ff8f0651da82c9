/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The results feed of the program report: GET {org}/results?after=CURSOR&limit=N and GET
 * {org}/results/{session}, for keys with the scope results:read.
 */
#ifndef CGI_BIN_REPORT_RESULTS_H
#define CGI_BIN_REPORT_RESULTS_H

#include "web/serve.h"

route_handler report_results, report_result;

#endif
