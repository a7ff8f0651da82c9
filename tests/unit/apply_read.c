/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The apply document: each mistake is named with its path. */
#include <stdlib.h>
#include <string.h>

#include "../tap.h"
#include "door/fetch.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "home/apply.h"

#define GOOD_HEAD "{\"org\":\"acme\",\"name\":\"A\",\"public_url\":\"https://h.example/fairlead\""
#define CS "{\"id\":\"cs\",\"kind\":\"codesignal\",\"credentials\":{\"api_key\":\"k\"}}"

static void test_wrong(void)
{
        static const struct {
                const char *given, *want;
        } rows[] = {
                { "", "" },
                { "{", "" },
                { "[]", "the document must be an object" },
                { "{}", "org: must be" },
                { "{\"org\":\"../x\"}", "org: must be" },
                { "{\"org\":\"acme\"}", "public_url: must be" },
                { "{\"org\":\"acme\",\"name\":\"\"}", "name: must be" },
                { "{\"org\":\"acme\",\"name\":\"Acme\\r\\nBcc: x\"}", "name: must be" },
                { "{\"org\":\"acme\",\"name\":\"Acme\\u007f\"}", "name: must be" },
                { "{\"org\":\"acme\",\"public_url\":\"ftp://x\"}", "public_url: must be" },
                { "{\"org\":\"acme\",\"public_url\":\"http://h.example/\"}", "public_url: plain" },
                { GOOD_HEAD ",\"nam\":1}", "nam: there is no such member" },
                { GOOD_HEAD ",\"org\":\"b\"}", "" },
                { GOOD_HEAD ",\"connections\":{}}", "connections: must be a list" },
                { GOOD_HEAD ",\"connections\":[1]}", "connections.0" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a b\"}]}", "connections.0.id" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"workday\"}]}",
                  "connections.0.kind: must be one of greenhouse" },
                { GOOD_HEAD ",\"connections\":[" CS "," CS "]}", "connections.1.id: cs is there" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\"}]}",
                  "connections.0.credentials.api_key: is missing" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\",\"settings\":"
                            "{\"colour\":\"red\"}}]}",
                  "connections.0.settings.colour: codesignal has no such member" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\",\"settings\":"
                            "{\"base_url\":\"http://10.0.0.1/\"}}]}",
                  "connections.0.settings.base_url" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\",\"settings\":"
                            "{\"base_url\":7}}]}",
                  "connections.0.settings.base_url: must be a text" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\","
                            "\"credentials\":{\"api_key\":{\"env\":\"FAIRLEAD_T_ABSENT\"}}}]}",
                  "connections.0.credentials.api_key: the environment has no" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\","
                            "\"credentials\":{\"api_key\":{\"file\":\"absent\"}}}]}",
                  "connections.0.credentials.api_key: there is no file" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\","
                            "\"credentials\":{\"api_key\":{\"fil\":\"x\"}}}]}",
                  "connections.0.credentials.api_key.fil: there is no such member" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\","
                            "\"credentials\":{\"api_key\":\"\"}}]}",
                  "connections.0.credentials.api_key: must be 1 to" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\","
                            "\"credentials\":{\"api_key\":\"k\"},\"webhook\":{\"secret\":\"x\"}}]}",
                  "connections.0.webhook.secret: there is no such member" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"codesignal\","
                            "\"credentials\":{\"api_key\":\"k\"},\"webhook\":{\"secrets\":[7]}}]}",
                  "connections.0.webhook.secrets.0: must be a text" },
                { GOOD_HEAD ",\"connections\":[{\"id\":\"a\",\"kind\":\"consumer\",\"settings\":"
                            "{\"url\":\"https://c.example/\"},\"credentials\":{\"secret\":\"s\"},"
                            "\"webhook\":{\"secrets\":[]}}]}",
                  "connections.0.webhook: consumer sends no webhooks" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fail why = FAIL_CLEAR;
                json_t *got = apply_read(rows[i].given, strlen(rows[i].given), ".", &why);

                tap_ok(got == NULL, "refused: %s", why.text);
                tap_int(why.kind, FAIL_INPUT, "as the caller's mistake");
                if (!tap_ok(strncmp(why.text, rows[i].want, strlen(rows[i].want)) == 0,
                            "starts with its path: %s", rows[i].want))
                        tap_note("got: %s", why.text);
                apply_forget(got);
        }
}

/* The document of the design, as it stands. */
static const char whole[] =
    "{\"org\":\"acme\",\"name\":\"Acme Ltd\",\"public_url\":\"https://hire.example.org/fairlead/\","
    "\"connections\":["
    "{\"id\":\"gh\",\"kind\":\"greenhouse\",\"settings\":{\"api\":\"v3\","
    "\"base_url\":\"https://harvest.greenhouse.io/v3\","
    "\"token_url\":\"https://auth.greenhouse.io/"
    "token\",\"act_as_user\":4158,\"subdomain\":\"app\"},"
    "\"credentials\":{\"client_id\":\"id\",\"client_secret\":\"secret\"},"
    "\"webhook\":{\"secrets\":[\"greenhouse hook secret\"]}},"
    "{\"id\":\"lv\",\"kind\":\"lever\",\"settings\":{\"base_url\":\"https://api.lever.co/v1\","
    "\"act_as_user\":\"8d49b010-cc6a-4f40-ace5-e86061c677ed\",\"notify\":\"followers\"},"
    "\"credentials\":{\"api_key\":\"key\"},\"webhook\":{\"secrets\":[\"signature token\"]}},"
    "{\"id\":\"ab\",\"kind\":\"ashby\",\"settings\":{\"base_url\":\"https://api.ashbyhq.com\"},"
    "\"credentials\":{\"api_key\":\"key\"},\"webhook\":{\"secrets\":[\"secret token\"]}},"
    "{\"id\":\"cs\",\"kind\":\"codesignal\","
    "\"settings\":{\"base_url\":\"https://app.codesignal.com/graphql\"},"
    "\"credentials\":{\"api_key\":\"key\"},"
    "\"webhook\":{\"secrets\":[\"codesignal hook secret\"]}},"
    "{\"id\":\"cb\",\"kind\":\"coderbyte\",\"settings\":{\"base_url\":\"https://coderbyte.com/"
    "api\","
    "\"organization\":\"acmeengineering\"},\"credentials\":{\"api_key\":\"key\"}},"
    "{\"id\":\"endorsed\",\"kind\":\"consumer\","
    "\"settings\":{\"url\":\"https://consumer.example/hook\",\"signing\":\"codesignal\","
    "\"events\":[\"*\"],\"headers\":{\"x-endorsed-organization-id\":\"42\"},"
    "\"alert_email\":[\"team@acme.example\"]},\"credentials\":{\"secret\":\"shared secret\"}}],"
    "\"rules\":[]}";

static void test_right(void)
{
        struct fail why = FAIL_CLEAR;
        char *dir = tap_dir(), *file = file_path(dir, "key"), *doc;
        json_t *got = apply_read(whole, strlen(whole), ".", &why);

        tap_ok(got != NULL, "the design's own document: %s", why.text);
        tap_text(json_get_text(got, "public_url", ""), "https://hire.example.org/fairlead",
                 "slashes at the end go");
        tap_int((int64_t)json_array_size(json_at(got, "connections")), 6, "six connections");
        apply_forget(got);

        file_write(file, "from a file\n", 12, 0600, &why);
        setenv("FAIRLEAD_T_SECRET", "from the environment", 1);
        doc =
            mem_format("%s,\"connections\":[{\"id\":\"gh\",\"kind\":\"greenhouse\",\"credentials\":"
                       "{\"client_id\":{\"file\":\"key\"},\"client_secret\":"
                       "{\"env\":\"FAIRLEAD_T_SECRET\"}}}]}",
                       GOOD_HEAD);
        got = apply_read(doc, strlen(doc), dir, &why);
        tap_ok(got != NULL, "secrets from elsewhere: %s", why.text);
        tap_text(json_get_text(got, "connections.0.credentials.client_id", ""), "from a file",
                 "a file beside the document, without its newline");
        tap_text(json_get_text(got, "connections.0.credentials.client_secret", ""),
                 "from the environment", "the environment");
        apply_forget(got);
        mem_free(doc);
        mem_free(file);
        mem_free(dir);
}

int main(void)
{
        struct fail why = FAIL_CLEAR;

        tap_int(fetch_start("", &why), 0, "the guard is up");
        test_wrong();
        test_right();
        fetch_stop();
        return tap_end();
}
