/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GraphQL documents that an admin corrected. */
#include "fuzz.h"
#include "platform/graphql.h"

static size_t depth_of(const struct graphql_selection *list, size_t count)
{
        size_t most = 0;

        for (size_t i = 0; i < count; i++) {
                size_t depth = depth_of(list[i].selections, list[i].selection_count);

                MUST(list[i].name != NULL || list[i].what == GRAPHQL_INLINE);
                MUST(list[i].line > 0);
                most = depth > most ? depth : most;
        }
        return count == 0 ? 0 : most + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct fail why = FAIL_CLEAR;
        struct graphql *g = graphql_parse((const char *)data, size, &why);

        MUST((g == NULL) == (why.kind != FAIL_NONE));
        for (size_t i = 0; g != NULL && i < g->operation_count; i++) {
                const struct graphql_operation *o = &g->operations[i];

                MUST(o->word != NULL);
                MUST(depth_of(o->selections, o->selection_count) <= GRAPHQL_DEPTH_MAX);
                if (o->name != NULL)
                        MUST(graphql_operation(g, o->name) != NULL);
        }
        graphql_free(g);
        return 0;
}
