/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What writers do, and what must be there when so many of their batches were done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "torture.h"

static uint64_t state = 88172645463325252ULL;

void chance_start(uint64_t seed)
{
        state = seed * 0x9E3779B97F4A7C15ULL + 88172645463325252ULL;
        for (int i = 0; i < 4; i++)
                chance();
}

uint64_t chance(void)
{
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
}

uint64_t chance_below(uint64_t n)
{
        return chance() % n;
}

static void value_of(struct buf *value, unsigned writer, uint64_t i)
{
        uint64_t len = (writer * 7919 + i * 104729) % 700, x = writer * 31 + i * 17 + 1;

        if (i % 40 == 0)
                len = 6000; /* more than a small segment holds */
        buf_reset(value);
        buf_format(value, "%u:%llu:", writer, (unsigned long long)i);
        for (uint64_t n = 0; n < len; n++) {
                x = x * 6364136223846793005ULL + 1442695040888963407ULL;
                buf_add_char(value, (char)(x >> 56));
        }
}

int model_done(struct store *s, unsigned writer, uint64_t *done, struct fail *why)
{
        struct buf value = BUF_NONE;
        char key[24];
        int found;

        snprintf(key, sizeof key, "w%u", writer);
        found = store_get(s, "last", key, &value, why);
        *done = found == 1 ? strtoull(buf_text(&value), NULL, 10) : 0;
        buf_dispose(&value);
        return found < 0 ? -1 : 0;
}

int model_batch(struct store *s, unsigned writer, uint64_t i, struct fail *why)
{
        struct batch *b = batch_new();
        struct buf value = BUF_NONE;
        char key[40], text[24], old[24];
        uint64_t number;
        int result;

        value_of(&value, writer, i);
        snprintf(key, sizeof key, "w%u-%llu", writer, (unsigned long long)(i % SLOTS));
        batch_put(b, "kv", key, value.data, value.len);
        snprintf(key, sizeof key, "w%u", writer);
        snprintf(text, sizeof text, "%llu", (unsigned long long)i);
        snprintf(old, sizeof old, "%llu", (unsigned long long)i - 1);
        if (i == 1)
                batch_require_absent(b, "last", key);
        else
                batch_require_same(b, "last", key, old, strlen(old));
        batch_put(b, "last", key, text, strlen(text));
        batch_append(b, "log", value.data, value.len < 40 ? value.len : 40, &number);
        batch_put_number(b, "place", key, 0);
        snprintf(key, sizeof key, "w%u-%llu", writer, (unsigned long long)i);
        batch_join(b, "open", key);
        if (i > OPEN_MOST) {
                snprintf(key, sizeof key, "w%u-%llu", writer, (unsigned long long)i - OPEN_MOST);
                batch_leave(b, "open", key);
        }
        snprintf(key, sizeof key, "w%u-%llu", writer, (unsigned long long)i % 2);
        batch_put(b, "parity", key, "x", 1);
        snprintf(key, sizeof key, "w%u-%llu", writer, (unsigned long long)(i + 1) % 2);
        batch_delete(b, "parity", key);
        /* The twin of the first, at the other end of the batch. */
        snprintf(key, sizeof key, "w%u", writer);
        batch_put(b, "twin", key, text, strlen(text));
        result = store_commit(s, b, why);
        batch_free(b);
        buf_dispose(&value);
        return result;
}

void model_look(struct store *s, unsigned writer, struct tally *tally)
{
        struct buf one = BUF_NONE, two = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        uint64_t before = store_generation(s);
        char key[24];

        snprintf(key, sizeof key, "w%u", writer);
        if (store_get(s, "last", key, &one, &why) >= 0 &&
            store_get(s, "twin", key, &two, &why) >= 0 && store_generation(s) == before &&
            strcmp(buf_text(&one), buf_text(&two)) != 0)
                tally->half++;
        if (why.kind != FAIL_NONE && tally->refused++ == 0)
                snprintf(tally->text, sizeof tally->text, "look-up: %s", why.text);
        buf_dispose(&one);
        buf_dispose(&two);
}

static char wrong[500];

static const char *say(const char *what, unsigned writer, uint64_t done, const struct fail *why)
{
        snprintf(wrong, sizeof wrong, "%s (writer %u, %llu done): %s", what, writer,
                 (unsigned long long)done, why->text);
        return wrong;
}

static const char *verify_writer(struct store *s, unsigned w, const struct tally *tally,
                                 uint64_t *done, uint64_t *keys)
{
        struct buf got = BUF_NONE, want = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        const char *bad = NULL;
        char key[40];

        if (model_done(s, w, done, &why) != 0)
                return say("broken", w, 0, &why);
        if (*done < tally->acked[w])
                return say("lost", w, *done, &why);
        if (*done > tally->tried[w])
                return say("more than was ever tried", w, *done, &why);
        for (uint64_t i = *done; i > 0 && i + SLOTS > *done && bad == NULL; i--) {
                snprintf(key, sizeof key, "w%u-%llu", w, (unsigned long long)(i % SLOTS));
                value_of(&want, w, i);
                if (store_get(s, "kv", key, &got, &why) != 1 || got.len != want.len ||
                    memcmp(got.data, want.data, got.len) != 0)
                        bad = say("lost a value", w, *done, &why);
                snprintf(key, sizeof key, "w%u-%llu", w, (unsigned long long)i);
                if (store_set_has(s, "open", key, &why) != (i + OPEN_MOST > *done))
                        bad = say("half: member of the set", w, *done, &why);
                *keys += 2;
        }
        snprintf(key, sizeof key, "w%u", w);
        if (bad == NULL && *done > 0) {
                buf_reset(&want);
                buf_format(&want, "%llu", (unsigned long long)*done);
                if (store_get(s, "twin", key, &got, &why) != 1 ||
                    strcmp(buf_text(&got), buf_text(&want)) != 0)
                        bad = say("half: the twin", w, *done, &why);
                value_of(&want, w, *done);
                if (want.len > 40)
                        want.len = 40;
                if (store_get(s, "place", key, &got, &why) != 1 ||
                    store_series_get(s, "log", strtoull(buf_text(&got), NULL, 10), &got, &why) !=
                        1 ||
                    got.len != want.len || memcmp(got.data, want.data, got.len) != 0)
                        bad = say("half: the member of the series", w, *done, &why);
                snprintf(key, sizeof key, "w%u-%llu", w, (unsigned long long)*done % 2);
                if (store_get(s, "parity", key, NULL, &why) != 1)
                        bad = say("half: parity", w, *done, &why);
                snprintf(key, sizeof key, "w%u-%llu", w, (unsigned long long)(*done + 1) % 2);
                if (store_get(s, "parity", key, NULL, &why) != 0)
                        bad = say("half: other parity", w, *done, &why);
                *keys += 5;
        }
        buf_dispose(&got);
        buf_dispose(&want);
        return bad;
}

const char *model_verify(const char *dir, const struct tally *tally, uint64_t *keys)
{
        uint64_t done, all = 0, open = 0, last, count, records;
        struct fail why = FAIL_CLEAR;
        const char *bad = NULL;
        struct store *s;
        int opened;

        opened = store_open(&s, dir, STORE_OPEN, &why);
        if (opened < 0)
                return say("cannot be opened", 0, 0, &why);
        if (opened == 0) {
                for (unsigned w = 0; w < WRITERS; w++)
                        if (tally->acked[w] > 0)
                                return say("lost the whole store", w, 0, &why);
                return NULL;
        }
        for (unsigned w = 0; w < WRITERS && bad == NULL; w++) {
                bad = verify_writer(s, w, tally, &done, keys);
                all += done;
                open += done < OPEN_MOST ? done : OPEN_MOST;
        }
        if (bad == NULL && (store_series_last(s, "log", &last, &why) != 0 || last != all))
                bad = say("half: the series' counter", 0, all, &why);
        if (bad == NULL && (store_set_count(s, "open", &count, &why) != 0 || count != open))
                bad = say("half: the set's count", 0, all, &why);
        store_close(s);
        if (bad == NULL && store_check(dir, &records, &why) != 0)
                bad = say("half: store_check", 0, all, &why);
        return bad;
}
