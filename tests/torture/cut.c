/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Power cuts.  A child works on a store while its writes are recorded; then disks are made as
 * they could be when the power went at some call: all that was synced, and of the rest any
 * part, sector by sector.  Each must open, hold everything acknowledged and take new work;
 * sometimes the power goes again during that.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "torture.h"

#define FILES_MOST 16
#define NAME_SIZE 32
#define SECTOR 512
#define CUTS_A_TRACE 8
#define CUT_WRITERS 2

struct disk_file {
        uint64_t id;
        char name[NAME_SIZE]; /* "" while it has none that survives */
        struct buf bytes;
};

struct disk {
        struct disk_file files[FILES_MOST];
        unsigned count;
};

static void disk_dispose(struct disk *d)
{
        for (unsigned i = 0; i < d->count; i++)
                buf_dispose(&d->files[i].bytes);
        d->count = 0;
}

static struct disk_file *file_of(struct disk *d, uint64_t id)
{
        for (unsigned i = 0; i < d->count; i++)
                if (d->files[i].id == id)
                        return &d->files[i];
        if (d->count == FILES_MOST) {
                printf("Bail out! more files than a store has\n");
                exit(99);
        }
        memset(&d->files[d->count], 0, sizeof d->files[0]);
        d->files[d->count].id = id;
        return &d->files[d->count++];
}

/* What is on the disk before the recording starts counts as synced. */
static void disk_load(struct disk *d, const char *dir)
{
        DIR *list = opendir(dir);
        struct fail why = FAIL_CLEAR;
        struct dirent *e;
        struct stat st;

        while (list != NULL && (e = readdir(list)) != NULL) {
                char *path = file_path(dir, e->d_name);

                if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
                        struct disk_file *f = file_of(d, st.st_ino);

                        snprintf(f->name, sizeof f->name, "%.31s", e->d_name);
                        file_read(path, 64 << 20, &f->bytes, &why);
                }
                mem_free(path);
        }
        if (list != NULL)
                closedir(list);
}

static void disk_save(const struct disk *d, const char *dir)
{
        mkdir(dir, 0700);
        for (unsigned i = 0; i < d->count; i++) {
                char *path = file_path(dir, d->files[i].name);
                int fd;

                if (d->files[i].name[0] != '\0') {
                        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                        if (fd < 0 || file_write_all(fd, buf_text(&d->files[i].bytes),
                                                     d->files[i].bytes.len) != 0) {
                                printf("Bail out! cannot write %s\n", path);
                                exit(99);
                        }
                        close(fd);
                }
                mem_free(path);
        }
}

static void set_length(struct buf *b, size_t len)
{
        if (len > b->len) {
                size_t had = b->len;

                buf_reserve(b, len - had);
                memset(b->data + had, 0, len - had);
        }
        if (len != b->len) {
                b->len = len;
                b->data[len] = '\0';
        }
}

static void write_part(struct buf *b, size_t at, const char *data, size_t len)
{
        if (at + len > b->len)
                set_length(b, at + len);
        memcpy(b->data + at, data, len);
}

/* A write of which only some sectors arrived. */
static void write_torn(struct buf *b, const struct trace_event *e, const char *data)
{
        for (size_t done = 0, part; done < e->len; done += part) {
                part = SECTOR - (e->at + done) % SECTOR;
                if (part > e->len - done)
                        part = e->len - done;
                if (chance_below(2))
                        write_part(b, e->at + done, data + done, part);
        }
}

static void change(struct disk *d, const struct trace *t, const struct trace_event *e, bool torn)
{
        struct disk_file *f;
        char names[128], *to;

        switch (e->kind) {
        case TRACE_WRITE:
                f = file_of(d, e->file);
                if (torn)
                        write_torn(&f->bytes, e, t->data + e->data);
                else
                        write_part(&f->bytes, e->at, t->data + e->data, e->len);
                break;
        case TRACE_CUT:
                set_length(&file_of(d, e->file)->bytes, e->at);
                break;
        case TRACE_NAME:
                snprintf(file_of(d, e->file)->name, NAME_SIZE, "%.31s", t->data + e->data);
                break;
        case TRACE_RENAME:
                snprintf(names, sizeof names, "%s", t->data + e->data);
                to = strchr(names, '/');
                *to++ = '\0';
                for (unsigned i = 0; i < d->count; i++)
                        if (strcmp(d->files[i].name, to) == 0)
                                d->files[i].name[0] = '\0';
                for (unsigned i = 0; i < d->count; i++)
                        if (strcmp(d->files[i].name, names) == 0)
                                snprintf(d->files[i].name, NAME_SIZE, "%.31s", to);
                break;
        default:
                break;
        }
}

/* Names belong to the directory: its syncs make them last. */
static uint64_t owner(const struct trace_event *e, uint64_t dir_id)
{
        return e->kind == TRACE_NAME || e->kind == TRACE_RENAME ? dir_id : e->file;
}

/* Whether a sync that ended before the cut covers event i. */
static bool synced(const struct trace *t, size_t i, size_t cut, uint64_t dir_id)
{
        uint64_t id = owner(&t->events[i], dir_id);

        for (size_t n = i + 1; n < cut; n++)
                if (t->events[n].kind == TRACE_SYNC && t->events[n].file == id &&
                    t->events[n].covers > i)
                        return true;
        return false;
}

static void swap(size_t *a, size_t *b)
{
        size_t had = *a;

        *a = *b;
        *b = had;
}

static void image(struct disk *d, const struct trace *t, size_t cut, uint64_t dir_id)
{
        size_t *loose = mem_array(cut + 1, sizeof *loose), count = 0;
        unsigned arrives = (unsigned)chance_below(5); /* in quarters: none ... all */
        bool names = true;

        for (size_t i = 0; i < cut; i++) {
                const struct trace_event *e = &t->events[i];

                if (e->kind == TRACE_SYNC || e->kind == TRACE_ACK || e->kind == TRACE_TRY)
                        continue;
                if (synced(t, i, cut, dir_id))
                        change(d, t, e, false);
                else
                        loose[count++] = i;
        }
        if (chance_below(2))
                for (size_t i = 0; i + 1 < count; i++)
                        swap(&loose[i], &loose[i + chance_below(count - i)]);
        for (size_t i = 0; i < count; i++) {
                const struct trace_event *e = &t->events[loose[i]];

                if (e->kind == TRACE_NAME || e->kind == TRACE_RENAME)
                        continue; /* below: a directory keeps its order */
                if (chance_below(4) < arrives)
                        change(d, t, e, chance_below(3) == 0);
        }
        for (size_t i = 0; i < cut; i++) {
                const struct trace_event *e = &t->events[i];

                if ((e->kind != TRACE_NAME && e->kind != TRACE_RENAME) || synced(t, i, cut, dir_id))
                        continue;
                names = names && chance_below(3) != 0;
                if (names)
                        change(d, t, e, false);
        }
        mem_free(loose);
}

struct hand {
        struct store *s;
        const char *dir;
        unsigned writer;
        unsigned batches;
        int result;
};

/* The live page reaches the disk whenever the kernel likes. */
static void note_live(const char *dir)
{
        char *path = file_path(dir, "live");
        struct buf page = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        struct stat st;

        if (stat(path, &st) == 0 && file_read(path, STORE_LIVE_SIZE, &page, &why) == 1)
                trace_page(st.st_ino, page.data, page.len);
        buf_dispose(&page);
        mem_free(path);
}

static void *write_some(void *p)
{
        struct hand *h = p;
        struct fail why = FAIL_CLEAR;
        uint64_t i;

        if (model_done(h->s, h->writer, &i, &why) != 0) {
                printf("# look-up: %s\n", why.text);
                return NULL;
        }
        for (unsigned n = 0; n < h->batches; n++) {
                trace_note(TRACE_TRY, h->writer, ++i);
                if (model_batch(h->s, h->writer, i, &why) != 0) {
                        printf("# commit: %s\n", why.text);
                        return NULL;
                }
                trace_note(TRACE_ACK, h->writer, i);
                note_live(h->dir);
        }
        h->result = 0;
        return NULL;
}

/* Opens, works, leaves; all recorded. */
static int work(const char *dir, struct trace *t)
{
        struct hand hands[CUT_WRITERS];
        pthread_t threads[CUT_WRITERS];
        struct fail why = FAIL_CLEAR;
        struct store *s;
        int result = 0;

        trace_start(t, dir);
        if (store_open(&s, dir, STORE_CREATE, &why) != 1) {
                printf("# open: %s\n", why.text);
                return 1;
        }
        for (unsigned i = 0; i < CUT_WRITERS; i++) {
                hands[i] = (struct hand){ s, dir, i, 6 + (unsigned)chance_below(12), 1 };
                pthread_create(&threads[i], NULL, write_some, &hands[i]);
        }
        for (unsigned i = 0; i < CUT_WRITERS; i++) {
                pthread_join(threads[i], NULL);
                result |= hands[i].result;
        }
        store_close(s);
        trace_stop();
        return result;
}

static void new_boot(void)
{
        char boot[32];

        snprintf(boot, sizeof boot, "boot-%llu", (unsigned long long)chance());
        setenv("FAIRLEAD_TEST_BOOT_ID", boot, 1);
}

/* Runs work() in a child, so that nothing of it stays in this process. */
static int record(const char *dir, struct trace *t)
{
        int status;
        pid_t child;

        t->count = 0;
        t->bytes = 0;
        t->over = false;
        new_boot();
        fflush(stdout);
        child = fork();
        if (child == 0) {
                status = work(dir, t);
                fflush(stdout);
                _exit(status);
        }
        waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 && !t->over ? 0 : -1;
}

static void told(const struct trace *t, size_t cut, struct tally *tally)
{
        for (size_t i = 0; i < cut; i++) {
                const struct trace_event *e = &t->events[i];

                if (e->kind == TRACE_ACK)
                        tally->acked[e->file] = e->at;
                if (e->kind == TRACE_TRY && tally->tried[e->file] < e->at)
                        tally->tried[e->file] = e->at;
        }
}

static void remove_dir(const char *dir)
{
        DIR *list = opendir(dir);
        struct dirent *e;

        while (list != NULL && (e = readdir(list)) != NULL)
                unlinkat(dirfd(list), e->d_name, 0);
        if (list != NULL)
                closedir(list);
        rmdir(dir);
}

static void trace_init(struct trace *t)
{
        memset(t, 0, sizeof *t);
        t->room = 40000;
        t->bytes_room = 64 << 20;
        t->events = mmap(NULL, t->room * sizeof *t->events, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        t->data = mmap(NULL, t->bytes_room, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* One image: made, opened, verified.  The directory stays for more work. */
static void one_cut(const char *from_dir, const struct disk *base, const struct trace *t,
                    const char *dir, struct tally *tally, struct figures *f)
{
        struct disk d = { 0 };
        struct stat st;
        const char *bad;
        size_t cut = t->count == 0 ? 0 : 1 + chance_below(t->count);

        stat(from_dir, &st);
        for (unsigned i = 0; i < base->count; i++) {
                d.files[i] = base->files[i];
                memset(&d.files[i].bytes, 0, sizeof d.files[i].bytes);
                buf_add_buf(&d.files[i].bytes, &base->files[i].bytes);
        }
        d.count = base->count;
        image(&d, t, cut, st.st_ino);
        disk_save(&d, dir);
        disk_dispose(&d);
        told(t, cut, tally);
        new_boot();
        f->recoveries++;
        f->rounds++;
        bad = model_verify(dir, tally, &f->keys);
        if (bad != NULL) {
                if (strstr(bad, "half") != NULL)
                        f->half++;
                else
                        f->lost++;
                printf("# power cut %llu at call %zu of %zu: %s\n", (unsigned long long)f->rounds,
                       cut, (size_t)t->count, bad);
        }
}

void cut_rounds(uint64_t rounds, const char *dir, struct figures *f)
{
        struct trace *t =
            mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        char *from = file_path(dir, "cut-a"), *to = file_path(dir, "cut-b"),
             *next = file_path(dir, "cut-c");
        uint64_t end = f->rounds + rounds;
        struct disk base = { 0 };
        struct tally tally;
        char size[24];

        trace_init(t);
        while (f->rounds < end && f->lost + f->half < 20) {
                snprintf(size, sizeof size, "%llu", (unsigned long long)(2048 << chance_below(4)));
                setenv("FAIRLEAD_TEST_SEGMENT", size, 1);
                remove_dir(from);
                disk_dispose(&base);
                mkdir(from, 0700);
                if (record(from, t) != 0 || t->count == 0) {
                        printf("# the work itself failed (%zu calls)\n", (size_t)t->count);
                        f->lost++;
                        f->rounds++;
                        continue;
                }
                for (unsigned i = 0; i < CUTS_A_TRACE && f->rounds < end; i++) {
                        memset(&tally, 0, sizeof tally);
                        remove_dir(to);
                        one_cut(from, &base, t, to, &tally, f);
                }
                /* The power goes again while the last image is being worked on. */
                disk_load(&base, to);
                if (f->rounds < end && base.count > 0) {
                        if (record(to, t) != 0) {
                                printf("# work after a power cut failed\n");
                                f->lost++;
                        }
                        for (unsigned i = 0; i < CUTS_A_TRACE / 2 && f->rounds < end; i++) {
                                struct tally again = tally;

                                remove_dir(next);
                                one_cut(to, &base, t, next, &again, f);
                        }
                }
        }
        disk_dispose(&base);
        munmap(t->events, t->room * sizeof *t->events);
        munmap(t->data, t->bytes_room);
        munmap(t, sizeof *t);
        mem_free(from);
        mem_free(to);
        mem_free(next);
}
