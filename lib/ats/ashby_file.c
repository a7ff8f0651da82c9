/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file for a candidate, in three steps (wire/ashby.md 5): a handle and an address for ten
 * minutes, the bytes to that address, the handle to the candidate.
 *
 * The address is an object store's, not Ashby's: our key does not go there, and what it takes
 * is a form whose last part is the file.
 */
#include <string.h>

#include "ats/ashby_call.h"
#include "ats/ashby_part.h"
#include "door/secret.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define FILE_MAX (25 * 1024 * 1024)
#define FIELDS_MAX 40
#define UPLOAD_TIMEOUT_MS (60 * WHEN_SECOND)

static const struct ashby_method create_handle = { "file.createFileUploadHandle",
                                                   "Candidates: write",
                                                   false }, /* repeated: another handle */
    upload_file = { "candidate.uploadFile", "Candidates: write", true };

int ashby_find_file(struct link *link, const struct application *application, const char *name,
                    int *found, struct outcome *outcome)
{
        struct ashby_answer answer;
        const json_t *files;
        int result;

        *found = 0;
        *outcome = (struct outcome)OUTCOME_NONE;
        if (!ashby_is_id(application->candidate_id))
                return ashby_nobody(outcome, "candidate.info");
        result = ashby_candidate(link, application->candidate_id, &answer, outcome);
        files = json_at(answer.results, "fileHandles");
        for (size_t i = 0; result == 0 && i < json_array_size(files); i++)
                if (text_equal(json_get_text(json_array_get(files, i), "name", NULL), name))
                        *found = 1;
        ashby_answer_dispose(&answer);
        return result;
}

/* RFC 7578: quotation marks and line ends in a name would end the header line. */
static void add_name(struct buf *out, const char *name)
{
        for (; *name != '\0'; name++)
                if (*name == '"')
                        buf_add_text(out, "%22");
                else if ((unsigned char)*name < ' ')
                        buf_add_char(out, '_');
                else
                        buf_add_char(out, *name);
}

static void add_part(struct buf *out, const char *boundary, const char *name)
{
        buf_format(out, "--%s\r\nContent-Disposition: form-data; name=\"", boundary);
        add_name(out, name);
        buf_add_char(out, '"');
}

/* Every pair of fields first, the file last under the name "file". */
static void write_form(struct buf *out, const char *boundary, const json_t *fields,
                       const struct attachment *file)
{
        const char *name;
        json_t *value;

        json_object_foreach((json_t *)(uintptr_t)fields, name, value)
        {
                add_part(out, boundary, name);
                buf_format(out, "\r\n\r\n%s\r\n", json_text_of(value, ""));
        }
        add_part(out, boundary, "file");
        buf_add_text(out, "; filename=\"");
        add_name(out, file->name);
        buf_format(out, "\"\r\nContent-Type: %s\r\n\r\n", file->media_type);
        buf_add(out, file->data, file->len);
        buf_format(out, "\r\n--%s--\r\n", boundary);
}

/* The store's answer is not Ashby's: a status, and words only for our own log. */
static int stored(const struct fetch_answer *got, struct outcome *outcome)
{
        int status = got->status;

        outcome->elapsed_us += got->elapsed_us;
        outcome->status = status;
        if (got->end == FETCH_ANSWERED && status >= 200 && status < 300)
                return outcome_set(outcome, OUTCOME_DONE, NULL, NULL);
        if (got->end == FETCH_REFUSED)
                return outcome_set(outcome, OUTCOME_DENIED,
                                   "Ashby named an address for the file that must not be used.",
                                   "upload: %s", got->cause);
        /* Bytes that arrived twice belong to nobody until the handle is given away: again. */
        return outcome_set(outcome, OUTCOME_AGAIN,
                           "The place where Ashby keeps files did not take the report. It will be "
                           "tried again.",
                           "upload: %d %s", status, got->cause);
}

static int send_bytes(struct link *link, const json_t *handle, const struct attachment *file,
                      struct outcome *outcome)
{
        char *boundary = secret_token(32), *type;
        const char *headers[2] = { NULL, NULL };
        struct fetch_answer got = { .status = 0 };
        struct buf form = BUF_NONE;
        struct fetch_request request = { .method = "POST",
                                         .url = json_get_text(handle, "url", ""),
                                         .headers = headers,
                                         .timeout_ms = UPLOAD_TIMEOUT_MS };
        int result;

        type = mem_format("Content-Type: multipart/form-data; boundary=%s", boundary);
        headers[0] = type;
        write_form(&form, boundary, json_at(handle, "fields"), file);
        request.body = form.data;
        request.body_len = form.len;
        link_ask(link, &request, &got, NULL);
        result = stored(&got, outcome);
        fetch_answer_dispose(&got);
        buf_dispose(&form);
        mem_free(type);
        mem_free(boundary);
        return result;
}

static int give(struct link *link, const char *candidate, const char *handle,
                struct outcome *outcome)
{
        json_t *body = ashby_body("candidateId", candidate);
        struct ashby_answer answer;
        int result;

        json_set_text(body, "fileHandle", handle);
        result = ashby_call(link, &upload_file, body, &answer, outcome);
        ashby_answer_dispose(&answer);
        return result;
}

int ashby_upload_file(struct link *link, const struct application *application,
                      const struct attachment *file, struct outcome *outcome)
{
        struct ashby_answer answer;
        const char *handle;
        json_t *body;
        int result;

        *outcome = (struct outcome)OUTCOME_NONE;
        if (!ashby_is_id(application->candidate_id) || text_empty(file->name))
                return ashby_nobody(outcome, "candidate.uploadFile");
        if (file->len == 0 || file->len > FILE_MAX)
                return outcome_set(outcome, OUTCOME_REFUSED,
                                   "The report is empty, or too large to be put into Ashby.",
                                   "candidate.uploadFile: %zu bytes", file->len);
        body = ashby_body("fileUploadContext", "CandidateFiles");
        json_set_text(body, "filename", file->name);
        json_set_text(body, "contentType", file->media_type);
        json_set_int(body, "contentLength", (int64_t)file->len);
        result = ashby_call(link, &create_handle, body, &answer, outcome);
        handle = json_get_text(answer.results, "handle", NULL);
        if (result == 0 && (text_empty(handle) ||
                            json_object_size(json_at(answer.results, "fields")) > FIELDS_MAX))
                result = outcome_set(outcome, OUTCOME_AGAIN,
                                     "Ashby gave an answer that cannot be read. It will be tried "
                                     "again.",
                                     "file.createFileUploadHandle: no handle");
        if (result == 0)
                result = send_bytes(link, answer.results, file, outcome);
        if (result == 0)
                result = give(link, application->candidate_id, handle, outcome);
        ashby_answer_dispose(&answer);
        return result;
}
