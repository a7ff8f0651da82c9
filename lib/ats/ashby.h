/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ashby: webhooks inwards (the signature covers the body), its API outwards (wire/ashby.md). */
#ifndef ATS_ASHBY_H
#define ATS_ASHBY_H

#include "ats/ats.h"
#include "bridge/sender.h"

extern const struct sender ashby_sender;
extern const struct ats ashby_ats;

/* One full name there, two parts here (either may be left out): the last word is the family
 * name, by guess (wire/ashby.md 6, trap 20).  Sets first_name and last_name. */
void ashby_split_name(json_t *candidate, const char *full);
/* "Active" and the others in the bridge's words; NULL for NULL. */
const char *ashby_status(const char *word);

#endif
