/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of keys; for nobody else. */
#ifndef HOME_KEY_PRIVATE_H
#define HOME_KEY_PRIVATE_H

#include "home/key.h"

#define KEY_ID_LEN 8
#define KEY_RANDOM_LEN 32
#define KEY_CHECK_LEN 6
#define KEY_MARK_LEN 8 /* "fl_live_" */
#define KEY_LEN (KEY_MARK_LEN + KEY_ID_LEN + KEY_RANDOM_LEN + KEY_CHECK_LEN)

/* Six letters from the checksum of all that stands before them. */
void key_spell(const char *text, size_t len, char check[KEY_CHECK_LEN + 1]);
const char *key_state(const json_t *record, int64_t now_ms);
/* {last_ms, from, count, places[]}: what is stored and what is not yet; the caller's. */
int key_use(struct home *h, struct org *org, const char *id, json_t **use, struct fail *why);

#endif
