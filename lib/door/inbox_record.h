/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of an inbox segment.  Private to the inbox; pure functions over memory, so that
 * they can be fuzzed and tested without files.
 *
 * A segment is a file of fixed size:
 *
 *      0        head (64 bytes): magic, serial, salt, first, base, size, checksum
 *      64       records, one after the other, each padded to 8 bytes
 *      size-64  a copy of the head
 *
 * serial   rises by one with every segment begun, also when an old file is used again
 * salt     random; with the serial it is the segment's identity, and the checksum of every
 *          record covers it, so that nothing left from an earlier lap, and nothing that a
 *          sender put inside a payload, is ever taken for a record of this segment
 * first    number of the first record; also the end of the segment before: what stands
 *          there with this number or a higher one was never acknowledged
 * base     bytes of all segments before this one, for counting the backlog
 *
 * A record is 40 bytes of head (magic, length, number, serial, settled, checksum of the
 * payload, checksum of the head) and the payload.  settled is the highest number that was
 * durable when the record was written: a good record that says so proves that what is
 * unreadable before it was once acknowledged, that is damage and not a torn end.
 *
 * All numbers are little-endian; checksums are CRC-32C.
 */
#ifndef DOOR_INBOX_RECORD_H
#define DOOR_INBOX_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_HEAD 40
#define SEGMENT_HEAD 64

struct segment_head {
        uint64_t serial, salt, first, base, size;
};

struct record_head {
        uint64_t number, settled;
        uint32_t length, payload_crc;
};

void segment_head_write(uint8_t out[SEGMENT_HEAD], const struct segment_head *head);
/* false: these 64 bytes are no head. */
bool segment_head_parse(const uint8_t bytes[SEGMENT_HEAD], struct segment_head *head);

/* Bytes that a record with this payload takes. */
uint64_t record_size(uint64_t length);

void record_head_write(uint8_t out[RECORD_HEAD], const struct segment_head *segment,
                       const struct record_head *record);
/* Looks only at the head of the record; length is below 4 GiB and otherwise not judged. */
bool record_head_parse(const uint8_t bytes[RECORD_HEAD], const struct segment_head *segment,
                       struct record_head *record);
/* The whole record at the start of these bytes, which may go on after it. */
bool record_parse(const uint8_t *bytes, size_t len, const struct segment_head *segment,
                  struct record_head *record);

/* The first whole record at *at or later whose number is at least least: true and *at. */
bool record_seek(const uint8_t *bytes, size_t len, const struct segment_head *segment,
                 uint64_t least, size_t *at, struct record_head *record);

/* Where the records of a whole segment end: *end, and *last, the number of the last one
 * (first - 1 when there is none).  Steps over damage, stops at a torn end. */
void segment_scan(const uint8_t *bytes, size_t len, const struct segment_head *segment,
                  uint64_t *last, size_t *end);

#endif
