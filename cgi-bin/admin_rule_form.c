/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: the form of a rule, its faults, its rehearsal; adding one. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/rehearse.h"

static const char *typed(void *context, const char *name)
{
        return request_form(context, name);
}

/* --- the page -------------------------------------------------------------------------------- */

/* A field as it was sent, else as the rule has it. */
static const char *field(struct request *rq, const struct rule_page *p, const char *name)
{
        const char *sent = request_form(rq, name);

        return sent != NULL || p->filled == NULL ? sent
                                                 : json_get_text(p->filled->shown, name, NULL);
}

static void set_typed(struct request *rq, json_t *view, const struct rule_page *p)
{
        bool sent = text_equal(request_method(rq), "POST");
        char *fault;

        json_set_text(view, "typed_id", sent ? request_form(rq, "id") : p->kind->name);
        for (const struct rule_field *f = rule_fields; f->name != NULL; f++) {
                char *name = mem_format("typed_%s", f->name);
                const char *text = field(rq, p, f->name);

                json_set_text(view, name, text == NULL ? f->absent : text);
                mem_free(name);
        }
        json_set_bool(view, "any", text_equal(field(rq, p, "result"), "any"));
        json_set_bool(view, "pdf", text_equal(field(rq, p, "file"), "pdf"));
        json_set_bool(view, "text", text_equal(field(rq, p, "file"), "text"));
        if (p->fault != NULL) {
                fault = mem_format("fault_%s", *p->fault_at == '\0' ? "all" : p->fault_at);
                json_set_text(view, fault, p->fault);
                mem_free(fault);
        }
}

/* A rule may name a connection that is gone: the browser would choose another for it. */
static void offer_gone(json_t *options, const char *value, bool silent)
{
        json_t *row;
        size_t i;

        json_array_foreach(options, i, row)
        {
                if (text_equal(json_get_text(row, "value", ""), value))
                        return;
        }
        if (!text_empty(value)) {
                char *words = mem_format(silent ? "%s (tells of no interviews, or not connected)"
                                                : "%s (not connected)",
                                         value);

                json_add(options, admin_option(value, words));
                mem_free(words);
        }
        admin_choose(options, value);
}

static void set_standing(json_t *view, const struct rule_page *p)
{
        json_set_text(view, "id", p->id);
        json_set_int(view, "step", (int64_t)p->filled->step);
        json_set_bool(view, "has_kept", json_array_size(p->filled->kept) > 0);
        json_set(view, "kept", json_deep_copy(p->filled->kept));
        json_set_bool(view, "always",
                      text_equal(json_get_text(p->filled->shown, "percent", NULL), ""));
        offer_gone(json_object_get(view, "systems"), json_get_text(p->filled->shown, "ats", NULL),
                   p->kind->waits == RULE_SCHEDULE);
        offer_gone(json_object_get(view, "platforms"),
                   json_get_text(p->filled->shown, "platform", NULL), false);
}

/* Fields there are, and what is missing for them. */
static void set_kind(json_t *view, const struct rule_page *p, bool moves_on)
{
        const struct rule_kind *kind = p->kind;
        bool starts = kind->waits != RULE_RESULT, platform = rule_kind_has(kind, "platform"),
             move = rule_kind_has(kind, "to");

        json_set_text(view, "kind", kind->name);
        json_set_text(view, "kind_title", kind->title);
        json_set_bool(view, "starts", starts);
        json_set_bool(view, "stage", kind->waits == RULE_STAGE);
        json_set_bool(view, "scheduled", kind->waits == RULE_SCHEDULE);
        json_set_bool(view, "platform", platform);
        json_set_bool(view, "assessment", rule_kind_has(kind, "assessment"));
        json_set_bool(view, "lists", starts || move);
        json_set_bool(view, "move", move);
        json_set_bool(view, "result", rule_kind_has(kind, "result"));
        json_set_bool(view, "write", rule_kind_has(kind, "file"));
        json_set_bool(view, "tag", rule_kind_has(kind, "tag_pass"));
        json_set_bool(view, "moves_on", moves_on);
        json_set_bool(view, "no_system",
                      starts && json_array_size(json_object_get(view, "systems")) == 0);
        json_set_bool(view, "no_platform",
                      platform && json_array_size(json_object_get(view, "platforms")) == 0);
}

static void set_rehearsal(struct request *rq, json_t *view, struct rule_page *p)
{
        json_t *row;
        size_t i;

        json_array_foreach(json_object_get(p->rehearsal, "rows"), i, row)
        {
                admin_set_time(rq, row, "at", json_get_int(row, "at_ms", 0));
        }
        json_set(view, "rehearsal", p->rehearsal);
        json_set(view, "before", p->rehearsal_before);
        json_set_bool(view, "asked", p->asked);
}

void admin_rule_page(struct request *rq, struct reply *re, int status, struct rule_page page)
{
        struct org *org = admin_visitor(rq)->org;
        json_t *view = json_object(), *rules, *moves = NULL;
        struct fail why = FAIL_CLEAR;
        char *all = NULL, *title;

        set_rehearsal(rq, view, &page);
        rules = rules_standing(org, &all, &why);
        if (rules == NULL || moves_read(org, &moves, &why) < 0 ||
            admin_offer(rq, view, field(rq, &page, "ats"), field(rq, &page, "platform"), page.kind,
                        &why) != 0) {
                reply_failure(rq, re, "rule form cannot be made", &why);
                json_decref(view);
        } else {
                const char *stamp = page.filled == NULL ? all : page.stamp;

                set_kind(view, &page, json_get_bool(moves, "on", false));
                if (page.filled != NULL)
                        set_standing(view, &page);
                json_set_text(view, "stamp",
                              status == 409 ? stamp : text_or(request_form(rq, "stamp"), stamp));
                set_typed(rq, view, &page);
                title = page.filled == NULL ? mem_text(page.kind->title)
                                            : mem_format("Change the rule %s", page.id);
                admin_page(rq, re, status, "rule-form", view, title, "rules");
                mem_free(title);
        }
        json_decref(rules);
        json_decref(moves);
        mem_free(all);
}

/* --- faults ---------------------------------------------------------------------------------- */

/* "rules.2.then.0.send_assessment": of the rule at this place, and of this step if of one? */
static bool is_about(const char *path, size_t at, size_t step)
{
        char *rule = mem_format("rules.%zu.", at), *then = mem_format("then.%zu.", step);
        bool same = text_starts(path, rule);
        const char *rest = same ? path + strlen(rule) : "";

        if (text_starts(rest, "then."))
                same = text_starts(rest, then);
        mem_free(rule);
        mem_free(then);
        return same;
}

/* "must be ...", beside its field: "This must be ...."; "another ..." is a sentence by itself. */
static char *sentence_of(const char *cause)
{
        static const char *const verbs[] = { "must ", "is ", "has ", NULL };
        char *sentence;

        for (const char *const *v = verbs; *v != NULL; v++)
                if (text_starts(cause, *v))
                        return mem_format("This %s.", cause);
        sentence = mem_format("%s.", cause);
        if (*sentence >= 'a' && *sentence <= 'z')
                *sentence = (char)(*sentence - 'a' + 'A');
        return sentence;
}

/* "rules.2.when.entered_stage.stage: must be ..." names a field of the form. */
void admin_rule_fault(const char *cause, size_t at, size_t step, const char **name, char **sentence)
{
        const char *colon = strstr(cause, ": ");
        char *path = mem_text_part(cause, colon == NULL ? 0 : (size_t)(colon - cause));
        bool ours = is_about(path, at, step);

        *name = ours && text_ends(path, ".id") ? "id" : "";
        for (const struct rule_field *f = rule_fields; ours && f->name != NULL; f++) {
                char *end = mem_format(".%s", f->path);

                if (text_ends(path, end) && **name == '\0')
                        *name = f->name;
                mem_free(end);
        }
        *sentence = **name != '\0' ? sentence_of(colon + 2)
                                   : mem_format("The rules cannot stand so: %s.", cause);
        mem_free(path);
}

int admin_rule_may(struct request *rq, struct reply *re, struct rule_page page)
{
        struct fail why = FAIL_CLEAR;
        json_t *moves = NULL;
        bool on;

        for (const struct rule_field *f = rule_fields; f->name != NULL; f++) {
                const char *text = text_or(request_form(rq, f->name), "");

                if (!rule_kind_has(page.kind, f->name) || rule_field_takes(f, text) ||
                    (page.filled != NULL && rule_untouched(page.filled, f->name, text)))
                        continue;
                page.fault_at = f->name;
                page.fault = "Give a number from 0 to 100.";
                admin_rule_page(rq, re, 422, page);
                return -1;
        }
        if (!rule_kind_has(page.kind, "to") || text_equal(request_form(rq, "do"), "rehearse"))
                return 0;
        if (moves_read(admin_visitor(rq)->org, &moves, &why) < 0) {
                reply_failure(rq, re, "switch cannot be read", &why);
                return -1;
        }
        on = json_get_bool(moves, "on", false);
        json_decref(moves);
        if (on)
                return 0;
        page.fault_at = "";
        page.fault =
            "Moving on scores is off. Switch it on by name on the page of the rules first.";
        admin_rule_page(rq, re, 409, page);
        return -1;
}

/* What was typed is kept. */
void admin_rule_refresh(struct request *rq, struct reply *re, struct rule_page page)
{
        struct fail why = FAIL_CLEAR;

        page.asked = true;
        if (admin_order_lists(admin_visitor(rq)->org, &why) != 0)
                reply_failure(rq, re, "lists cannot be asked for", &why);
        else
                admin_rule_page(rq, re, 200, page);
}

/* --- adding ---------------------------------------------------------------------------------- */

static const struct rule_kind *kind_of_path(struct request *rq, struct reply *re)
{
        const struct rule_kind *kind = rule_kind(request_segment(rq, "kind"));

        if (kind == NULL)
                reply_problem(rq, re, 404, "There is no such kind of rule.");
        return kind;
}

static void add_form(struct request *rq, struct reply *re)
{
        const struct rule_kind *kind = kind_of_path(rq, re);

        if (kind != NULL)
                admin_rule_page(rq, re, 200, (struct rule_page){ .kind = kind });
}

static void rehearse_new(struct request *rq, struct reply *re, struct rule_page page,
                         const json_t *rule)
{
        struct fail why = FAIL_CLEAR;

        if (rehearse(guard_home(), admin_visitor(rq)->org, rule, when_now_ms(), &page.rehearsal,
                     &why) != 0)
                reply_failure(rq, re, "rule cannot be rehearsed", &why);
        else
                admin_rule_page(rq, re, 200, page);
}

static void save_new(struct request *rq, struct reply *re, struct rule_page page,
                     const json_t *rule)
{
        struct org *org = admin_visitor(rq)->org;
        struct fail why = FAIL_CLEAR;
        json_t *rules = rules_standing(org, NULL, &why);
        char *sentence;
        int result = -1;

        if (rules != NULL) {
                json_add(rules, json_deep_copy(rule));
                result = rules_replace(guard_home(), org, request_form(rq, "stamp"), rules, &why);
        }
        if (result == 2) {
                admin_rule_fault(why.text, json_array_size(rules) - 1, 0, &page.fault_at,
                                 &sentence);
                page.fault = sentence;
                admin_rule_page(rq, re, 422, page);
                mem_free(sentence);
        } else if (result == 1) {
                page.fault_at = "";
                page.fault = "The rules changed since you opened the page. What you typed is "
                             "below; save again to add it.";
                admin_rule_page(rq, re, 409, page);
        } else if (result < 0) {
                reply_failure(rq, re, "rules cannot be stored", &why);
        } else if (admin_log_rule(rq, re, "rules.added", rule, NULL) == 0) {
                admin_go(rq, re, "rules?said=saved");
        }
        json_decref(rules);
}

static void add_rule(struct request *rq, struct reply *re)
{
        struct rule_page page = { .kind = kind_of_path(rq, re) };
        json_t *rule;

        if (page.kind == NULL)
                return;
        if (text_equal(request_form(rq, "do"), "refresh")) {
                admin_rule_refresh(rq, re, page);
                return;
        }
        if (admin_rule_may(rq, re, page) != 0)
                return;
        rule = rule_of_form(page.kind, typed, rq);
        if (text_equal(request_form(rq, "do"), "rehearse"))
                rehearse_new(rq, re, page, rule);
        else
                save_new(rq, re, page, rule);
        json_decref(rule);
}

const struct route admin_rule_form_routes[] = {
        { "GET", "{org}/rules/add/{kind}", add_form, 0, false, ADMIN },
        { "POST", "{org}/rules/add/{kind}", add_rule, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
