/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Harvest v1, for those whose key still works (wire/greenhouse.md 2): a key instead of a token,
 * On-Behalf-Of on every write, one record by its id.  What is read is given in v3's words, so
 * that the operations are the same.  For lib/ats/greenhouse*.c only.
 */
#ifndef ATS_GREENHOUSE_V1_H
#define ATS_GREENHOUSE_V1_H

#include "ats/ats.h"

#define GREENHOUSE_V1_BASE "https://harvest.greenhouse.io/v1"

bool greenhouse_is_v1(const struct link *link); /* setting api */

/* As greenhouse_row(): applications, candidates, jobs, interviews; others have no such call. */
int greenhouse_v1_row(struct link *link, const char *resource, const char *id, json_t **row,
                      struct outcome *outcome);
/* Rows of a job's stages, in v3's words; the caller drops them. */
int greenhouse_v1_stages(struct link *link, int64_t job, json_t **rows, struct outcome *outcome);
/* Notes of a candidate: visit gets each; nonzero stops. */
int greenhouse_v1_notes(struct link *link, int64_t candidate,
                        int (*visit)(void *context, const json_t *row), void *context,
                        struct outcome *outcome);
int greenhouse_v1_write_note(struct link *link, int64_t candidate, const char *body,
                             const char *visibility, struct outcome *outcome);
/* field is location or video_conferencing_url.  REFUSED for an interview that was not made through
 * Harvest: only those may be changed there (section 5). */
int greenhouse_v1_set_link(struct link *link, int64_t interview, const char *field, const char *url,
                           struct outcome *outcome);
/* Interviews that changed since a time. */
int greenhouse_v1_interviews(struct link *link, const char *since,
                             int (*visit)(void *context, const json_t *row), void *context,
                             struct outcome *outcome);
/* Each permission of the help page "Coderbyte", one by one. */
int greenhouse_v1_test(struct link *link, json_t **report, struct outcome *outcome);

#endif
