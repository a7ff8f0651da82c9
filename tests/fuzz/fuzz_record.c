/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What we stored and read back, perhaps written by another release: sessions, applications. */
#include "bridge/application.h"
#include "bridge/session.h"
#include "floor/buf.h"
#include "floor/text.h"
#include "fuzz.h"

/* What was understood of it is written so that it is understood again. */
static void check_session(const json_t *value)
{
        struct session s, again;
        struct buf words = BUF_NONE;
        json_t *first, *second;
        double percent = 0;

        memset(&s, 0, sizeof s);
        memset(&again, 0, sizeof again);
        session_from_json(&s, value);
        first = session_to_json(&s);
        session_from_json(&again, first);
        second = session_to_json(&again);
        MUST(json_equal(first, second));
        score_write(&s.score, &words);
        MUST(text_utf8_valid(buf_text(&words), words.len));
        if (score_percent(&s.score, &percent))
                MUST(percent >= 0 && percent <= 100);
        json_decref(first);
        json_decref(second);
        session_dispose(&s);
        session_dispose(&again);
        buf_dispose(&words);
}

static void check_application(const json_t *value)
{
        struct application a, again;
        json_t *first, *second;

        memset(&a, 0, sizeof a);
        memset(&again, 0, sizeof again);
        application_from_json(&a, value);
        first = application_to_json(&a);
        application_from_json(&again, first);
        second = application_to_json(&again);
        MUST(json_equal(first, second));
        json_decref(first);
        json_decref(second);
        application_dispose(&a);
        application_dispose(&again);
}

/* Two readings of one session: whatever the platform says, the step holds together. */
static void check_step(const json_t *before, const json_t *after)
{
        struct session s, now;
        struct session_change change;
        json_t *once, *twice;

        memset(&s, 0, sizeof s);
        memset(&now, 0, sizeof now);
        session_from_json(&s, before);
        session_from_json(&now, after);
        session_step(&s, &now, NULL, &change);
        once = session_to_json(&s);
        session_step(&s, &now, NULL, &change);
        twice = session_to_json(&s);
        MUST(json_equal(once, twice)); /* the same reading again brings nothing new */
        json_decref(once);
        json_decref(twice);
        session_dispose(&s);
        session_dispose(&now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *first = next_part(&data, &size, '\n');
        json_t *one = json_parse(first, strlen(first), false, NULL);
        json_t *two = json_parse(data, size, false, NULL);

        check_session(one);
        check_application(one);
        check_step(one, two);
        json_decref(one);
        json_decref(two);
        mem_free(first);
        return 0;
}
