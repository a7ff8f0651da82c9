/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a platform itself says, read through us: POST {org}/platform/{connection} with a question in
 * the platform's own words, for keys with the scope platform:read.  Our credential asks, and
 * nothing is changed there.
 */
#ifndef CGI_BIN_REPORT_PLATFORM_H
#define CGI_BIN_REPORT_PLATFORM_H

#include "web/serve.h"

#define REPORT_QUESTION_MAX (64 * 1024)

route_handler report_platform;

#endif
