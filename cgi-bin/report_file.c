/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The platform's own report file, handed through in constant memory: its address is a secret
 * (whoever has it needs no login), so a recruiter gets the bytes and never the address.
 *
 * Nothing that the platform says reaches the browser but the bytes, their length and a type from
 * our own list; everything is a download, so that nothing of it runs on our origin.
 */
#include "report_file.h"

#include <stdatomic.h>
#include <string.h>

#include "door/fetch.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "guard.h"
#include "home/report_view.h"

#define FILE_MAX ((size_t)512 * 1024 * 1024) /* of a report */
#define FILE_MS (10 * WHEN_MINUTE)           /* for all of it, over a slow line too */
#define PIECE 65528                          /* gathered before it goes on: one FastCGI record */
#define NAME_MAX_BYTES 80                    /* of a session in a file's name */
#define RANGE_MAX 100                        /* bytes of a Range header */

static _Atomic int under_way;

struct passing {
        struct request *rq;
        struct reply *re;
        const char *session;
        bool ranged; /* a part was asked for */
        bool begun;  /* the head is out */
        bool read;   /* nobody wants the body (HEAD), but the head was seen */
        size_t len;
        char piece[PIECE];
};

/* Ours by theirs; NULL for what is a page and not a file. */
static const char *type_of(const char *theirs, const char **ending)
{
        static const struct {
                const char *type, *ending;
        } known[] = {
                { "application/pdf", "pdf" }, { "text/plain", "txt" }, { "text/csv", "csv" },
                { "application/zip", "zip" }, { "image/png", "png" },
        };
        static const char *const pages[] = { "text/html", "application/xhtml+xml", NULL };
        size_t len = theirs == NULL ? 0 : strcspn(theirs, "; \t");

        for (const char *const *p = pages; *p != NULL; p++)
                if (len == strlen(*p) && text_starts_fold(theirs, *p))
                        return NULL;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
                if (len == strlen(known[i].type) && text_starts_fold(theirs, known[i].type)) {
                        *ending = known[i].ending;
                        return known[i].type;
                }
        *ending = "bin";
        return "application/octet-stream";
}

/* "attachment; filename=..." of nothing but letters, digits, '-' and '_'. */
static void set_disposition(struct reply *re, const char *session, const char *ending)
{
        static const char plain[] = "-_0123456789"
                                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        char *name = mem_text_part(session, strnlen(session, NAME_MAX_BYTES)), *value;

        for (char *c = name; *c != '\0'; c++)
                if (strchr(plain, *c) == NULL)
                        *c = '_';
        value = mem_format("attachment; filename=\"report-%s.%s\"", name, ending);
        reply_header(re, "Content-Disposition", value);
        mem_free(value);
        mem_free(name);
}

/* The length they announce, -1 for none. */
static int64_t length_of(const struct fetch_answer *answer)
{
        char *text = fetch_header(answer, "Content-Length");
        int64_t length = -1;

        if (text != NULL && text_int(text, 0, (int64_t)FILE_MAX, &length) != 0)
                length = -1;
        mem_free(text);
        return length;
}

static bool begin(struct passing *p, const struct fetch_answer *answer)
{
        char *theirs = fetch_header(answer, "Content-Type"), *range = NULL;
        const char *ending = "bin", *type = type_of(theirs, &ending);
        bool good = type != NULL;

        if (answer->status == 206) {
                range = fetch_header(answer, "Content-Range");
                good = good && p->ranged && range != NULL &&
                       range[strspn(range, "bytes 0123456789-/*")] == '\0';
        }
        if (good) {
                reply_status(p->re, answer->status);
                reply_type(p->re, type);
                set_disposition(p->re, p->session, ending);
                reply_header(p->re, "Cache-Control", "private, no-store");
                reply_header(p->re, "X-Robots-Tag", "noindex");
                if (answer->status == 206)
                        reply_header(p->re, "Content-Range", range);
                p->begun = true;
                good = reply_stream(p->rq, p->re, length_of(answer)) == 0;
        } else {
                reply_problem(p->rq, p->re, 404,
                              "The platform shows this report on its own pages only; it has no "
                              "file of it.");
        }
        mem_free(range);
        mem_free(theirs);
        return good;
}

static void say_status(struct passing *p, int status)
{
        log_event(LOG_LEVEL_WARN, "report file not given", "cause",
                  status == 401 || status == 403   ? "the platform refuses our link"
                  : status == 404 || status == 410 ? "the platform has it no more"
                  : status / 100 == 3              ? "the platform redirects, which is not followed"
                                                   : "the platform answers an error",
                  NULL);
        if (status == 404 || status == 410) {
                reply_problem(p->rq, p->re, 404,
                              "The platform does not have this report any more.");
        } else if (status == 416) {
                reply_problem(p->rq, p->re, 400, "There is no such part of this report.");
        } else if (status == 429 || status == 503) {
                reply_problem(p->rq, p->re, 503, "The platform is busy. Retry in a minute.");
                reply_header(p->re, "Retry-After", "60");
        } else {
                reply_problem(p->rq, p->re, 502, "The platform did not give its report out.");
        }
}

static bool head(void *context, const struct fetch_answer *answer)
{
        struct passing *p = context;

        if (answer->status != 200 && answer->status != 206) {
                say_status(p, answer->status);
                p->read = true;
                return false;
        }
        p->read = true;
        return begin(p, answer) && !text_equal(request_method(p->rq), "HEAD");
}

static bool flush(struct passing *p)
{
        size_t len = p->len;

        p->len = 0;
        return len == 0 || reply_piece(p->rq, p->re, p->piece, len) == 0;
}

static bool piece(void *context, const void *data, size_t len)
{
        struct passing *p = context;
        const char *from = data;

        while (len > 0) {
                size_t part = len < PIECE - p->len ? len : PIECE - p->len;

                memcpy(p->piece + p->len, from, part);
                p->len += part;
                from += part;
                len -= part;
                if (p->len == PIECE && !flush(p))
                        return false;
        }
        return true;
}

/* One range, and only without If-Range, which would need their validators. */
static char *range_line(struct request *rq)
{
        const char *range, *other;

        if (request_header(rq, "Range", &range) != 1 ||
            request_header(rq, "If-Range", &other) != 0 || text_equal(request_method(rq), "HEAD") ||
            strlen(range) > RANGE_MAX || !text_starts(range, "bytes=") || range[6] == '\0' ||
            range[6 + strspn(range + 6, "0123456789-")] != '\0')
                return NULL;
        return mem_format("Range: %s", range);
}

static void pass(struct passing *p, const char *url)
{
        char *range = range_line(p->rq);
        const char *headers[] = { "Accept: application/pdf", range, NULL };
        struct fetch_sink sink = { head, piece, p };
        struct fetch_request request = { .method = "GET",
                                         .url = url,
                                         .headers = headers,
                                         .timeout_ms = FILE_MS,
                                         .answer_max = FILE_MAX,
                                         .sink = &sink };
        struct fetch_answer answer;
        struct fail why = FAIL_CLEAR;
        bool whole;

        p->ranged = range != NULL;
        whole = fetch(&request, &answer, &why) == 0 && flush(p);
        if (!p->begun && !p->read) { /* not even a head: nothing was said yet */
                log_event(LOG_LEVEL_WARN, "report file not given", "cause", answer.cause, NULL);
                reply_problem(p->rq, p->re, answer.end == FETCH_UNCERTAIN ? 504 : 502,
                              "The platform could not be reached for its report. Retry later.");
        } else if (p->begun && !whole && !text_equal(request_method(p->rq), "HEAD")) {
                log_event(LOG_LEVEL_WARN, "report file broken off", "cause", answer.cause, NULL);
                reply_cut(p->re);
        }
        fetch_answer_dispose(&answer);
        mem_free(range);
}

/* A slow reader keeps a thread: half of them at most, so that pages are shown all the same. */
static bool may_begin(void)
{
        int most = serve_settings.threads > 1 ? (int)serve_settings.threads / 2 : 1;

        if (atomic_fetch_add(&under_way, 1) < most)
                return true;
        atomic_fetch_sub(&under_way, 1);
        return false;
}

static void leave(void *count)
{
        atomic_fetch_sub((_Atomic int *)count, 1);
}

void report_file_handler(struct request *rq, struct reply *re,
                         void (*seen)(struct request *rq, struct org *org, const char *session))
{
        struct fail why = FAIL_CLEAR;
        char *url = NULL, *session = NULL;
        struct passing *p;
        struct org *org;

        if (guard_open_org(rq, re, &org) != 0)
                return;
        switch (
            report_file(guard_home(), org, request_segment(rq, "token"), &url, &session, &why)) {
        case 1:
                if (!may_begin()) {
                        reply_problem(rq, re, 503, "Too many reports are being fetched right now.");
                        reply_header(re, "Retry-After", "5");
                        break;
                }
                request_keep(rq, &under_way, leave); /* until the reply has gone out */
                seen(rq, org, session);
                p = mem_alloc(sizeof *p);
                p->rq = rq;
                p->re = re;
                p->session = session;
                pass(p, url);
                mem_free(p);
                break;
        case 0:
                reply_problem(rq, re, 404, "There is no report file behind this link.");
                break;
        case 2:
                reply_problem(rq, re, 410,
                              "This report was removed together with the candidate's data.");
                break;
        default:
                reply_failure(rq, re, "report file cannot be found", &why);
        }
        mem_free_secret(url);
        mem_free(session);
}
