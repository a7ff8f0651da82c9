/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the Ashby adapter, one file each; ashby.c puts them into one table. */
#ifndef ATS_ASHBY_PART_H
#define ATS_ASHBY_PART_H

#include "ats/ats.h"

/* application.info, as it stands: *answer's value and results (caller disposes), or -1. */
struct ashby_answer;
int ashby_application(struct link *link, const char *id, struct ashby_answer *answer,
                      struct outcome *outcome);
/* candidate.info, likewise. */
int ashby_candidate(struct link *link, const char *id, struct ashby_answer *answer,
                    struct outcome *outcome);
/* Stages of one interview plan in order, as the vendor gives them: the caller drops it. */
int ashby_stages(struct link *link, const char *plan, json_t **stages, struct outcome *outcome);

/* As in ats.h. */
int ashby_move_stage(struct link *link, const struct application *application, const char *to,
                     struct outcome *outcome);
int ashby_set_tags(struct link *link, const struct application *application, const char *const *add,
                   const char *const *remove, struct outcome *outcome);
int ashby_find_file(struct link *link, const struct application *application, const char *name,
                    int *found, struct outcome *outcome);
int ashby_upload_file(struct link *link, const struct application *application,
                      const struct attachment *file, struct outcome *outcome);
int ashby_read_schedule(struct link *link, const struct application *application,
                        const char *schedule, json_t **parts, struct outcome *outcome);
int ashby_set_interview_link(struct link *link, const char *interview_id, const char *field,
                             const char *url, struct outcome *outcome);
int ashby_create_webhook(struct link *link, const char *url, const char *secret,
                         const json_t *known, json_t **made, struct outcome *outcome);
int ashby_check_settings(struct link *link, struct outcome *outcome);
int ashby_test(struct link *link, json_t **report, struct outcome *outcome);

#endif
