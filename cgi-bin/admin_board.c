/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: the overview of an org. */
#include "admin.h"
#include "admin_pages.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/board_view.h"
#include "home/status_view.h"

/* What is to be done first in an org that is new: steps with their state. */
static void set_start(json_t *view)
{
        json_t *connections = json_object_get(view, "connections"), *row;
        bool ats = false, platform = false;
        size_t i;

        json_array_foreach(connections, i, row)
        {
                const struct kind *kind = kind_find(json_get_text(row, "kind", ""));

                ats = ats || (kind != NULL && kind->role == KIND_ATS);
                platform = platform || (kind != NULL && kind->role == KIND_PLATFORM);
        }
        json_set_bool(view, "has_ats", ats);
        json_set_bool(view, "has_platform", platform);
        json_set_bool(view, "started",
                      ats && platform && json_get_bool(view, "has_rules", false) &&
                          json_get_int(view, "counts.events", 0) > 0);
}

void admin_board(struct request *rq, struct reply *re)
{
        struct visitor *v = admin_visitor(rq);
        struct fail why = FAIL_CLEAR;
        json_t *view = NULL, *board = NULL, *rules = NULL;
        int64_t now = when_now_ms();

        if (status_view(guard_home(), v->org, &view, &why) != 0 ||
            board_view(v->org, v->zone, now, &board, &why) != 0 ||
            board_map(v->org, now, view, &why) != 0 ||
            (rules = trade_rules(v->org, &why)) == NULL) {
                json_decref(view);
                json_decref(board);
                reply_failure(rq, re, "overview cannot be made", &why);
                return;
        }
        json_set_bool(view, "has_rules", json_array_size(rules) > 0);
        json_set(view, "board", board);
        set_start(view);
        json_decref(rules);
        admin_page(rq, re, 200, "board", view, "Overview", "");
}
