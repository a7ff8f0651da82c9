/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an event says. */
#include "bridge/fact.h"

#include <string.h>

#include "bridge/sender.h"
#include "floor/mem.h"

void fact_dispose(struct fact *fact)
{
        mem_free(fact->name);
        mem_free(fact->subject);
        mem_free(fact->identity);
        json_decref(fact->detail);
        json_decref(fact->about);
        memset(fact, 0, sizeof *fact);
}

const char *fact_word(enum fact_kind kind)
{
        switch (kind) {
        case FACT_NOTHING:
                return "nothing";
        case FACT_UNKNOWN:
                return "unknown";
        case FACT_STAGE_ENTERED:
                return "stage_entered";
        case FACT_APPLICATION_GONE:
                return "application_gone";
        case FACT_SESSION:
                return "session";
        case FACT_INTERVIEW:
                return "interview";
        case FACT_SCHEDULE:
                return "schedule";
        case FACT_TESTS:
                return "tests";
        }
        return "unknown";
}

const char *trust_word(enum trust trust)
{
        switch (trust) {
        case TRUST_UNSIGNED:
                return "unsigned";
        case TRUST_NOTICE:
                return "notice";
        case TRUST_BODY:
                return "body";
        }
        return "unsigned";
}
