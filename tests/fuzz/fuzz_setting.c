/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The settings file: refused with its line, or every value within its row. */
#include <fcntl.h>
#include <unistd.h>

#include "floor/setting.h"
#include "floor/text.h"
#include "fuzz.h"

static const char *word, *mode;
static int64_t number;
static bool flag;
static const struct setting table[] = {
        { "FAIRLEAD_T_WORD", SETTING_TEXT, "std", 0, 8, &word, NULL, "a word" },
        { "FAIRLEAD_T_MODE", SETTING_CHOICE, "a", 0, 0, &mode, "a|bc", "a mode" },
        { "FAIRLEAD_T_NUMBER", SETTING_INT, "3", 1, 9, &number, NULL, "a number" },
        { "FAIRLEAD_T_FLAG", SETTING_BOOL, "no", 0, 0, &flag, NULL, "a flag" },
        { NULL, 0, NULL, 0, 0, NULL, NULL, NULL },
};

static char path[64];

static void forget(void)
{
        unlink(path);
}

static int new_file(void)
{
        int fd;

        snprintf(path, sizeof path, "/tmp/fuzz-setting-XXXXXX");
        fd = mkostemp(path, O_CLOEXEC);
        MUST(fd >= 0);
        atexit(forget);
        return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct setting *const tables[] = { table, NULL };
        static int fd = -1;
        struct fail why = FAIL_CLEAR;

        if (fd < 0)
                fd = new_file();
        MUST(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
        if (setting_load(tables, NULL, path, &why) == 0) {
                MUST(strlen(word) <= 8);
                MUST(text_equal(mode, "a") || text_equal(mode, "bc"));
                MUST(number >= 1 && number <= 9);
        } else {
                MUST(why.kind != FAIL_NONE && why.text[0] != '\0');
        }
        return 0;
}
