/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a visitor asks for: target, query or form, Accept (one line each). */
#include "floor/text.h"
#include "fuzz.h"
#include "web/accept.h"
#include "web/form.h"
#include "web/route.h"

static void check_target(const char *target)
{
        static const char *const patterns[] = { "{org}/{hook}", "{org}/join/{token}.ics", "",
                                                "keys/{org}" };
        struct route_match match;

        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) {
                memset(&match, 0, sizeof match);
                if (route_read(target, "/fairlead", "webhook", &match.path) == 0) {
                        MUST(match.path.count <= ROUTE_SEGMENTS_MAX);
                        for (size_t i = 0; i < match.path.count; i++) {
                                const char *segment = match.path.segment[i];

                                MUST(strlen(segment) <= ROUTE_SEGMENT_MAX);
                                MUST(strchr(segment, '/') == NULL);
                                MUST(!text_equal(segment, ".") && !text_equal(segment, ".."));
                                MUST(text_utf8_valid(segment, strlen(segment)));
                        }
                        if (route_fits(patterns[p], &match) && p < 2)
                                MUST(route_value(&match, "org") != NULL);
                }
                route_dispose(&match);
        }
}

static void check_form(const char *text)
{
        struct form form = FORM_NONE;

        form_parse(&form, text, strlen(text));
        MUST(form.count <= FORM_FIELDS_MAX);
        for (size_t i = 0; i < form.count; i++) {
                MUST(strlen(form.fields[i].name) <= FORM_NAME_MAX);
                MUST(text_utf8_valid(form.fields[i].value, strlen(form.fields[i].value)));
                MUST(form_value(&form, form.fields[i].name) != NULL);
        }
        form_dispose(&form);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *target = next_part(&data, &size, '\n'), *accept = next_part(&data, &size, '\n');
        char *form = the_rest(data, size);
        int quality = accept_quality(accept, "text/html");

        MUST(quality >= 0 && quality <= 1000);
        accept_prefers_html(accept);
        check_target(target);
        check_form(route_query(target));
        check_form(form);
        mem_free(target);
        mem_free(accept);
        mem_free(form);
        return 0;
}
