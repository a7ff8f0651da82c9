/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reading on from a place, and releasing what is done.  A reader takes no lock: it goes no
 * further than what was published, and nothing behind the released place is written again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/mem.h"

static void close_at(struct inbox *in)
{
        if (in->at_fd >= 0)
                close(in->at_fd);
        in->at_fd = -1;
}

/* Opens the segment of the place at: 1, 0 it is not there (any more), -1. */
static int open_at(struct inbox *in, struct fail *why)
{
        int got;

        if (in->at_fd >= 0 && segment_same(&in->at_file, &in->at.in))
                return 1;
        close_at(in);
        if (in->at.in.serial == 0)
                return 0;
        got = segment_open(in, in->at.in.serial, &in->at_fd, &in->at_file, why);
        if (got == 1 && !segment_same(&in->at_file, &in->at.in)) {
                close_at(in);
                return 0;
        }
        return got;
}

/* Appends the payload; false if it is not what was written. */
static bool read_payload(int fd, const struct place *p, const struct record_head *record,
                         struct buf *out)
{
        size_t had = out->len;

        buf_reserve(out, record->length);
        if (file_read_at(fd, out->data + had, record->length, (off_t)p->offset + RECORD_HEAD) !=
                (ssize_t)record->length ||
            code_crc32c(0, out->data + had, record->length) != record->payload_crc) {
                out->data[had] = '\0';
                return false;
        }
        out->len += record->length;
        out->data[out->len] = '\0';
        return true;
}

/* The cursor is at something unreadable: moves it to before the next good record. */
static int step_over(struct inbox *in, const struct place *head, struct fail *why)
{
        struct segment_head next;
        struct record_head record;
        uint64_t limit = head->number + 1;
        uint8_t *bytes;
        size_t at;
        bool found;
        int got = segment_next(in, in->at.in.serial, head->in.serial, &next, why);

        if (got < 0)
                return -1;
        if (got == 1)
                limit = next.first;
        if (in->at_fd >= 0 && segment_same(&in->at_file, &in->at.in)) {
                if (segment_load(in->at_fd, &in->at.in, &bytes, why) != 0)
                        return -1;
                at = (size_t)in->at.offset;
                found = record_seek(bytes, in->at.in.size - SEGMENT_HEAD, &in->at.in,
                                    in->at.number + 1, &at, &record);
                mem_free(bytes);
                if (found && record.number < limit) {
                        in->at.offset = at;
                        in->at.number = record.number - 1;
                        return 0;
                }
        }
        if (got == 1)
                segment_start(&in->at, &next);
        else
                in->at = *head;
        in->at_end = 0;
        return 0;
}

/* The next record of the cursor at or above from, which is published: 1, -1 why.
 * 0: somebody released what we were at, begin again. */
static int read_on(struct inbox *in, uint64_t from, const struct place *head, struct buf *record,
                   uint64_t *number, struct fail *why)
{
        while (in->at.number < head->number) {
                struct record_head here;
                struct place mark;
                int got;

                if (in->at.in.serial < head->in.serial &&
                    (in->at_end <= from || in->at_end <= in->at.number + 1) &&
                    segment_follow(in, &in->at, head, from, &in->at_end, why) != 0)
                        return -1;
                got = open_at(in, why);
                if (got < 0)
                        return -1;
                if (got == 1 && segment_next_record(in->at_fd, &in->at, &here) &&
                    (here.number < from || read_payload(in->at_fd, &in->at, &here, record))) {
                        in->at.offset += record_size(here.length);
                        in->at.number = here.number;
                        if (here.number < from)
                                continue;
                        in->low = in->at.number + 1;
                        *number = here.number;
                        return 1;
                }
                shared_place_get(&in->live->mark, &mark);
                if (mark.number > in->at.number)
                        return 0;
                if (step_over(in, head, why) != 0)
                        return -1;
                if (in->at.number < from)
                        continue; /* the damage lies before what was asked for */
                in->low = from;
                break;
        }
        *number = in->at.number + 1;
        return fail_set(why, FAIL_BROKEN,
                        "inbox: records %" PRIu64 " to %" PRIu64 " cannot be read", from,
                        in->at.number);
}

int inbox_read(struct inbox *in, uint64_t from, struct buf *record, uint64_t *number,
               struct fail *why)
{
        struct place head, mark;
        int got = 0;

        pthread_mutex_lock(&in->reading);
        do {
                buf_reset(record);
                shared_place_get(&in->live->mark, &mark); /* first: it never passes the head */
                shared_place_get(&in->live->head, &head);
                if (from <= mark.number)
                        from = mark.number + 1;
                if (from > head.number) {
                        atomic_store(&in->looked, head.number);
                        break;
                }
                if (in->low == 0 || from < in->low || in->at.number < mark.number) {
                        in->at = mark;
                        in->at_end = 0;
                        in->low = mark.number + 1;
                }
                got = read_on(in, from, &head, record, number, why);
                if (got != 1)
                        buf_reset(record);
                if (got == 0)
                        in->low = 0;
        } while (got == 0);
        pthread_mutex_unlock(&in->reading);
        return got;
}
