/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another master key: all that is sealed is sealed anew. */
#include "home/rekey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/inside.h"
#include "home/keyring.h"
#include "home/plan.h"
#include "home/records.h"

#define PART_RECORDS 100 /* in one batch */
#define PASSES_MAX 20    /* each only finds what the one before could not have seen */
#define TRIES 50         /* of a batch: others change the same records meanwhile */

/* Where sealed texts lie, but for connections, which have several; the last word of what each is
 * bound to: <org>/<table>/<key>/<field>. */
static const struct {
        const char *table, *member, *field;
} places[] = {
        { "interview", "url", "url" },
        { "partner", "kept", "kept" },
        { "person", "totp", "totp" },
        { "person", "totp_new", "totp" },
        { "session", "report_url", "report_url" },
};

struct rekeying {
        struct home *home;
        struct org *org;
        struct secret_ring ring;
        struct rekey_report *report;
        json_t *found; /* {table, key} of records with something that is sealed otherwise */
        struct plan *plan;
        uint64_t texts; /* sealed anew in this batch */
        bool counting;  /* what cannot be opened is counted: the first pass only */
        struct fail *why;
};

static bool has_sealed(const char *table)
{
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
                if (strcmp(places[i].table, table) == 0)
                        return true;
        return strcmp(table, "connection") == 0;
}

/* Is there a text in it that begins as one sealed with another key?  A quick look: what outsiders
 * wrote may only make it look closer. */
static bool may_be_old(const struct rekeying *r, const char *data, size_t len)
{
        static const char start[] = "\"v1.";
        const char *at = data, *end = data + len;

        while ((at = memmem(at, (size_t)(end - at), start, sizeof start - 1)) != NULL) {
                at += sizeof start - 1;
                if (end - at > 8 && at[8] == '.' && strncmp(at, r->ring.key.id, 8) != 0)
                        return true;
        }
        return false;
}

static int find_record(void *context, const struct store_record *record)
{
        struct rekeying *r = context;
        json_t *row;

        if (record->kind != 't' || record->data == NULL || !has_sealed(record->name) ||
            !may_be_old(r, record->data, record->len))
                return 0;
        row = json_object();
        json_set_text(row, "table", record->name);
        json_set_text(row, "key", record->key);
        json_add(r->found, row);
        return 0;
}

/* One text of a record, in place. */
static void seal_anew(struct rekeying *r, json_t *holder, const char *member, const char *bound)
{
        const char *sealed = json_get_text(holder, member, NULL), *id = secret_sealed_with(sealed);
        struct buf plain = BUF_NONE, fresh = BUF_NONE;

        if (id == NULL || strncmp(id, r->ring.key.id, 8) == 0)
                return;
        if (home_unseal(r->home, bound, sealed, &plain, NULL) == 0) {
                home_seal(r->home, r->org, r->plan->batch, bound, plain.data, plain.len, &fresh);
                json_set_text(holder, member, buf_text(&fresh));
                r->texts++;
        } else if (r->counting && r->report->lost++ == 0) {
                snprintf(r->report->lost_at, sizeof r->report->lost_at, "%.120s, key %.8s", bound,
                         id);
        }
        buf_dispose(&fresh);
        buf_dispose_secret(&plain);
}

static void seal_connection(struct rekeying *r, const char *id, json_t *record)
{
        json_t *credentials = json_object_get(record, "credentials"), *one;
        const char *org = r->org->name, *name;
        char *bound;
        void *next;
        size_t i;

        json_object_foreach_safe(credentials, next, name, one)
        {
                bound = mem_format("%s/%s/credentials.%s", org, id, name);
                seal_anew(r, credentials, name, bound);
                mem_free(bound);
        }
        bound = mem_format("%s/%s/webhook.secret", org, id);
        json_array_foreach(json_object_get(record, "secrets"), i, one)
        {
                seal_anew(r, one, "sealed", bound);
        }
        mem_free(bound);
}

static int seal_record(struct rekeying *r, const char *table, const char *key)
{
        json_t *read = NULL, *record;
        uint64_t before = r->texts;
        int found = record_get(r->org, table, key, &read, r->why);

        if (found != 1)
                return found;
        record = json_deep_copy(read);
        if (text_equal(table, "connection"))
                seal_connection(r, key, record);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
                char *bound;

                if (!text_equal(places[i].table, table))
                        continue;
                bound = mem_format("%s/%s/%s/%s", r->org->name, table, key, places[i].field);
                seal_anew(r, record, places[i].member, bound);
                mem_free(bound);
        }
        if (r->texts > before) {
                plan_guard(r->plan, table, key, read);
                record_put(r->plan->batch, table, key, record);
        }
        json_decref(record);
        json_decref(read);
        return 0;
}

/* From found[from] on: 0, or -1 (FAIL_CONFLICT: somebody changed one of them). */
static int seal_part(struct rekeying *r, size_t from)
{
        struct plan plan;
        int result = 0;

        plan_init(&plan);
        r->plan = &plan;
        r->texts = 0;
        for (size_t i = from; result == 0 && i < from + PART_RECORDS; i++) {
                const json_t *row = json_array_get(r->found, i);

                if (row != NULL)
                        result = seal_record(r, json_get_text(row, "table", ""),
                                             json_get_text(row, "key", ""));
        }
        if (result == 0)
                result = plan_commit(&plan, r->org, r->why);
        plan_dispose(&plan);
        return result;
}

static int seal_part_surely(struct rekeying *r, size_t from)
{
        uint64_t lost = r->report->lost;
        int result = -1;

        for (int i = 0; result != 0 && i < TRIES; i++) {
                fail_clear(r->why);
                r->report->lost = lost;
                result = seal_part(r, from);
                if (result != 0 && r->why->kind != FAIL_CONFLICT)
                        break;
        }
        return result;
}

/* Whoever sealed with the old key before this and has not committed by now cannot any more. */
static int move_fence(struct rekeying *r)
{
        json_t *fence = NULL;
        struct batch *b;
        int result = record_get(r->org, FENCE_TABLE, FENCE_KEY, &fence, r->why);

        if (result == 1 && text_equal(json_get_text(fence, "key", NULL), r->ring.key.id)) {
                json_decref(fence);
                return 0;
        }
        json_decref(fence);
        if (result < 0)
                return -1;
        fence = json_object();
        json_set_text(fence, "key", r->ring.key.id);
        b = batch_new();
        record_put(b, FENCE_TABLE, FENCE_KEY, fence);
        result = store_commit(r->org->store, b, r->why);
        batch_free(b);
        json_decref(fence);
        return result;
}

/* Until a look at all of it finds nothing to do. */
static int seal_org(struct rekeying *r)
{
        uint64_t done = 1;
        int result = move_fence(r);

        r->counting = true;
        for (int pass = 0; result == 0 && done > 0 && pass < PASSES_MAX; pass++) {
                done = 0;
                r->found = json_array();
                result = store_each(r->org->store, find_record, r, r->why);
                for (size_t i = 0; result == 0 && i < json_array_size(r->found);
                     i += PART_RECORDS) {
                        result = seal_part_surely(r, i);
                        done += r->texts;
                }
                json_decref(r->found);
                r->counting = false;
                if (result == 0)
                        r->report->texts += done;
        }
        if (result == 0 && done > 0)
                return fail_set(r->why, FAIL_BUSY, "%s changes too much just now", r->org->name);
        return result == 0 ? 0 : -1;
}

static int seal_named(void *context, const char *name)
{
        struct rekeying *r = context;

        if (home_org(r->home, name, &r->org, r->why) != 1)
                return fail_set(r->why, FAIL_BROKEN, "cannot open the organisation %s", name);
        r->report->orgs++;
        return seal_org(r);
}

/* Where it is there: second factors of its operators. */
static int seal_host(struct rekeying *r)
{
        char *dir = file_path(home_path(r->home), "host");
        int result = 0;

        if (access(dir, F_OK) == 0)
                result = home_host(r->home, &r->org, r->why) == 0 ? seal_org(r) : -1;
        mem_free(dir);
        return result;
}

/* Two at once would turn the key twice: the lock's descriptor, -1 why. */
static int lock(struct home *h, struct fail *why)
{
        char *path = file_path(home_path(h), "run/rekey.lock");
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0) {
                fail_errno(why, "open %s", path);
        } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
                if (errno == EWOULDBLOCK)
                        fail_set(why, FAIL_CONFLICT, "the master key is being rotated already");
                else
                        fail_errno(why, "lock %s", path);
                close(fd);
                fd = -1;
        }
        mem_free(path);
        return fd;
}

static int begin(struct rekeying *r, const char *path, bool turn)
{
        if (secret_ring_read(&r->ring, path, r->why) != 1)
                return r->why->kind != FAIL_NONE
                           ? -1
                           : fail_set(r->why, FAIL_DENIED, "the master key %s is missing", path);
        r->report->resumed = r->ring.old_count > 0;
        if (turn && !r->report->resumed &&
            (!secret_ring_turn(&r->ring) || secret_ring_write(&r->ring, path, r->why) != 0))
                return -1;
        memcpy(r->report->to, r->ring.key.id, sizeof r->report->to);
        if (r->ring.old_count > 0)
                memcpy(r->report->from, r->ring.old[r->ring.old_count - 1].id,
                       sizeof r->report->from);
        return 0;
}

int rekey(struct home *h, bool turn, struct rekey_report *report, struct fail *why)
{
        struct rekeying r = { .home = h, .report = report, .why = why };
        const char *path = keyring_path(home_keyring(h));
        int held = lock(h, why), result;

        *report = (struct rekey_report){ .orgs = 0 };
        if (held < 0)
                return -1;
        result = begin(&r, path, turn);
        if (result == 0)
                result = home_each_org(h, seal_named, &r, why) == 0 ? seal_host(&r) : -1;
        if (result == 0 && r.ring.old_count > 0) {
                r.ring.old_count = 0;
                result = secret_ring_write(&r.ring, path, why);
        }
        secret_ring_wipe(&r.ring);
        close(held);
        return result;
}

int rekey_pending(struct home *h, struct fail *why)
{
        struct secret_ring ring;
        int found = secret_ring_read(&ring, keyring_path(home_keyring(h)), why);

        if (found == 1)
                found = ring.old_count > 0;
        secret_ring_wipe(&ring);
        return found;
}
