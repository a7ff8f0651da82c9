/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Journal records as bytes.  No file is touched here; whatever the bytes are, nothing breaks. */
#include <endian.h>
#include <string.h>

#include "door/store_private.h"
#include "floor/code.h"

#define RECORD_MAGIC 0x31724C46U /* "FLr1" */

static void put32(char *p, uint32_t v)
{
        v = htole32(v);
        memcpy(p, &v, 4);
}

static void put64(char *p, uint64_t v)
{
        v = htole64(v);
        memcpy(p, &v, 8);
}

static uint32_t get32(const unsigned char *p)
{
        uint32_t v;

        memcpy(&v, p, 4);
        return le32toh(v);
}

static uint64_t get64(const unsigned char *p)
{
        uint64_t v;

        memcpy(&v, p, 8);
        return le64toh(v);
}

static size_t padded(size_t len)
{
        return (len + 7) & ~(size_t)7;
}

void store_chain_start(struct store_chain *chain, uint64_t segment, uint64_t sequence)
{
        char seed[16];

        put64(seed, segment);
        put64(seed + 8, sequence);
        chain->segment = segment;
        chain->sequence = sequence;
        chain->crc = code_crc32c(0, seed, sizeof seed);
}

/* p is at the header; everything behind its crc field and the operations. */
static uint32_t record_crc(const struct store_chain *chain, const void *p, size_t len)
{
        char seed[12];
        uint32_t crc;

        put64(seed, chain->segment);
        put32(seed + 8, chain->crc);
        crc = code_crc32c(0, seed, sizeof seed);
        return code_crc32c(crc, (const char *)p + 8, STORE_HEADER - 8 + len);
}

int store_record_next(const void *bytes, size_t len, struct store_chain *chain,
                      struct store_entry *entry)
{
        const unsigned char *p = bytes;
        size_t ops;
        uint32_t crc;

        if (len < STORE_HEADER || get32(p) != RECORD_MAGIC || get32(p + 12) != 0)
                return 0;
        ops = get32(p + 8);
        if (ops > STORE_RECORD_MOST || ops > len - STORE_HEADER ||
            get64(p + 16) != chain->sequence + 1)
                return 0;
        crc = record_crc(chain, p, ops);
        if (crc != get32(p + 4))
                return 0;
        chain->sequence++;
        chain->crc = crc;
        entry->ops = p + STORE_HEADER;
        entry->len = ops;
        entry->size = padded(STORE_HEADER + ops);
        if (entry->size > len)
                entry->size = len;
        return 1;
}

int store_op_next(const void *ops, size_t len, size_t *at, struct store_op *op)
{
        const unsigned char *p = (const unsigned char *)ops + *at;
        size_t left = len - *at;

        if (left == 0)
                return 0;
        if (left < 7 || p[0] < 1 || p[0] > 2)
                return -1;
        op->put = p[0] == 1;
        op->key_len = (size_t)p[1] | (size_t)p[2] << 8;
        op->len = get32(p + 3);
        left -= 7;
        if (op->key_len == 0 || op->key_len > STORE_FULL_KEY_MAX || op->key_len > left ||
            op->len > left - op->key_len || (!op->put && op->len != 0))
                return -1;
        op->key = (const char *)p + 7;
        op->data = op->key + op->key_len;
        *at += 7 + op->key_len + op->len;
        return 1;
}

size_t store_record_begin(struct buf *out)
{
        static const char header[STORE_HEADER];
        size_t begun = out->len;

        buf_add(out, header, sizeof header);
        return begun;
}

void store_op_add(struct buf *out, const struct store_op *op)
{
        char head[7];

        head[0] = op->put ? 1 : 2;
        head[1] = (char)(op->key_len & 0xFF);
        head[2] = (char)(op->key_len >> 8);
        put32(head + 3, op->put ? (uint32_t)op->len : 0);
        buf_add(out, head, sizeof head);
        buf_add(out, op->key, op->key_len);
        if (op->put && op->len > 0)
                buf_add(out, op->data, op->len);
}

void store_record_end(struct buf *out, size_t begun, struct store_chain *chain)
{
        static const char zeros[8];
        size_t ops = out->len - begun - STORE_HEADER, whole = out->len - begun;
        char *p = out->data + begun;

        put32(p, RECORD_MAGIC);
        put32(p + 8, (uint32_t)ops);
        put32(p + 12, 0);
        put64(p + 16, chain->sequence + 1);
        chain->crc = record_crc(chain, p, ops);
        chain->sequence++;
        put32(p + 4, chain->crc);
        buf_add(out, zeros, padded(whole) - whole);
}
