/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations of lever_ats that stand in files of their own.  For lib/ats/lever*.c only. */
#ifndef ATS_LEVER_PART_H
#define ATS_LEVER_PART_H

#include "ats/ats.h"

/* The opportunity as it stands, straight from the API: what a change answers has an empty
 * contact part (wire/lever.md 3, "Live trap") and is never used.  The caller drops *row. */
int lever_opportunity(struct link *link, const char *id, const char *query, json_t **row,
                      struct outcome *outcome);
/* Archived, or anonymised: nothing is done with it any more. */
bool lever_is_archived(const json_t *opportunity);
/* Refuses what needs a user to act as, when none is set. */
int lever_needs_user(const struct link *link, const char *what, struct outcome *outcome);

int lever_move_stage(struct link *link, const struct application *application, const char *to,
                     struct outcome *outcome);
int lever_list_stages(struct link *link, const char *job_id, json_t **stages,
                      struct outcome *outcome);
int lever_list_jobs(struct link *link, json_t **jobs, struct outcome *outcome);

int lever_add_link(struct link *link, const struct application *application, const char *url,
                   struct outcome *outcome);
int lever_remove_link(struct link *link, const struct application *application, const char *url,
                      struct outcome *outcome);
int lever_set_tags(struct link *link, const struct application *application, const char *const *add,
                   const char *const *remove, struct outcome *outcome);

int lever_find_file(struct link *link, const struct application *application, const char *name,
                    int *found, struct outcome *outcome);
int lever_upload_file(struct link *link, const struct application *application,
                      const struct attachment *file, struct outcome *outcome);

int lever_make_slot(struct link *link, const struct application *application,
                    const struct schedule_slot *slot, char **id, struct outcome *outcome);
int lever_drop_slot(struct link *link, const struct application *application, const char *id,
                    struct outcome *outcome);
int lever_set_interview_link(struct link *link, const char *interview_id, const char *field,
                             const char *url, struct outcome *outcome);

int lever_create_webhook(struct link *link, const char *url, const char *secret,
                         const json_t *known, json_t **made, struct outcome *outcome);

int lever_check_settings(struct link *link, struct outcome *outcome);
int lever_test(struct link *link, json_t **report, struct outcome *outcome);

#endif
