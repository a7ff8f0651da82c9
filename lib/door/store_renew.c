/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A store keeps everything twice: what readers read, and the clean index with its journal.  When
 * one of the two is damaged the other makes it anew.  Readers who meet damage do so by themselves
 * (store_mend); damage in what nobody reads is found by store_check() only.
 */
#include <string.h>

#include "door/store_private.h"

/* Every record of this index can be read. */
static int whole(struct store *s, unsigned which, struct fail *why)
{
        struct store_index ix = { 0 };
        int result = store_index_open(&ix, s->dir_fd, which, false, why);

        if (result == 0)
                result = store_index_walk(&ix, NULL, NULL, why);
        store_index_close(&ix);
        return result;
}

/* The journal goes on from the clean index to the last record that was applied. */
static int reaches(struct store *s, const struct store_meta *meta, struct fail *why)
{
        struct buf journal = BUF_NONE;
        struct store_entry entry;
        struct store_chain chain;
        size_t at = 0;
        int result = store_journal_read(s, meta->segment, &journal, why);

        store_chain_start(&chain, meta->segment, meta->base);
        while (result == 0 && chain.sequence < s->live->sequence) {
                if (!store_record_next(journal.data + at, journal.len - at, &chain, &entry))
                        result = fail_set(why, FAIL_BROKEN, "the journal ends too early");
                else
                        at += entry.size;
        }
        buf_dispose(&journal);
        return result;
}

/* Clean index and journal: 0 they are the whole truth. */
static int truth(struct store *s, struct fail *why)
{
        struct store_meta meta;
        uint64_t size;

        if (store_meta_read(s->dir_fd, &meta, NULL, why) != 1 ||
            store_index_size(s->dir_fd, meta.clean, &size, why) != 0)
                return -1;
        if (size != meta.size)
                return fail_set(why, FAIL_BROKEN, "the clean index has another length");
        return whole(s, meta.clean, why) == 0 && reaches(s, &meta, why) == 0 ? 0 : -1;
}

static int renew(struct store *s, struct fail *why)
{
        struct store_live *live = s->live;
        struct fail of_truth = FAIL_CLEAR, of_current = FAIL_CLEAR;

        if ((!store_live_valid(live, s->boot) || live->mark) && store_recover(s, false, why) != 0)
                return -1;
        if (truth(s, &of_truth) == 0)
                return store_recover(s, true, why);
        if (whole(s, live->current & 1, &of_current) != 0)
                return fail_set(why, of_current.kind, "%s; and %s", of_truth.text, of_current.text);
        live->doubt |= 1; /* so that nothing of the damaged side is used */
        return store_checkpoint(s, 0, why);
}

int store_renew(const char *dir, struct fail *why)
{
        struct store *s;
        int result = store_open(&s, dir, STORE_OPEN, why);

        if (result == 0)
                return fail_set(why, FAIL_INPUT, "there is no store at %s", dir);
        if (result < 0)
                return -1;
        result = store_write_lock(s, why);
        if (result == 0) {
                result = renew(s, why);
                store_write_unlock(s);
        }
        store_close(s);
        return result;
}
