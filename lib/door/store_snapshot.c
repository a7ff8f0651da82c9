/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store at one moment, for backup and verification: copies in nameless files, so that
 * writers wait for the copying only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/file.h"
#include "floor/mem.h"

static int copy_open(struct store *s, unsigned which, struct store_index *ix, struct fail *why)
{
        int fd = file_nameless(s->dir, why);

        if (fd < 0)
                return -1;
        if (store_index_copy_fd(s->dir_fd, which, fd, why) != 0) {
                close(fd);
                return -1;
        }
        return store_index_open_fd(ix, fd, why);
}

int store_snapshot_take(struct store *s, struct store_snapshot *shot, bool whole, struct fail *why)
{
        struct store_live *live = s->live;
        int result = -1;

        memset(shot, 0, sizeof *shot);
        if (store_write_lock(s, why) != 0)
                return -1;
        /* Only what a look-up would do as well: a reader need not be able to write more. */
        if ((!store_live_valid(live, s->boot) || live->mark) && store_recover(s, false, why) != 0)
                goto out;
        shot->sequence = live->sequence;
        if (copy_open(s, live->current & 1, &shot->current, why) != 0)
                goto out;
        if (whole && (store_meta_read(s->dir_fd, &shot->meta, &shot->meta_damaged, why) != 1 ||
                      copy_open(s, shot->meta.clean, &shot->clean, why) != 0 ||
                      store_journal_read(s, shot->meta.segment, &shot->journal, why) != 0))
                goto out;
        result = 0;
out:
        store_write_unlock(s);
        if (result != 0)
                store_snapshot_dispose(shot);
        return result;
}

void store_snapshot_dispose(struct store_snapshot *shot)
{
        store_index_close(&shot->current);
        store_index_close(&shot->clean);
        buf_dispose(&shot->journal);
}

struct each {
        int (*visit)(void *context, const struct store_record *record);
        void *context;
};

static int each_record(void *context, const char *key, size_t key_len, const char *data, size_t len)
{
        struct each *each = context;
        struct store_record r = { .data = data, .len = len };
        char text[STORE_FULL_KEY_MAX + 1];

        if (key_len > STORE_FULL_KEY_MAX)
                return 0;
        memcpy(text, key, key_len);
        text[key_len] = '\0';
        r.kind = text[0];
        r.name = text + 1;
        r.key = r.name + strlen(r.name);
        r.key += r.key < text + key_len;
        switch (r.kind) {
        case 't':
        case 's':
        case 'c':
                break;
        case 'm':
                r.data = NULL;
                r.len = 0;
                break;
        default: /* what follows from the members */
                return 0;
        }
        return each->visit(each->context, &r);
}

int store_each(struct store *s, int (*visit)(void *context, const struct store_record *record),
               void *context, struct fail *why)
{
        struct each each = { visit, context };
        struct store_snapshot shot;
        int result;

        if (store_snapshot_take(s, &shot, false, why) != 0)
                return -1;
        result = store_index_walk(&shot.current, each_record, &each, why);
        store_snapshot_dispose(&shot);
        return result;
}
