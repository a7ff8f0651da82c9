/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page that all processes of one boot share: where the durable records end, how far they
 * are released.  It is never synced.  After a reboot, or when it is lost or a copy, it is
 * made anew from the segments; that is the only time a whole segment is read.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/inbox_private.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

#define LIVE_MAGIC UINT64_C(0x31564c584f424e49) /* "INBOXLV1" */
#define LIVE_SIZE 4096

_Static_assert(sizeof(struct live) <= LIVE_SIZE, "the live page is one page");
_Static_assert(sizeof(struct place) == PLACE_WORDS * sizeof(uint64_t), "a place is words");

void shared_place_get(struct shared_place *from, struct place *to)
{
        uint64_t words[PLACE_WORDS], turn;

        /* The slot that counts is only written again after the turn has passed on. */
        do {
                turn = atomic_load_explicit(&from->turn, memory_order_acquire);
                for (int i = 0; i < PLACE_WORDS; i++)
                        words[i] =
                            atomic_load_explicit(&from->slot[turn & 1][i], memory_order_relaxed);
                atomic_thread_fence(memory_order_acquire);
        } while (atomic_load_explicit(&from->turn, memory_order_relaxed) != turn);
        memcpy(to, words, sizeof *to);
}

void shared_place_put(struct shared_place *to, const struct place *from)
{
        uint64_t words[PLACE_WORDS];
        uint64_t turn = atomic_load_explicit(&to->turn, memory_order_relaxed) + 1;

        memcpy(words, from, sizeof words);
        atomic_thread_fence(memory_order_release);
        for (int i = 0; i < PLACE_WORDS; i++)
                atomic_store_explicit(&to->slot[turn & 1][i], words[i], memory_order_relaxed);
        atomic_store_explicit(&to->turn, turn, memory_order_release);
}

uint64_t live_backlog(const struct place *head, const struct place *mark)
{
        uint64_t end = head->in.base + head->offset, start = mark->in.base + mark->offset;

        return head->number <= mark->number || end < start ? 0 : end - start;
}

static int read_boot(char boot[40], struct fail *why)
{
        struct buf text = BUF_NONE;
        int got = file_read("/proc/sys/kernel/random/boot_id", 64, &text, why);

        memset(boot, 0, 40);
        if (got == 1 && text.len >= 36 && text.len < 40)
                memcpy(boot, text.data, text.len);
        else
                got = fail_set(why, FAIL_SYSTEM, "inbox: /proc does not tell the boot id");
        buf_dispose(&text);
        return got == 1 ? 0 : -1;
}

static bool trusted(struct inbox *in, const char boot[40], const struct stat *st)
{
        const struct live *live = in->live;

        return atomic_load_explicit(&live->magic, memory_order_acquire) == LIVE_MAGIC &&
               memcmp(live->boot, boot, sizeof live->boot) == 0 && live->device == st->st_dev &&
               live->inode == st->st_ino;
}

/* The newest segment and the end of its records; none: a place before any segment. */
static int find_head(struct inbox *in, const uint64_t *serials, size_t count,
                     const struct place *mark, struct place *head, struct fail *why)
{
        struct segment_head file;
        uint8_t *bytes;
        size_t end;
        int fd, got = 0;

        *head = *mark;
        if (count > 0 && serials[count - 1] > head->in.serial)
                head->in.serial = serials[count - 1];
        head->in.first = head->number + 1;
        while (count-- > 0) {
                got = segment_open(in, serials[count], &fd, &file, why);
                if (got != 0)
                        break;
        }
        if (got <= 0)
                return got;
        /* What a killed process wrote may stand in memory only: no page of this boot says. */
        if (fdatasync(fd) != 0) {
                fail_errno(why, "inbox: cannot sync a segment");
                close(fd);
                return -1;
        }
        if (segment_load(fd, &file, &bytes, why) != 0) {
                close(fd);
                return -1;
        }
        close(fd);
        head->in = file;
        segment_scan(bytes, file.size, &file, &head->number, &end);
        head->offset = end;
        mem_free(bytes);
        if (head->number < mark->number) /* released is gone for good: no number comes twice */
                head->number = mark->number;
        return 0;
}

/* The released place must be in a segment that is there; else the one that must hold it. */
static int find_mark(struct inbox *in, const uint64_t *serials, size_t count,
                     const struct place *head, struct place *mark, struct fail *why)
{
        struct segment_head file;
        int got = mark->in.serial == 0 ? 0 : segment_open(in, mark->in.serial, NULL, &file, why);

        if (got < 0 || (got == 1 && segment_same(&file, &mark->in)))
                return got < 0 ? -1 : 0;
        if (mark->in.serial > head->in.serial) {
                mark->in = head->in;
                mark->offset = head->offset;
        }
        for (size_t i = count; i-- > 0;) {
                got = segment_open(in, serials[i], NULL, &file, why);
                if (got < 0)
                        return -1;
                if (got == 1 && file.serial <= head->in.serial && file.first <= mark->number + 1) {
                        mark->in = file;
                        mark->offset = SEGMENT_HEAD;
                        return 0;
                }
        }
        return 0;
}

static int rebuild(struct inbox *in, const char boot[40], const struct stat *st, struct fail *why)
{
        struct live *live = in->live;
        uint64_t *serials = NULL;
        struct place head, mark;
        uint64_t order;
        size_t count;
        int result = -1;

        if (released_load(in, &mark, &order, why) != 0 ||
            segment_list(in, &serials, &count, why) != 0 ||
            find_head(in, serials, count, &mark, &head, why) != 0 ||
            find_mark(in, serials, count, &head, &mark, why) != 0)
                goto out;
        atomic_store(&live->magic, 0);
        memcpy(live->boot, boot, sizeof live->boot);
        live->device = st->st_dev;
        live->inode = st->st_ino;
        /* The end may be torn, with whole records of the same batch behind it: the next
         * writer begins a new segment. */
        atomic_store(&live->writing, 1);
        shared_place_put(&live->head, &head);
        shared_place_put(&live->mark, &mark);
        atomic_store(&live->order, order);
        atomic_store(&live->spare, count > 0 ? serials[0] : 0);
        atomic_store_explicit(&live->magic, LIVE_MAGIC, memory_order_release);
        result = 0;
out:
        mem_free(serials);
        return result;
}

/* Gives the page its bytes: a hole would be a SIGBUS when the disk is full. */
static int fill_page(struct inbox *in, struct fail *why)
{
        static const char zeros[LIVE_SIZE];
        struct stat st;

        if (fstat(in->live_fd, &st) != 0)
                return fail_errno(why, "inbox: cannot look at live");
        if (st.st_size >= LIVE_SIZE)
                return 0;
        if (file_write_at(in->live_fd, zeros, sizeof zeros, 0) != 0 || fsync(in->live_fd) != 0) {
                fail_errno(why, "inbox: cannot make the live page");
                if (ftruncate(in->live_fd, 0) != 0)
                        fail_errno(why, "inbox: cannot clear the live page");
                return -1;
        }
        return 0;
}

static int lock_all(struct inbox *in, struct fail *why)
{
        if (inbox_lock_wait(in, INBOX_LOCK_WRITER, why) != 0)
                return -1;
        return inbox_lock_wait(in, INBOX_LOCK_RELEASE, why);
}

int live_open(struct inbox *in, struct fail *why)
{
        bool locked = false;
        char boot[40];
        struct stat st;
        void *page;
        int result = -1;

        if (read_boot(boot, why) != 0 ||
            inbox_file(in, "live", O_RDWR | O_CREAT, &in->live_fd, why) != 1)
                return -1;
        if (fstat(in->live_fd, &st) != 0)
                return fail_errno(why, "inbox: cannot look at live");
        if (st.st_size < LIVE_SIZE) {
                locked = true;
                if (lock_all(in, why) != 0 || fill_page(in, why) != 0)
                        goto out;
        }
        page = mmap(NULL, LIVE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, in->live_fd, 0);
        if (page == MAP_FAILED) {
                fail_errno(why, "inbox: cannot map live");
                goto out;
        }
        in->live = page;
        if (!trusted(in, boot, &st)) {
                if (!locked && lock_all(in, why) != 0)
                        goto out;
                locked = true;
                if (!trusted(in, boot, &st) && rebuild(in, boot, &st, why) != 0)
                        goto out;
        }
        result = 0;
out:
        if (locked) {
                inbox_unlock(in, INBOX_LOCK_RELEASE);
                inbox_unlock(in, INBOX_LOCK_WRITER);
        }
        return result;
}
