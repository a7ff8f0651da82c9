/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our link in an interview of Greenhouse's schedule.  Recruiters type rooms and video links there:
 * what they typed stays (a room stands before our link), or the link is not put there at all.
 */
#include <inttypes.h>
#include <string.h>

#include "ats/greenhouse_read.h"
#include "ats/greenhouse_v1.h"
#include "ats/greenhouse_v3.h"
#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"

/* Characters, wire/greenhouse.md 3.4; counted in bytes, so never too long. */
#define FIELD_MAX 255
#define OURS "/interview-link/" /* in every address of ours */

static int refuse(struct outcome *outcome, const char *sentence, const char *field)
{
        return outcome_set(outcome, OUTCOME_REFUSED, sentence, "interviews: %s is taken", field);
}

/* An address of ours that an earlier interview left there: where it starts and ends. */
static bool find_ours(const char *text, size_t *start, size_t *end)
{
        const char *at = strstr(text, OURS);

        if (at == NULL)
                return false;
        while (at > text && at[-1] != ' ')
                at--;
        *start = (size_t)(at - text);
        *end = *start + strcspn(at, " ");
        return true;
}

/* What the field is to hold: 1, 0 it holds our link already, -1 there is no place for it. */
static int settle(const char *field, const char *now, const char *url, struct buf *text,
                  struct outcome *outcome)
{
        size_t start = 0, end = 0;

        if (strstr(now, url) != NULL)
                return 0;
        if (find_ours(now, &start, &end)) {
                buf_add(text, now, start);
                buf_add_text(text, url);
                buf_add_text(text, now + end);
        } else if (*now == '\0') {
                buf_add_text(text, url);
        } else if (text_equal(field, "location")) {
                buf_format(text, "%s | %s", now, url);
        } else {
                return refuse(outcome, "The interview has a video link already, which stays.",
                              field);
        }
        if (text->len > FIELD_MAX)
                return refuse(
                    outcome, "What stands in the interview's location leaves no room for the link.",
                    field);
        return 1;
}

/* The field as it is; a credential that may write and not read takes it for empty. */
static int read_field(struct link *link, const char *id, const char *field, char **now,
                      struct outcome *outcome)
{
        json_t *row = NULL;
        int found =
            greenhouse_record(link, "interviews", id, "harvest:interviews:list", &row, outcome);

        if (found < 0 && !greenhouse_not_allowed(outcome))
                return -1;
        outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        *now = mem_text(json_get_text(row, field, ""));
        json_decref(row);
        return 0;
}

static int write_field(struct link *link, int64_t id, const char *field, const char *text,
                       struct outcome *outcome)
{
        json_t *change;
        char *path;
        int result;

        if (greenhouse_is_v1(link))
                return greenhouse_v1_set_link(link, id, field, text, outcome);
        /* Arrays are replaced wholesale (section 8): interviewers are never sent. */
        change = json_object();
        json_set_text(change, field, text);
        path = mem_format("interviews/%" PRId64, id);
        result = greenhouse_v3_write(link, "PATCH", path, change, 200, "harvest:interviews:update",
                                     NULL, outcome);
        mem_free(path);
        json_decref(change);
        return result;
}

int greenhouse_set_interview_link(struct link *link, const char *interview_id, const char *field,
                                  const char *url, struct outcome *outcome)
{
        struct buf text = BUF_NONE;
        char *now = NULL;
        int64_t id;
        int result = -1, place;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (!text_equal(field, "location") && !text_equal(field, "video_conferencing_url"))
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "Greenhouse shows interview links as location or as video "
                                   "link only.",
                                   "interviews: no field %s", text_or(field, "given"));
        if (text_empty(url) || strlen(url) > FIELD_MAX)
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "The interview link is too long for Greenhouse, which takes "
                                   "255 characters.",
                                   "interviews: %s of %zu bytes", field,
                                   url == NULL ? 0 : strlen(url));
        if (greenhouse_id(interview_id, &id) != 0)
                return outcome_set(outcome, OUTCOME_ABSENT,
                                   "Greenhouse has no such scheduled interview.",
                                   "interviews: an id is a number");
        if (read_field(link, interview_id, field, &now, outcome) != 0)
                return -1;
        place = settle(field, now, url, &text, outcome);
        if (place == 0)
                result = outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        else if (place > 0)
                result = write_field(link, id, field, buf_text(&text), outcome);
        buf_dispose(&text);
        mem_free(now);
        return result;
}
