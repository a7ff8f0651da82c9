/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prints what lies in a home's inbox, one JSON object a line, body in hexadecimal:
 *
 *     delivered HOME [FROM]
 */
#include <stdio.h>
#include <stdlib.h>

#include "door/inbox.h"
#include "floor/code.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "home/delivery.h"

static const char *const words[] = { "event", "probe", "refused", "wake" };

static void print(uint64_t number, const struct delivery *d)
{
        json_t *line = json_object();
        struct buf hex = BUF_NONE;
        char *text;

        code_hex(&hex, d->body, d->body_len);
        json_set_int(line, "number", (int64_t)number);
        json_set_text(line, "what", words[d->what]);
        json_set_text(line, "org", d->org);
        json_set_text(line, "connection", d->connection);
        json_set_int(line, "at", d->received_ms);
        json_set_text(line, "id", d->request_id);
        json_set_text(line, "trust", trust_word(d->trust));
        json_set_text(line, "secret", d->secret);
        json_set_text(line, "reason", d->reason);
        json_set_int(line, "count", d->count);
        json_set(line, "headers", json_incref(d->headers));
        json_set_text(line, "body", buf_text(&hex));
        text = json_text(line);
        puts(text);
        mem_free(text);
        buf_dispose(&hex);
        json_decref(line);
}

int main(int argc, char **argv)
{
        struct fail why = FAIL_CLEAR;
        struct buf record = BUF_NONE;
        struct inbox *in = NULL;
        uint64_t number = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
        struct delivery d;
        char *dir;
        int found = -1;

        if (argc < 2)
                return 2;
        dir = file_path(argv[1], "inbox");
        if (inbox_open(&in, dir, 0, &why) == 0) {
                while ((found = inbox_read(in, number, &record, &number, &why)) == 1) {
                        if (delivery_read(&d, record.data, record.len, &why) != 0)
                                break;
                        print(number++, &d);
                        delivery_dispose(&d);
                }
                inbox_close(in);
        }
        if (found != 0)
                fprintf(stderr, "delivered: %s\n", why.text);
        mem_free(dir);
        buf_dispose(&record);
        return found == 0 ? 0 : 1;
}
