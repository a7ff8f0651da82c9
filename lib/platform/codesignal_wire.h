/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the CodeSignal adapter share; nobody else includes this. */
#ifndef PLATFORM_CODESIGNAL_WIRE_H
#define PLATFORM_CODESIGNAL_WIRE_H

#include "bridge/link.h"
#include "bridge/outcome.h"
#include "bridge/session.h"
#include "platform/platform.h"

/*
 * The map (data/codesignal/paths.json), checked: NULL with *why naming the file, and the
 * line or the path in it.  The caller drops it.
 */
json_t *codesignal_map_load(struct link *link, struct fail *why);
/* The document of an operation, read and checked against the map: -1 names file and line. */
int codesignal_document(struct link *link, const json_t *map, const char *operation,
                        struct buf *text, struct fail *why);
/* The operation's variables: its template with "$name" replaced by members of values;
 * members whose value is missing are left out.  The caller drops it. */
json_t *codesignal_variables(const json_t *map, const char *operation, const json_t *values);
/* A path of a section: "session", "id" gives "id". */
const char *codesignal_path(const json_t *map, const char *section, const char *name);
int64_t codesignal_page_size(const json_t *map);
/* Names of all operations, NULL-terminated. */
extern const char *const codesignal_operations[];

enum codesignal_class {
        CLASS_NONE, /* no error */
        CLASS_UNKNOWN,
        CLASS_AUTH,
        CLASS_PERMISSION,
        CLASS_RATE,
        CLASS_LATER,
        CLASS_DOCUMENT, /* the document does not fit the API */
        CLASS_VALUES,   /* nor does a value in it, such as a page too large */
        CLASS_ABSENT,
        CLASS_PERMANENT
};

struct codesignal_answer {
        json_t *body;
        const json_t *result; /* in body, at the document's result path; NULL if null */
        enum codesignal_class class;
};

/* Calls an operation.  values is taken.  0 with outcome DONE and a result that is not null;
 * else -1 with any other outcome.  Always dispose the answer. */
int codesignal_call(struct link *link, const json_t *map, const char *operation, json_t *values,
                    struct codesignal_answer *answer, struct outcome *outcome);
/* After errors that are each about one member of the list in the answer: those members become null,
 * and the others are as good as ever.  False if an error is about more than that. */
bool codesignal_answer_salvage(struct codesignal_answer *answer);
void codesignal_answer_dispose(struct codesignal_answer *answer);

/* Reads one session; false if it has no id.  *odd names a word that the map does not know,
 * or is NULL. */
bool codesignal_session(const json_t *map, const json_t *value, struct session *out,
                        const char **odd);

/* Somebody else's question (codesignal_relay.c). */
int codesignal_relay(struct link *link, const void *question, size_t len, struct relayed *out,
                     struct fail *why);

/* The connection test (codesignal_test.c). */
int codesignal_test(struct link *link, json_t **report, struct outcome *outcome);

#endif
