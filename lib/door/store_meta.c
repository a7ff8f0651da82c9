/* SPDX-License-Identifier: GPL-3.0-or-later */
/* meta: which index is clean and where the journal after it starts, twice. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "door/store_private.h"
#include "floor/code.h"
#include "floor/file.h"

#define META_MAGIC "fairlead"

/* magic 8, schema 4, clean 4, stamp 8, segment 8, base 8, size 8, zeros, crc 4 at the end.  Magic,
 * schema and crc stay where they are in every schema, so that an older release can say no. */
static void put32(unsigned char *p, uint32_t v)
{
        v = htole32(v);
        memcpy(p, &v, 4);
}

static void put64(unsigned char *p, uint64_t v)
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

void store_meta_print(unsigned char slot[STORE_META_SLOT], const struct store_meta *meta)
{
        memset(slot, 0, STORE_META_SLOT);
        memcpy(slot, META_MAGIC, 8);
        put32(slot + 8, meta->schema);
        put32(slot + 12, meta->clean);
        put64(slot + 16, meta->stamp);
        put64(slot + 24, meta->segment);
        put64(slot + 32, meta->base);
        put64(slot + 40, meta->size);
        put32(slot + STORE_META_SLOT - 4, code_crc32c(0, slot, STORE_META_SLOT - 4));
}

int store_meta_parse(const void *slot, size_t len, struct store_meta *meta)
{
        const unsigned char *p = slot;

        if (len < STORE_META_SLOT || memcmp(p, META_MAGIC, 8) != 0 ||
            get32(p + STORE_META_SLOT - 4) != code_crc32c(0, p, STORE_META_SLOT - 4))
                return 0;
        meta->schema = get32(p + 8);
        meta->clean = get32(p + 12);
        meta->stamp = get64(p + 16);
        meta->segment = get64(p + 24);
        meta->base = get64(p + 32);
        meta->size = get64(p + 40);
        return meta->schema > STORE_SCHEMA || meta->clean <= 1;
}

int store_meta_read(int dir_fd, struct store_meta *meta, bool *damaged, struct fail *why)
{
        unsigned char bytes[STORE_META_SIZE] = { 0 };
        struct store_meta slots[2];
        int good[2], newer;
        ssize_t got;
        int fd;

        fd = openat(dir_fd, "meta", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return errno == ENOENT ? 0 : fail_errno(why, "cannot open meta");
        got = file_read_at(fd, bytes, sizeof bytes, 0);
        if (got < 0)
                fail_errno(why, "cannot read meta");
        close(fd);
        if (got < 0)
                return -1;
        for (int i = 0; i < 2; i++)
                good[i] =
                    store_meta_parse(bytes + i * (STORE_META_SIZE / 2), STORE_META_SLOT, &slots[i]);
        if (damaged != NULL)
                *damaged = !good[0] || !good[1];
        if (!good[0] && !good[1])
                return fail_set(why, FAIL_BROKEN,
                                "both slots of meta are damaged: restore the "
                                "store from a backup");
        newer = good[1] && (!good[0] || slots[1].stamp > slots[0].stamp);
        *meta = slots[newer];
        if (meta->schema > STORE_SCHEMA)
                return fail_set(why, FAIL_DENIED,
                                "this store has schema %u, of a newer release; this one knows %d: "
                                "install the newer release again",
                                meta->schema, STORE_SCHEMA);
        return 1;
}

int store_meta_write(int dir_fd, struct store_meta *meta, struct fail *why)
{
        unsigned char slot[STORE_META_SLOT];
        int fd, result = 0;

        meta->schema = STORE_SCHEMA;
        meta->stamp++;
        store_meta_print(slot, meta);
        fd = openat(dir_fd, "meta", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return fail_errno(why, "cannot open meta");
        for (int i = 0; i < 2 && result == 0; i++)
                if (file_write_at(fd, slot, sizeof slot, i * (STORE_META_SIZE / 2)) != 0 ||
                    fdatasync(fd) != 0)
                        result = fail_errno(why, "cannot write meta");
        close(fd);
        return result;
}
