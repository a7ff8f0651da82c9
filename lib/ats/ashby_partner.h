/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ashby's assessment partner API: what its calls say and want to hear (wire/ashby.md 3).
 *
 * Types and assessments are UUIDs there.  Ours are derived: an assessment's holds the 30
 * hexadecimal digits of our own id, a type's is a digest of the platform and its test.
 */
#ifndef ATS_ASHBY_PARTNER_H
#define ATS_ASHBY_PARTNER_H

#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/partner.h"

/* The UUID (RFC 9562, version 8) for our id of 30 hexadecimal digits, and back: NULL when it is
 * none of ours.  The callers free. */
char *ashby_assessment_id(const char *id);
char *ashby_assessment_from(const char *uuid);
/* The UUID of a test of a platform (connection id): the caller frees. */
char *ashby_type_id(const char *platform, const char *test);

/* assessment.start.  Unknown members are ignored, null is absent. */
struct ashby_start {
        char *type, *application, *candidate;
        char *first_name, *last_name, *email, *profile;
        json_t *fields; /* additional_fields that are asked for: {id: text} */
};
/* asked: {id: name} of the fields we asked for, or NULL.  0, or -1 with why's text
 * "<member>: what is wrong". */
int ashby_start_read(const json_t *body, const json_t *asked, struct ashby_start *out,
                     struct fail *why);
void ashby_start_dispose(struct ashby_start *start);

/* Answers: {success, results[{assessment_type_id, name, description}]}; {success, fields[]};
 * {success, results{assessment_id}}; {success: false, errors, errorInfo}.  The caller's. */
json_t *ashby_types(const char *platform, const json_t *tests);
json_t *ashby_fields(const json_t *asked);
json_t *ashby_started(const char *assessment_id);
json_t *ashby_refusal(const char *code, const char *message);

/* ats.h, tell_partner: assessment.update.  kept is {fields{name: text}}. */
int ashby_tell_partner(struct link *link, const struct partner_news *news, struct outcome *outcome);

#endif
