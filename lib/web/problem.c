/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors: RFC 9457 for programs, a plain page for people. */
#include "floor/code.h"
#include "floor/mem.h"
#include "web/exchange.h"
#include "web/page.h"

/* "candidate.email" as RFC 9457's example names it: "#/candidate/email". */
static json_t *errors_of(const char *member, const char *detail)
{
        json_t *list = json_array(), *one = json_object();
        char *pointer = mem_format("#/%s", member);

        for (char *p = pointer; *p != '\0'; p++)
                if (*p == '.')
                        *p = '/';
        json_set_text(one, "pointer", pointer);
        json_set_text(one, "detail", detail);
        json_add(list, one);
        mem_free(pointer);
        return list;
}

static void write_json(struct request *rq, struct reply *re, int status, const char *detail,
                       const char *member)
{
        json_t *problem = json_object();
        char *instance = mem_format("urn:uuid:%s", rq->id);

        json_set_text(problem, "type", "about:blank");
        json_set_text(problem, "title", reply_phrase(status));
        json_set_int(problem, "status", status);
        json_set_text(problem, "detail", detail);
        json_set_text(problem, "instance", instance);
        if (member != NULL)
                json_set(problem, "errors", errors_of(member, detail));
        mem_free(instance);
        reply_json(re, status, problem);
        reply_type(re, "application/problem+json");
}

void reply_problem(struct request *rq, struct reply *re, int status, const char *detail)
{
        reply_problem_at(rq, re, status, NULL, detail);
}

void reply_problem_at(struct request *rq, struct reply *re, int status, const char *member,
                      const char *detail)
{
        json_t *data;

        reply_reset(re);
        if (detail == NULL)
                detail = reply_sentence(status);
        if ((rq->route != NULL && rq->route->program) || !request_wants_html(rq)) {
                write_json(rq, re, status, detail, member);
        } else {
                data = json_object();
                json_set_text(data, "title", reply_phrase(status));
                json_set_int(data, "status", status);
                json_set_text(data, "detail", detail);
                json_set_text(data, "reference", rq->id);
                if (page_render(re, status, "error", data, NULL) != 0)
                        page_bare(re, status, detail, rq->id);
                json_decref(data);
        }
        reply_header(re, "Vary", "Accept");
}
