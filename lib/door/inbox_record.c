/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of an inbox segment. */
#include "door/inbox_record.h"

#include <string.h>

#include "floor/code.h"

static const char segment_magic[8] = { 'F', 'L', 'I', 'N', 'B', 'O', 'X', '1' };
#define RECORD_MAGIC UINT32_C(0x31524c46) /* "FLR1" */

static void put32(uint8_t *p, uint32_t n)
{
        for (int i = 0; i < 4; i++)
                p[i] = (uint8_t)(n >> (8 * i));
}

static void put64(uint8_t *p, uint64_t n)
{
        put32(p, (uint32_t)n);
        put32(p + 4, (uint32_t)(n >> 32));
}

static uint32_t get32(const uint8_t *p)
{
        return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
        return get32(p) | (uint64_t)get32(p + 4) << 32;
}

void segment_head_write(uint8_t out[SEGMENT_HEAD], const struct segment_head *head)
{
        memset(out, 0, SEGMENT_HEAD);
        memcpy(out, segment_magic, sizeof segment_magic);
        put64(out + 8, head->serial);
        put64(out + 16, head->salt);
        put64(out + 24, head->first);
        put64(out + 32, head->base);
        put64(out + 40, head->size);
        put32(out + 60, code_crc32c(0, out, 60));
}

bool segment_head_parse(const uint8_t bytes[SEGMENT_HEAD], struct segment_head *head)
{
        if (memcmp(bytes, segment_magic, sizeof segment_magic) != 0 ||
            get32(bytes + 60) != code_crc32c(0, bytes, 60))
                return false;
        head->serial = get64(bytes + 8);
        head->salt = get64(bytes + 16);
        head->first = get64(bytes + 24);
        head->base = get64(bytes + 32);
        head->size = get64(bytes + 40);
        return true;
}

uint64_t record_size(uint64_t length)
{
        return RECORD_HEAD + ((length + 7) & ~UINT64_C(7));
}

static uint32_t head_crc(const uint8_t bytes[RECORD_HEAD], const struct segment_head *segment)
{
        uint8_t identity[16];

        put64(identity, segment->serial);
        put64(identity + 8, segment->salt);
        return code_crc32c(code_crc32c(0, identity, sizeof identity), bytes, 36);
}

void record_head_write(uint8_t out[RECORD_HEAD], const struct segment_head *segment,
                       const struct record_head *record)
{
        put32(out, RECORD_MAGIC);
        put32(out + 4, record->length);
        put64(out + 8, record->number);
        put64(out + 16, segment->serial);
        put64(out + 24, record->settled);
        put32(out + 32, record->payload_crc);
        put32(out + 36, head_crc(out, segment));
}

bool record_head_parse(const uint8_t bytes[RECORD_HEAD], const struct segment_head *segment,
                       struct record_head *record)
{
        if (get32(bytes) != RECORD_MAGIC || get64(bytes + 16) != segment->serial ||
            get32(bytes + 36) != head_crc(bytes, segment))
                return false;
        record->length = get32(bytes + 4);
        record->number = get64(bytes + 8);
        record->settled = get64(bytes + 24);
        record->payload_crc = get32(bytes + 32);
        return record->number >= segment->first && record->settled < record->number;
}

bool record_parse(const uint8_t *bytes, size_t len, const struct segment_head *segment,
                  struct record_head *record)
{
        return len >= RECORD_HEAD && record_head_parse(bytes, segment, record) &&
               record_size(record->length) <= len &&
               code_crc32c(0, bytes + RECORD_HEAD, record->length) == record->payload_crc;
}

bool record_seek(const uint8_t *bytes, size_t len, const struct segment_head *segment,
                 uint64_t least, size_t *at, struct record_head *record)
{
        for (size_t i = (*at + 7) & ~(size_t)7; i <= len && len - i >= RECORD_HEAD; i += 8) {
                if (get32(bytes + i) == RECORD_MAGIC &&
                    record_parse(bytes + i, len - i, segment, record) && record->number >= least) {
                        *at = i;
                        return true;
                }
        }
        return false;
}

/* A good record behind at which proves that number was acknowledged: true and *at. */
static bool seek_settled(const uint8_t *bytes, size_t len, const struct segment_head *segment,
                         uint64_t number, size_t *at, struct record_head *record)
{
        size_t first = 0;
        uint64_t first_number = 0;

        /* The records of the batch after the damage may come before their proof. */
        for (size_t i = *at; record_seek(bytes, len, segment, number, &i, record);
             i += record_size(record->length)) {
                if (first == 0) {
                        first = i;
                        first_number = record->number;
                }
                if (record->settled >= number) {
                        *at = first;
                        record->number = first_number;
                        return true;
                }
        }
        return false;
}

void segment_scan(const uint8_t *bytes, size_t len, const struct segment_head *segment,
                  uint64_t *last, size_t *end)
{
        size_t limit = len < 2 * SEGMENT_HEAD ? 0 : len - SEGMENT_HEAD;
        struct record_head record;
        size_t at = SEGMENT_HEAD;

        *last = segment->first - 1;
        *end = at;
        while (at < limit) {
                if (!record_parse(bytes + at, limit - at, segment, &record) ||
                    record.number <= *last) {
                        if (!seek_settled(bytes, limit, segment, *last + 1, &at, &record) ||
                            !record_parse(bytes + at, limit - at, segment, &record))
                                break;
                } else if (record.number != *last + 1 && record.settled <= *last) {
                        break; /* a later record of a batch whose first part is missing */
                }
                *last = record.number;
                at += record_size(record.length);
                *end = at;
        }
}
