/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: changing a rule that stands. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/rehearse.h"
#include "home/rule_words.h"

static const char *typed(void *context, const char *name)
{
        return request_form(context, name);
}

/* The rule in the path, in the form. */
struct standing {
        json_t *rules, *rule; /* rule is borrowed */
        char *stamp;          /* of the rule */
        int at;               /* its place; -1: the reply is made */
        bool form;            /* there are fields for it: filled */
        struct rule_filled filled;
};

static void standing_free(struct standing *s)
{
        if (s->form)
                rule_unfill(&s->filled);
        json_decref(s->rules);
        mem_free(s->stamp);
}

static void standing_load(struct request *rq, struct reply *re, struct standing *s)
{
        int64_t step = -1;

        memset(s, 0, sizeof *s);
        s->at = admin_find_rule(rq, re, &s->rules, NULL);
        if (s->at < 0)
                return;
        s->rule = json_array_get(s->rules, (size_t)s->at);
        s->stamp = rule_stamp(s->rule);
        if (request_query(rq, "step") != NULL &&
            text_int(request_query(rq, "step"), 0, 1000, &step) != 0)
                step = 1000; /* there is no such step */
        s->form = rule_fill(s->rule, step, &s->filled) == 1;
}

static struct rule_page page_of(const struct standing *s)
{
        return (struct rule_page){ .kind = s->filled.kind,
                                   .filled = &s->filled,
                                   .id = json_get_text(s->rule, "id", ""),
                                   .stamp = s->stamp };
}

/* A rule that the form has no fields for: what it says, and where it is changed. */
static void show_fixed(struct request *rq, struct reply *re, int status, const struct standing *s)
{
        json_t *view = json_object();
        char *sentence = rule_sentence(s->rule);
        struct buf text = BUF_NONE;

        json_print(s->rule, &text);
        json_set_text(view, "id", json_get_text(s->rule, "id", ""));
        json_set_text(view, "sentence", sentence);
        json_set_text(view, "text", buf_text(&text));
        admin_page(rq, re, status, "rule-fixed", view, "A rule from a document", "rules");
        buf_dispose(&text);
        mem_free(sentence);
}

static void change_form(struct request *rq, struct reply *re)
{
        struct standing s;

        standing_load(rq, re, &s);
        if (s.at >= 0 && s.form)
                admin_rule_page(rq, re, 200, page_of(&s));
        else if (s.at >= 0)
                show_fixed(rq, re, 200, &s);
        standing_free(&s);
}

/* The step that the form has fields for, alone. */
static json_t *only_step(const json_t *rule, size_t step)
{
        json_t *one = json_deep_copy(rule), *then = json_array();

        json_array_append(then, json_array_get(json_object_get(one, "then"), step));
        json_set(one, "then", then);
        return one;
}

static void rehearse_change(struct request *rq, struct reply *re, const struct standing *s,
                            const json_t *fresh)
{
        struct rule_page page = page_of(s);
        json_t *now = only_step(s->rule, s->filled.step), *then = only_step(fresh, s->filled.step);
        struct org *org = admin_visitor(rq)->org;
        struct fail why = FAIL_CLEAR;

        if (rehearse(guard_home(), org, now, when_now_ms(), &page.rehearsal_before, &why) != 0 ||
            rehearse(guard_home(), org, then, when_now_ms(), &page.rehearsal, &why) != 0) {
                json_decref(page.rehearsal_before);
                reply_failure(rq, re, "rule cannot be rehearsed", &why);
        } else {
                admin_rule_page(rq, re, 200, page);
        }
        json_decref(now);
        json_decref(then);
}

static void log_change(struct request *rq, struct reply *re, const struct standing *s,
                       const json_t *fresh)
{
        json_t *detail = json_object(), *fields;
        struct rule_filled is;

        rule_fill(fresh, (int64_t)s->filled.step, &is);
        fields = rule_difference(&s->filled, &is);
        json_set_text(detail, "rule", json_get_text(s->rule, "id", ""));
        json_set(detail, "changed", fields);
        if (admin_log_rule(rq, re, "rules.changed", fresh, detail) == 0)
                admin_go(rq, re, "rules?said=saved");
        json_decref(detail);
        rule_unfill(&is);
}

/* Somebody was there first: how it stands now, below what was typed. */
static void show_conflict(struct request *rq, struct reply *re)
{
        struct standing s;
        char *sentence, *fault;

        standing_load(rq, re, &s);
        if (s.at >= 0 && !s.form) {
                show_fixed(rq, re, 409, &s);
        } else if (s.at >= 0) {
                struct rule_page page = page_of(&s);

                sentence = rule_sentence(s.rule);
                fault = mem_format("Somebody else changed this rule since you opened the page. It "
                                   "now says: %s What you typed is below; save again to make it "
                                   "so.",
                                   sentence);
                page.fault_at = "";
                page.fault = fault;
                admin_rule_page(rq, re, 409, page);
                mem_free(fault);
                mem_free(sentence);
        }
        standing_free(&s);
}

static void save_change(struct request *rq, struct reply *re, const struct standing *s,
                        const json_t *fresh)
{
        struct rule_page page = page_of(s);
        struct fail why = FAIL_CLEAR;
        char *sentence;
        int result = rule_replace(guard_home(), admin_visitor(rq)->org,
                                  text_or(request_form(rq, "stamp"), ""), fresh, &why);

        if (result == 0) {
                log_change(rq, re, s, fresh);
        } else if (result == 1) {
                show_conflict(rq, re);
        } else if (result == 2) {
                admin_rule_fault(why.text, (size_t)s->at, s->filled.step, &page.fault_at,
                                 &sentence);
                page.fault = sentence;
                admin_rule_page(rq, re, 422, page);
                mem_free(sentence);
        } else if (result == 3) {
                reply_problem(rq, re, 404, "There is no such rule; somebody may have removed it.");
        } else {
                reply_failure(rq, re, "rules cannot be stored", &why);
        }
}

/* The form is there: what was asked of it. */
static void change_as_typed(struct request *rq, struct reply *re, const struct standing *s)
{
        json_t *fresh = rule_refill(s->rule, &s->filled, typed, rq);
        bool stale = !text_equal(request_form(rq, "stamp"), s->stamp);

        if (text_equal(request_form(rq, "do"), "rehearse"))
                rehearse_change(rq, re, s, fresh);
        else if (!stale && json_equal(fresh, s->rule))
                admin_go(rq, re, "rules?said=unchanged");
        else
                save_change(rq, re, s, fresh);
        json_decref(fresh);
}

static void change(struct request *rq, struct reply *re)
{
        struct standing s;

        standing_load(rq, re, &s);
        if (s.at >= 0 && !s.form)
                show_fixed(rq, re, 409, &s);
        else if (s.at >= 0 && text_equal(request_form(rq, "do"), "refresh"))
                admin_rule_refresh(rq, re, page_of(&s));
        else if (s.at >= 0 && admin_rule_may(rq, re, page_of(&s)) == 0)
                change_as_typed(rq, re, &s);
        standing_free(&s);
}

const struct route admin_rule_change_routes[] = {
        { "GET", "{org}/rules/{id}/change", change_form, 0, false, ADMIN },
        { "POST", "{org}/rules/{id}/change", change, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
