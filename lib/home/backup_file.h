/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames of a backup file (backup.h), written and read. */
#ifndef HOME_BACKUP_FILE_H
#define HOME_BACKUP_FILE_H

#include <stdint.h>
#include <stdio.h>

#include "door/json.h"
#include "floor/buf.h"
#include "floor/fail.h"

#define BACKUP_HEADER_MAX (16 * 1024)
#define BACKUP_DATA_MAX (4 * 1024 * 1024)

struct backup_frame {
        char type;      /* 'h' home, 'f' file, 'i' inbox record, 'o' org, 'r' record, 'e' end */
        json_t *header; /* object */
        struct buf data;
};

int backup_begin(FILE *file, struct fail *why);
/* Takes header. */
int backup_put(FILE *file, char type, json_t *header, const void *data, size_t len,
               struct fail *why);

/* Checks the first line. */
int backup_look(FILE *file, struct fail *why);
/* 1 and the frame, 0 the end of the file, -1 damage.  frame is emptied first. */
int backup_next(FILE *file, struct backup_frame *frame, struct fail *why);
void backup_frame_dispose(struct backup_frame *frame);

#endif
