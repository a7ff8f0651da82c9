/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way back from a backup file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/action.h"
#include "home/backup.h"
#include "home/backup_file.h"
#include "home/claim.h"
#include "home/delivery.h"
#include "home/records.h"
#include "home/rekey.h"
#include "home/restore_key.h"

#define BATCH_BYTES (512 * 1024)
#define BATCH_RECORDS 500
#define PATIENCE_MS (30 * WHEN_SECOND) /* a worker's calls may take 10 s to end */

struct restoring {
        const char *home_path;
        FILE *file;
        const char *key_file; /* of the backup's time; may be NULL */
        bool replace;
        bool reseal;  /* another key than ours sealed what is in the backup */
        json_t *keys; /* ids of those that may have */
        struct home *home;
        struct org *org;
        json_t *wanted; /* names of the org's records in the backup: what else is there goes */
        json_t *logs;   /* audit log: is it taken from the backup? */
        json_t *places; /* org: number of the last inbox record in its state */
        struct batch *batch;
        size_t bytes, records;
        struct backup_count *count;
        struct fail *why;
};

static int rewind_file(struct restoring *r)
{
        rewind(r->file);
        return backup_look(r->file, r->why);
}

static void see_keys(struct restoring *r, const json_t *header)
{
        json_t *one;
        size_t i;

        json_set_bool(r->keys, json_get_text(header, "key", ""), true);
        json_array_foreach(json_object_get(header, "old"), i, one)
        {
                json_set_bool(r->keys, json_text_of(one, ""), true);
        }
}

/* Reads all of it once: whole, undamaged, and which keys it is of. */
static int verify(struct restoring *r, bool *has_key)
{
        struct backup_frame frame = { 0 };
        uint64_t records = 0;
        bool ended = false;
        int found;

        *has_key = false;
        if (rewind_file(r) != 0)
                return -1;
        while ((found = backup_next(r->file, &frame, r->why)) > 0) {
                ended = frame.type == 'e';
                if (frame.type == 'h')
                        see_keys(r, frame.header);
                if (frame.type == 'r')
                        records++;
                if (frame.type == 'f' &&
                    text_equal(json_get_text(frame.header, "name", NULL), "secrets"))
                        *has_key = true;
                if (ended && records != (uint64_t)json_get_int(frame.header, "records", -1))
                        ended = false;
        }
        backup_frame_dispose(&frame);
        if (found == 0 && !ended)
                return fail_set(r->why, FAIL_BROKEN, "the backup is cut off: its end is missing");
        return found;
}

/* Names in a backup stay below the home. */
static bool tame(const char *name)
{
        return text_equal(name, "settings") || text_equal(name, "secrets") ||
               ((text_starts(name, "data/") || text_starts(name, "audit/")) &&
                strstr(name, "..") == NULL);
}

static int make_parents(struct restoring *r, const char *name)
{
        const char *slash = name;

        while ((slash = strchr(slash, '/')) != NULL) {
                char *part = mem_text_part(name, (size_t)(slash - name));
                char *path = file_path(r->home_path, part);
                int result = file_make_dir(path, r->why);

                mem_free(path);
                mem_free(part);
                if (result != 0)
                        return -1;
                slash++;
        }
        return 0;
}

/* A log of what happened here is never replaced by an older one. */
static bool is_kept_log(struct restoring *r, const char *name)
{
        const char *log = name + strlen("audit/"), *slash = strchr(log, '/');
        char *org, *head;
        bool kept;

        if (!text_starts(name, "audit/") || slash == NULL)
                return false;
        org = mem_text_part(log, (size_t)(slash - log));
        if (json_object_get(r->logs, org) == NULL) {
                head = mem_format("%s/audit/%s/head", r->home_path, org);
                json_set_bool(r->logs, org, access(head, F_OK) != 0);
                mem_free(head);
        }
        kept = !json_bool_of(json_object_get(r->logs, org), true);
        mem_free(org);
        return kept;
}

static int restore_file(struct restoring *r, const struct backup_frame *frame)
{
        const char *name = json_get_text(frame->header, "name", "");
        bool key = text_equal(name, "secrets");
        char *path;
        int result;

        if (!tame(name))
                return fail_set(r->why, FAIL_BROKEN, "the backup names a file outside the home");
        if (is_kept_log(r, name))
                return 0;
        path = key ? home_key_path(r->home_path) : file_path(r->home_path, name);
        if (key && access(path, F_OK) == 0) {
                mem_free(path); /* the same one: prepare() has compared */
                return 0;
        }
        result = make_parents(r, name);
        if (result == 0)
                result = file_write(path, buf_text(&frame->data), frame->data.len,
                                    key ? 0400 : 0600, r->why);
        r->count->files++;
        mem_free(path);
        return result;
}

/* Files first: a home that is not there yet needs its key before it can be opened. */
static int restore_files(struct restoring *r)
{
        struct backup_frame frame = { 0 };
        int found, result = 0;

        if (file_make_dir(r->home_path, r->why) != 0 || rewind_file(r) != 0)
                return -1;
        while (result == 0 && (found = backup_next(r->file, &frame, r->why)) > 0) {
                if (frame.type == 'f')
                        result = restore_file(r, &frame);
        }
        backup_frame_dispose(&frame);
        return result != 0 || found < 0 ? -1 : 0;
}

static int flush(struct restoring *r)
{
        int result = 0;

        if (!batch_empty(r->batch))
                result = store_commit(r->org->store, r->batch, r->why);
        batch_free(r->batch);
        r->batch = batch_new();
        r->bytes = r->records = 0;
        return result;
}

static int flush_when_full(struct restoring *r, size_t more)
{
        if (r->bytes + more > BATCH_BYTES || r->records >= BATCH_RECORDS) {
                if (flush(r) != 0)
                        return -1;
        }
        r->bytes += more + 128;
        r->records++;
        return 0;
}

static char *full_name(char kind, const char *name, const char *key)
{
        return mem_format("%c %s %s", kind, name, key);
}

struct removing {
        struct restoring *r;
        json_t *list; /* {is, in, key} of what must go: removed after the walk, in parts */
};

static int find_unwanted(void *context, const struct store_record *record)
{
        struct removing *rm = context;
        char *name = full_name(record->kind, record->name, record->key), kind[2] = "";
        bool wanted = json_object_get(rm->r->wanted, name) != NULL;
        json_t *row;

        mem_free(name);
        if (wanted || record->kind == 'c')
                return 0;
        kind[0] = record->kind;
        row = json_object();
        json_set_text(row, "is", kind);
        json_set_text(row, "in", record->name);
        json_set_text(row, "key", record->key);
        json_add(rm->list, row);
        return 0;
}

static int remove_one(struct restoring *r, const json_t *row)
{
        const char *in = json_get_text(row, "in", ""), *key = json_get_text(row, "key", "");

        if (flush_when_full(r, 0) != 0)
                return -1;
        switch (*json_get_text(row, "is", "?")) {
        case 't':
                batch_delete(r->batch, in, key);
                break;
        case 'm':
                batch_leave(r->batch, in, key);
                break;
        default:
                batch_series_delete(r->batch, in, strtoull(key, NULL, 10));
        }
        return 0;
}

/* What the backup does not have goes; what is open may have been done since, so the worker
 * reads back before it writes again. */
static int finish_org(struct restoring *r)
{
        struct removing rm = { r, NULL };
        json_t *row;
        int result;
        size_t i;

        if (r->org == NULL)
                return 0;
        result = flush(r);
        if (result == 0) {
                rm.list = json_array();
                result = store_each(r->org->store, find_unwanted, &rm, r->why);
                json_array_foreach(rm.list, i, row)
                {
                        if (result == 0)
                                result = remove_one(r, row);
                }
                if (result == 0)
                        result = flush(r);
                if (result == 0)
                        result = action_doubt_all(r->org, r->why);
                json_decref(rm.list);
        }
        batch_free(r->batch);
        json_decref(r->wanted);
        r->batch = NULL;
        r->wanted = NULL;
        r->org = NULL;
        return result;
}

static int stop_at_first(void *context, const struct store_record *record)
{
        (void)context;
        (void)record;
        return 1;
}

/* -1 FAIL_CONFLICT when the org, which may be NULL, has records. */
static int keeps(struct restoring *r, struct org *org, const char *name)
{
        bool host = text_equal(name, HOME_HOST);

        if (org == NULL || store_each(org->store, stop_at_first, NULL, r->why) == 0)
                return 0;
        return fail_set(r->why, FAIL_CONFLICT,
                        "%s%s has records already; --replace makes it as in the backup",
                        host ? "the host" : "the organisation ", host ? "" : name);
}

static int begin_org(struct restoring *r, const char *name)
{
        bool host = text_equal(name, HOME_HOST);
        int found = host ? home_host(r->home, &r->org, r->why) + 1
                         : home_org(r->home, name, &r->org, r->why);

        if (found < 0 || (host && found == 0))
                return -1;
        if (found == 0) {
                if (home_create_org(r->home, name, &r->org, r->why) != 0)
                        return -1;
        } else if (!r->replace && keeps(r, r->org, name) != 0) {
                return -1;
        }
        r->wanted = json_object();
        r->batch = batch_new();
        r->count->orgs += !host;
        return 0;
}

static int restore_record(struct restoring *r, const struct backup_frame *frame)
{
        const char *name = json_get_text(frame->header, "in", "");
        const char *key = json_get_text(frame->header, "key", "");
        const char *kind = json_get_text(frame->header, "is", "?");
        struct store_record record = { .kind = *kind,
                                       .name = name,
                                       .key = key,
                                       .data = buf_text(&frame->data),
                                       .len = frame->data.len };
        char *full;

        if (r->org == NULL)
                return fail_set(r->why, FAIL_BROKEN, "the backup has a record before its org");
        if (*kind == 't' && text_equal(name, "place")) {
                json_t *place = json_parse(frame->data.data, frame->data.len, false, NULL);

                json_set_int(r->places, r->org->name, json_get_int(place, "number", 0));
                json_decref(place);
                return 0; /* places are of the old inbox */
        }
        if (json_get_bool(frame->header, "bare", false))
                record.data = NULL;
        if (flush_when_full(r, frame->data.len) != 0)
                return -1;
        full = full_name(record.kind, name, key);
        json_set_bool(r->wanted, full, true);
        mem_free(full);
        batch_restore(r->batch, &record);
        r->count->records++;
        return 0;
}

static int restore_orgs(struct restoring *r)
{
        struct backup_frame frame = { 0 };
        int found, result = 0;

        if (rewind_file(r) != 0)
                return -1;
        while (result == 0 && (found = backup_next(r->file, &frame, r->why)) > 0) {
                if (frame.type == 'r')
                        result = restore_record(r, &frame);
                else if (frame.type == 'o' || frame.type == 'e')
                        result = finish_org(r);
                if (result == 0 && frame.type == 'o')
                        result = begin_org(r, json_get_text(frame.header, "org", ""));
        }
        backup_frame_dispose(&frame);
        return result != 0 || found < 0 ? -1 : 0;
}

/* What had arrived and was not yet in its org's state arrives again. */
static int restore_inbox(struct restoring *r)
{
        struct inbox *inbox = home_inbox(r->home, r->why);
        struct backup_frame frame = { 0 };
        int found, result = 0;

        if (inbox == NULL || rewind_file(r) != 0)
                return -1;
        while (result == 0 && (found = backup_next(r->file, &frame, r->why)) > 0) {
                struct delivery d;

                if (frame.type != 'i' ||
                    delivery_read(&d, frame.data.data, frame.data.len, NULL) != 0)
                        continue;
                if (json_get_int(frame.header, "number", 0) > json_get_int(r->places, d.org, 0)) {
                        result = inbox_add(inbox, frame.data.data, frame.data.len, NULL, r->why);
                        r->count->waiting++;
                }
                delivery_dispose(&d);
        }
        backup_frame_dispose(&frame);
        return result != 0 || found < 0 ? -1 : 0;
}

/* The org if it is there; the host would be made by asking for it. */
static int look_for(struct restoring *r, struct home *h, const char *name, struct org **org)
{
        char *path;
        bool there;

        if (!text_equal(name, HOME_HOST))
                return home_org(h, name, org, r->why) < 0 ? -1 : 0;
        path = file_path(r->home_path, "host");
        there = access(path, F_OK) == 0;
        mem_free(path);
        return there ? home_host(h, org, r->why) : 0;
}

/* Whoever has records keeps them unless told otherwise, and then nothing else changes either. */
static int look_for_records(struct restoring *r, struct home *h)
{
        struct backup_frame frame = { 0 };
        int found, result = 0;

        if (r->replace)
                return 0;
        if (rewind_file(r) != 0)
                return -1;
        while (result == 0 && (found = backup_next(r->file, &frame, r->why)) > 0) {
                const char *name = json_get_text(frame.header, "org", "");
                struct org *org = NULL;

                if (frame.type == 'o')
                        result = look_for(r, h, name, &org) != 0 ? -1 : keeps(r, org, name);
        }
        backup_frame_dispose(&frame);
        return result != 0 || found < 0 ? -1 : 0;
}

static int bring_back(struct restoring *r, bool has_key)
{
        struct rekey_report report;
        bool made;

        if (restore_key(r->home_path, r->key_file, r->keys, has_key, &r->reseal, r->why) != 0 ||
            restore_files(r) != 0 || home_create(r->home_path, &made, r->why) != 0)
                return -1;
        if (home_open(&r->home, r->home_path, r->why) != 1)
                return fail_set(r->why, FAIL_SYSTEM, "cannot open the home just made");
        if (restore_orgs(r) != 0 || restore_inbox(r) != 0)
                return -1;
        return r->reseal ? rekey(r->home, false, &report, r->why) : 0;
}

/* A home that is there is had alone before anything of it changes. */
static int restore_all(struct restoring *r)
{
        struct home *there = NULL;
        bool has_key;
        int claim = -1, result;

        if (verify(r, &has_key) != 0)
                return -1;
        if (home_open(&there, r->home_path, NULL) == 1) {
                claim = claim_begin(there, PATIENCE_MS, r->why);
                result = claim < 0 ? -1 : look_for_records(r, there);
        } else {
                result = 0;
        }
        if (result == 0)
                result = bring_back(r, has_key);
        claim_end(there, claim);
        home_close(there);
        return result;
}

int backup_restore(const char *home_path, const char *path, bool replace, const char *key_file,
                   struct backup_count *count, struct fail *why)
{
        struct restoring r = { .home_path = home_path,
                               .key_file = key_file,
                               .replace = replace,
                               .keys = json_object(),
                               .logs = json_object(),
                               .places = json_object(),
                               .count = count,
                               .why = why };
        int result;

        *count = (struct backup_count){ 0 };
        r.file = fopen(path, "rbe");
        if (r.file == NULL) {
                json_decref(r.keys);
                json_decref(r.logs);
                json_decref(r.places);
                return fail_set(why, FAIL_INPUT, "cannot open %.200s: %s", path,
                                strerrordesc_np(errno));
        }
        result = restore_all(&r);
        batch_free(r.batch);
        json_decref(r.wanted);
        json_decref(r.keys);
        json_decref(r.logs);
        json_decref(r.places);
        home_close(r.home);
        fclose(r.file);
        return result;
}
