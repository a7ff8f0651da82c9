/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a request to exactly one reply. */
#include <string.h>

#include "floor/log.h"
#include "floor/text.h"
#include "web/exchange.h"

static bool takes(const struct route *route, const char *method)
{
        return text_equal(route->method, method) ||
               (text_equal(route->method, "GET") && text_equal(method, "HEAD"));
}

/* The route of this table that takes the request; NULL none, and *other fits but for the
 * method. */
static const struct route *find_in(const struct route *table, struct request *rq,
                                   const struct route **other, struct buf *allow)
{
        for (const struct route *r = table; r->method != NULL; r++) {
                if (!route_fits(r->path, &rq->match))
                        continue;
                if (takes(r, rq->method))
                        return r;
                *other = r;
                buf_format(allow, "%s, %s", r->method,
                           text_equal(r->method, "GET") ? "HEAD, " : "");
        }
        return NULL;
}

/* Finds the route, or answers 204 to OPTIONS, 404 or 405 and returns NULL. */
static const struct route *find(struct request *rq, struct reply *re)
{
        const struct route *other = NULL, *found = NULL;
        struct buf allow = BUF_NONE;

        for (const struct route *const *t = rq->program->routes; found == NULL && *t != NULL; t++)
                found = find_in(*t, rq, &other, &allow);
        if (found != NULL)
                return buf_dispose(&allow), found;
        rq->route = other; /* its pattern stands in the log line, and it knows its readers */
        if (other == NULL) {
                reply_problem(rq, re, 404, NULL);
                return NULL;
        }
        buf_add_text(&allow, "OPTIONS");
        if (text_equal(rq->method, "OPTIONS"))
                reply_status(re, 204);
        else
                reply_problem(rq, re, 405, NULL);
        reply_header(re, "Allow", buf_text(&allow));
        buf_dispose(&allow);
        return NULL;
}

/* Own limits, whatever the web server's are: 0 fine, or a status. */
static int too_large(struct request *rq, const char *target)
{
        if (strlen(target) > EXCHANGE_TARGET_MAX)
                return 414;
        return cgi_header_size(rq->cgi) > EXCHANGE_HEADERS_MAX ? 431 : 0;
}

void dispatch(struct request *rq, struct reply *re)
{
        const char *target = text_or(cgi_param(rq->cgi, "REQUEST_URI"), "");
        const struct route *route;
        int status = too_large(rq, target);

        if (status != 0) {
                reply_problem(rq, re, status, NULL);
                return;
        }
        if (route_read(target, serve_settings.mount, rq->program->name, &rq->match.path) != 0) {
                reply_problem(rq, re, 404, NULL);
                return;
        }
        route = find(rq, re);
        if (route == NULL)
                return;
        rq->route = route;
        if (route->scope != NULL)
                status = rq->program->may == NULL ? 403 : rq->program->may(rq, re, route->scope);
        if (status == 0 && route->body_max > 0)
                status = cgi_body(rq->cgi, route->body_max, &rq->body);
        if (status > 0)
                reply_problem(rq, re, status, NULL);
        if (status != 0 ||
            (rq->program->check != NULL && rq->program->check(rq, re, route->scope) != 0))
                return;
        route->handler(rq, re);
}

void dispatch_settle(struct request *rq, struct reply *re)
{
        if (re->streaming || (!re->broken && re->given))
                return;
        log_event(LOG_LEVEL_ERROR,
                  re->broken ? "handler made an impossible reply" : "handler made no reply",
                  "route", rq->route == NULL ? NULL : rq->route->path, NULL);
        reply_problem(rq, re, 500, NULL);
}
