/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One candidate's application in an ATS. */
#include "bridge/application.h"

#include <stddef.h>
#include <string.h>

#include "floor/mem.h"

static const struct {
        const char *name;
        size_t at;
} texts[] = {
        { "id", offsetof(struct application, id) },
        { "candidate_id", offsetof(struct application, candidate_id) },
        { "first_name", offsetof(struct application, first_name) },
        { "last_name", offsetof(struct application, last_name) },
        { "email", offsetof(struct application, email) },
        { "job_id", offsetof(struct application, job_id) },
        { "job_name", offsetof(struct application, job_name) },
        { "stage_id", offsetof(struct application, stage_id) },
        { "stage_instance", offsetof(struct application, stage_instance) },
        { "stage_name", offsetof(struct application, stage_name) },
        { "stage_entry", offsetof(struct application, stage_entry) },
        { "status", offsetof(struct application, status) },
        { "url", offsetof(struct application, url) },
};

static char **text_at(const struct application *a, size_t i)
{
        return (char **)((char *)(uintptr_t)a + texts[i].at);
}

void application_dispose(struct application *a)
{
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                mem_free(*text_at(a, i));
        memset(a, 0, sizeof *a);
}

json_t *application_to_json(const struct application *a)
{
        json_t *value = json_object();

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                if (*text_at(a, i) != NULL)
                        json_set_text(value, texts[i].name, *text_at(a, i));
        json_set_bool(value, "prospect", a->prospect);
        json_set_bool(value, "private_candidate", a->private_candidate);
        return value;
}

void application_from_json(struct application *a, const json_t *value)
{
        memset(a, 0, sizeof *a);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
                *text_at(a, i) = json_get_id(value, texts[i].name);
        a->prospect = json_get_bool(value, "prospect", false);
        a->private_candidate = json_get_bool(value, "private_candidate", false);
}
