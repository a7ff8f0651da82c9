/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How far the reader is done.  The file has two slots, 4096 bytes apart, written in turn, so
 * that one of them is whole at any instant.  A release reaches the file at once, which a kill
 * cannot undo; it is synced only when it frees a segment, before that segment may be written
 * again.  After a power cut the released number can therefore be an older one.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/code.h"
#include "floor/file.h"

#define SLOT_APART 4096
#define SLOT_SIZE 80
#define SLOT_MAGIC UINT64_C(0x314c4552584f424e) /* "NBOXREL1" */

/* Little-endian words: magic, the place, order, checksum. */
static void slot_write(uint8_t out[SLOT_SIZE], const struct place *mark, uint64_t order)
{
        uint64_t words[SLOT_SIZE / 8] = { SLOT_MAGIC };

        memcpy(words + 1, mark, sizeof *mark);
        words[1 + PLACE_WORDS] = order;
        for (int i = 0; i < SLOT_SIZE; i++)
                out[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
        words[2 + PLACE_WORDS] = code_crc32c(0, out, SLOT_SIZE - 8);
        for (int i = SLOT_SIZE - 8; i < SLOT_SIZE; i++)
                out[i] = (uint8_t)(words[i / 8] >> (8 * (i % 8)));
}

static bool slot_parse(const uint8_t bytes[SLOT_SIZE], struct place *mark, uint64_t *order)
{
        uint64_t words[SLOT_SIZE / 8] = { 0 };

        for (int i = 0; i < SLOT_SIZE; i++)
                words[i / 8] |= (uint64_t)bytes[i] << (8 * (i % 8));
        if (words[0] != SLOT_MAGIC ||
            words[2 + PLACE_WORDS] != code_crc32c(0, bytes, SLOT_SIZE - 8))
                return false;
        memcpy(mark, words + 1, sizeof *mark);
        *order = words[1 + PLACE_WORDS];
        return true;
}

static int open_file(struct inbox *in, struct fail *why)
{
        static const uint8_t zeros[2 * SLOT_APART];
        off_t size;

        if (in->released_fd >= 0)
                return 0;
        if (inbox_file(in, "released", O_RDWR | O_CREAT, &in->released_fd, why) != 1)
                return -1;
        size = lseek(in->released_fd, 0, SEEK_END);
        if (size >= (off_t)sizeof zeros)
                return 0;
        /* All its blocks now: a release must work when the disk is full, it makes room.  A
         * file that is shorter has lost its zeros to a power cut, but not what is in it. */
        if (size >= 0 &&
            file_write_at(in->released_fd, zeros, sizeof zeros - (size_t)size, size) == 0 &&
            fsync(in->released_fd) == 0 && fsync(in->dir) == 0)
                return 0;
        fail_errno(why, "inbox: cannot make released");
        close(in->released_fd);
        in->released_fd = -1;
        if (size == 0)
                unlinkat(in->dir, "released", 0);
        return -1;
}

int released_load(struct inbox *in, struct place *mark, uint64_t *order, struct fail *why)
{
        uint8_t bytes[SLOT_SIZE];

        *mark = (struct place){ .number = 0 };
        *order = 0;
        if (open_file(in, why) != 0)
                return -1;
        for (int i = 0; i < 2; i++) {
                struct place slot;
                uint64_t slot_order;
                ssize_t got = file_read_at(in->released_fd, bytes, sizeof bytes, i * SLOT_APART);

                if (got < 0)
                        return fail_errno(why, "inbox: cannot read released");
                if (got == SLOT_SIZE && slot_parse(bytes, &slot, &slot_order) &&
                    slot_order > *order) {
                        *order = slot_order;
                        *mark = slot;
                }
        }
        return 0;
}

/* Writes the mark, and then shows it to the writers, who may use again what is before it. */
static int store(struct inbox *in, const struct place *mark, bool frees, struct fail *why)
{
        uint64_t order = atomic_load(&in->live->order) + 1;
        uint8_t bytes[SLOT_SIZE];

        if (open_file(in, why) != 0)
                return -1;
        slot_write(bytes, mark, order);
        if (file_write_at(in->released_fd, bytes, sizeof bytes, (off_t)(order % 2) * SLOT_APART) !=
                0 ||
            (frees && fdatasync(in->released_fd) != 0))
                return fail_errno(why, "inbox: cannot write released");
        atomic_store(&in->live->order, order);
        shared_place_put(&in->live->mark, mark);
        return 0;
}

/* Moves the mark on to behind the record with this number. */
static int walk(struct inbox *in, struct place *mark, uint64_t number, const struct place *head,
                struct fail *why)
{
        struct segment_head file;
        uint64_t end;
        int fd = -1, got;

        while (mark->number < number) {
                struct record_head record;

                if (segment_follow(in, mark, head, number, &end, why) != 0)
                        goto broken;
                if (mark->number >= number)
                        break;
                if (fd >= 0)
                        close(fd);
                fd = -1;
                got = segment_open(in, mark->in.serial, &fd, &file, why);
                if (got < 0)
                        goto broken;
                while (got == 1 && segment_same(&file, &mark->in) && mark->number < number &&
                       (end == 0 || mark->number + 1 < end) &&
                       segment_next_record(fd, mark, &record)) {
                        mark->offset += record_size(record.length);
                        mark->number = record.number;
                }
                /* Past damage, or past what is not there: it is done as well.  The room it
                 * takes is counted until the segment is free. */
                if (mark->number < number)
                        mark->number = end != 0 && end - 1 < number ? end - 1 : number;
        }
        if (fd >= 0)
                close(fd);
        return segment_follow(in, mark, head, number, &end, why);
broken:
        if (fd >= 0)
                close(fd);
        return -1;
}

int inbox_release(struct inbox *in, uint64_t number, struct fail *why)
{
        struct place head, mark;
        uint64_t serial;
        int result = -1;

        pthread_mutex_lock(&in->releasing);
        if (inbox_lock_wait(in, INBOX_LOCK_RELEASE, why) != 0)
                goto out;
        shared_place_get(&in->live->mark, &mark);
        shared_place_get(&in->live->head, &head);
        serial = mark.in.serial;
        if (number > head.number)
                fail_set(why, FAIL_INPUT, "inbox: there is no record %" PRIu64 " to release",
                         number);
        else if (number <= mark.number)
                result = 0;
        else if (walk(in, &mark, number, &head, why) == 0)
                result = store(in, &mark, mark.in.serial != serial, why);
        inbox_unlock(in, INBOX_LOCK_RELEASE);
out:
        pthread_mutex_unlock(&in->releasing);
        return result;
}
