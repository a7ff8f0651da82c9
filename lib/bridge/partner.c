/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of an assessment that was sent as a partner's, in words. */
#include "bridge/partner.h"

#include "bridge/words.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TITLE_MAX 160

const char *partner_word(const struct partner_news *news)
{
        switch (news->stage) {
        case PARTNER_SENDING:
                return "sending";
        case PARTNER_NOT_SENT:
                return "not sent";
        case PARTNER_REMOVED:
                return "removed";
        default:
                break;
        }
        switch (news->session == NULL ? SESSION_UNKNOWN : news->session->state) {
        case SESSION_INVITED:
                return "invited";
        case SESSION_STARTED:
                return "started";
        case SESSION_SUBMITTED:
                return "submitted";
        case SESSION_IN_REVIEW:
                return "in review";
        case SESSION_COMPLETE:
                return "complete";
        case SESSION_NOT_VERIFIED:
                return "not verified";
        case SESSION_EXPIRED:
                return "expired";
        case SESSION_DECLINED:
                return "declined";
        case SESSION_CANCELLED:
                return "cancelled";
        default:
                return "sent";
        }
}

static void add(json_t *facts, const char *name, struct buf *text)
{
        json_set_text(facts, name, buf_text(text));
        buf_reset(text);
}

static void add_time(json_t *facts, const char *name, int64_t ms, struct buf *text)
{
        if (ms <= 0)
                return;
        words_time(text, ms);
        add(facts, name, text);
}

static void add_parts(json_t *facts, const struct session *s, struct buf *text)
{
        for (size_t i = 0; i < s->part_count && i < WORDS_PARTS_MAX; i++) {
                const struct part *part = &s->parts[i];
                char *label;

                /* The number keeps two tasks of one title apart. */
                words_foreign(text, text_or(part->title, "Task"), TITLE_MAX / 2);
                label = mem_format("%zu. %s", i + 1, buf_text(text));
                buf_reset(text);
                if (!part->scored)
                        buf_add_text(text, "not scored");
                else if (part->most > 0)
                        buf_format(text, "%.10g of %.10g", part->value, part->most);
                else
                        buf_format(text, "%.10g", part->value);
                add(facts, label, text);
                mem_free(label);
        }
}

static void add_reasons(json_t *facts, const struct session *s, struct buf *text)
{
        for (size_t i = 0; i < s->reason_count && i < WORDS_PARTS_MAX; i++) {
                if (i > 0)
                        buf_add_text(text, "; ");
                words_foreign(text, s->reasons[i], TITLE_MAX);
        }
        if (text->len > 0)
                add(facts, "Reasons", text);
}

static void add_result(json_t *facts, const struct session *s, const char *platform,
                       struct buf *text)
{
        if (s->state == SESSION_COMPLETE && session_score_released(s)) {
                words_score(text, s);
                add(facts, "Result", text);
        } else if (s->state == SESSION_NOT_VERIFIED) {
                json_set_text(facts, "Result", "Not verified: not final, so no score is shown");
        } else if (s->state == SESSION_COMPLETE) {
                json_set_text(facts, "Result", "Complete, without a score");
        }
        if (s->state == SESSION_COMPLETE || s->state == SESSION_NOT_VERIFIED)
                json_set_text(facts, "Verification", words_verification(s->verification));
        if (s->shared)
                json_set_text(facts, "Shared",
                              "The candidate shared a result from an earlier test");
        if (s->integrity_flag) {
                buf_format(text, "%s suggests an integrity review",
                           text_or(platform, "The platform"));
                add(facts, "Integrity", text);
        }
}

json_t *partner_facts(const struct partner_news *news)
{
        const struct session *s = news->session;
        json_t *facts = json_object();
        struct buf text = BUF_NONE;

        if (s == NULL || news->stage == PARTNER_REMOVED)
                return facts;
        words_foreign(&text, text_or(s->test_title, "Assessment"), TITLE_MAX);
        if (news->platform != NULL)
                buf_format(&text, " (%s)", news->platform);
        add(facts, "Assessment", &text);
        add_result(facts, s, news->platform, &text);
        add_reasons(facts, s, &text);
        add_time(facts, "Started", s->started_ms, &text);
        add_time(facts, "Finished", s->finished_ms, &text);
        if (s->started_ms > 0 && s->finished_ms > s->started_ms) {
                when_span(&text, s->finished_ms - s->started_ms);
                add(facts, "Time taken", &text);
        }
        if (s->state == SESSION_COMPLETE && session_score_released(s))
                add_parts(facts, s, &text);
        buf_dispose(&text);
        return facts;
}
