/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rules want for an application that was just read back. */
#ifndef HOME_INTENT_H
#define HOME_INTENT_H

#include "home/step.h"

/* Asks the org's rules about the stage the application is in, and orders what they say: once
 * for each entry into it.  Waits when the ATS does not show yet what its event told.  Ends the
 * step in every case. */
void intent_ask(struct step *s, const struct application *application);

#endif
