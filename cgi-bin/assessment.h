/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The routes of the program assessment: one table for each who asks, one file for each table.
 *
 * Each ends with the row of NULLs.  Paths begin with "{org}/" and the asker's word, so no two
 * tables ever want the same path.
 */
#ifndef CGI_BIN_ASSESSMENT_H
#define CGI_BIN_ASSESSMENT_H

#include "web/serve.h"

extern const struct route assessment_ashby[];      /* {org}/ashby/...: Ashby's partner calls */
extern const struct route assessment_greenhouse[]; /* {org}/greenhouse/...: Greenhouse's */
extern const struct route assessment_select[];     /* {org}/select/{token}: a recruiter's page */

#endif
