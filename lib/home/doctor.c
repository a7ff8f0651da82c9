/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks a home over and names each fault with the line that mends it. */
#include "home/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "door/fetch.h"
#include "floor/buf.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/alert.h"
#include "home/connection.h"
#include "home/consumer.h"
#include "home/delivery.h"
#include "home/records.h"
#include "home/rekey.h"

#define ROOM_FAULT_BYTES (16LL * 1024 * 1024)
#define ROOM_ADVICE_BYTES (256LL * 1024 * 1024)
#define CLOCK_FAULT_MS (5 * WHEN_MINUTE)
#define PROBE_WAIT_MS 5000
#define FILES_WANTED 1024
#define WAITING_LOOKED_AT 10000 /* deliveries that are told from our own rings */

static void __attribute__((format(printf, 5, 6)))
say(struct doctor *d, enum doctor_state state, const char *what, const char *mend,
    const char *format, ...)
{
        va_list list;
        char *found;

        va_start(list, format);
        found = mem_format_list(format, list);
        va_end(list);
        if (state == DOCTOR_FAULT)
                d->faults++;
        d->say(d->context, state, what, found, state == DOCTOR_GOOD ? NULL : mend);
        mem_free(found);
}

/* One file or directory: ours, and no wider than want.  The key may live elsewhere. */
static void look_at_mode(struct doctor *d, const char *name, mode_t want, bool needed)
{
        char *path = *name == '\0'                 ? mem_text(d->home_path)
                     : text_equal(name, "secrets") ? home_key_path(d->home_path)
                                                   : file_path(d->home_path, name);
        const char *what = *name == '\0' ? "home" : name;
        char *mend = mem_format("chmod %o %s", want, path);
        char *own = mem_format("chown %u:%u %s", geteuid(), getegid(), path);
        struct stat st;

        if (lstat(path, &st) != 0) {
                if (needed || errno != ENOENT)
                        say(d, DOCTOR_FAULT, what, "fairlead init", "%s: %s", path,
                            strerrordesc_np(errno));
        } else if (st.st_uid != geteuid()) {
                say(d, DOCTOR_FAULT, what, own, "%s belongs to user %u, we are %u", path, st.st_uid,
                    geteuid());
        } else if ((st.st_mode & 07777 & ~want) != 0) {
                say(d, DOCTOR_FAULT, what, mend, "%s has mode %o, wider than %o", path,
                    st.st_mode & 07777, want);
        } else {
                say(d, DOCTOR_GOOD, what, NULL, "mode %o, owner as expected", st.st_mode & 07777);
        }
        mem_free(own);
        mem_free(mend);
        mem_free(path);
}

static void look_at_modes(struct doctor *d)
{
        look_at_mode(d, "", 0700, true);
        look_at_mode(d, "secrets", 0600, true);
        look_at_mode(d, "inbox", 0700, true);
        look_at_mode(d, "orgs", 0700, true);
        look_at_mode(d, "settings", 0600, false);
}

static void look_at_disk(struct doctor *d)
{
        struct statvfs fs;
        long long room;

        if (statvfs(d->home_path, &fs) != 0) {
                say(d, DOCTOR_FAULT, "disk", "df -h", "cannot ask for the free room: %s",
                    strerrordesc_np(errno));
                return;
        }
        room = (long long)fs.f_bavail * (long long)fs.f_frsize;
        if ((fs.f_flag & ST_RDONLY) != 0)
                say(d, DOCTOR_FAULT, "disk", "mount -o remount,rw ...",
                    "the file system is read-only");
        else if (room < ROOM_FAULT_BYTES)
                say(d, DOCTOR_FAULT, "disk", "df -h; make room or raise the quota",
                    "%lld MiB free; new deliveries are refused soon", room >> 20);
        else if (room < ROOM_ADVICE_BYTES)
                say(d, DOCTOR_ADVICE, "disk", "df -h; make room or raise the quota",
                    "only %lld MiB free", room >> 20);
        else
                say(d, DOCTOR_GOOD, "disk", NULL, "%lld MiB free", room >> 20);
}

/* Locks must hold between processes: some network file systems only pretend. */
static void look_at_locks(struct doctor *d)
{
        char *path = mem_format("%s/.doctor.%ld", d->home_path, (long)getpid());
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), status = 0;
        pid_t child;

        if (fd < 0) {
                say(d, DOCTOR_FAULT, "locks", "check modes and room of the home",
                    "cannot make a file in the home: %s", strerrordesc_np(errno));
                mem_free(path);
                return;
        }
        if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
                say(d, DOCTOR_FAULT, "locks", "move the home to a local disk",
                    "the file system refuses locks: %s", strerrordesc_np(errno));
        } else {
                child = fork();
                if (child == 0) {
                        int other = open(path, O_RDWR | O_CLOEXEC);

                        lock.l_type = F_WRLCK;
                        _exit(other >= 0 && fcntl(other, F_OFD_SETLK, &lock) != 0 ? 0 : 1);
                }
                if (child > 0)
                        waitpid(child, &status, 0);
                if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
                        say(d, DOCTOR_GOOD, "locks", NULL, "held between processes");
                else
                        say(d, DOCTOR_FAULT, "locks", "move the home to a local disk",
                            "two processes got the same lock");
        }
        close(fd);
        unlink(path);
        mem_free(path);
}

static void look_at_limits(struct doctor *d)
{
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_WANTED)
                say(d, DOCTOR_ADVICE, "open files", "ulimit -n 4096",
                    "at most %llu files may be open; many organisations want more",
                    (unsigned long long)files.rlim_cur);
}

/* Nothing in state can be from the future, unless the clock was set back. */
static void look_at_clock(struct doctor *d, int64_t latest_ms)
{
        int64_t now = when_now_ms();
        struct buf span = BUF_NONE;

        if (now < INT64_C(1700000000000)) {
                say(d, DOCTOR_FAULT, "clock", "timedatectl set-ntp true",
                    "the clock is years behind");
        } else if (latest_ms > now + CLOCK_FAULT_MS) {
                when_span(&span, latest_ms - now);
                say(d, DOCTOR_FAULT, "clock", "timedatectl set-ntp true",
                    "the newest event is %s in the future: the clock was set back",
                    buf_text(&span));
                buf_dispose(&span);
        } else {
                say(d, DOCTOR_GOOD, "clock", NULL, "not behind anything stored");
        }
}

static void ask(const char *url, const char *credential, struct fetch_answer *answer)
{
        char *header = mem_format("Authorization: Bearer %s", credential);
        const char *const headers[] = { credential != NULL ? header : NULL, NULL };
        struct fetch_request request = { .method = "GET",
                                         .url = url,
                                         .headers = headers,
                                         .timeout_ms = PROBE_WAIT_MS,
                                         .answer_max = 256 * 1024 };

        fetch(&request, answer, NULL);
        mem_free(header);
}

/* A web server that was set up for an older release does not know every program.  Each answers
 * for a path that it does not have, in the one form of all our refusals. */
static void look_at_programs(struct doctor *d, const char *public_url)
{
        static const char *const names[] = { "webhook", "interview-link", "report", "assessment",
                                             "keys" };

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                char *url = mem_format("%s/%s", public_url, names[i]);
                char *what = mem_format("program %s", names[i]);
                struct fetch_answer answer;
                char *type;

                ask(url, NULL, &answer);
                type = fetch_header(&answer, "Content-Type");
                if (answer.end == FETCH_ANSWERED && text_equal(type, "application/problem+json"))
                        say(d, DOCTOR_GOOD, what, NULL, "is behind the web server");
                else if (answer.end == FETCH_ANSWERED)
                        say(d, DOCTOR_FAULT, what,
                            "see the examples in apache/ and lighttpd/: each program has its path",
                            "%s answers %d, and not from the program", url, answer.status);
                else
                        say(d, DOCTOR_FAULT, what, "see the log of the web server", "%s: %s", url,
                            answer.cause);
                mem_free(type);
                fetch_answer_dispose(&answer);
                mem_free(what);
                mem_free(url);
        }
}

/* Our own web server must reach the programs and hand Authorization on to them. */
static void look_at_server(struct doctor *d, const char *public_url)
{
        static const char mend[] =
            "Apache: CGIPassAuth On in the <Directory> or .htaccess of the programs";
        char *url = mem_format("%s/admin/health", public_url);
        struct fetch_answer answer;
        json_t *body;

        ask(url, "doctor", &answer);
        body = json_parse(buf_text(&answer.body), answer.body.len, false, NULL);
        if (answer.end != FETCH_ANSWERED)
                say(d, DOCTOR_FAULT, "web server", "start the web server; check public_url",
                    "%s: %s", url, answer.cause);
        else if (answer.status != 200 || body == NULL)
                say(d, DOCTOR_FAULT, "web server",
                    "see the examples in apache/ and lighttpd/: how a path reaches a program",
                    "%s answers %d; the programs are not behind it", url, answer.status);
        else if (!text_equal(json_get_text(body, "authorization", NULL), "passed"))
                say(d, DOCTOR_FAULT, "authorization", mend,
                    "the web server drops the Authorization header");
        else
                say(d, DOCTOR_GOOD, "web server", NULL,
                    "reaches the programs and passes Authorization");
        if (answer.end == FETCH_ANSWERED && answer.status == 200 && body != NULL)
                look_at_programs(d, public_url);
        json_decref(body);
        fetch_answer_dispose(&answer);
        mem_free(url);
}

static void look_outside(struct doctor *d, const struct connection *c)
{
        const char *url = json_get_text(c->settings, "base_url", NULL);
        struct fetch_answer answer;
        char *what;

        if (url == NULL)
                return;
        what = mem_format("reach %s", c->id);
        ask(url, NULL, &answer);
        if (answer.end == FETCH_REFUSED)
                say(d, DOCTOR_FAULT, what, "FAIRLEAD_ALLOW_NETWORKS in the home's settings file",
                    "%s: %s", url, answer.cause);
        else if (answer.end == FETCH_UNREACHABLE)
                say(d, DOCTOR_FAULT, what, "let the host reach it: firewall, DNS, CA certificates",
                    "%s: %s", url, answer.cause);
        else
                say(d, DOCTOR_GOOD, what, NULL, "%s answers", url);
        fetch_answer_dispose(&answer);
        mem_free(what);
}

struct rounds {
        struct doctor *d;
        struct home *home;
        struct org *org;
        int64_t latest_ms;
        char last_url[512]; /* asked already */
        bool mail_wanted;   /* somebody has an alert_email */
        struct fail why;
};

static void look_at_consumer(struct rounds *r, const char *id, const char *what)
{
        struct consumer_health health;
        uint64_t held = 0;
        char *mend = mem_format("fairlead consumer test %s %s; then: fairlead consumer send %s %s",
                                r->org->name, id, r->org->name, id);

        if (consumer_health(r->org, id, when_now_ms(), 1, &health, NULL) != 1 ||
            consumer_held(r->org, id, 0, 0, &held, NULL, NULL, NULL) != 0)
                say(r->d, DOCTOR_FAULT, what, "fairlead check", "its state cannot be read");
        else if (health.state != CONSUMER_ACTIVE)
                say(r->d, DOCTOR_FAULT, what, mend, "%s, %llu deliveries are held: %s",
                    consumer_state_word(health.state), (unsigned long long)held, health.sentence);
        else if (health.failures > 0)
                say(r->d, DOCTOR_ADVICE, what, mend,
                    "failing, %d %% of the way to being paused: %s", health.percent,
                    health.sentence);
        else if (held > 0)
                say(r->d, DOCTOR_ADVICE, what, mend, "active, and %llu deliveries are held",
                    (unsigned long long)held);
        mem_free(mend);
}

static int look_at_connection(void *context, const char *id)
{
        struct rounds *r = context;
        struct connection *c = NULL;
        struct fail why = FAIL_CLEAR;
        char *what = mem_format("connection %s/%s", r->org->name, id);

        if (connection_load(r->home, r->org, id, &c, &why) != 1)
                say(r->d, DOCTOR_FAULT, what, "fairlead apply FILE, with its credentials again",
                    "cannot be opened: %s", why.text);
        else if (r->d->network)
                look_outside(r->d, c);
        if (c != NULL && c->kind->role == KIND_CONSUMER)
                look_at_consumer(r, id, what);
        connection_free(c);
        mem_free(what);
        return 0;
}

/* What stands, and that nobody hears of it. */
static void look_at_alerts(struct rounds *r, const json_t *self)
{
        char *what = mem_format("alerts of %s", r->org->name),
             *mend = mem_format("fairlead alerts %s", r->org->name);
        json_t *list = NULL, *row;
        struct fail why = FAIL_CLEAR;
        size_t i;

        if (alert_list(r->org, &list, &why) != 0)
                say(r->d, DOCTOR_FAULT, what, "fairlead check", "cannot be read: %s", why.text);
        json_array_foreach(list, i, row)
        {
                if (text_equal(json_get_text(row, "state", ""), "standing"))
                        say(r->d, DOCTOR_ADVICE, what, mend, "%s", json_get_text(row, "title", ""));
        }
        if (json_array_size(json_object_get(self, "alert_email")) > 0)
                r->mail_wanted = true;
        else
                say(r->d, DOCTOR_ADVICE, what, "alert_email in the document of fairlead apply",
                    "nobody hears of alerts by mail");
        json_decref(list);
        mem_free(mend);
        mem_free(what);
}

static int look_at_org(void *context, const char *name)
{
        struct rounds *r = context;
        struct fail why = FAIL_CLEAR;
        json_t *self = NULL, *event = NULL;
        const char *url;
        uint64_t last = 0;

        if (home_org(r->home, name, &r->org, &why) != 1 ||
            record_get(r->org, "org", "self", &self, &why) < 0 ||
            store_series_last(r->org->store, "event", &last, &why) != 0) {
                say(r->d, DOCTOR_FAULT, name, "fairlead check", "cannot be read: %s", why.text);
                return 0;
        }
        if (last > 0 && record_series_get(r->org, "event", last, &event, NULL) == 1) {
                int64_t at = json_get_int(event, "received_ms", 0);

                if (at > r->latest_ms)
                        r->latest_ms = at;
                json_decref(event);
        }
        url = json_get_text(self, "public_url", "");
        if (r->d->network && *url != '\0' && !text_equal(url, r->last_url)) {
                snprintf(r->last_url, sizeof r->last_url, "%s", url);
                look_at_server(r->d, url);
        }
        look_at_alerts(r, self);
        json_decref(self);
        connection_each(r->home, r->org, look_at_connection, r, NULL);
        return 0;
}

/* Not our own rings that tell the worker of something new.  What cannot be read counts. */
static unsigned long long waiting_deliveries(struct inbox *inbox, uint64_t done, uint64_t last)
{
        unsigned long long count = last - done;
        struct buf record = BUF_NONE;
        struct delivery d;
        uint64_t number;

        if (count > WAITING_LOOKED_AT)
                return count;
        for (uint64_t from = done + 1; inbox_read(inbox, from, &record, &number, NULL) == 1;
             from = number + 1) {
                if (delivery_read(&d, record.data, record.len, NULL) != 0)
                        continue;
                count -= d.what == DELIVERY_WAKE;
                delivery_dispose(&d);
        }
        buf_dispose(&record);
        return count;
}

static void look_at_worker(struct doctor *d, struct home *home)
{
        struct inbox *inbox = home_inbox(home, NULL);
        uint64_t last = 0, bytes = 0, done = 0;
        unsigned long long wait = 0;
        int locked = home_lock_worker(home, NULL);

        if (locked > 0)
                home_unlock_worker(home);
        if (inbox != NULL && inbox_depth(inbox, &last, &bytes, NULL) == 0)
                inbox_released(inbox, &done, NULL);
        if (inbox != NULL && last > done)
                wait = waiting_deliveries(inbox, done, last);
        if (locked == 0)
                say(d, DOCTOR_GOOD, "worker", NULL, "running; %llu deliveries wait", wait);
        else if (wait > 0)
                say(d, DOCTOR_FAULT, "worker", "fairlead worker, or fairlead tick from cron",
                    "not running, and %llu deliveries wait", wait);
        else
                say(d, DOCTOR_ADVICE, "worker", "fairlead worker, or fairlead tick from cron",
                    "not running at this moment");
}

static void look_at_mail(struct doctor *d)
{
        struct mail_answer answer;

        if (post_try(d->post, &answer, NULL) == 0)
                say(d, DOCTOR_GOOD, "mail", NULL, "can leave by %s",
                    text_empty(d->post->url) ? d->post->sendmail : d->post->url);
        else
                say(d, DOCTOR_FAULT, "mail", "FAIRLEAD_SMTP_URL and others, fairlead-settings(5)",
                    "cannot leave: %s", answer.cause);
}

static void look_at_key(struct doctor *d, struct home *h)
{
        struct fail why = FAIL_CLEAR;

        switch (rekey_pending(h, &why)) {
        case 1:
                say(d, DOCTOR_FAULT, "master key", "fairlead rekey",
                    "a rotation was begun and not brought to its end");
                break;
        case 0:
                say(d, DOCTOR_GOOD, "master key", NULL, "it alone seals");
                break;
        default:
                say(d, DOCTOR_FAULT, "master key", "put its file back from where you keep a copy",
                    "%s", why.text);
        }
}

int doctor_run(struct doctor *d, struct fail *why)
{
        struct rounds r = { .d = d };
        int found;

        d->faults = 0;
        look_at_modes(d);
        look_at_disk(d);
        look_at_locks(d);
        look_at_limits(d);
        found = home_open(&r.home, d->home_path, why);
        if (found <= 0) {
                /* Where something is in the way of a home that is there, making one is no way. */
                say(d, DOCTOR_FAULT, "home",
                    found == 0      ? "fairlead init"
                    : d->faults > 0 ? "what mends the faults above, then fairlead doctor again"
                                    : "fairlead check",
                    "cannot be opened: %s", found == 0 ? "there is none" : why->text);
                fail_clear(why);
                return 0;
        }
        look_at_key(d, r.home);
        if (home_each_org(r.home, look_at_org, &r, why) < 0)
                say(d, DOCTOR_FAULT, "orgs", "fairlead check", "%s", why->text);
        fail_clear(why);
        look_at_clock(d, r.latest_ms);
        if (r.mail_wanted && d->network && d->post != NULL)
                look_at_mail(d);
        look_at_worker(d, r.home);
        home_close(r.home);
        return 0;
}
