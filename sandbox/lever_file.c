/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stand-in's files: one multipart part named "file" (wire/lever.md 3, "File"). */
#include <inttypes.h>
#include <string.h>

#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "lever.h"

static void bad(struct reply *re, const char *message)
{
        lv_error(re, 400, "BadRequest", message);
}

/* What stands between "name=\"" and the next quotation mark, in one header line. */
static char *quoted(const char *line, size_t len, const char *name)
{
        char *key = mem_format("%s=\"", name), *value = NULL;
        const char *at = memmem(line, len, key, strlen(key)), *end;

        if (at != NULL) {
                at += strlen(key);
                end = memchr(at, '"', len - (size_t)(at - line));
                if (end != NULL)
                        value = mem_text_part(at, (size_t)(end - at));
        }
        mem_free(key);
        return value;
}

/* The one part of the form: its file name and where its bytes stand.  -1: it is none. */
static int read_form(const struct buf *body, const char *boundary, char **name, const char **data,
                     size_t *len)
{
        char *start = mem_format("--%s\r\n", boundary), *end = mem_format("\r\n--%s--", boundary);
        const char *head = body->data, *gap, *stop;
        char *field = NULL;
        int result = -1;

        *name = NULL;
        if (body->len > strlen(start) && memcmp(head, start, strlen(start)) == 0 &&
            (gap = memmem(head, body->len, "\r\n\r\n", 4)) != NULL &&
            (stop = memmem(gap, body->len - (size_t)(gap - head), end, strlen(end))) != NULL) {
                field = quoted(head, (size_t)(gap - head), " name");
                *name = quoted(head, (size_t)(gap - head), "filename");
                *data = gap + 4;
                *len = (size_t)(stop - *data);
                if (text_equal(field, "file") && !text_empty(*name))
                        result = 0;
        }
        mem_free(field);
        mem_free(start);
        mem_free(end);
        return result;
}

static bool good_extension(const char *name)
{
        static const char *const known[] = {
                "docx", "doc", "js", "jpg", "png", "pdf", "txt", NULL
        };
        const char *dot = strrchr(name, '.');

        for (size_t i = 0; dot != NULL && known[i] != NULL; i++)
                if (text_equal_fold(dot + 1, known[i]))
                        return true;
        return false;
}

static json_t *add_file(const json_t *opportunity, const char *name, const char *data, size_t len)
{
        json_t *row = lv_new("files");
        struct buf text = BUF_NONE;
        char *number = mem_format("%" PRId64, when_now_ms()), *size = mem_format("%zu", len), *url;

        url = mem_format("https://hire.lever.co/candidates/%s/files/%s/download",
                         json_get_text(opportunity, "id", ""), json_get_text(row, "id", ""));
        json_object_del(row, "createdAt");
        json_set_text(row, "(opportunity)", json_get_text(opportunity, "id", ""));
        json_set_text(row, "name", name);
        json_set_text(row, "ext", strrchr(name, '.'));
        json_set_text(row, "downloadUrl", url);
        json_set_text(row, "uploadedAt", number);
        json_set_text(row, "size", size);
        json_set_text(row, "status", "processed");
        code_base64(&text, data, len);
        json_set_text(row, "(data)", buf_text(&text));
        buf_dispose(&text);
        mem_free(url);
        mem_free(size);
        mem_free(number);
        return row;
}

void lv_upload(struct request *rq, struct reply *re, const json_t *opportunity)
{
        const struct buf *body = request_body(rq);
        const char *type = NULL, *boundary, *data = NULL;
        char *name = NULL;
        size_t len = 0;

        request_header(rq, "Content-Type", &type);
        boundary = text_starts_fold(text_or(type, ""), "multipart/form-data")
                       ? strstr(type, "boundary=")
                       : NULL;
        if (boundary == NULL || read_form(body, boundary + 9, &name, &data, &len) != 0)
                bad(re, "A form with one file is required.");
        else if (!good_extension(name))
                bad(re, "Files of this kind are not taken.");
        else if (len == 0 || len > LV_FILE_MAX)
                bad(re, "The file is empty or too large.");
        else
                lv_answer(re, 200, lv_show(add_file(opportunity, name, data, len)));
        mem_free(name);
}

void lv_download(struct request *rq, struct reply *re)
{
        const json_t *row;
        const char *data;
        bool pdf;

        pthread_mutex_lock(&lv.lock);
        row = lv_find("files", request_segment(rq, "id"));
        data = json_get_text(row, "(data)", "");
        pdf = text_equal(json_get_text(row, "ext", ""), ".pdf");
        if (row == NULL || code_unbase64(reply_body(re), data, strlen(data)) != 0) {
                reply_problem(rq, re, 404, "There is no such file.");
        } else {
                reply_status(re, 200);
                reply_type(re, pdf ? "application/pdf" : "text/plain; charset=utf-8");
        }
        pthread_mutex_unlock(&lv.lock);
}
