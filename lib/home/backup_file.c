/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of a backup file, written and read. */
#include "home/backup_file.h"

#include <string.h>

#include "floor/code.h"
#include "floor/mem.h"

static const char first_line[] = "FAIRLEAD-BACKUP-1\n";

static void put32(unsigned char *p, uint32_t n)
{
        p[0] = (unsigned char)(n >> 24);
        p[1] = (unsigned char)(n >> 16);
        p[2] = (unsigned char)(n >> 8);
        p[3] = (unsigned char)n;
}

static uint32_t get32(const unsigned char *p)
{
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int backup_begin(FILE *file, struct fail *why)
{
        if (fwrite(first_line, sizeof first_line - 1, 1, file) != 1)
                return fail_errno(why, "cannot write the backup");
        return 0;
}

int backup_put(FILE *file, char type, json_t *header, const void *data, size_t len,
               struct fail *why)
{
        struct buf text = BUF_NONE;
        unsigned char head[9], tail[4];
        uint32_t crc;
        int result = 0;

        json_write(header, &text);
        json_decref(header);
        head[0] = (unsigned char)type;
        put32(head + 1, (uint32_t)text.len);
        put32(head + 5, (uint32_t)len);
        crc = code_crc32c(0, head, sizeof head);
        crc = code_crc32c(crc, text.data, text.len);
        crc = code_crc32c(crc, data, len);
        put32(tail, crc);
        if (fwrite(head, sizeof head, 1, file) != 1 || fwrite(text.data, text.len, 1, file) != 1 ||
            (len != 0 && fwrite(data, len, 1, file) != 1) ||
            fwrite(tail, sizeof tail, 1, file) != 1)
                result = fail_errno(why, "cannot write the backup");
        buf_dispose(&text);
        return result;
}

int backup_look(FILE *file, struct fail *why)
{
        char line[sizeof first_line - 1];

        if (fread(line, sizeof line, 1, file) != 1 || memcmp(line, first_line, sizeof line) != 0)
                return fail_set(why, FAIL_INPUT, "this file is no backup of Fairlead");
        return 0;
}

void backup_frame_dispose(struct backup_frame *frame)
{
        json_decref(frame->header);
        frame->header = NULL;
        buf_dispose_secret(&frame->data);
}

static int take(FILE *file, struct buf *out, size_t len)
{
        buf_reset(out);
        buf_reserve(out, len);
        if (len != 0 && fread(out->data, len, 1, file) != 1)
                return -1;
        out->len = len;
        out->data[len] = '\0';
        return 0;
}

int backup_next(FILE *file, struct backup_frame *frame, struct fail *why)
{
        struct buf text = BUF_NONE;
        unsigned char head[9], tail[4];
        uint32_t text_len, data_len, crc;
        size_t got = fread(head, 1, sizeof head, file);
        int result = -1;

        json_decref(frame->header);
        frame->header = NULL;
        buf_reset(&frame->data);
        if (got == 0 && feof(file))
                return 0;
        if (got != sizeof head)
                goto damaged;
        frame->type = (char)head[0];
        text_len = get32(head + 1);
        data_len = get32(head + 5);
        if (text_len > BACKUP_HEADER_MAX || data_len > BACKUP_DATA_MAX)
                goto damaged;
        if (take(file, &text, text_len) != 0 || take(file, &frame->data, data_len) != 0 ||
            fread(tail, sizeof tail, 1, file) != 1)
                goto damaged;
        crc = code_crc32c(0, head, sizeof head);
        crc = code_crc32c(crc, text.data, text.len);
        crc = code_crc32c(crc, frame->data.data, frame->data.len);
        if (crc != get32(tail))
                goto damaged;
        frame->header = json_parse(text.data, text.len, true, NULL);
        if (!json_is_object(frame->header))
                goto damaged;
        result = 1;
        goto out;
damaged:
        fail_set(why, FAIL_BROKEN, "the backup is cut off or damaged at byte %ld", ftell(file));
out:
        buf_dispose(&text);
        return result;
}
