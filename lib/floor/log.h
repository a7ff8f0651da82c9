/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One event, one line, one write to stderr, so that lines of several threads and processes
 * never mix.  FAIRLEAD_LOG chooses "text" (default) or "json", FAIRLEAD_LOG_LEVEL the least level.
 *
 * An event is a fixed sentence plus named values; every byte that is not plain is escaped,
 * so a visitor cannot forge a line.  Secrets are never handed to a log function: there is
 * no way to print a sealed value here, keep it so.
 */
#ifndef FLOOR_LOG_H
#define FLOOR_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

/* program is kept, not copied.  format: "json" or anything else for text. */
void log_start(const char *program, const char *format, enum log_level least);

/* The level of this name ("debug", "info", "warn", "error"); LOG_LEVEL_INFO for any other. */
enum log_level log_level(const char *word);

/* Would an event of this level be written?  Spares the work of preparing its values. */
bool log_wants(enum log_level level);

/* The request id that every line of this thread carries from now on; NULL for none. */
void log_request(const char *id);

/* log_event(LOG_LEVEL_INFO, "webhook kept", "org", org, "hook", hook, NULL): pairs of
 * strings, ended by NULL; a NULL value is written as "-". */
void log_event(enum log_level level, const char *what, ...) __attribute__((sentinel));

#endif
