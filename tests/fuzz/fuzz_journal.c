/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's journal and meta: torn, old, invented records. */
#include "door/store_private.h"
#include "floor/buf.h"
#include "fuzz.h"

static void read_ops(const unsigned char *ops, size_t len)
{
        struct store_op op;
        size_t at = 0, before = 0;

        while (store_op_next(ops, len, &at, &op) == 1) {
                MUST(at > before && at <= len);
                MUST((const unsigned char *)op.key >= ops && op.key_len <= len);
                MUST((const unsigned char *)op.key + op.key_len <= ops + len);
                MUST(!op.put || (const unsigned char *)op.data + op.len <= ops + len);
                before = at;
        }
}

/* All records from the start of a segment. */
static size_t read_journal(const void *bytes, size_t len)
{
        struct store_chain chain;
        struct store_entry entry;
        size_t at = 0, count = 0;

        store_chain_start(&chain, 7, 40);
        while (store_record_next((const char *)bytes + at, len - at, &chain, &entry) == 1) {
                MUST(entry.size >= STORE_HEADER && entry.size <= len - at);
                MUST(chain.sequence == 40 + ++count);
                read_ops(entry.ops, entry.len);
                at += entry.size;
        }
        return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct buf journal = BUF_NONE;
        struct store_chain chain;
        struct store_meta meta;
        size_t begun, half = size / 2;

        read_journal(data, size);
        read_ops(data, size);
        store_meta_parse(data, size, &meta);

        /* the bytes as operations of two records whose sums are right */
        store_chain_start(&chain, 7, 40);
        begun = store_record_begin(&journal);
        buf_add(&journal, data, half);
        store_record_end(&journal, begun, &chain);
        begun = store_record_begin(&journal);
        buf_add(&journal, data + half, size - half);
        store_record_end(&journal, begun, &chain);
        MUST(read_journal(journal.data, journal.len) == 2);
        /* and cut off anywhere, at most the whole ones (padding aside) */
        MUST(read_journal(journal.data, begun + STORE_HEADER + size - half - 1) == 1);
        MUST(read_journal(journal.data, begun) == 1);
        MUST(read_journal(journal.data, STORE_HEADER + half - 1) == 0);
        buf_dispose(&journal);
        return 0;
}
