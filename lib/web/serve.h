/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The skeleton that owns main: settings, routes, threads, the loop, replies, errors.
 *
 *     static const struct route routes[] = {
 *             { "POST", "{org}/{hook}", receive, .body_max = 1 << 20 },
 *             { NULL }
 *     };
 *     static const struct route *const tables[] = { routes, NULL };
 *     int main(int argc, char **argv)
 *     {
 *             return serve(argc, argv, &program);
 *     }
 *
 * The same binary serves FastCGI (spawned or with its own socket: --listen PATH) and plain
 * CGI.  A reply is built whole, then sent.  Every reply and log line carries a request id.
 * SIGTERM and SIGINT end it cleanly: what was accepted is answered, nothing more is accepted.
 *
 * Routing is on REQUEST_URI, decoded once by ourselves: the path behind the mount point and
 * the program's own name ("/fairlead/webhook/acme/x", "/cgi-bin/webhook.cgi/acme/x" are both
 * "acme/x").  "{name}" matches one segment of 1 to 200 bytes ("{name}.ics" one with that end); a
 * decoded '/' or control character, "." and ".." segments and invalid UTF-8 never match.  The
 * first route in the tables that fits wins; OPTIONS is answered 204 with Allow.
 */
#ifndef WEB_SERVE_H
#define WEB_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "door/json.h"
#include "floor/buf.h"
#include "floor/fail.h"
#include "floor/setting.h"

struct request;
struct reply;

typedef void route_handler(struct request *rq, struct reply *re);

struct route {
        const char *method; /* "GET" also answers HEAD; NULL ends the table */
        const char *path;   /* "{org}/join/{token}" below the program; "" for itself */
        route_handler *handler;
        size_t body_max;   /* 0: a body is not read */
        bool program;      /* true: errors are always problem+json, never a page */
        const char *scope; /* who may: the program's may() reads it; NULL: anyone */
};

struct program {
        const char *name;               /* "webhook": also the path segment */
        const char *about;              /* one line for --help */
        const struct setting *settings; /* its own, or NULL; the common ones are added */
        /* Tables of routes, asked in this order, each ended by a row of NULLs; NULL ends the list.
         */
        const struct route *const *routes;
        int (*start)(struct fail *why); /* once, after settings, before requests; may be NULL */
        void (*stop)(void);             /* after the last reply; may be NULL */
        /* Who asks for a route with a scope, before its body is read; set by programs that have
         * such routes.  0 may pass; 401, 403 or 404; -1 it has replied itself. */
        int (*may)(struct request *rq, struct reply *re, const char *scope);
        /* The last look before any handler, when the body is there (forms that others sent).
         * 0 go on, -1 it has replied; may be NULL. */
        int (*check)(struct request *rq, struct reply *re, const char *scope);
        /* Called by each thread that is about to sleep (patience_us 0) and behind each request
         * (the most microseconds that what was put off may wait any longer); may be NULL. */
        void (*rest)(int64_t patience_us);
};

int serve(int argc, char **argv, const struct program *program);

/* Common settings, filled before start() is called. */
struct serve_settings {
        const char *home;           /* FAIRLEAD_HOME */
        const char *allow_networks; /* FAIRLEAD_ALLOW_NETWORKS */
        const char *ca_file;        /* FAIRLEAD_CA_FILE */
        const char *mount;          /* FAIRLEAD_MOUNT, default /fairlead */
        const char *templates;      /* FAIRLEAD_TEMPLATES, default pkgdatadir/templates */
        const char *data;           /* FAIRLEAD_DATA, default pkgdatadir/data */
        const char *smtp_url, *smtp_user, *smtp_password_file, *sendmail, *mail_from;
        const char *log, *log_level; /* FAIRLEAD_LOG, FAIRLEAD_LOG_LEVEL */
        int64_t threads;             /* FAIRLEAD_THREADS, default 16 */
        int64_t retry_scale;         /* FAIRLEAD_RETRY_SCALE, default 1 */
        bool cgi;                    /* this process answers one request and ends */
};
extern struct serve_settings serve_settings;
extern const struct setting serve_setting_rows[];
/* Names that may stand in the home's settings file although this program has no use for them:
 * a program with settings of its own adds them here too (web/others.c). */
extern const struct setting serve_other_rows[];

/* The request. */
const char *request_method(struct request *rq);
const char *request_id(struct request *rq);                        /* a random UUID, ours alone */
const char *request_segment(struct request *rq, const char *name); /* decoded "{name}" */
/* Decoded values of the query and of an urlencoded body, or NULL; of a name that comes twice
 * the first counts, and a pair that cannot be decoded counts as absent (web/form.h). */
const char *request_query(struct request *rq, const char *name);
const char *request_form(struct request *rq, const char *name);
/* Every decoded pair of an urlencoded body in its order: fields whose names are not known. */
void request_each_form(struct request *rq,
                       void (*visit)(void *context, const char *name, const char *value),
                       void *context);
/* A cookie: 1 and *value (the caller frees), 0 absent, also when two have its name: one of them
 * was put there by somebody else. */
int request_cookie(struct request *rq, const char *name, char **value);
/* "/fairlead/admin": what stands before our own path in the address, for links. The caller
 * frees. */
char *request_base(struct request *rq);
/* A CGI variable that the web server alone sets ("REMOTE_USER"), or NULL. */
const char *request_variable(struct request *rq, const char *name);
/* Something that may() found out and handlers need; dropped with the request. */
void request_keep(struct request *rq, void *kept, void (*drop)(void *kept));
void *request_kept(struct request *rq); /* or NULL */
/* Every decoded pair of the query in its order, for those who refuse what they do not know. */
void request_each_query(struct request *rq,
                        void (*visit)(void *context, const char *name, const char *value),
                        void *context);
const struct buf *request_body(struct request *rq);
int request_header(struct request *rq, const char *name, const char **value); /* as cgi_header */
void request_each_header(struct request *rq,
                         void (*visit)(void *context, const char *name, const char *value),
                         void *context);
const char *request_address(struct request *rq); /* REMOTE_ADDR */
bool request_wants_html(struct request *rq);     /* Accept prefers text/html */
/* Bearer token or Basic user name of Authorization; NULL if none. */
const char *request_credential(struct request *rq);

/*
 * A handler that must wait for something may let go of its thread: if request_put_off() says
 * true, the reply is sent when request_answer() is called, by any thread, even before the
 * handler returns; until then request and reply stay where they are, and from then on they are
 * gone.  False (plain CGI, too many put off already): the handler waits itself.
 */
bool request_put_off(struct request *rq);
void request_answer(struct request *rq);

/* The reply: 200 with an empty body unless said otherwise. */
void reply_status(struct reply *re, int status);
int reply_status_given(const struct reply *re);                           /* as it stands now */
void reply_header(struct reply *re, const char *name, const char *value); /* CR/LF refused */
void reply_text(struct reply *re, int status, const char *text);          /* text/plain */
void reply_json(struct reply *re, int status, json_t *value);             /* takes value */
void reply_html(struct reply *re, int status, const char *html, size_t len);
struct buf *reply_body(struct reply *re); /* with reply_type() for anything else */
void reply_type(struct reply *re, const char *media_type);
/* Lets the forms of this page end, by a redirect, at one more origin ("https://host"): the
 * Content-Security-Policy holds them to our own otherwise. */
void reply_forms_may_end_at(struct reply *re, const char *origin);
void reply_see_other(struct reply *re, const char *location); /* 303 */
/* A body that is not held in memory: status and headers as they are by now, with this length (-1:
 * not known), then each piece as it comes; -1 when nobody reads any more.  A body that ends short
 * of its length, or reply_cut(), is never taken for the whole.  Over FastCGI with a length what was
 * sent stays sent, and the connection breaks off.  Otherwise web servers would end the reply as if
 * all were well, so it waits in a nameless file of the home until it is whole; a cut makes it a 502
 * that says so, and a disk that is nearly full a 503.  Not for HEAD: there only reply_stream() is
 * called. */
int reply_stream(struct request *rq, struct reply *re, int64_t length);
int reply_piece(struct request *rq, struct reply *re, const void *data, size_t len);
void reply_cut(struct reply *re);
/* RFC 9457 for programs, a plain page for people.  detail is a sentence for the caller (what
 * he can do), never a cause, a path or a secret; NULL for the status' own sentence. */
void reply_problem(struct request *rq, struct reply *re, int status, const char *detail);
/* The same about one member of the document that came ("candidate.email", or NULL): programs find
 * it in errors[{pointer, detail}]. */
void reply_problem_at(struct request *rq, struct reply *re, int status, const char *member,
                      const char *detail);
/* 503 with Retry-After for FAIL_FULL and FAIL_BUSY, 500 otherwise; the cause goes to the log. */
void reply_failure(struct request *rq, struct reply *re, const char *what, const struct fail *why);
/* Renders templates/<name>.mustache (loaded at start-up) with this data inside the page
 * frame and sends it with the strict Content-Security-Policy.  Takes data. */
void reply_page(struct request *rq, struct reply *re, int status, const char *name, json_t *data);

#endif
