/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of a session as a pure machine (wire/codesignal.md 3). */
#include "bridge/session.h"

#include <string.h>

#include "floor/mem.h"
#include "floor/text.h"

static const char *const state_words[] = {
        [SESSION_UNKNOWN] = "unknown",
        [SESSION_INVITED] = "invited",
        [SESSION_STARTED] = "started",
        [SESSION_SUBMITTED] = "submitted",
        [SESSION_IN_REVIEW] = "in_review",
        [SESSION_COMPLETE] = "complete",
        [SESSION_NOT_VERIFIED] = "not_verified",
        [SESSION_EXPIRED] = "expired",
        [SESSION_DECLINED] = "declined",
        [SESSION_CANCELLED] = "cancelled",
        [SESSION_ERASED] = "erased",
};

static const char *const verification_words[] = {
        [VERIFICATION_NONE] = "none",
        [VERIFICATION_PENDING] = "pending",
        [VERIFICATION_VERIFIED] = "verified",
        [VERIFICATION_NOT_VERIFIED] = "not_verified",
};

const char *session_word(enum session_state state)
{
        return (size_t)state <= SESSION_ERASED ? state_words[state] : "unknown";
}

enum session_state session_state_of(const char *word)
{
        for (size_t i = 0; i <= SESSION_ERASED; i++) {
                if (text_equal(word, state_words[i]))
                        return (enum session_state)i;
        }
        return SESSION_UNKNOWN;
}

const char *verification_word(enum verification v)
{
        return (size_t)v <= VERIFICATION_NOT_VERIFIED ? verification_words[v] : "none";
}

enum verification verification_of(const char *word)
{
        for (size_t i = 0; i <= VERIFICATION_NOT_VERIFIED; i++) {
                if (text_equal(word, verification_words[i]))
                        return (enum verification)i;
        }
        return VERIFICATION_NONE;
}

static void drop_parts(struct session *s)
{
        for (size_t i = 0; i < s->part_count; i++)
                mem_free(s->parts[i].title);
        mem_free(s->parts);
        s->parts = NULL;
        s->part_count = 0;
}

static void drop_reasons(struct session *s)
{
        for (size_t i = 0; i < s->reason_count; i++)
                mem_free(s->reasons[i]);
        mem_free(s->reasons);
        s->reasons = NULL;
        s->reason_count = 0;
}

void session_dispose(struct session *s)
{
        mem_free(s->id);
        mem_free(s->test_id);
        mem_free(s->test_title);
        mem_free(s->email);
        mem_free(s->name);
        mem_free(s->external_id);
        mem_free(s->invitation_url);
        drop_parts(s);
        mem_free(s->verdict);
        mem_free_secret(s->report_url);
        drop_reasons(s);
        mem_free(s->retake_id);
        mem_free(s->reactivated_id);
        *s = (struct session){ 0 };
}

bool session_is_open(enum session_state state)
{
        return state <= SESSION_IN_REVIEW;
}

bool session_score_released(const struct session *s)
{
        return s->state == SESSION_COMPLETE && s->score.present &&
               s->verification != VERIFICATION_PENDING &&
               s->verification != VERIFICATION_NOT_VERIFIED;
}

/* Over, whatever the reviewers say. */
static bool is_over(enum session_state state)
{
        return state == SESSION_IN_REVIEW || state == SESSION_COMPLETE ||
               state == SESSION_NOT_VERIFIED;
}

/* The review goes one way: none, pending, decided.  Two decisions may change places. */
static int review_rank(enum session_state state, enum verification v)
{
        if (state == SESSION_NOT_VERIFIED || v == VERIFICATION_VERIFIED ||
            v == VERIFICATION_NOT_VERIFIED)
                return 2;
        return state == SESSION_IN_REVIEW || v == VERIFICATION_PENDING ? 1 : 0;
}

/* May what the platform says now replace what is stored, or is it a late reading? */
static bool adopts(const struct session *old, const struct session *now)
{
        if (now->state == SESSION_UNKNOWN || old->state == SESSION_ERASED)
                return false;
        if (now->state == SESSION_ERASED)
                return true;
        switch (old->state) {
        case SESSION_CANCELLED:
                return now->state == SESSION_CANCELLED;
        case SESSION_EXPIRED:
                /* "Expired, not certified" is the last word on a session not verified; an
                 * expiry that moved opens the invitation again (wire 1.6: extends only). */
                if (session_is_open(now->state) && !is_over(now->state))
                        return now->expires_ms > old->expires_ms && old->expires_ms > 0;
                return now->state != SESSION_NOT_VERIFIED;
        case SESSION_DECLINED:
                return !session_is_open(now->state) || is_over(now->state);
        default:
                break;
        }
        if (is_over(old->state) && is_over(now->state))
                return review_rank(now->state, now->verification) >=
                       review_rank(old->state, old->verification);
        /* Declined is said of an invitation only, never of something handed in. */
        if (is_over(old->state))
                return now->state == SESSION_CANCELLED ||
                       (now->state == SESSION_EXPIRED && old->state != SESSION_COMPLETE);
        return now->state >= old->state;
}

static void take_text(char **at, const char *text)
{
        char *copy;

        if (text == NULL || text_equal(*at, text))
                return;
        copy = mem_text(text);
        mem_free(*at);
        *at = copy;
}

static void take_time(int64_t *at, int64_t ms)
{
        if (ms > 0)
                *at = ms;
}

/* What is true whatever the state, and never un-said: a missing value is no news. */
static void take_plain(struct session *old, const struct session *now)
{
        take_text(&old->id, now->id);
        take_text(&old->test_id, now->test_id);
        take_text(&old->test_title, now->test_title);
        take_text(&old->email, now->email);
        take_text(&old->name, now->name);
        take_text(&old->external_id, now->external_id);
        take_text(&old->invitation_url, now->invitation_url);
        take_text(&old->retake_id, now->retake_id);
        take_text(&old->reactivated_id, now->reactivated_id);
        take_time(&old->created_ms, now->created_ms);
        take_time(&old->started_ms, now->started_ms);
        take_time(&old->finished_ms, now->finished_ms);
        if (now->expires_ms > old->expires_ms)
                old->expires_ms = now->expires_ms;
}

/* An archived session may come without its result: then the last one stays. */
static bool result_kept(const struct session *now)
{
        return now->archived && !now->score.present && now->part_count == 0;
}

/* What belongs to the state, and is replaced with it. */
static void take_result(struct session *old, const struct session *now)
{
        if (!result_kept(now)) {
                old->score = now->score;
                drop_parts(old);
                old->part_count = now->part_count;
                old->parts =
                    now->part_count > 0 ? mem_array(now->part_count, sizeof(old->parts[0])) : NULL;
                for (size_t i = 0; i < now->part_count; i++) {
                        old->parts[i] = now->parts[i];
                        old->parts[i].title = mem_text(now->parts[i].title);
                }
                mem_free(old->verdict);
                old->verdict = mem_text(now->verdict);
        }
        drop_reasons(old);
        old->reason_count = now->reason_count;
        old->reasons =
            now->reason_count > 0 ? mem_array(now->reason_count, sizeof(old->reasons[0])) : NULL;
        for (size_t i = 0; i < now->reason_count; i++)
                old->reasons[i] = mem_text(now->reasons[i]);
        if (now->report_url != NULL && !text_equal(old->report_url, now->report_url)) {
                mem_free_secret(old->report_url);
                old->report_url = mem_text(now->report_url);
        }
        old->integrity_flag = now->integrity_flag;
        old->verification = now->verification;
}

/* Rule 11: nothing of the person stays; the ids do, so that a late event is recognised. */
static void erase(struct session *old)
{
        char *id = old->id, *test_id = old->test_id, *external_id = old->external_id;

        old->id = old->test_id = old->external_id = NULL;
        session_dispose(old);
        old->id = id;
        old->test_id = test_id;
        old->external_id = external_id;
        old->state = SESSION_ERASED;
}

static bool parts_equal(const struct session *a, const struct session *b)
{
        if (a->part_count != b->part_count)
                return false;
        for (size_t i = 0; i < a->part_count; i++) {
                const struct part *p = &a->parts[i], *q = &b->parts[i];

                if (p->scored != q->scored || p->value != q->value || p->most != q->most ||
                    p->spent_ms != q->spent_ms || !text_equal(p->title, q->title))
                        return false;
        }
        return true;
}

static void name_state(enum session_state state, struct session_change *change)
{
        change->started = state == SESSION_STARTED;
        change->submitted = state == SESSION_SUBMITTED;
        change->in_review = state == SESSION_IN_REVIEW;
        change->completed = state == SESSION_COMPLETE;
        change->not_verified = state == SESSION_NOT_VERIFIED;
        change->expired = state == SESSION_EXPIRED;
        change->declined = state == SESSION_DECLINED;
        change->cancelled = state == SESSION_CANCELLED;
        change->erased = state == SESSION_ERASED;
}

/* A result that others may already have was replaced by another. */
static bool is_corrected(enum session_state before, enum session_state after, bool same_result)
{
        if (before == SESSION_COMPLETE)
                return is_over(after) && (after != before || !same_result);
        return before == SESSION_NOT_VERIFIED && after == SESSION_COMPLETE;
}

bool session_step(struct session *old, const struct session *now, const char *hint,
                  struct session_change *change)
{
        enum session_state before = old->state;
        bool flag = old->integrity_flag, same = true, changed;
        char *retake = NULL, *reactivated = NULL, *report = NULL;
        json_t *then, *after;

        *change = (struct session_change){ 0 };
        if (old->state == SESSION_ERASED ||
            (old->id != NULL && now->id != NULL && !text_equal(old->id, now->id)))
                return false;
        then = session_to_json(old);
        retake = mem_text(old->retake_id);
        reactivated = mem_text(old->reactivated_id);
        report = mem_text(old->report_url);
        if (now->state == SESSION_ERASED) {
                take_text(&old->id, now->id);
                take_text(&old->test_id, now->test_id);
                erase(old);
        } else {
                bool adopted = adopts(old, now);

                take_plain(old, now);
                old->archived = now->archived;
                if (adopted) {
                        same = result_kept(now) ||
                               (score_equal(&old->score, &now->score) && parts_equal(old, now));
                        old->state = now->state;
                        take_result(old, now);
                        old->shared = old->shared || now->shared ||
                                      (old->state == SESSION_COMPLETE &&
                                       text_equal(hint, "preScreenResultShared"));
                }
        }
        if (old->state != before)
                name_state(old->state, change);
        change->corrected = is_corrected(before, old->state, same);
        change->integrity = old->state != SESSION_ERASED && old->integrity_flag != flag;
        change->moved_on =
            old->state != SESSION_ERASED &&
            (!text_equal(retake, old->retake_id) || !text_equal(reactivated, old->reactivated_id));
        after = session_to_json(old);
        changed = !json_equal(then, after) || !text_equal(report, old->report_url);
        json_decref(then);
        json_decref(after);
        mem_free(retake);
        mem_free(reactivated);
        mem_free_secret(report);
        return changed;
}
