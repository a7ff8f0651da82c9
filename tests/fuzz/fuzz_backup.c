/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Backup files, damaged, cut or invented; and frames whose sums are right. */
#include "floor/buf.h"
#include "fuzz.h"
#include "home/backup_file.h"

static int read_all(void *bytes, size_t size)
{
        struct backup_frame frame = { 0, NULL, BUF_NONE };
        FILE *file = fmemopen(bytes, size, "r");
        int count = 0;

        MUST(file != NULL);
        if (backup_look(file, NULL) == 0) {
                while (backup_next(file, &frame, NULL) == 1) {
                        MUST(json_is_object(frame.header));
                        MUST(frame.data.len <= BACKUP_DATA_MAX);
                        count++;
                }
        }
        backup_frame_dispose(&frame);
        fclose(file);
        return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *copy = mem_copy(data, size), *bytes = NULL, *header;
        size_t len = 0;
        json_t *value;
        FILE *file;

        if (size > 0)
                read_all(copy, size);
        mem_free(copy);
        header = next_part(&data, &size, '\n');
        value = json_parse(header, strlen(header), true, NULL);
        if (json_is_object(value) && strlen(header) < BACKUP_HEADER_MAX / 4) {
                file = open_memstream(&bytes, &len);
                MUST(file != NULL);
                MUST(backup_begin(file, NULL) == 0);
                MUST(backup_put(file, 'r', json_incref(value), data, size, NULL) == 0);
                MUST(backup_put(file, 'e', json_object(), NULL, 0, NULL) == 0);
                MUST(fclose(file) == 0);
                MUST(read_all(bytes, len) == 2);
                MUST(read_all(bytes, len - 1) == 1);
                free(bytes);
        }
        json_decref(value);
        mem_free(header);
        return 0;
}
