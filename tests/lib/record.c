/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps what an adapter sends in a test. */
#include "record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "door/json.h"
#include "floor/buf.h"
#include "floor/file.h"

void record_request(const char *vendor, const struct fetch_request *request)
{
        const char *path = getenv("FAIRLEAD_RECORD_REQUESTS");
        json_t *line, *headers;
        struct buf text = BUF_NONE;
        int fd;

        if (path == NULL || *path == '\0')
                return;
        line = json_object();
        headers = json_array();
        json_set_text(line, "vendor", vendor);
        json_set_text(line, "method", request->method);
        json_set_text(line, "url", request->url);
        for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
                json_add(headers, json_string(request->headers[i]));
        json_set(line, "headers", headers);
        json_set_bool(line, "basic", request->user != NULL);
        json_set(line, "body",
                 request->body == NULL ? NULL : json_new_text(request->body, request->body_len));
        json_write(line, &text);
        buf_add_char(&text, '\n');
        json_decref(line);
        /* One write to a file opened for appending: test programs may run side by side. */
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0 || file_write_all(fd, text.data, text.len) != 0) {
                printf("Bail out! cannot write %s\n", path);
                exit(99);
        }
        close(fd);
        buf_dispose(&text);
}
