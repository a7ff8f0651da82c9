/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: rules: a list in sentences, forms, rehearsal, the switch for moves. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/records.h"
#include "home/rehearse.h"
#include "home/rule_form.h"
#include "home/status_view.h"

static const char *typed(void *context, const char *name)
{
        return request_form(context, name);
}

static void show_rules(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view = json_object(), *rules, *list = json_array(), *kinds_list = json_array();
        json_t *moves = NULL, *rule;
        char *stamp = NULL;
        size_t i;

        rules = rules_standing(v->org, &stamp, &why);
        if (rules == NULL || moves_read(v->org, &moves, &why) < 0) {
                reply_failure(rq, re, "rules cannot be read", &why);
                json_decref(view);
                json_decref(list);
                json_decref(kinds_list);
                goto out;
        }
        json_array_foreach(rules, i, rule)
        {
                char *sentence = rule_sentence(rule), *text = json_text(rule);
                json_t *row = json_object();

                json_set_text(row, "id", json_get_text(rule, "id", ""));
                json_set_text(row, "sentence", sentence);
                json_set_bool(row, "off",
                              strstr(text, "\"move_stage\"") != NULL && moves != NULL &&
                                  !json_get_bool(moves, "on", false));
                json_add(list, row);
                mem_free(sentence);
                mem_free(text);
        }
        for (const struct rule_kind *k = rule_kinds; k->name != NULL; k++)
                json_add(kinds_list, admin_option(k->name, k->title));
        json_set_bool(view, "has_rules", json_array_size(list) > 0);
        json_set(view, "rules", list);
        json_set(view, "kinds", kinds_list);
        json_set_bool(view, "moves_on", json_get_bool(moves, "on", false));
        json_set_text(view, "moves_by", json_get_text(moves, "by", NULL));
        admin_set_time(rq, view, "moves_at", json_get_int(moves, "at_ms", 0));
        json_set_text(view, "who", v->who);
        admin_page(rq, re, 200, "rules", view, "Rules", "rules");
out:
        json_decref(rules);
        json_decref(moves);
        mem_free(stamp);
}

/* --- a form ---------------------------------------------------------------------------------- */

struct form_state {
        const char *fault_at, *fault; /* of a field; "" for the whole form */
        json_t *rehearsal;            /* taken */
        bool asked;                   /* the lists are being read again */
};

static void set_typed(struct request *rq, json_t *view, const struct rule_kind *kind,
                      const struct form_state *s)
{
        static const char *const names[] = { "job", "stage", "assessment", "to", "percent" };
        bool sent = text_equal(request_method(rq), "POST");
        char *fault;

        json_set_text(view, "typed_id", sent ? request_form(rq, "id") : kind->name);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                char *name = mem_format("typed_%s", names[i]);

                json_set_text(view, name, sent ? request_form(rq, names[i]) : NULL);
                mem_free(name);
        }
        json_set_bool(view, "any", sent && text_equal(request_form(rq, "result"), "any"));
        if (s->fault != NULL) {
                fault = mem_format("fault_%s", *s->fault_at == '\0' ? "all" : s->fault_at);
                json_set_text(view, fault, s->fault);
                mem_free(fault);
        }
}

static void show_form(struct request *rq, struct reply *re, int status,
                      const struct rule_kind *kind, struct form_state s)
{
        struct org *org = admin_visitor(rq)->org;
        json_t *view = json_object(), *rules, *moves = NULL, *row;
        struct fail why = FAIL_CLEAR;
        char *stamp = NULL;
        size_t i;

        json_array_foreach(json_object_get(s.rehearsal, "rows"), i, row)
        {
                admin_set_time(rq, row, "at", json_get_int(row, "at_ms", 0));
        }
        json_set(view, "rehearsal", s.rehearsal);
        json_set_bool(view, "asked", s.asked);
        rules = rules_standing(org, &stamp, &why);
        if (rules == NULL || moves_read(org, &moves, &why) < 0 ||
            admin_offer(rq, view, kind->assessment, &why) != 0) {
                reply_failure(rq, re, "rule form cannot be made", &why);
                json_decref(view);
        } else {
                json_set_text(view, "kind", kind->name);
                json_set_text(view, "kind_title", kind->title);
                json_set_bool(view, "stage", kind->stage);
                json_set_bool(view, "platform", kind->platform);
                json_set_bool(view, "assessment", kind->assessment);
                json_set_bool(view, "lists", kind->stage || kind->assessment || kind->move);
                json_set_bool(view, "move", kind->move);
                json_set_bool(view, "write", text_equal(kind->name, "write"));
                json_set_bool(view, "moves_on", json_get_bool(moves, "on", false));
                json_set_bool(view, "no_system",
                              kind->stage &&
                                  json_array_size(json_object_get(view, "systems")) == 0);
                json_set_bool(view, "no_platform",
                              kind->platform &&
                                  json_array_size(json_object_get(view, "platforms")) == 0);
                json_set_text(view, "stamp",
                              status == 409 ? stamp : text_or(request_form(rq, "stamp"), stamp));
                set_typed(rq, view, kind, &s);
                admin_page(rq, re, status, "rule-form", view, kind->title, "rules");
        }
        json_decref(rules);
        json_decref(moves);
        mem_free(stamp);
}

/* "rules.2.when.entered_stage.stage: must be ..." names a field of the form. */
static void fault_of(const char *cause, const char **field, char **sentence)
{
        static const char *const names[] = { "stage",      "ats", "job", "platform",
                                             "assessment", "to",  "if",  "id" };
        const char *colon = strstr(cause, ": ");
        char *path = mem_text_part(cause, colon == NULL ? 0 : (size_t)(colon - cause));
        const char *last = strrchr(path, '.');

        *field = "";
        for (size_t i = 0; last != NULL && i < sizeof names / sizeof *names; i++)
                if (text_equal(last + 1, names[i]) || (i == 6 && strstr(path, ".if") != NULL))
                        *field = text_equal(names[i], "if") ? "percent" : names[i];
        *sentence = mem_format("This %s.", colon == NULL ? cause : colon + 2);
        mem_free(path);
}

static const struct rule_kind *kind_of_path(struct request *rq, struct reply *re)
{
        const struct rule_kind *kind = rule_kind(request_segment(rq, "kind"));

        if (kind == NULL)
                reply_problem(rq, re, 404, "There is no such kind of rule.");
        return kind;
}

static void rule_form(struct request *rq, struct reply *re)
{
        const struct rule_kind *kind = kind_of_path(rq, re);

        if (kind != NULL)
                show_form(rq, re, 200, kind, (struct form_state){ .asked = false });
}

static int log_rule(struct request *rq, struct reply *re, const char *did, const json_t *rule)
{
        char *sentence = rule_sentence(rule);
        int result = admin_log(rq, re, did, sentence, NULL);

        mem_free(sentence);
        return result;
}

static void rehearse_rule(struct request *rq, struct reply *re, const struct rule_kind *kind,
                          const json_t *rule)
{
        struct fail why = FAIL_CLEAR;
        json_t *answer = NULL;

        if (rehearse(guard_home(), admin_visitor(rq)->org, rule, when_now_ms(), &answer, &why) != 0)
                reply_failure(rq, re, "rule cannot be rehearsed", &why);
        else
                show_form(rq, re, 200, kind, (struct form_state){ .rehearsal = answer });
}

/* What was typed is kept. */
static void refresh(struct request *rq, struct reply *re, const struct rule_kind *kind)
{
        struct fail why = FAIL_CLEAR;

        if (admin_order_lists(admin_visitor(rq)->org, &why) != 0)
                reply_failure(rq, re, "lists cannot be asked for", &why);
        else
                show_form(rq, re, 200, kind, (struct form_state){ .asked = true });
}

static void save_rule(struct request *rq, struct reply *re, const struct rule_kind *kind,
                      const json_t *rule)
{
        struct org *org = admin_visitor(rq)->org;
        struct fail why = FAIL_CLEAR;
        json_t *rules = rules_standing(org, NULL, &why);
        const char *field;
        char *sentence;
        int result = -1;

        if (rules != NULL) {
                json_add(rules, json_deep_copy(rule));
                result = rules_replace(guard_home(), org, request_form(rq, "stamp"), rules, &why);
        }
        if (result == 2) {
                fault_of(why.text, &field, &sentence);
                show_form(rq, re, 422, kind,
                          (struct form_state){ .fault_at = field, .fault = sentence });
                mem_free(sentence);
        } else if (result == 1) {
                show_form(rq, re, 409, kind,
                          (struct form_state){
                              .fault_at = "",
                              .fault = "The rules changed since you opened the page. "
                                       "What you typed is below; save again to add it." });
        } else if (result < 0) {
                reply_failure(rq, re, "rules cannot be stored", &why);
        } else if (log_rule(rq, re, "rules.added", rule) == 0) {
                admin_go(rq, re, "rules?said=saved");
        }
        json_decref(rules);
}

static void add_rule(struct request *rq, struct reply *re)
{
        const struct rule_kind *kind = kind_of_path(rq, re);
        json_t *rule, *moves = NULL;
        struct fail why = FAIL_CLEAR;
        int64_t percent;

        if (kind == NULL)
                return;
        if (text_equal(request_form(rq, "do"), "refresh")) {
                refresh(rq, re, kind);
                return;
        }
        if (moves_read(admin_visitor(rq)->org, &moves, &why) < 0) {
                reply_failure(rq, re, "switch cannot be read", &why);
                return;
        }
        rule = rule_of_form(kind, typed, rq);
        if (kind->move && text_int(text_or(request_form(rq, "percent"), ""), 0, 100, &percent) != 0)
                show_form(rq, re, 422, kind,
                          (struct form_state){ .fault_at = "percent",
                                               .fault = "Give a number from 0 to 100." });
        else if (text_equal(request_form(rq, "do"), "rehearse"))
                rehearse_rule(rq, re, kind, rule);
        else if (kind->move && !json_get_bool(moves, "on", false))
                show_form(rq, re, 409, kind,
                          (struct form_state){
                              .fault_at = "",
                              .fault = "Moving on scores is off. Switch it on by name on "
                                       "the page of the rules first." });
        else
                save_rule(rq, re, kind, rule);
        json_decref(rule);
        json_decref(moves);
}

/* --- removing, switching -------------------------------------------------------------------- */

/* The rule in the path out of rules: its place, or -1 and a reply. */
static int find_rule(struct request *rq, struct reply *re, json_t **rules, char **stamp)
{
        struct fail why = FAIL_CLEAR;
        json_t *rule;
        size_t i;

        *rules = rules_standing(admin_visitor(rq)->org, stamp, &why);
        if (*rules == NULL) {
                reply_failure(rq, re, "rules cannot be read", &why);
                return -1;
        }
        json_array_foreach(*rules, i, rule)
        {
                if (text_equal(json_get_text(rule, "id", ""), request_segment(rq, "id")))
                        return (int)i;
        }
        reply_problem(rq, re, 404, "There is no such rule; somebody may have removed it.");
        return -1;
}

static void remove_form(struct request *rq, struct reply *re)
{
        json_t *rules = NULL, *view;
        char *stamp = NULL, *sentence;
        int at = find_rule(rq, re, &rules, &stamp);

        if (at >= 0) {
                sentence = rule_sentence(json_array_get(rules, (size_t)at));
                view = json_object();
                json_set_text(view, "id", request_segment(rq, "id"));
                json_set_text(view, "sentence", sentence);
                json_set_text(view, "stamp", stamp);
                admin_page(rq, re, 200, "rule-remove", view, "Remove a rule", "rules");
                mem_free(sentence);
        }
        json_decref(rules);
        mem_free(stamp);
}

static void remove_rule(struct request *rq, struct reply *re)
{
        struct fail why = FAIL_CLEAR;
        json_t *rules = NULL, *rule = NULL;
        char *stamp = NULL;
        int at = find_rule(rq, re, &rules, &stamp), result;

        if (at >= 0) {
                rule = json_incref(json_array_get(rules, (size_t)at));
                json_array_remove(rules, (size_t)at);
                result = rules_replace(guard_home(), admin_visitor(rq)->org,
                                       request_form(rq, "stamp"), rules, &why);
                if (result < 0 || result == 2)
                        reply_failure(rq, re, "rules cannot be stored", &why);
                else if (result == 1)
                        admin_go(rq, re, "rules?said=moved");
                else if (log_rule(rq, re, "rules.removed", rule) == 0)
                        admin_go(rq, re, "rules?said=removed");
        }
        json_decref(rule);
        json_decref(rules);
        mem_free(stamp);
}

/* By name: who switches it on types his own address. */
static void switch_moves(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        bool on = text_equal(request_form(rq, "moves"), "on");
        struct fail why = FAIL_CLEAR;

        if (on && !text_equal_fold(request_form(rq, "name"), v->who)) {
                reply_problem(rq, re, 422,
                              "Type your own e-mail address to switch moving on scores on: your "
                              "name stands beside it from then on.");
                return;
        }
        if (moves_switch(guard_home(), v->org, on, v->who, &why) != 0)
                reply_failure(rq, re, "switch cannot be stored", &why);
        else if (admin_log(rq, re, on ? "moves.on" : "moves.off", NULL, NULL) == 0)
                admin_go(rq, re, "rules?said=saved");
}

const struct route admin_rule_routes[] = {
        { "GET", "{org}/rules", show_rules, 0, false, READERS },
        { "GET", "{org}/rules/add/{kind}", rule_form, 0, false, ADMIN },
        { "POST", "{org}/rules/add/{kind}", add_rule, ADMIN_FORM_MAX, false, ADMIN },
        { "GET", "{org}/rules/{id}/remove", remove_form, 0, false, ADMIN },
        { "POST", "{org}/rules/{id}/remove", remove_rule, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/moves", switch_moves, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
