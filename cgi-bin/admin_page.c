/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admin: what all its pages have in common. */
#include <stdarg.h>
#include <string.h>

#include "admin.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/audit.h"
#include "home/records.h"
#include "home/visit.h"

struct trade admin_trade(void)
{
        return (struct trade){ .home = guard_home(),
                               .data_dir = serve_settings.data,
                               .scale = serve_settings.retry_scale };
}

/* within_ms 0: every time. */
static int log_it(struct request *rq, struct reply *re, const char *did, const char *about,
                  const json_t *detail, int64_t within_ms)
{
        struct visitor *v = admin_visitor(rq);
        const struct audit_entry e = { .org = v->org->name,
                                       .who = v->who,
                                       .from = admin_from(rq),
                                       .did = did,
                                       .about = about,
                                       .request = request_id(rq),
                                       .detail = detail };
        struct fail why = FAIL_CLEAR;
        int result = within_ms == 0 ? audit_add(guard_home(), &e, &why)
                                    : audit_add_once(guard_home(), &e, within_ms, &why);

        if (result != 0)
                reply_failure(rq, re, "audit log cannot be written", &why);
        return result != 0 ? -1 : 0;
}

int admin_log(struct request *rq, struct reply *re, const char *did, const char *about,
              const json_t *detail)
{
        return log_it(rq, re, did, about, detail, 0);
}

int admin_log_once(struct request *rq, struct reply *re, const char *did, const char *about,
                   int64_t within_ms)
{
        return log_it(rq, re, did, about, NULL, within_ms);
}

static const struct {
        const char *word, *sentence;
} said[] = {
        { "signed-out", "You are signed out." },
        { "signed-out-everywhere", "You are signed out everywhere. Sign in again here." },
        { "saved", "Saved." },
        { "unchanged", "Nothing was different, so nothing is changed." },
        { "invited", "The invitation is ready." },
        { "removed", "Removed." },
        { "revoked", "The key is revoked; it is refused from now on." },
        { "ended", "That visit is ended." },
        { "passphrase", "Your passphrase is changed." },
        { "totp-off", "The second factor is off." },
        { "withdrawn", "The invitation is withdrawn." },
        { "retried", "It is tried again now." },
        { "parked", "It is parked." },
        { "replayed", "It is read again now." },
        { "mended", "It is being looked at again; come back in a moment." },
        { "moved", "It had changed in the meantime; this is how it stands now." },
        { "glass", "The glass is broken for one hour. The organisation can see it." },
};

const char *admin_said(const char *word)
{
        for (size_t i = 0; word != NULL && i < sizeof said / sizeof *said; i++)
                if (text_equal(said[i].word, word))
                        return said[i].sentence;
        return NULL;
}

void admin_go(struct request *rq, struct reply *re, const char *format, ...)
{
        char *base = request_base(rq), *rest, *where;
        va_list list;

        va_start(list, format);
        rest = mem_format_list(format, list);
        va_end(list);
        where = mem_format("%s/%s%s%s", base, admin_visitor(rq)->org->name,
                           *rest == '\0' || *rest == '?' ? "" : "/", rest);
        reply_see_other(re, where);
        mem_free(where);
        mem_free(rest);
        mem_free(base);
}

/* The menu: an entry is shown to those who may. */
static const struct entry {
        const char *path, *words, *roles;
} entries[] = {
        { "", "Overview", "admin recruiter glass" },
        { "connections", "Connections", "admin recruiter glass" },
        { "rules", "Rules", "admin recruiter glass" },
        { "candidates", "Candidates", "admin recruiter glass" },
        { "events", "Events", "admin recruiter glass" },
        { "actions", "Actions", "admin recruiter glass" },
        { "keys", "Keys", "admin" },
        { "people", "People", "admin" },
        { "log", "Log", "admin auditor" },
}, host_entries[] = {
        { "", "Host", "operator" },
        { "people", "People", "operator" },
        { "log", "Log", "operator" },
};

static bool is_for(const char *roles, const char *role)
{
        const char *at = strstr(roles, role);

        return *role != '\0' && at != NULL;
}

static json_t *menu(const struct visitor *v, const char *base, const char *here)
{
        bool host = text_equal(v->org->name, HOME_HOST);
        const struct entry *list = host ? host_entries : entries;
        size_t count =
            host ? sizeof host_entries / sizeof *host_entries : sizeof entries / sizeof *entries;
        json_t *nav = json_array(), *row;

        for (size_t i = 0; i < count; i++) {
                char *href;

                if (!is_for(list[i].roles, v->role))
                        continue;
                href = mem_format("%s/%s%s%s", base, v->org->name, *list[i].path ? "/" : "",
                                  list[i].path);
                row = json_object();
                json_set_text(row, "href", href);
                json_set_text(row, "words", list[i].words);
                json_set_bool(row, "here", text_equal(list[i].path, here));
                json_add(nav, row);
                mem_free(href);
        }
        return nav;
}

/* Operators who can see this org's data now: the org is told on every page. */
static void set_glass(struct request *rq, json_t *view, struct org *org)
{
        json_t *list = NULL, *row;
        size_t i;

        if (glass_list(org, &list, NULL) != 0)
                return;
        json_array_foreach(list, i, row)
        {
                admin_set_time(rq, row, "until", json_get_int(row, "until_ms", 0));
        }
        json_set(view, "glass", list);
}

static void set_common(struct request *rq, json_t *view, const char *title, const char *org)
{
        char *base = request_base(rq);

        json_set_text(view, "title", title);
        json_set_text(view, "base", base);
        json_set_text(view, "org", org);
        mem_free(base);
}

void admin_page(struct request *rq, struct reply *re, int status, const char *name, json_t *view,
                const char *title, const char *here)
{
        struct visitor *v = admin_visitor(rq);
        const char *person = json_get_text(v->person, "name", "");
        json_t *self = NULL;

        set_common(rq, view, title, v->org->name);
        if (record_get(v->org, "org", "self", &self, NULL) < 0)
                self = NULL;
        json_set_text(view, "org_name",
                      text_equal(v->org->name, HOME_HOST)
                          ? "This host"
                          : json_get_text(self, "name", v->org->name));
        json_set_bool(view, "wide", true);
        json_set_text(view, "csrf", v->csrf);
        json_set_text(view, "person", text_or(person, v->who));
        json_set_text(view, "account_org", v->home->name);
        json_set_bool(view, "admin", text_equal(v->role, "admin"));
        json_set(view, "nav", menu(v, json_get_text(view, "base", ""), here));
        if (json_object_get(view, "said") == NULL)
                json_set_text(view, "said", admin_said(request_query(rq, "said")));
        set_glass(rq, view, v->org);
        json_decref(self);
        reply_header(re, "Vary", "Cookie");
        reply_page(rq, re, status, name, view);
}

void admin_bare_page(struct request *rq, struct reply *re, int status, const char *name,
                     json_t *view, const char *title, const char *org, const char *csrf)
{
        set_common(rq, view, title, org);
        json_set_text(view, "csrf", csrf);
        reply_page(rq, re, status, name, view);
}

void admin_set_time(struct request *rq, json_t *row, const char *name, int64_t ms)
{
        struct visitor *v = admin_visitor(rq);
        struct buf text = BUF_NONE;
        int64_t now = when_now_ms();
        json_t *time;

        if (ms == 0) {
                json_set(row, name, NULL);
                return;
        }
        time = json_object();
        when_iso(&text, ms);
        json_set_text(time, "machine", buf_text(&text));
        buf_reset(&text);
        zone_people(&text, v->zone, ms);
        json_set_text(time, "people", buf_text(&text));
        buf_reset(&text);
        if (ms > now)
                buf_add_text(&text, "in ");
        when_span(&text, ms > now ? ms - now : now - ms);
        if (ms <= now)
                buf_add_text(&text, " ago");
        json_set_text(time, "ago", buf_text(&text));
        json_set(row, name, time);
        buf_dispose(&text);
}

json_t *admin_option(const char *value, const char *words)
{
        json_t *row = json_object();

        json_set_text(row, "value", value);
        json_set_text(row, "words", words);
        return row;
}

void admin_choose(json_t *options, const char *value)
{
        json_t *row;
        size_t i;

        json_array_foreach(options, i, row)
        {
                json_set_bool(row, "chosen", text_equal(json_get_text(row, "value", ""), value));
        }
}
