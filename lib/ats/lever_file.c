/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files on an opportunity in Lever (wire/lever.md 3, "File"). */
#include <string.h>

#include "ats/lever_call.h"
#include "ats/lever_part.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"

#define FILE_MAX ((size_t)30 * 1000 * 1000)
#define BOUNDARY_LEN 32

struct search {
        const char *name;
        int found;
};

static int look(void *context, const json_t *row)
{
        struct search *search = context;

        if (text_equal(json_get_text(row, "name", NULL), search->name))
                search->found = 1;
        return search->found;
}

int lever_find_file(struct link *link, const struct application *application, const char *name,
                    int *found, struct outcome *outcome)
{
        struct search search = { name, 0 };
        char *path = lever_path(link, application->id, "files", false);
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        result = lever_each(link, path, "list opportunity files", look, &search, outcome);
        *found = result == 0 ? search.found : 0;
        mem_free(path);
        return result;
}

/* RFC 7578: a quotation mark or a line end in the name would end it. */
static void add_name(struct buf *out, const char *name)
{
        for (; *name != '\0'; name++)
                buf_add_char(out, (unsigned char)*name < ' ' || *name == '"' || *name == '\\' ||
                                          *name == 0x7F
                                      ? '_'
                                      : *name);
}

int lever_upload_file(struct link *link, const struct application *application,
                      const struct attachment *file, struct outcome *outcome)
{
        char *path = lever_path(link, application->id, "files", true), *type = NULL;
        char *boundary = secret_token(BOUNDARY_LEN);
        struct buf form = BUF_NONE;
        struct lever_ask ask = { .link = link,
                                 .method = "POST",
                                 .path = path,
                                 .permission = "upload opportunity file",
                                 .form = &form };
        int result = -1;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (lever_needs_user(link, "uploads a file", outcome) != 0)
                goto out;
        if (file->len == 0 || file->len > FILE_MAX) {
                outcome_set(outcome, OUTCOME_REFUSED,
                            "The report is empty or larger than the 30 MB that Lever takes.",
                            "files: %zu bytes", file->len);
                goto out;
        }
        buf_format(&form, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"",
                   boundary);
        add_name(&form, file->name);
        buf_format(&form, "\"\r\nContent-Type: %s\r\n\r\n", file->media_type);
        buf_add(&form, file->data, file->len);
        buf_format(&form, "\r\n--%s--\r\n", boundary);
        type = mem_format("multipart/form-data; boundary=%s", boundary);
        ask.form_type = type;
        result = lever_call(&ask, NULL, outcome);
out:
        mem_free(type);
        buf_dispose(&form);
        mem_free_secret(boundary);
        mem_free(path);
        return result;
}
