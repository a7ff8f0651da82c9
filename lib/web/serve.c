/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The skeleton's main: options, settings, threads, the loop, the end. */
#include "web/serve.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/log.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "web/exchange.h"
#include "web/page.h"

#define STACK_BYTES (512 * 1024) /* of a thread; only what is touched becomes resident */
#define STOP_SECONDS 30          /* a clean stop waits this long for requests in progress */
#define PUT_OFF_MOST 64          /* requests that wait for something without a thread */
#define PATIENCE_US 1000         /* what was put off by a program that is never idle */

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3 };

struct serve_settings serve_settings;

const struct setting serve_setting_rows[] = {
        { "FAIRLEAD_HOME", SETTING_TEXT, "/var/lib/fairlead", 0, 0, &serve_settings.home, NULL,
          "the home: the directory that holds all state" },
        { "FAIRLEAD_ALLOW_NETWORKS", SETTING_TEXT, "", 0, 0, &serve_settings.allow_networks, NULL,
          "private networks (CIDR, separated by spaces) that outgoing requests may reach" },
        { "FAIRLEAD_CA_FILE", SETTING_TEXT, "", 0, 0, &serve_settings.ca_file, NULL,
          "certificates to trust for outgoing requests instead of the system's" },
        { "FAIRLEAD_MOUNT", SETTING_TEXT, "/fairlead", 0, 200, &serve_settings.mount, NULL,
          "path of the web server under which the programs stand" },
        { "FAIRLEAD_TEMPLATES", SETTING_TEXT, FAIRLEAD_DATA_DIR "/templates", 0, 0,
          &serve_settings.templates, NULL, "directory of the page templates" },
        { "FAIRLEAD_DATA", SETTING_TEXT, FAIRLEAD_DATA_DIR "/data", 0, 0, &serve_settings.data,
          NULL, "directory of vendor documents and tables" },
        { "FAIRLEAD_SMTP_URL", SETTING_TEXT, "", 0, 0, &serve_settings.smtp_url, NULL,
          "mail relay, smtp://host:port or smtps://host:port; empty: the local sendmail" },
        { "FAIRLEAD_SMTP_USER", SETTING_TEXT, "", 0, 320, &serve_settings.smtp_user, NULL,
          "user name at the mail relay; empty: none" },
        { "FAIRLEAD_SMTP_PASSWORD_FILE", SETTING_TEXT, "", 0, 0, &serve_settings.smtp_password_file,
          NULL, "file whose first line is that user's password" },
        { "FAIRLEAD_SENDMAIL", SETTING_TEXT, "/usr/sbin/sendmail", 0, 0, &serve_settings.sendmail,
          NULL, "program that takes mail when there is no relay" },
        { "FAIRLEAD_MAIL_FROM", SETTING_TEXT, "", 0, 320, &serve_settings.mail_from, NULL,
          "sender address of mail" },
        { "FAIRLEAD_LOG", SETTING_CHOICE, "text", 0, 0, &serve_settings.log, "text|json",
          "form of the log lines on stderr" },
        { "FAIRLEAD_LOG_LEVEL", SETTING_CHOICE, "info", 0, 0, &serve_settings.log_level,
          "debug|info|warn|error", "least level of the log lines; debug adds each good request" },
        { "FAIRLEAD_THREADS", SETTING_INT, "16", 1, 256, &serve_settings.threads, NULL,
          "threads of a FastCGI program" },
        { "FAIRLEAD_RETRY_SCALE", SETTING_INT, "1", 1, 1000000, &serve_settings.retry_scale, NULL,
          "divides every retry, sweep and polling wait; for rehearsals and tests" },
        { NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
};

struct options {
        const char *listen, *settings;
};

static void log_line(struct request *rq, const struct reply *re, int64_t started_us)
{
        char status[16], spent[24];
        char method[17];
        /* A web server copies each line to its own log, and it has one for what went well. */
        enum log_level level = re->status < 400 ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;

        if (!log_wants(level))
                return;
        snprintf(status, sizeof status, "%d", re->status);
        snprintf(spent, sizeof spent, "%lld", (long long)(when_steady_us() - started_us));
        snprintf(method, sizeof method, "%s", rq->method);
        /* The pattern, never the path: paths hold tokens. */
        log_event(level, "request", "method", method, "route",
                  rq->route == NULL ? NULL : rq->route->path, "status", status, "us", spent, NULL);
}

/* One request under way: with a thread, or put off and with nobody. */
struct slot {
        struct request rq;
        struct reply re;
        struct cgi *cgi;
        int64_t started_us;
        _Atomic int hands; /* put off: the handler's thread, and who answers; the last one sends */
        struct slot *next; /* in idle_slots */
};

static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot *idle_slots; /* guarded by slots_lock */
static _Atomic int slots_put_off;

static struct slot *slot_take(void)
{
        struct slot *s;

        pthread_mutex_lock(&slots_lock);
        s = idle_slots;
        if (s != NULL)
                idle_slots = s->next;
        pthread_mutex_unlock(&slots_lock);
        if (s == NULL) {
                s = mem_alloc(sizeof *s);
                s->cgi = cgi_new(false);
        }
        return s;
}

static void slot_return(struct slot *s)
{
        pthread_mutex_lock(&slots_lock);
        s->next = idle_slots;
        idle_slots = s;
        pthread_mutex_unlock(&slots_lock);
}

static void slots_free(void)
{
        for (struct slot *s; (s = idle_slots) != NULL;) {
                idle_slots = s->next;
                cgi_free(s->cgi);
                mem_free(s);
        }
}

static void send_reply(struct slot *s)
{
        dispatch_settle(&s->rq, &s->re);
        if (reply_send(&s->re, &s->rq) != 0)
                log_event(LOG_LEVEL_WARN, "the reply did not go out whole", NULL);
        log_line(&s->rq, &s->re, s->started_us);
        cgi_finish(s->cgi);
        reply_dispose(&s->re);
        request_dispose(&s->rq);
}

/* False: it was put off, and the slot is not the caller's any more. */
static bool answer(struct slot *s, const struct program *program)
{
        s->started_us = when_steady_us();
        request_init(&s->rq, s->cgi, program);
        reply_init(&s->re);
        s->rq.slot = s;
        s->hands = 0;
        log_request(s->rq.id);
        dispatch(&s->rq, &s->re);
        if (s->rq.put_off && atomic_fetch_sub(&s->hands, 1) != 1) {
                log_request(NULL);
                return false;
        }
        send_reply(s);
        log_request(NULL);
        return true;
}

bool request_put_off(struct request *rq)
{
        struct slot *s = rq->slot;

        if (!cgi_parts(s->cgi))
                return false;
        if (atomic_fetch_add(&slots_put_off, 1) >= PUT_OFF_MOST) {
                atomic_fetch_sub(&slots_put_off, 1);
                return false;
        }
        s->hands = 2;
        rq->put_off = true;
        return true;
}

void request_answer(struct request *rq)
{
        struct slot *s = rq->slot;

        atomic_fetch_sub(&slots_put_off, 1);
        if (atomic_fetch_sub(&s->hands, 1) != 1)
                return; /* the handler is not back yet: its thread sends */
        log_request(rq->id);
        send_reply(s);
        log_request(NULL);
        slot_return(s);
}

struct worker {
        pthread_t thread;
        struct cgi_door *door;
        const struct program *program;
        bool broken;
};

static const struct program *serving;

static void rest(void)
{
        serving->rest(0);
}

static void *work(void *context)
{
        struct worker *w = context;
        struct slot *s = slot_take();
        struct fail why = FAIL_CLEAR;
        int result;

        while ((result = cgi_accept(s->cgi, w->door, &why)) == 1) {
                if (!answer(s, w->program))
                        s = slot_take();
                if (w->program->rest != NULL)
                        w->program->rest(PATIENCE_US);
        }
        if (w->program->rest != NULL)
                w->program->rest(0);
        slot_return(s);
        if (result < 0) {
                log_event(LOG_LEVEL_ERROR, "no more requests", "cause", why.text, NULL);
                w->broken = true;
                kill(getpid(), SIGTERM);
        }
        return NULL;
}

/* Signals that end the program.  They are blocked in every thread and taken by the main
 * thread, so no system call is ever interrupted and no handler runs between two lines. */
static void ending_signals(sigset_t *set)
{
        sigemptyset(set);
        sigaddset(set, SIGTERM);
        sigaddset(set, SIGINT);
        sigaddset(set, SIGHUP);
        sigaddset(set, SIGUSR1); /* mod_fastcgi's word for "finish" */
}

static int serve_fastcgi(const struct program *program, int listen_fd, const char *listen)
{
        size_t count = (size_t)serve_settings.threads;
        struct worker *workers = mem_array(count, sizeof *workers);
        struct timespec until;
        struct cgi_door *door = cgi_door_new(listen_fd);
        pthread_attr_t attributes;
        sigset_t signals;
        size_t started;
        int result = EXIT_DONE, got;

        ending_signals(&signals);
        if (program->rest != NULL) {
                serving = program;
                cgi_when_idle(rest);
        }
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        for (started = 0; started < count; started++) {
                workers[started].door = door;
                workers[started].program = program;
                if (pthread_create(&workers[started].thread, &attributes, work,
                                   &workers[started]) != 0)
                        break;
        }
        pthread_attr_destroy(&attributes);
        if (started == 0) {
                log_event(LOG_LEVEL_ERROR, "cannot start a thread", NULL);
                mem_free(workers);
                return EXIT_SYSTEM;
        }
        log_event(LOG_LEVEL_INFO, "serving", NULL);
        sigwait(&signals, &got);
        if (listen != NULL)
                cgi_unlisten(listen); /* first the address, then the queue, then the threads */
        cgi_stop();
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += STOP_SECONDS;
        for (size_t i = 0; i < started; i++) {
                if (pthread_timedjoin_np(workers[i].thread, NULL, &until) != 0) {
                        log_event(LOG_LEVEL_ERROR, "stopped with requests in progress", NULL);
                        _exit(EXIT_SYSTEM);
                }
                if (workers[i].broken)
                        result = EXIT_SYSTEM;
        }
        slots_free();
        cgi_door_free(door);
        mem_free(workers);
        log_event(LOG_LEVEL_INFO, "stopped", NULL);
        return result;
}

static int serve_plain(const struct program *program)
{
        struct slot s = { .cgi = cgi_new(true) };
        struct fail why = FAIL_CLEAR;
        int result = cgi_accept(s.cgi, NULL, &why);

        if (result == 1)
                answer(&s, program);
        else
                fprintf(stderr,
                        "%s answers web requests: start it from a web server (CGI or FastCGI) or "
                        "with --listen PATH; --help says more\n",
                        program->name);
        cgi_free(s.cgi);
        return result == 1 ? EXIT_DONE : EXIT_USAGE;
}

/* Secrets must not end in a core file, in another user's debugger or in a readable file. */
static void keep_secrets(void)
{
        struct rlimit none = { 0, 0 };

        setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* its leak check attaches to the process */
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
        umask(077);
}

static int help(const struct program *program)
{
        const struct setting *const tables[] = { serve_setting_rows, program->settings, NULL };
        struct buf text = BUF_NONE;

        buf_format(
            &text,
            "%s: %s\n\n"
            "usage: %s [--listen PATH|HOST:PORT] [--settings FILE]\n"
            "       %s --help | --routes | --version\n\n"
            "A web server starts it as FastCGI (socket on descriptor 0) or as plain CGI; with\n"
            "--listen it opens its own FastCGI socket. SIGTERM and SIGINT end it cleanly.\n\n"
            "Settings come from the environment, then from FILE (by default the file settings\n"
            "in the home), then from the defaults:\n\n",
            program->name, program->about, program->name, program->name);
        setting_help(tables, &text);
        fputs(buf_text(&text), stdout);
        buf_dispose(&text);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_SYSTEM;
}

/* What it answers, for those who check it: method, path, who may. */
static int list_routes(const struct program *program)
{
        for (const struct route *const *table = program->routes; *table != NULL; table++)
                for (const struct route *r = *table; r->method != NULL; r++)
                        printf("%s\t%s\t%s\n", r->method, r->path,
                               r->scope == NULL ? "" : r->scope);
        return fflush(stdout) == 0 ? EXIT_DONE : EXIT_SYSTEM;
}

/* -1: go on; otherwise an exit status. */
static int read_options(int argc, char **argv, const struct program *program, struct options *o)
{
        for (int i = 1; i < argc; i++) {
                const char **target = text_equal(argv[i], "--listen")     ? &o->listen
                                      : text_equal(argv[i], "--settings") ? &o->settings
                                                                          : NULL;

                if (text_equal(argv[i], "--help"))
                        return help(program);
                if (text_equal(argv[i], "--routes"))
                        return list_routes(program);
                if (text_equal(argv[i], "--version"))
                        return printf("%s (fairlead) %s\n", program->name, PACKAGE_VERSION) < 0;
                if (target == NULL || i + 1 == argc) {
                        fprintf(stderr, "%s: %s %s; --help says more\n", program->name,
                                target == NULL ? "unknown option" : "value missing after", argv[i]);
                        return EXIT_USAGE;
                }
                *target = argv[++i];
        }
        return -1;
}

static int load_settings(const struct program *program, const char *file, struct fail *why)
{
        const struct setting *const tables[] = { serve_setting_rows, program->settings, NULL };
        const char *home = getenv("FAIRLEAD_HOME");
        char *own = NULL;
        int result;

        if (file != NULL && access(file, R_OK) != 0)
                return fail_errno(why, "cannot read %s", file);
        if (file == NULL)
                file = own =
                    file_path(text_empty(home) ? serve_setting_rows[0].standard : home, "settings");
        result = setting_load(tables, serve_other_rows, file, why);
        mem_free(own);
        return result;
}

static int complain(const char *what, const struct fail *why)
{
        log_event(LOG_LEVEL_ERROR, what, "cause", why->text, NULL);
        return why->kind == FAIL_INPUT ? EXIT_USAGE : EXIT_SYSTEM;
}

/* Some server still waits for an answer: say that we have none, not why. */
static int unable(const struct program *program, const char *what, const struct fail *why)
{
        if (serve_settings.cgi && getenv("REQUEST_METHOD") != NULL) {
                struct cgi *cgi = cgi_new(true);
                struct request rq;
                struct reply re;

                if (cgi_accept(cgi, NULL, NULL) == 1) {
                        request_init(&rq, cgi, program);
                        reply_init(&re);
                        log_request(rq.id);
                        reply_problem(&rq, &re, 500, NULL);
                        reply_send(&re, &rq);
                        reply_dispose(&re);
                        request_dispose(&rq);
                }
                cgi_free(cgi);
        }
        return complain(what, why);
}

int serve(int argc, char **argv, const struct program *program)
{
        struct options options = { NULL, NULL };
        struct fail why = FAIL_CLEAR;
        sigset_t signals;
        int listen_fd, result;

        result = read_options(argc, argv, program, &options);
        if (result >= 0)
                return result;
        keep_secrets();
        /* glibc would give each thread an arena of its own, and keep what one large body took. */
        mallopt(M_ARENA_MAX, 2);
        mallopt(M_MMAP_THRESHOLD, 64 * 1024);
        mallopt(M_TRIM_THRESHOLD, 256 * 1024);
        signal(SIGPIPE, SIG_IGN);
        ending_signals(&signals);
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        log_start(program->name, getenv("FAIRLEAD_LOG"), LOG_LEVEL_INFO);
        serve_settings.cgi = options.listen == NULL && cgi_listening() < 0;
        if (load_settings(program, options.settings, &why) != 0)
                return unable(program, "cannot use the settings", &why);
        log_start(program->name, serve_settings.log, log_level(serve_settings.log_level));
        listen_fd = options.listen == NULL ? cgi_listening() : cgi_listen(options.listen, &why);
        if (options.listen != NULL && listen_fd < 0)
                return complain("cannot listen", &why);
        /* A CGI process loads templates when its one reply needs them. */
        if (!serve_settings.cgi && page_load(serve_settings.templates, &why) != 0)
                return complain("cannot use the templates", &why);
        if (program->start != NULL && program->start(&why) != 0)
                return unable(program, "cannot start", &why);
        result = serve_settings.cgi ? serve_plain(program)
                                    : serve_fastcgi(program, listen_fd, options.listen);
        if (program->stop != NULL)
                program->stop();
        page_unload();
        return result;
}
