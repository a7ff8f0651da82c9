/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mark in every note of ours, "[fairlead 3f9c2a7b1d0e44aa]": found again, it proves that
 * this note stands already.  It is a digest of what the note says, under a key of the org:
 * the same thing gives the same mark, whichever action writes it, and nobody can make one up.
 */
#ifndef BRIDGE_MARKER_H
#define BRIDGE_MARKER_H

#include "bridge/session.h"
#include "door/secret.h"

/* about: what the note is for, "gh:17 cs:9 result".  The caller frees. */
char *marker_of(const unsigned char key[SECRET_KEY_SIZE], const char *about);

/* What a result note depends on: state, score with its passport, verification.  Another value
 * means that another note is due.  The caller frees. */
char *marker_session_version(const struct session *s);

#endif
