/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The live page: what all processes of one boot know together.  It is never trusted beyond
 * the boot that it names, except for one thing: its sequence was durable when it was written,
 * so a journal that ends earlier has lost something.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/code.h"
#include "floor/file.h"

#define LIVE_MAGIC 0x456C6C46U /* "FllE" */
#define LIVE_LAYOUT 1

_Static_assert(sizeof(struct store_live) <= STORE_LIVE_SIZE, "the live page is one page");

void store_boot_id(char boot[STORE_BOOT_MAX])
{
        const char *given = secure_getenv("FAIRLEAD_TEST_BOOT_ID");
        ssize_t got;
        int fd;

        memset(boot, 0, STORE_BOOT_MAX);
        if (given != NULL && *given != '\0') {
                strncpy(boot, given, STORE_BOOT_MAX - 1);
                return;
        }
        fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
        got = fd < 0 ? -1 : file_read_at(fd, boot, STORE_BOOT_MAX - 1, 0);
        if (fd >= 0)
                close(fd);
        /* Without one every opening counts as a new boot: slower, and safe. */
        if (got <= 0)
                boot[0] = '\0';
        for (char *p = boot; *p != '\0'; p++)
                if (*p == '\n')
                        *p = '\0';
}

int store_live_map(int dir_fd, bool create, struct store_live **live, struct fail *why)
{
        static const char zeros[STORE_LIVE_SIZE];
        struct stat st;
        void *page;
        int fd;

        fd = openat(dir_fd, "live", O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
        if (fd < 0)
                return errno == ENOENT ? 0 : fail_errno(why, "cannot open live");
        if (fstat(fd, &st) != 0) {
                fail_errno(why, "cannot look at live");
                goto bad;
        }
        /* Room is taken now: a mapped page without any would be a SIGBUS later. */
        if (st.st_size < STORE_LIVE_SIZE) {
                if (!create) {
                        close(fd);
                        return 0;
                }
                if (file_write_at(fd, zeros, sizeof zeros, 0) != 0 || fsync(fd) != 0) {
                        fail_errno(why, "cannot write live");
                        goto bad;
                }
        }
        page = mmap(NULL, STORE_LIVE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (page == MAP_FAILED) {
                fail_errno(why, "cannot map live");
                goto bad;
        }
        close(fd);
        *live = page;
        return 1;
bad:
        close(fd);
        return -1;
}

void store_live_unmap(struct store_live *live)
{
        if (live != NULL)
                munmap(live, STORE_LIVE_SIZE);
}

bool store_live_known(const struct store_live *live)
{
        return live->magic == LIVE_MAGIC && live->layout == LIVE_LAYOUT;
}

bool store_live_valid(const struct store_live *live, const char *boot)
{
        return store_live_known(live) && boot[0] != '\0' &&
               memcmp(live->boot, boot, STORE_BOOT_MAX) == 0 && live->current <= 1;
}

void store_live_start(struct store_live *live)
{
        uint64_t generation = store_live_known(live) ? live->generation : 0;

        memset(live->boot, 0, sizeof live->boot);
        live->generation = generation;
        live->mark = 1;
        live->doubt = 0;
        live->behind = 0;
        live->magic = LIVE_MAGIC;
        live->layout = LIVE_LAYOUT;
}

size_t store_live_place(const char *full_key, size_t len)
{
        size_t name_len = len < 2 ? 0 : strnlen(full_key + 1, len - 1);

        return code_crc32c(0, full_key + 1, name_len) & (STORE_STAMPS - 1);
}
