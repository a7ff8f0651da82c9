/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why something failed, owned by the caller. */
#include "floor/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail_set(struct fail *why, enum fail_kind kind, const char *format, ...)
{
        va_list list;

        if (why != NULL && why->kind == FAIL_NONE) {
                why->kind = kind;
                va_start(list, format);
                vsnprintf(why->text, sizeof why->text, format, list);
                va_end(list);
        }
        return -1;
}

static enum fail_kind kind_of(int error)
{
        switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
                return FAIL_FULL;
        case EACCES:
        case EPERM:
        case EROFS:
                return FAIL_DENIED;
        case EAGAIN:
        case EBUSY:
        case EINTR:
        case EMFILE:
        case ENFILE:
                return FAIL_BUSY;
        default:
                return FAIL_SYSTEM;
        }
}

int fail_errno(struct fail *why, const char *format, ...)
{
        int error = errno;
        va_list list;
        size_t len;

        if (why != NULL && why->kind == FAIL_NONE) {
                why->kind = kind_of(error);
                va_start(list, format);
                vsnprintf(why->text, sizeof why->text, format, list);
                va_end(list);
                len = strlen(why->text);
                snprintf(why->text + len, sizeof why->text - len, ": %s", strerrordesc_np(error));
        }
        errno = error;
        return -1;
}

void fail_clear(struct fail *why)
{
        if (why != NULL) {
                why->kind = FAIL_NONE;
                why->text[0] = '\0';
        }
}

const char *fail_word(enum fail_kind kind)
{
        static const char *const words[] = { "none",   "input",  "conflict", "busy",   "full",
                                             "denied", "broken", "system",   "outside" };

        return (unsigned)kind < sizeof words / sizeof *words ? words[kind] : "unknown";
}
