/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master keys of a backup and of the home that it is brought back into. */
#include "home/restore_key.h"

#include "door/secret.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/home.h"

/* A ring of this home that has the backup's key: that of key_file becomes one of its old ones. */
static int add_key(const char *key_file, const char *path, struct secret_ring *mine,
                   const char *key, struct fail *why)
{
        struct secret_ring given = { .old_count = 0 };
        const struct secret_key *theirs;
        int result = -1;

        if (key_file == NULL)
                return fail_set(why, FAIL_CONFLICT,
                                "the home has another master key (%s) than the backup (%s): give "
                                "the key file of that time with --key",
                                mine->key.id, key);
        switch (secret_ring_read(&given, key_file, why)) {
        case 1:
                theirs = secret_ring_find(&given, key);
                if (theirs == NULL)
                        fail_set(why, FAIL_INPUT, "%.200s is key %s, the backup is of %s", key_file,
                                 given.key.id, key);
                else if (!text_equal(given.root.id, mine->root.id))
                        fail_set(why, FAIL_CONFLICT, "%.200s is the key of another home", key_file);
                else if (mine->old_count == SECRET_OLD_MAX)
                        fail_set(why, FAIL_CONFLICT, "too many old keys: fairlead rekey first");
                else {
                        mine->old[mine->old_count++] = *theirs;
                        result = secret_ring_write(mine, path, why);
                }
                break;
        case 0:
                fail_set(why, FAIL_INPUT, "there is no file %.200s", key_file);
        }
        secret_ring_wipe(&given);
        return result;
}

/* A home without a key gets the one that was given. */
static int take_key(const char *home_path, const char *key_file, const char *path, const char *key,
                    struct fail *why)
{
        struct secret_ring given = { .old_count = 0 };
        int result = -1;

        if (key_file == NULL)
                return fail_set(why, FAIL_INPUT,
                                "the backup does not hold the master key %s: put it at %.160s "
                                "(mode 0400) first, or name it with --key",
                                key, path);
        switch (secret_ring_read(&given, key_file, why)) {
        case 1:
                if (secret_ring_find(&given, key) == NULL)
                        fail_set(why, FAIL_INPUT, "%.200s is key %s, the backup is of %s", key_file,
                                 given.key.id, key);
                else if (file_make_dir(home_path, why) == 0)
                        result = secret_ring_write(&given, path, why);
                break;
        case 0:
                fail_set(why, FAIL_INPUT, "there is no file %.200s", key_file);
        }
        secret_ring_wipe(&given);
        return result;
}

int restore_key(const char *home_path, const char *key_file, const json_t *keys, bool has_key,
                bool *reseal, struct fail *why)
{
        char *path = home_key_path(home_path);
        struct secret_ring mine = { .old_count = 0 };
        int found = secret_ring_read(&mine, path, why), result = found < 0 ? -1 : 0;
        const char *key;
        json_t *unused;

        json_object_foreach((json_t *)(uintptr_t)keys, key, unused)
        {
                if (result == 0 && found == 0 && !has_key) {
                        result = take_key(home_path, key_file, path, key, why);
                        found = result == 0 ? secret_ring_read(&mine, path, why) : -1;
                } else if (result == 0 && found > 0 && secret_ring_find(&mine, key) == NULL) {
                        result = add_key(key_file, path, &mine, key, why);
                }
                *reseal = *reseal || (found > 0 && !text_equal(mine.key.id, key));
        }
        secret_ring_wipe(&mine);
        mem_free(path);
        return result;
}
