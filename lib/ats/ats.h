/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An applicant tracking system as the bridge sees it.  One file per ATS fills one of these.
 *
 * Every function makes calls through link->call only, returns 0 with outcome DONE, or -1
 * with any other outcome.  None retries by itself, with two exceptions: a token that was
 * refused is minted once and the call repeated once; a guard the vendor checks (a wrong
 * from_stage_id) may be tried in both spellings, because the wrong one is harmless.
 * A NULL function: this ATS cannot do that; the page says so.
 */
#ifndef ATS_ATS_H
#define ATS_ATS_H

#include "bridge/application.h"
#include "bridge/link.h"
#include "bridge/outcome.h"

struct ats {
        const char *kind; /* "greenhouse" */

        /* ABSENT when it is gone or not visible to the credential. */
        int (*read_application)(struct link *link, const char *id, struct application *out,
                                struct outcome *outcome);

        /* Is there a note holding this marker on the candidate?  *found 0 or 1. */
        int (*find_note)(struct link *link, const struct application *application,
                         const char *marker, int *found, struct outcome *outcome);
        /* body already holds the marker. */
        int (*write_note)(struct link *link, const struct application *application,
                          const char *body, struct outcome *outcome);

        /* Stages of a job in order: array of {id, name}; the caller drops it. */
        int (*list_stages)(struct link *link, const char *job_id, json_t **stages,
                           struct outcome *outcome);
        /* Moves from the application's stage to to ("next", id or exact name), and reads back.
         * Already there is DONE; somewhere else than the stage given is REFUSED. */
        int (*move_stage)(struct link *link, const struct application *application, const char *to,
                          struct outcome *outcome);

        /* Puts a link where the scheduled interview shows it ("location" or
         * "video_conferencing_url": field). */
        int (*set_interview_link)(struct link *link, const char *interview_id, const char *field,
                                  const char *url, struct outcome *outcome);

        /* Tries the credential and each permission that the features need: report is an array of
         * {what, ok, sentence}, taken by the caller; DONE when all that is needed works. */
        int (*test)(struct link *link, json_t **report, struct outcome *outcome);
};

#endif
