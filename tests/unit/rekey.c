/* Rotating the master key: under others' feet, cut off half-way, and old backups. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/backup.h"
#include "home/connection.h"
#include "home/dossier.h"
#include "home/keyring.h"
#include "home/records.h"
#include "home/rekey.h"

#define SESSIONS 250 /* more than one batch */
#define CUTS 25

static char *place; /* of the home */

static struct home *open_home(void)
{
        struct fail why = FAIL_CLEAR;
        struct home *h = NULL;

        if (home_open(&h, place, &why) != 1)
                tap_note("%s", why.text);
        return h;
}

static struct org *org_of(struct home *h)
{
        struct org *org = NULL;

        home_org(h, "acme", &org, NULL);
        return org;
}

static void put_connection(struct home *h, const char *key)
{
        json_t *credentials = json_object(), *secrets = json_array(), *settings = json_object();
        struct fail why = FAIL_CLEAR;
        struct batch *b = batch_new();

        json_set_text(credentials, "api_key", key);
        json_add(secrets, json_new_text("new secret", 10));
        json_add(secrets, json_new_text("old secret", 10));
        connection_put(h, org_of(h), b, "cs", kind_find("codesignal"), settings, credentials,
                       "hookhookhookhook", "https://hire.example.org/fairlead", secrets);
        if (store_commit(org_of(h)->store, b, &why) != 0)
                tap_note("%s", why.text);
        batch_free(b);
        json_decref(settings);
        json_decref(secrets);
        json_decref(credentials);
}

static int put_session(struct home *h, int number)
{
        char *key = mem_format("cs:%d", number);
        struct session session = { .state = SESSION_COMPLETE };
        struct fail why = FAIL_CLEAR;
        json_t *read = NULL, *record;
        struct plan plan;
        int result;

        session.id = mem_format("%d", number);
        session.report_url = mem_format("https://platform.example/report/%d", number);
        record_get(org_of(h), "session", key, &read, NULL);
        record = read != NULL ? json_deep_copy(read) : json_object();
        plan_init(&plan);
        dossier_put_session(&plan, h, org_of(h), key, read, record, &session, 1);
        result = plan_commit(&plan, org_of(h), &why);
        plan_dispose(&plan);
        session_dispose(&session);
        json_decref(record);
        json_decref(read);
        mem_free(key);
        return result != 0 && why.kind == FAIL_CONFLICT ? 1 : result;
}

static void fresh_home(void)
{
        char *dir = tap_dir();
        struct fail why = FAIL_CLEAR;
        struct org *org = NULL;
        struct home *h;
        bool made;

        mem_free(place);
        place = file_path(dir, "home");
        mem_free(dir);
        if (home_create(place, &made, &why) != 0)
                tap_note("%s", why.text);
        h = open_home();
        home_create_org(h, "acme", &org, &why);
        put_connection(h, "key-in-clear");
        for (int i = 0; i < SESSIONS; i++)
                put_session(h, i);
        home_close(h);
}

/* How many of the sessions, and of what the connection has, do not open or are not what they
 * were. */
static int wrong_texts(struct home *h)
{
        struct fail why = FAIL_CLEAR;
        struct connection *c = NULL;
        int wrong = 0;

        if (connection_load(h, org_of(h), "cs", &c, &why) != 1 ||
            !text_equal(json_get_text(c->credentials, "api_key", NULL), "key-in-clear") ||
            c->secret_count != 2 || !text_equal(c->secrets[0].text, "new secret"))
                wrong++;
        connection_free(c);
        for (int i = 0; i < SESSIONS; i++) {
                char *key = mem_format("cs:%d", i),
                     *url = mem_format("https://platform.example/report/%d", i);
                struct session session;
                json_t *record = NULL;

                if (dossier_session(h, org_of(h), key, &record, &session, &why) != 1 ||
                    !text_equal(session.report_url, url))
                        wrong++;
                session_dispose(&session);
                json_decref(record);
                mem_free(url);
                mem_free(key);
        }
        if (wrong > 0)
                tap_note("%s", why.text);
        return wrong;
}

struct counting {
        char id[9];
        int count;
};

static int count_old(void *context, const struct store_record *record)
{
        const char *id = ((struct counting *)context)->id;
        char *start = mem_format("\"v1.%s.", id);

        if (record->data != NULL && memmem(record->data, record->len, start, strlen(start)) != NULL)
                ((struct counting *)context)->count++;
        mem_free(start);
        return 0;
}

/* Records with something that this key sealed. */
static int sealed_with(struct home *h, const char *id)
{
        struct counting c = { .count = 0 };

        snprintf(c.id, sizeof c.id, "%s", id);
        store_each(org_of(h)->store, count_old, &c, NULL);
        return c.count;
}

static void test_turning(void)
{
        struct home *h, *other;
        struct rekey_report report;
        struct fail why = FAIL_CLEAR;
        struct secret_ring ring;
        char *token, *after, *path;
        json_t *record = NULL;

        fresh_home();
        h = open_home();
        other = open_home(); /* another process, as far as it can tell */
        tap_int(wrong_texts(other), 0, "all opens before");
        token = dossier_report_token(other, org_of(other), "cs:1");
        record_get(org_of(h), "connection", "cs", &record, NULL);
        tap_int(rekey(h, true, &report, &why), 0, "the key is rotated %s", why.text);
        tap_int((int64_t)report.texts, SESSIONS + 3, "all is sealed anew");
        tap_ok(report.lost == 0 && report.orgs == 1 && !report.resumed, "as it says");
        tap_int(sealed_with(h, report.from), 0, "nothing is sealed with the old key");
        tap_int(wrong_texts(other), 0, "whoever was running opens all of it");
        path = home_key_path(place);
        tap_int(secret_ring_read(&ring, path, &why), 1, "the key file %s", why.text);
        tap_ok(ring.old_count == 0 && text_equal(ring.key.id, report.to), "has the new key alone");
        after = dossier_report_token(h, org_of(h), "cs:1");
        tap_text(after, token, "links that were given out stay");
        tap_int(put_session(other, 3), 0, "whoever was running seals");
        tap_int(sealed_with(h, report.from), 0, "with the new key");
        tap_int(rekey_pending(h, &why), 0, "nothing is left to do");
        tap_int(rekey(h, true, &report, &why), 0, "and again %s", why.text);
        tap_int(wrong_texts(other), 0, "all opens");
        tap_int(wrong_texts(h), 0, "here, too");
        mem_free_secret(after);
        mem_free_secret(token);
        mem_free(path);
        json_decref(record);
        home_close(other);
        home_close(h);
}

/* Sealed before, committed after: it does not get in. */
static void test_fence(void)
{
        struct home *h, *other;
        struct rekey_report report;
        struct fail why = FAIL_CLEAR;
        struct buf sealed = BUF_NONE;
        struct batch *b = batch_new();
        json_t *record = json_object();

        fresh_home();
        h = open_home();
        other = open_home();
        home_seal(other, org_of(other), b, "acme/interview/i/url", "url", 3, &sealed);
        json_set_text(record, "url", buf_text(&sealed));
        record_put(b, "interview", "i", record);
        tap_int(rekey(h, true, &report, &why), 0, "rotated between sealing and commit %s",
                why.text);
        tap_int(store_commit(org_of(other)->store, b, &why), -1, "the commit is refused");
        tap_int(why.kind, FAIL_CONFLICT, "as a conflict: decide anew");
        batch_free(b);
        b = batch_new();
        buf_dispose(&sealed);
        home_seal(other, org_of(other), b, "acme/interview/i/url", "url", 3, &sealed);
        tap_ok(text_starts(buf_text(&sealed) + 3, report.to), "then it is the new key");
        batch_free(b);
        json_decref(record);
        buf_dispose(&sealed);
        home_close(other);
        home_close(h);
}

struct writer {
        atomic_bool stop;
        int done, failed;
};

/* Somebody at work all the while; a conflict is tried again as everybody does. */
static void *keep_writing(void *context)
{
        struct writer *w = context;
        struct home *h = open_home();

        for (int i = 0; !atomic_load(&w->stop); i = (i + 1) % SESSIONS) {
                int result = 1;

                for (int k = 0; k < 50 && result == 1; k++)
                        result = put_session(h, i);
                w->done++;
                w->failed += result != 0;
        }
        home_close(h);
        return NULL;
}

static void test_beside_writers(void)
{
        struct writer w = { .done = 0 };
        struct rekey_report report;
        struct fail why = FAIL_CLEAR;
        pthread_t thread;
        struct home *h;
        int failed = 0;

        fresh_home();
        h = open_home();
        atomic_init(&w.stop, false);
        pthread_create(&thread, NULL, keep_writing, &w);
        for (int i = 0; i < 5; i++)
                if (rekey(h, true, &report, &why) != 0) {
                        tap_note("%s", why.text);
                        failed++;
                }
        atomic_store(&w.stop, true);
        pthread_join(thread, NULL);
        tap_int(failed, 0, "five rotations beside somebody who writes");
        tap_ok(w.done > 0 && w.failed == 0, "who did not fail once in %d", w.done);
        tap_int(sealed_with(h, report.from), 0, "nothing of the old key is left");
        tap_int(wrong_texts(h), 0, "all opens");
        home_close(h);
}

static void nap(long us)
{
        struct timespec span = { us / 1000000, us % 1000000 * 1000 };

        nanosleep(&span, NULL);
}

/* Killed at any moment; nothing is ever unreadable, and the next one goes on to the end. */
static void test_cuts(void)
{
        struct rekey_report report;
        struct fail why = FAIL_CLEAR;
        int wrong = 0, cut = 0, resumed = 0, failed = 0;

        fresh_home();
        for (int i = 0; i < CUTS; i++) {
                struct home *h;
                int status = 0;
                pid_t child = fork();

                if (child == 0) {
                        h = open_home();
                        _exit(rekey(h, true, &report, &why) == 0 ? 0 : 1);
                }
                nap(500 + i * 700L);
                kill(child, SIGKILL);
                waitpid(child, &status, 0);
                cut += WIFSIGNALED(status);
                h = open_home();
                wrong += wrong_texts(h);
                if (i % 5 == 4) {
                        failed += rekey(h, true, &report, &why) != 0;
                        resumed += report.resumed;
                        wrong += wrong_texts(h) + sealed_with(h, report.from) +
                                 (rekey_pending(h, &why) != 0);
                }
                home_close(h);
        }
        tap_note("%d of %d were cut off, %d of %d gone on with", cut, CUTS, resumed, CUTS / 5);
        tap_ok(cut > 0, "some were cut off");
        tap_int(failed, 0, "what was begun is brought to its end %s", why.text);
        tap_int(wrong, 0, "and at no time does anything not open");
}

static void copy_key(const char *to)
{
        char *path = home_key_path(place);
        struct buf text = BUF_NONE;

        file_read(path, 4096, &text, NULL);
        file_write(to, text.data, text.len, 0400, NULL);
        buf_dispose_secret(&text);
        mem_free(path);
}

/* A backup made with a key that is gone since. */
static void test_old_backup(void)
{
        char *dir = tap_dir(), *file = file_path(dir, "backup"), *key = file_path(dir, "key"),
             *foreign = file_path(dir, "foreign");
        struct backup_count count;
        struct rekey_report report;
        struct fail why = FAIL_CLEAR;
        struct home *h;

        fresh_home();
        h = open_home();
        rekey(h, true, &report, &why); /* so that it is not the first one */
        copy_key(key);
        tap_int(backup_write(h, file, false, &count, &why), 0, "backed up %s", why.text);
        rekey(h, true, &report, &why);
        put_connection(h, "another key");
        home_close(h);
        tap_int(backup_restore(place, file, true, NULL, &count, &why), -1,
                "not without its key: %s", why.text);
        tap_int(why.kind, FAIL_CONFLICT, "and says so");
        fail_clear(&why);
        secret_key_create(foreign, NULL);
        tap_int(backup_restore(place, file, true, foreign, &count, &why), -1,
                "not with another one: %s", why.text);
        fail_clear(&why);
        tap_int(backup_restore(place, file, true, key, &count, &why), 0, "with it %s", why.text);
        h = open_home();
        tap_int(wrong_texts(h), 0, "all opens as it was");
        tap_int(sealed_with(h, report.from), 0, "and is sealed with the key of today");
        tap_int(rekey_pending(h, &why), 0, "nothing is left to do");
        home_close(h);
        mem_free(foreign);
        mem_free(key);
        mem_free(file);
        mem_free(dir);
}

/* What no key here opens is told of and left. */
static void test_lost(void)
{
        struct rekey_report report;
        struct fail why = FAIL_CLEAR;
        struct home *h;
        json_t *record = NULL;
        struct batch *b = batch_new();

        fresh_home();
        h = open_home();
        record_get(org_of(h), "session", "cs:7", &record, NULL);
        json_set_text(record, "report_url", "v1.00000000.AAAA");
        record_put(b, "session", "cs:7", record);
        store_commit(org_of(h)->store, b, &why);
        batch_free(b);
        tap_int(rekey(h, true, &report, &why), 0, "the others are sealed anew %s", why.text);
        tap_int((int64_t)report.texts, SESSIONS + 2, "all of them");
        tap_int((int64_t)report.lost, 1, "one is not");
        tap_text(report.lost_at, "acme/session/cs:7/report_url, key 00000000", "which");
        json_decref(record);
        home_close(h);
}

int main(void)
{
        test_turning();
        test_fence();
        test_beside_writers();
        test_cuts();
        test_old_backup();
        test_lost();
        mem_free(place);
        return tap_end();
}
