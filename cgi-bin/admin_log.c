/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: who did what, from where. */
#include <string.h>

#include "admin.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/audit.h"

#define LOG_PAGE 50

/* What was done, in words; others are shown as they are. */
static const struct {
        const char *did, *words;
} deeds[] = {
        { "account.changed", "changed the own account" },
        { "account.passphrase", "changed the own passphrase" },
        { "account.signed-out-everywhere", "signed out everywhere" },
        { "account.totp-off", "switched the second factor off" },
        { "account.totp-on", "switched a second factor on" },
        { "account.visit-ended", "ended a visit" },
        { "action.parked", "parked an action" },
        { "action.retried", "had an action tried again" },
        { "audit.damaged", "found this log damaged" },
        { "audit.exported", "exported this log" },
        { "audit.mended", "mended the end of this log" },
        { "candidate.erased", "erased a candidate's data" },
        { "candidate.lapsed", "erased what was kept long enough" },
        { "candidate.viewed", "looked at a candidate" },
        { "connection.added", "added a connection" },
        { "connection.changed", "changed a connection" },
        { "connection.removed", "removed a connection" },
        { "connection.secret-dropped", "dropped a webhook secret" },
        { "connection.secret-made", "made a webhook secret" },
        { "connection.tested", "tested a connection" },
        { "document.applied", "applied a document" },
        { "event.replayed", "replayed an event" },
        { "event.viewed", "looked at raw bytes" },
        { "events.replayed", "replayed events" },
        { "glass.broken", "broke the glass" },
        { "home.restored", "restored a backup" },
        { "key.changed", "changed a key" },
        { "key.issued", "issued a key" },
        { "key.revoked", "revoked a key" },
        { "key.rotated", "rotated a key" },
        { "master.rotated", "rotated the master key" },
        { "moves.off", "switched moving on scores off" },
        { "moves.on", "switched moving on scores on" },
        { "person.changed", "changed a person" },
        { "person.invited", "invited somebody" },
        { "person.joined", "made an account" },
        { "person.not-signed-in", "tried to sign in and could not" },
        { "person.removed", "removed somebody" },
        { "person.reset", "made a link to get in again" },
        { "person.signed-in", "signed in" },
        { "person.signed-out", "signed out" },
        { "person.withdrawn", "withdrew an invitation" },
        { "platform.read", "read at a platform" },
        { "report.downloaded", "downloaded a report" },
        { "report.viewed", "looked at a report" },
        { "retention.changed", "changed how long candidates' data is kept" },
        { "rules.added", "added a rule" },
        { "rules.changed", "changed a rule" },
        { "rules.removed", "removed a rule" },
        { "secret.added", "added a webhook secret" },
        { "secret.dropped", "dropped a webhook secret" },
        { "session.looked", "had a session looked at again" },
};

static const char *words_of(const char *did)
{
        for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
                if (text_equal(deeds[i].did, did))
                        return deeds[i].words;
        return did;
}

/* A part of who, did or about; the same for all of them, as one field asks. */
static bool keep(void *context, const json_t *record)
{
        const char *part = context;

        return strcasestr(json_get_text(record, "who", ""), part) != NULL ||
               strcasestr(json_get_text(record, "about", ""), part) != NULL ||
               strcasestr(json_get_text(record, "from", ""), part) != NULL ||
               strcasestr(words_of(json_get_text(record, "did", "")), part) != NULL;
}

static void dress(struct request *rq, json_t *record)
{
        json_t *detail = json_object_get(record, "detail");
        struct buf text = BUF_NONE;

        json_set_text(record, "words", words_of(json_get_text(record, "did", "")));
        admin_set_time(rq, record, "at", json_get_int(record, "at_ms", 0));
        if (detail != NULL) {
                json_write(detail, &text);
                json_set_text(record, "more", buf_text(&text));
        }
        buf_dispose(&text);
}

static void show_log(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        const char *part = request_query(rq, "q");
        struct fail why = FAIL_CLEAR;
        struct audit_check check;
        json_t *list = NULL, *view, *row;
        int64_t before = 0;
        size_t i;

        if (part != NULL && *part == '\0')
                part = NULL;
        if (request_query(rq, "before") != NULL &&
            text_int(request_query(rq, "before"), 1, INT64_MAX, &before) != 0) {
                reply_problem(rq, re, 400, NULL);
                return;
        }
        if (audit_last(guard_home(), v->org->name, (uint64_t)before, LOG_PAGE + 1,
                       part == NULL ? NULL : keep, (void *)(uintptr_t)part, &list, &why) != 0 ||
            audit_verify(guard_home(), v->org->name, 0, NULL, &check, &why) != 0) {
                reply_failure(rq, re, "audit log cannot be read", &why);
                json_decref(list);
                return;
        }
        view = json_object();
        if (json_array_size(list) > LOG_PAGE) {
                json_array_remove(list, LOG_PAGE);
                json_set_int(view, "older",
                             json_get_int(json_array_get(list, LOG_PAGE - 1), "n", 0));
        }
        json_array_foreach(list, i, row)
        {
                dress(rq, row);
        }
        json_set_bool(view, "has_records", json_array_size(list) > 0);
        json_set(view, "records", list);
        json_set_text(view, "q", part);
        json_set_text(view, "chain", check.sentence);
        json_set_text(view, "chain_tone",
                      check.state == AUDIT_CHANGED ? "bad"
                      : check.state == AUDIT_TORN  ? "wait"
                                                   : "good");
        json_set_text(view, "hash", check.last == 0 ? NULL : check.hash);
        json_set_int(view, "last", (int64_t)check.last);
        admin_page(rq, re, 200, "log", view, "Log", "log");
}

static int add_line(void *context, const char *line, size_t len)
{
        buf_add(context, line, len);
        buf_add_char(context, '\n');
        return 0;
}

/* The lines as they stand: fairlead audit verify --file takes them. */
static void export_log(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        char *name;

        if (admin_log(rq, re, "audit.exported", NULL, NULL) != 0)
                return;
        reply_status(re, 200);
        if (audit_export(guard_home(), v->org->name, add_line, reply_body(re), &why) != 0) {
                reply_failure(rq, re, "audit log cannot be read", &why);
                return;
        }
        name = mem_format("attachment; filename=\"audit-%s.log\"", v->org->name);
        reply_type(re, "text/plain; charset=utf-8");
        reply_header(re, "Content-Disposition", name);
        mem_free(name);
}

const struct route admin_log_routes[] = {
        { "GET", "{org}/log", show_log, 0, false, LOG_READERS },
        { "POST", "{org}/log/export", export_log, ADMIN_FORM_MAX, false, LOG_READERS },
        { NULL, NULL, NULL, 0, false, NULL },
};
