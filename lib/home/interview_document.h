/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks what a caller asks of an interview link, and takes it into a record. */
#ifndef HOME_INTERVIEW_DOCUMENT_H
#define HOME_INTERVIEW_DOCUMENT_H

#include "door/json.h"
#include "floor/fail.h"

/* Writes the members into record (stored form: candidate_name, candidate_email,
 * interviewer_email, title, starts_ms, ends_ms, platform, ats, ats_interview).  -1 FAIL_INPUT
 * names the member.  Pure. */
int interview_take(json_t *record, const json_t *document, struct fail *why);

#endif
