/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plain text as a PDF 1.4 document (ISO 32000-1): A4, one typewriter face, the first line bold.
 * Lines are broken at spaces; as many pages as it takes, PDF_PAGES_MAX at most.
 *
 * The face is one that every reader has, so it knows Western European letters only (WinAnsi):
 * others are shown as '?'.
 */
#ifndef BRIDGE_PDF_H
#define BRIDGE_PDF_H

#include "floor/buf.h"

#define PDF_PAGES_MAX 40

/* text is UTF-8; '\n' ends a line. */
void pdf_print(struct buf *out, const char *text);

#endif
