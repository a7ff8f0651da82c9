/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State of one org: tables, series and sets, and what is left of them after a fault. */
#include <stdio.h>
#include <string.h>

#include "../tap.h"
#include "door/store.h"
#include "floor/file.h"
#include "floor/mem.h"
int main(void)
{
        char *dir = tap_dir(), *path = file_path(dir, "s");
        struct store *s;
        struct fail why = FAIL_CLEAR;
        struct buf v = BUF_NONE;
        uint64_t n = 0;
        tap_int(store_open(&s, path, STORE_OPEN, &why), 0, "absent");
        tap_int(store_open(&s, path, STORE_CREATE, &why), 1, "create %s", why.text);
        for (int i = 0; i < 3000; i++) {
                struct batch *b = batch_new();
                char key[20], value[300];
                snprintf(key, sizeof key, "k%d", i);
                snprintf(value, sizeof value, "%0299d", i);
                batch_put(b, "t", key, value, 299);
                batch_append(b, "e", value, 299, &n);
                batch_join_numbered(b, "open", 0);
                if (i % 2)
                        batch_leave(b, "open", "1");
                if (store_commit(s, b, &why) != 0)
                        tap_ok(false, "commit %d: %s", i, why.text);
                batch_free(b);
        }
        tap_int(store_get(s, "t", "k77", &v, &why), 1, "get");
        tap_int((int64_t)n, 3000, "number");
        tap_int(store_set_count(s, "open", &n, &why), 0, "count");
        tap_int((int64_t)n, 2999, "count");
        store_close(s);
        tap_int(store_check(path, &n, &why), 0, "check %s", why.text);
        tap_note("records %d", (int)n);
        buf_dispose(&v);
        mem_free(path);
        mem_free(dir);
        return tap_end();
}
