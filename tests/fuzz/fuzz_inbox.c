/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inbox segments: torn, old, invented records; what a sender puts into a payload. */
#include "door/inbox_record.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "fuzz.h"

static const struct segment_head segment = { .serial = 3, .salt = 99, .first = 10, .size = 65536 };

static void add_record(struct buf *out, uint64_t number, const void *payload, size_t len)
{
        struct record_head head = { .number = number, .settled = number - 1 };
        uint8_t bytes[RECORD_HEAD];
        size_t begun = out->len;

        head.length = (uint32_t)len;
        head.payload_crc = code_crc32c(0, payload, len);
        record_head_write(bytes, &segment, &head);
        buf_add(out, bytes, sizeof bytes);
        buf_add(out, payload, len);
        while (out->len < begun + record_size(len))
                buf_add_char(out, '\0');
}

static void scan(const uint8_t *bytes, size_t len, uint64_t *last)
{
        struct record_head record;
        size_t at = 0, end = 0;

        if (record_seek(bytes, len, &segment, 0, &at, &record)) {
                MUST(at + RECORD_HEAD + record.length <= len);
                MUST(record_parse(bytes + at, len - at, &segment, &record));
        }
        segment_scan(bytes, len, &segment, last, &end);
        MUST(end <= len || len < 2 * SEGMENT_HEAD);
        MUST(*last + 1 >= segment.first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t copy[SEGMENT_HEAD];
        struct segment_head head;
        struct buf whole = BUF_NONE;
        uint64_t last = 0;

        if (size >= SEGMENT_HEAD && segment_head_parse(data, &head)) {
                segment_head_write(copy, &head);
                MUST(memcmp(copy, data, 48) == 0); /* the rest is for later releases */
                MUST(segment_head_parse(copy, &head));
        }
        scan(data, size, &last);

        /* the bytes as two payloads of good records: found, and nothing inside them is */
        buf_reserve(&whole, SEGMENT_HEAD);
        segment_head_write((uint8_t *)whole.data, &segment);
        whole.len = SEGMENT_HEAD;
        add_record(&whole, 10, data, size / 2);
        add_record(&whole, 11, data + size / 2, size - size / 2);
        for (int i = 0; i < SEGMENT_HEAD; i++)
                buf_add_char(&whole, '\0');
        scan((uint8_t *)whole.data, whole.len, &last);
        MUST(last == 11);
        buf_dispose(&whole);
        return 0;
}
