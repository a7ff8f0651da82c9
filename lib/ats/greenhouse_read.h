/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading one thing out of Harvest v3's lists (wire/greenhouse.md 3.2: there is no GET by
 * id), shared by the operations.  For lib/ats/greenhouse*.c only.
 */
#ifndef ATS_GREENHOUSE_READ_H
#define ATS_GREENHOUSE_READ_H

#include "ats/ats.h"

/* Ids are decimal and have up to 64 bits: -1 for anything else. */
int greenhouse_id(const char *text, int64_t *id);
/* Does the row's member hold this id? */
bool greenhouse_row_is(const json_t *row, const char *member, const char *id);

/* The row of <resource> with this id: 1 with *row for the caller to drop; 0 it is not
 * there or not visible to the credential, which look the same; -1 with outcome. */
int greenhouse_row(struct link *link, const char *resource, const char *id, const char *scope,
                   json_t **row, struct outcome *outcome);

/* The same for the record that a step is about: a 403 that meets others not is about this one, and
 * REFUSED (section 8).  Costs a second call then. */
int greenhouse_record(struct link *link, const char *resource, const char *id, const char *scope,
                      json_t **row, struct outcome *outcome);
/* A permission is missing, for all or for this: what can be done without goes on. */
bool greenhouse_not_allowed(const struct outcome *outcome);

/* The job's stage that an application's row stands in, by its own id.  The row has it as
 * job_interview_stage_id, or not (3.4): then the stage history is asked, then the name
 * decides.  0 with *stage_id (NULL: it is in no stage), -1 with outcome. */
int greenhouse_stage_of(struct link *link, const json_t *row, char **stage_id,
                        struct outcome *outcome);

/* All stages of a job in order, inactive ones too; the caller drops *stages. */
/* Rows of the stages of all jobs, with id, name and active. */
int greenhouse_all_stages(struct link *link, json_t **stages, struct outcome *outcome);
int greenhouse_stages(struct link *link, const char *job_id, json_t **stages,
                      struct outcome *outcome);

/* ats.h */
int greenhouse_move_stage(struct link *link, const struct application *application, const char *to,
                          struct outcome *outcome);
int greenhouse_poll(struct link *link, json_t **cursor,
                    int (*visit)(void *context, const struct fact *fact), void *context,
                    struct outcome *outcome);
/* greenhouse_link.c: ats.h, set_interview_link. */
int greenhouse_set_interview_link(struct link *link, const char *interview_id, const char *field,
                                  const char *url, struct outcome *outcome);
int greenhouse_read_schedule(struct link *link, const struct application *application,
                             const char *schedule, json_t **parts, struct outcome *outcome);
int greenhouse_test(struct link *link, json_t **report, struct outcome *outcome);

#endif
