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

static void hide(struct fetch_answer *answer, const char *secret)
{
        mask_secret(answer->body.data, answer->body.len, secret);
        mask_secret(answer->headers.data, answer->headers.len, secret);
}

/* What stands behind "Authorization: Bearer ", and what Basic makes of user and password. */
static void hide_authorization(struct fetch_answer *answer, const struct fetch_request *request)
{
        static const char name[] = "Authorization: ";
        struct buf basic = BUF_NONE, pair = BUF_NONE;

        for (const char *const *h = request->headers; h != NULL && *h != NULL; h++) {
                const char *value = text_starts_fold(*h, name) ? *h + sizeof name - 1 : NULL,
                           *space = value == NULL ? NULL : strchr(value, ' ');

                if (value != NULL)
                        hide(answer, space == NULL ? value : space + 1);
        }
        if (request->user != NULL) {
                buf_format(&pair, "%s:%s", request->user, text_or(request->password, ""));
                code_base64(&basic, pair.data, pair.len);
                hide(answer, buf_text(&basic));
        }
        buf_dispose_secret(&basic);
        buf_dispose_secret(&pair);
}

static void tell_heard(struct heard *heard, const struct fetch_request *request,
                       const struct fetch_answer *answer, int64_t us)
{
        char *type = fetch_header(answer, "Content-Type");
        const struct heard_call call = { .method = request->method,
                                         .url = request->url,
                                         .status =
                                             answer->end == FETCH_ANSWERED ? answer->status : 0,
                                         .cause = answer->cause,
                                         .type = type,
                                         .body = answer->body.data,
                                         .body_len = answer->body.len,
                                         .us = us };

        heard_note(heard, &call);
        mem_free(type);
}

int link_ask(struct link *link, const struct fetch_request *request, struct fetch_answer *answer,
             struct fail *why)
{
        int64_t began = when_steady_us();
        int result = link->call(link, request, answer, why);
        const char *name;
        json_t *value;

        if (answer->body.len > 0 || answer->headers.len > 0) {
                json_object_foreach((json_t *)(uintptr_t)link->credentials, name, value)
                    hide(answer, json_string_value(value));
                hide_authorization(answer, request);
        }
        if (link->heard != NULL)
                tell_heard(link->heard, request, answer, when_steady_us() - began);
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
