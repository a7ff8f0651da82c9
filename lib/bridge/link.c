/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an adapter is given to speak for one connection. */
#include "bridge/link.h"

#include <string.h>

#include "floor/code.h"
#include "floor/file.h"
#include "floor/mask.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

/* GraphQL documents and tables are a few kilobytes; an admin's copy stays in that order. */
#define LINK_DATA_MAX (256 * 1024)

int link_fetch(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
               struct fail *why)
{
        (void)link;
        return fetch(request, answer, why);
}

/* So much of an answer is masked for what is kept of it: what is cut at its end, too. */
#define KEPT_MAX (HEARD_BYTES + 1024)

/* Everything that a text must not tell: of the connection, and of the request (may be NULL). */
typedef void hide_function(void *context, const char *secret);

static void each_basic(const char *user, const char *password, hide_function *hide, void *context)
{
        struct buf basic = BUF_NONE, pair = BUF_NONE;

        buf_format(&pair, "%s:%s", user, text_or(password, ""));
        code_base64(&basic, pair.data, pair.len);
        hide(context, buf_text(&basic));
        buf_dispose_secret(&basic);
        buf_dispose_secret(&pair);
}

/* What stands behind "Authorization: Bearer ", and what Basic makes of user and password. */
static void each_of_request(const struct fetch_request *request, hide_function *hide, void *context)
{
        static const char name[] = "Authorization: ";

        for (const char *const *h = request->headers; h != NULL && *h != NULL; h++) {
                const char *value = text_starts_fold(*h, name) ? *h + sizeof name - 1 : NULL,
                           *space = value == NULL ? NULL : strchr(value, ' ');

                if (value != NULL)
                        hide(context, space == NULL ? value : space + 1);
        }
        if (request->user != NULL)
                each_basic(request->user, request->password, hide, context);
}

static void each_secret(const struct link *link, const struct fetch_request *request,
                        hide_function *hide, void *context)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)link->credentials, name, value)
        {
                hide(context, json_string_value(value));
                if (json_string_value(value) != NULL) /* a key is a user without a password */
                        each_basic(json_string_value(value), NULL, hide, context);
        }
        if (request != NULL)
                each_of_request(request, hide, context);
}

static void hide_in_text(void *context, const char *secret)
{
        mask_secret(context, strlen(context), secret);
}

static void hide_in_buf(void *context, const char *secret)
{
        struct buf *b = context;

        mask_secret(b->data, b->len, secret);
}

static void hide_in_answer(void *context, const char *secret)
{
        struct fetch_answer *answer = context;

        hide_in_buf(&answer->body, secret);
        hide_in_buf(&answer->headers, secret);
}

void link_hide(const struct link *link, char *text)
{
        if (text != NULL)
                each_secret(link, NULL, hide_in_text, text);
}

static void tell_heard(struct link *link, const struct fetch_request *request,
                       const struct fetch_answer *answer, int64_t us)
{
        char *type = fetch_header(answer, "Content-Type");
        struct buf start = BUF_NONE;
        struct heard_call call = { .method = request->method,
                                   .url = request->url,
                                   .status = answer->end == FETCH_ANSWERED ? answer->status : 0,
                                   .cause = answer->cause,
                                   .type = type,
                                   .bytes = answer->body.len,
                                   .us = us };

        buf_add(&start, buf_text(&answer->body),
                answer->body.len < KEPT_MAX ? answer->body.len : KEPT_MAX);
        each_secret(link, request, hide_in_buf, &start);
        if (type != NULL)
                each_secret(link, request, hide_in_text, type);
        call.body = buf_text(&start);
        call.body_len = start.len;
        heard_note(link->heard, &call);
        buf_dispose(&start);
        mem_free(type);
}

int link_ask(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
             struct fail *why)
{
        int64_t began = when_steady_us();
        int result = link->call(link, request, answer, why);

        if (answer->end != FETCH_ANSWERED || answer->status < 200 || answer->status > 299)
                each_secret(link, request, hide_in_answer, answer);
        if (link->heard != NULL)
                tell_heard(link, request, answer, when_steady_us() - began);
        return result;
}

const char *link_setting(const struct link *link, const char *name, const char *otherwise)
{
        return text_or(json_get_text(link->settings, name, NULL), otherwise);
}

const char *link_credential(const struct link *link, const char *name)
{
        return text_or(json_get_text(link->credentials, name, NULL), NULL);
}

/* "codesignal/invite.graphql": two names and nothing that climbs. */
static bool path_is_plain(const char *path)
{
        return path[0] != '\0' && path[0] != '/' && path[0] != '.' && strstr(path, "/.") == NULL &&
               strstr(path, "//") == NULL;
}

int link_data(const struct link *link, const char *path, struct buf *out, struct fail *why)
{
        const char *dirs[] = { link->data_home, link->data_dir };

        if (!path_is_plain(path))
                return fail_set(why, FAIL_INPUT, "data: not a plain name: %s", path);
        for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
                char *name;
                int found;

                if (dirs[i] == NULL)
                        continue;
                name = file_path(dirs[i], path);
                found = file_read(name, LINK_DATA_MAX, out, why);
                mem_free(name);
                if (found != 0)
                        return found;
        }
        return 0;
}
