/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Webhooks of every sender there is: the first byte chooses it, the first line is what each
 * header holds, the rest is the body.
 */
#include "bridge/sender.h"
#include "floor/buf.h"
#include "floor/text.h"
#include "fuzz.h"
#include "home/kind.h"

static int header(void *context, const char *name, const char **value)
{
        const char *line = context;

        (void)name;
        *value = *line == '\0' ? NULL : line;
        return *line == '\0' ? 0 : *line == '!' ? -1 : 1;
}

static const struct sender *choose(unsigned which)
{
        const struct sender *senders[32];
        unsigned count = 0;

        for (size_t i = 0; kinds[i] != NULL && count < 32; i++) {
                if (kinds[i]->sender != NULL)
                        senders[count++] = kinds[i]->sender;
        }
        MUST(count > 0);
        return senders[which % count];
}

static void judge(const struct sender *sender, const char *line, const struct buf *body)
{
        /* nobody guesses these: no input may be taken as signed with one of them */
        static const struct sender_secret secrets[] = {
                { "kuvHRWnXWGmHVnmPxFWp2y9nZcSk", 28 },
                { "x3QeUYdGNCZ5rnAJ9sYbdJqMQkzT", 28 },
        };
        json_t *settings = json_object();
        struct sender_request request = {
                .body = body,
                .header = header,
                .context = (void *)(uintptr_t)line,
                .hook_url = "https://hire.example.org/fairlead/webhook/acme/x",
                .settings = settings,
                .secrets = secrets,
                .secret_count = 2,
                .now_ms = INT64_C(1782974004990),
        };
        struct verdict verdict = { .secret = -1 };

        sender->verify(&request, &verdict);
        MUST(verdict.trust == TRUST_UNSIGNED && verdict.secret == -1);
        MUST(verdict.status >= 200 && verdict.status < 600 && verdict.reason != NULL);
        json_decref(settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const struct sender *sender;
        struct buf body = BUF_NONE;
        json_t *headers = json_object(), *settings = json_object();
        struct fact fact;
        char *line;

        if (size == 0) {
                json_decref(headers);
                json_decref(settings);
                return 0;
        }
        sender = choose(*data);
        data++;
        size--;
        line = next_part(&data, &size, '\n');
        buf_add(&body, data, size);
        judge(sender, line, &body);
        for (size_t i = 0; sender->headers != NULL && sender->headers[i] != NULL; i++)
                json_set_text(headers, sender->headers[i], line);
        memset(&fact, 0, sizeof fact);
        sender->decode(body.data, body.len, headers, settings, &fact);
        MUST(memchr(fact.summary, '\0', sizeof fact.summary) != NULL);
        MUST(fact_word(fact.kind) != NULL && fact.name != NULL);
        MUST(text_utf8_valid(fact.summary, strlen(fact.summary)));
        fact_dispose(&fact);
        json_decref(headers);
        json_decref(settings);
        buf_dispose(&body);
        mem_free(line);
        return 0;
}
