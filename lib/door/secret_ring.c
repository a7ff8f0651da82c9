/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Master key files: the key that seals, those that sealed before, the one that tokens come from. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/secret_private.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

#define LINE_MAX_LEN (5 + 2 * SECRET_KEY_SIZE + 1)         /* "root <key>\n" */
#define FILE_MAX_LEN ((SECRET_OLD_MAX + 2) * LINE_MAX_LEN) /* longer is none of ours */

static void name_key(struct secret_key *key)
{
        unsigned char digest[SECRET_DIGEST_SIZE];
        struct buf hex = BUF_NONE;

        secret_sha256(key->bytes, sizeof key->bytes, digest);
        code_hex(&hex, digest, 4);
        memcpy(key->id, hex.data, sizeof key->id);
        buf_dispose(&hex);
}

/* Exactly one key's digits. */
static int parse_key(struct secret_key *key, const char *text, size_t len)
{
        struct buf bytes;
        int result = -1;

        buf_limit(&bytes, SECRET_KEY_SIZE);
        if (len == 2 * SECRET_KEY_SIZE && code_unhex(&bytes, text, len) == 0) {
                memcpy(key->bytes, bytes.data, SECRET_KEY_SIZE);
                name_key(key);
                result = 0;
        }
        buf_dispose_secret(&bytes);
        return result;
}

/* One line behind the first. */
static int parse_more(struct secret_ring *ring, const char *line, size_t len, bool *rooted)
{
        if (len > 5 && strncmp(line, "root ", 5) == 0 && !*rooted) {
                *rooted = true;
                return parse_key(&ring->root, line + 5, len - 5);
        }
        if (len > 4 && strncmp(line, "old ", 4) == 0 && ring->old_count < SECRET_OLD_MAX)
                return parse_key(&ring->old[ring->old_count++], line + 4, len - 4);
        return -1;
}

static int parse_ring(struct secret_ring *ring, const char *path, const char *text, size_t len,
                      struct fail *why)
{
        bool rooted = false, first = true;
        size_t at = 0;

        do {
                const char *end = memchr(text + at, '\n', len - at);
                size_t line = end == NULL ? len - at : (size_t)(end - (text + at));

                if ((first ? parse_key(&ring->key, text + at, line)
                           : parse_more(ring, text + at, line, &rooted)) != 0) {
                        secret_ring_wipe(ring);
                        return fail_set(why, FAIL_BROKEN,
                                        "%s: not a key file: expected %d hexadecimal digits", path,
                                        2 * SECRET_KEY_SIZE);
                }
                first = false;
                at += line + 1;
        } while (at < len);
        if (!rooted)
                ring->root = ring->key;
        return 0;
}

int secret_ring_read(struct secret_ring *ring, const char *path, struct fail *why)
{
        char text[FILE_MAX_LEN + 1];
        struct stat st;
        ssize_t got;
        int fd, result = -1;

        memset(ring, 0, sizeof *ring);
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT ? 0 : fail_errno(why, "open %s", path);
        if (fstat(fd, &st) != 0) {
                fail_errno(why, "stat %s", path);
                goto out;
        }
        if (!S_ISREG(st.st_mode)) {
                fail_set(why, FAIL_DENIED, "%s: not a regular file", path);
                goto out;
        }
        if ((st.st_mode & 077) != 0) {
                fail_set(why, FAIL_DENIED,
                         "%s: others than its owner have rights to it (mode %04o): chmod 0400 %s",
                         path, (unsigned)(st.st_mode & 07777), path);
                goto out;
        }
        got = file_read_at(fd, text, sizeof text, 0);
        if (got < 0)
                fail_errno(why, "read %s", path);
        else if (parse_ring(ring, path, text, (size_t)got, why) == 0)
                result = 1;
out:
        mem_wipe(text, sizeof text);
        close(fd);
        return result;
}

static void add_line(struct buf *text, const char *word, const struct secret_key *key)
{
        buf_add_text(text, word);
        code_hex(text, key->bytes, sizeof key->bytes);
        buf_add_char(text, '\n');
}

int secret_ring_write(const struct secret_ring *ring, const char *path, struct fail *why)
{
        struct buf text = BUF_NONE;
        int result;

        buf_reserve(&text, FILE_MAX_LEN + 1); /* so that no copy is left behind by growing */
        add_line(&text, "", &ring->key);
        if (memcmp(ring->root.bytes, ring->key.bytes, SECRET_KEY_SIZE) != 0)
                add_line(&text, "root ", &ring->root);
        for (size_t i = 0; i < ring->old_count; i++)
                add_line(&text, "old ", &ring->old[i]);
        result = file_write(path, text.data, text.len, 0400, why);
        buf_dispose_secret(&text);
        return result;
}

bool secret_ring_turn(struct secret_ring *ring)
{
        if (ring->old_count == SECRET_OLD_MAX)
                return false;
        ring->old[ring->old_count++] = ring->key;
        secret_random(ring->key.bytes, sizeof ring->key.bytes);
        name_key(&ring->key);
        return true;
}

const struct secret_key *secret_ring_find(const struct secret_ring *ring, const char *id)
{
        if (strncmp(ring->key.id, id, 8) == 0)
                return &ring->key;
        for (size_t i = 0; i < ring->old_count; i++)
                if (strncmp(ring->old[i].id, id, 8) == 0)
                        return &ring->old[i];
        return strncmp(ring->root.id, id, 8) == 0 ? &ring->root : NULL;
}

void secret_ring_wipe(struct secret_ring *ring)
{
        mem_wipe(ring, sizeof *ring);
}

const char *secret_sealed_with(const char *sealed)
{
        return text_starts(sealed, "v1.") && strlen(sealed) > 12 && sealed[11] == '.' ? sealed + 3
                                                                                      : NULL;
}
