/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages: Mustache templates loaded once, the frame around them and the one stylesheet, which
 * travels inside each page so that a poor line needs no second request.  Its digest stands in
 * the Content-Security-Policy, so no other style is obeyed.  The one script (copy.js) goes the
 * same way, into pages whose data has "scripted".  For the skeleton only.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "floor/fail.h"
#include "web/serve.h"

/* Compiles every *.mustache of the directory and reads style.css and copy.js.  A directory that is
 * not there leaves plain built-in error pages; a faulty template is -1 why (file and line). */
int page_load(const char *dir, struct fail *why);
void page_unload(void);
/* Renders a template into its frame: 0, or -1 why and the reply is as it was. */
int page_render(struct reply *re, int status, const char *name, json_t *data, struct fail *why);
/* The error page of a program without templates. */
void page_bare(struct reply *re, int status, const char *detail, const char *reference);
const char *page_style_hash(void); /* "sha256-..." */
const char *page_script_hash(void);

const char *reply_sentence(int status); /* what the caller can do about it */

#endif
