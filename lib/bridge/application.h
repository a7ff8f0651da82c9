/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One candidate's application in an ATS, in the bridge's own words.  Every text may be NULL. */
#ifndef BRIDGE_APPLICATION_H
#define BRIDGE_APPLICATION_H

#include <stdbool.h>

#include "door/json.h"

struct application {
        char *id;
        char *candidate_id;
        char *first_name, *last_name;
        char *email; /* the first usable address */
        char *job_id, *job_name;
        char *stage_id;       /* the job's stage, as rules name it */
        char *stage_instance; /* Greenhouse v3 application.stage_id (wire/greenhouse.md 3.4) */
        char *stage_name;
        char *stage_entry; /* tells this entry into the stage from an earlier one; NULL unknown */
        char *status;      /* "active", "rejected", "hired", "converted",
                              "archived", "anonymized" */
        char *url;         /* for people, in the ATS */
        bool prospect;
        bool private_candidate;
};

void application_dispose(struct application *a);
json_t *application_to_json(const struct application *a); /* the caller's */
void application_from_json(struct application *a, const json_t *value);

#endif
