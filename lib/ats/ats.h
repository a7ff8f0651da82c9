/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An applicant tracking system as the bridge sees it.  One file per ATS fills one of these.
 *
 * Every function makes calls through link_ask() only, returns 0 with outcome DONE, or -1
 * with any other outcome.  None retries by itself, with two exceptions: a token that was
 * refused is minted once and the call repeated once; a guard the vendor checks (a wrong
 * from_stage_id) may be tried in both spellings, because the wrong one is harmless.
 * A NULL function: this ATS cannot do that; the page says so.
 */
#ifndef ATS_ATS_H
#define ATS_ATS_H

#include "bridge/application.h"
#include "bridge/fact.h"
#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/partner.h"

/* A note as it shall stand. */
struct note {
        const char *body; /* plain text; holds the marker */
        bool result; /* tells a result: those are notified whom the connection's settings name */
        int score;   /* 1 (strong no) to 4 (strong yes) where an admin mapped it; 0: none */
};

struct attachment {
        const char *name;       /* with its extension; found again by it */
        const char *media_type; /* "application/pdf", "text/plain" */
        const void *data;
        size_t len;
};

struct schedule_slot {
        const char *title;
        const char *url;      /* ours, for both sides */
        const char *timezone; /* IANA */
        int64_t starts_ms, ends_ms;
};

#define ATS_JOBS_MAX 1000

struct ats {
        const char *kind; /* "greenhouse" */

        /* ABSENT when it is gone or not visible to the credential. */
        int (*read_application)(struct link *link, const char *id, struct application *out,
                                struct outcome *outcome);

        /* Is there a note holding this marker on the candidate?  *found 0 or 1. */
        int (*find_note)(struct link *link, const struct application *application,
                         const char *marker, int *found, struct outcome *outcome);
        int (*write_note)(struct link *link, const struct application *application,
                          const struct note *note, struct outcome *outcome);

        /* A link that recruiters see beside the candidate.  Adding one that is there, and removing
         * one that is not, are DONE. */
        int (*add_link)(struct link *link, const struct application *application, const char *url,
                        struct outcome *outcome);
        int (*remove_link)(struct link *link, const struct application *application,
                           const char *url, struct outcome *outcome);
        /* Tags by name, NULL-terminated lists (either may be NULL); repeating does no harm. */
        int (*set_tags)(struct link *link, const struct application *application,
                        const char *const *add, const char *const *remove, struct outcome *outcome);
        /* Is there a file of this name of ours on the candidate?  *found 0 or 1. */
        int (*find_file)(struct link *link, const struct application *application, const char *name,
                         int *found, struct outcome *outcome);
        int (*upload_file)(struct link *link, const struct application *application,
                           const struct attachment *file, struct outcome *outcome);

        /* Stages of a job in order: array of {id, name}; the caller drops it.  job_id NULL: of all
         * jobs, where one name comes as often as there are jobs that have it. */
        int (*list_stages)(struct link *link, const char *job_id, json_t **stages,
                           struct outcome *outcome);
        /* Jobs that are not over, at most ATS_JOBS_MAX: array of {id, name}, the caller's. */
        int (*list_jobs)(struct link *link, json_t **jobs, struct outcome *outcome);
        /* Moves from the application's stage to to ("next", id or exact name), and reads back.
         * Already there is DONE; somewhere else than the stage given is REFUSED. */
        int (*move_stage)(struct link *link, const struct application *application, const char *to,
                          struct outcome *outcome);

        /* An interview in the ATS's own schedule that shows our link.  Making one that is there
         * (by its link) is DONE; so is taking away one that is not.  *id is the caller's. */
        int (*make_slot)(struct link *link, const struct application *application,
                         const struct schedule_slot *slot, char **id, struct outcome *outcome);
        int (*drop_slot)(struct link *link, const struct application *application, const char *id,
                         struct outcome *outcome);

        /* A schedule of one or several interviews of this application, as it is now: array of
         * {id, link_id, title, starts_ms, ends_ms, interviewers[{name, email}]}, the caller's;
         * any but id may be missing.  link_id is what set_interview_link takes; without it no
         * link can be put there.  Empty when it was cancelled or nothing is arranged yet.  NULL
         * where a FACT_SCHEDULE says all there is. */
        int (*read_schedule)(struct link *link, const struct application *application,
                             const char *schedule, json_t **parts, struct outcome *outcome);
        /* Puts a link where the scheduled interview shows it ("location" or
         * "video_conferencing_url": field).  Writing what is there is DONE. */
        int (*set_interview_link)(struct link *link, const char *interview_id, const char *field,
                                  const char *url, struct outcome *outcome);

        bool interview_link_hidden; /* programs see it there, people do not: they get a note */

        /* Has the vendor send its events to this URL, where the credential may.  secret: what they
         * are to be signed with; a vendor that makes its own ignores it.  known: ids[] of those
         * made before whose secrets we hold.  *made (the caller's): {ids[], secrets[]}: all that
         * stand now, and the secrets of those that are new.  One that is there for this URL and
         * known is left; one that is not known comes from a lost answer, and is made anew where
         * its secret is told only once.  *made is also given with what was made before a
         * failure. */
        int (*create_webhook)(struct link *link, const char *url, const char *secret,
                              const json_t *known, json_t **made, struct outcome *outcome);

        /* What became of an assessment that was sent from within the ATS, as a partner's (the
         * partner calls come to cgi-bin/assessment.c).  Called for every change; telling twice does
         * no harm.  NULL: the ATS does not ask to be told. */
        int (*tell_partner)(struct link *link, const struct partner_news *news,
                            struct outcome *outcome);

        /* What no webhook tells.  Visits a fact for everything that is new since *cursor (the
         * caller's, stored by him when all facts are; NULL at first: nothing that lies in the past
         * is visited) and moves it on.  poll_ms: how often, 0 for never. */
        int (*poll)(struct link *link, json_t **cursor,
                    int (*visit)(void *context, const struct fact *fact), void *context,
                    struct outcome *outcome);
        int64_t poll_ms;

        /* Can these settings work at all?  Called before they are stored: DENIED with a sentence
         * for one that cannot (the user acted for is deactivated); any other outcome lets them
         * pass. */
        int (*check_settings)(struct link *link, struct outcome *outcome);

        /* Tries the credential and each permission that the features in link->uses need: report is
         * an array of {what, ok, sentence, tried (false: nobody can tell without doing it; absent:
         * it was)}, taken by the caller; DONE when all that is needed
         * works. */
        int (*test)(struct link *link, json_t **report, struct outcome *outcome);
};

#endif
