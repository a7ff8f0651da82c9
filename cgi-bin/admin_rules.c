/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: rules: a list in sentences, taking one away, the switch for moves. */
#include <string.h>

#include "admin.h"
#include "admin_pages.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "home/rule_form.h"
#include "home/rule_words.h"

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

/* --- removing, switching -------------------------------------------------------------------- */

int admin_find_rule(struct request *rq, struct reply *re, json_t **rules, char **stamp)
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

int admin_log_rule(struct request *rq, struct reply *re, const char *did, const json_t *rule,
                   const json_t *detail)
{
        char *sentence = rule_sentence(rule);
        int result = admin_log(rq, re, did, sentence, detail);

        mem_free(sentence);
        return result;
}

static void remove_form(struct request *rq, struct reply *re)
{
        json_t *rules = NULL, *view;
        char *stamp = NULL, *sentence;
        int at = admin_find_rule(rq, re, &rules, &stamp);

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
        int at = admin_find_rule(rq, re, &rules, &stamp), result;

        if (at >= 0) {
                rule = json_incref(json_array_get(rules, (size_t)at));
                json_array_remove(rules, (size_t)at);
                result = rules_replace(guard_home(), admin_visitor(rq)->org,
                                       request_form(rq, "stamp"), rules, &why);
                if (result < 0 || result == 2)
                        reply_failure(rq, re, "rules cannot be stored", &why);
                else if (result == 1)
                        admin_go(rq, re, "rules?said=moved");
                else if (admin_log_rule(rq, re, "rules.removed", rule, NULL) == 0)
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
        { "GET", "{org}/rules/{id}/remove", remove_form, 0, false, ADMIN },
        { "POST", "{org}/rules/{id}/remove", remove_rule, ADMIN_FORM_MAX, false, ADMIN },
        { "POST", "{org}/moves", switch_moves, ADMIN_FORM_MAX, false, ADMIN },
        { NULL, NULL, NULL, 0, false, NULL },
};
