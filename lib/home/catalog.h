/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What rules choose from: the assessments of a platform, the stages and the jobs of a hiring
 * system, as they were last read (records.h, "catalog").
 *
 * Answers come from state alone, in no time, also while the other side is down; the worker reads
 * the list when somebody asks and what is known is old, when the platform tells that it changed,
 * and when a platform is set up.
 */
#ifndef HOME_CATALOG_H
#define HOME_CATALOG_H

#include "home/plan.h"

#define CATALOG_FRESH_MS (5 * 60 * INT64_C(1000))

/* 1 *tests (the caller's): array of {id, title, duration_ms, labels[]}; 0 the list was never
 * read; -1 why.  Unless it is fresh a reading is ordered. */
int catalog_read(struct home *h, struct org *org, const char *platform, int64_t now_ms,
                 json_t **tests, struct fail *why);

/* The same of a hiring system: array of {name, id (absent when stages of several jobs have the
 * name)}, each name once, at most CATALOG_STAGES_MAX, in the order of the first job that has them.
 * *sentence (the caller's, NULL when all is well): why the list could not be read. */
#define CATALOG_STAGES_MAX 500
int catalog_stages(struct home *h, struct org *org, const char *ats, int64_t now_ms,
                   json_t **stages, char **sentence, struct fail *why);
/* Likewise the jobs that are not over; without id when several have the name. */
int catalog_jobs(struct home *h, struct org *org, const char *ats, int64_t now_ms, json_t **jobs,
                 char **sentence, struct fail *why);

/* Orders a reading now unless one is under way.  The plan's; or committed, and the worker woken. */
int catalog_plan(struct plan *p, struct org *org, const char *connection, int64_t now_ms,
                 struct fail *why);
int catalog_order(struct home *h, struct org *org, const char *connection, int64_t now_ms,
                  struct fail *why);

/* Those of tests that a selection names: array of texts, each an id, "label:NAME" (upper and lower
 * case are the same) or "*".  In the order of tests, each once; the caller's. */
json_t *catalog_select(const json_t *tests, const json_t *selection);

#endif
