/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Secrets that come back: an outside system may repeat in its answer what it was shown.
 */
#ifndef FLOOR_MASK_H
#define FLOOR_MASK_H

#include <stddef.h>

/* Shorter texts are words, and would be found where nobody meant them. */
#define MASK_LEAST 8

/* Writes '*' over every place of text where secret stands, plainly or as JSON may escape it
 * ("\/", "\u0073"; ASCII).  The length stays, and what was JSON still is.  A secret that is NULL
 * or shorter than MASK_LEAST bytes hides nothing.  Returns how many places. */
size_t mask_secret(char *text, size_t len, const char *secret);

#endif
