/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slowing down those who guess. */
#include "home/slow.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "door/secret.h"
#include "floor/address.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/mem.h"

#define PLACES 4096 /* of the file; a thing has one of two */

struct place {
        int64_t last_ms;
        uint64_t tag; /* of the thing that is counted */
        uint64_t count;
};

/* One thing that is counted. */
struct thing {
        uint64_t tag;
        off_t at[2];
        int64_t most_ms;
        struct place place;
        off_t mine; /* where it is, or will be */
};

static int open_file(struct home *h, struct fail *why)
{
        char *path = file_path(home_path(h), "run/slow");
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0 || flock(fd, LOCK_EX) != 0) {
                fail_errno(why, "%s", path);
                if (fd >= 0)
                        close(fd);
                fd = -1;
        }
        mem_free(path);
        return fd;
}

/* One customer of a provider has 2^64 addresses of IPv6. */
static char *neighbourhood(const char *text)
{
        static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
        struct buf hex = BUF_NONE;
        struct address a;

        if (address_parse(&a, text) != 0)
                return mem_text(text);
        code_hex(&hex, a.bytes, memcmp(a.bytes, mapped, sizeof mapped) == 0 ? 16 : 8);
        return buf_take(&hex);
}

static void name(struct home *h, struct thing *t, const char *kind, const char *org, const char *a,
                 const char *b, int64_t most_ms)
{
        unsigned char key[SECRET_KEY_SIZE], digest[SECRET_DIGEST_SIZE];
        struct buf text = BUF_NONE;

        /* Keyed, so that nobody can choose an address that shares a place with another. */
        secret_derive(home_root(h), "slow", NULL, key);
        buf_format(&text, "%s\n%s\n%s\n%s", kind, org, a, b);
        secret_hmac(key, sizeof key, text.data, text.len, digest);
        memcpy(&t->tag, digest, sizeof t->tag);
        for (int i = 0; i < 2; i++) {
                uint32_t number;

                memcpy(&number, digest + 8 + 4 * i, sizeof number);
                t->at[i] = (off_t)(number % PLACES) * (off_t)sizeof(struct place);
        }
        t->most_ms = most_ms;
        mem_wipe(key, sizeof key);
        buf_dispose(&text);
}

/* Its place; of two that are others' the one with the smaller count is given up. */
static void find(int fd, struct thing *t, int64_t now_ms)
{
        struct place p[2] = { { 0 } };

        for (int i = 0; i < 2; i++) {
                if (file_read_at(fd, &p[i], sizeof p[i], t->at[i]) != (ssize_t)sizeof p[i])
                        memset(&p[i], 0, sizeof p[i]);
                if (p[i].last_ms > now_ms)
                        p[i].last_ms = now_ms; /* the clock was set back */
                if (now_ms - p[i].last_ms >= SLOW_FORGET_MS)
                        memset(&p[i], 0, sizeof p[i]);
                if (p[i].tag == t->tag && p[i].count > 0) {
                        t->place = p[i];
                        t->mine = t->at[i];
                        return;
                }
        }
        t->place = (struct place){ .tag = t->tag };
        t->mine = p[0].count <= p[1].count ? t->at[0] : t->at[1];
}

/* 1 s, 2 s, 4 s ... behind the free ones. */
static int64_t wait_of(const struct thing *t, int64_t now_ms)
{
        uint64_t over = t->place.count >= SLOW_FREE ? t->place.count - SLOW_FREE : 0;
        int64_t wait;

        if (t->place.count < SLOW_FREE)
                return 0;
        wait = over >= 20 ? t->most_ms : (int64_t)1000 << over;
        if (wait > t->most_ms)
                wait = t->most_ms;
        wait -= now_ms - t->place.last_ms;
        return wait > 0 ? wait : 0;
}

static void name_all(struct home *h, struct thing things[3], const char *org, const char *account,
                     const char *address)
{
        char *near = neighbourhood(address);

        name(h, &things[0], "address", "", near, "", SLOW_MOST_MS);
        name(h, &things[1], "account", org, account, "", SLOW_ACCOUNT_MS);
        name(h, &things[2], "both", org, account, near, SLOW_MOST_MS);
        mem_free(near);
}

int64_t slow_try(struct home *h, const char *org, const char *account, const char *address,
                 int64_t now_ms, struct fail *why)
{
        struct thing things[3];
        int64_t longest = 0;
        int fd = open_file(h, why);

        if (fd < 0)
                return -1;
        name_all(h, things, org, account, address);
        for (int i = 0; i < 3; i++) {
                int64_t wait;

                find(fd, &things[i], now_ms);
                wait = wait_of(&things[i], now_ms);
                if (wait > longest)
                        longest = wait;
        }
        for (int i = 0; longest == 0 && i < 3; i++) {
                things[i].place.count++;
                things[i].place.last_ms = now_ms;
                if (file_write_at(fd, &things[i].place, sizeof things[i].place, things[i].mine) !=
                    0)
                        longest = fail_errno(why, "attempts cannot be counted");
        }
        close(fd);
        return longest;
}

void slow_forgive(struct home *h, const char *org, const char *account, const char *address,
                  int64_t now_ms)
{
        struct thing things[3];
        int fd = open_file(h, NULL);

        if (fd < 0)
                return;
        name_all(h, things, org, account, address);
        for (int i = 0; i < 3; i++) {
                static const struct place none;

                find(fd, &things[i], now_ms);
                /* Others may guess from the same address: it is only made one less. */
                if (i == 0 && things[i].place.count > 1) {
                        things[i].place.count--;
                        file_write_at(fd, &things[i].place, sizeof things[i].place, things[i].mine);
                } else if (things[i].place.count > 0) {
                        file_write_at(fd, &none, sizeof none, things[i].mine);
                }
        }
        close(fd);
}
