/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What programs with keys share. */
#include "guard.h"

#include <string.h>

#include "door/fetch.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"
#include "home/records.h"

static struct home *home;

int guard_start(struct fail *why)
{
        if (text_empty(serve_settings.home))
                return fail_set(why, FAIL_INPUT, "FAIRLEAD_HOME is not set");
        if (fetch_start(serve_settings.allow_networks, why) != 0 ||
            fetch_trust(serve_settings.ca_file, why) != 0)
                return -1;
        switch (home_open(&home, serve_settings.home, why)) {
        case 1:
                return 0;
        case 0:
                return fail_set(why, FAIL_INPUT, "there is no home at %s", serve_settings.home);
        default:
                return -1;
        }
}

void guard_stop(void)
{
        home_close(home);
        home = NULL;
        fetch_stop();
}

struct home *guard_home(void)
{
        return home;
}

int guard_open_org(struct request *rq, struct reply *re, struct org **org)
{
        struct fail why = FAIL_CLEAR;

        *org = NULL;
        if (home_org(home, request_segment(rq, "org"), org, &why) >= 0)
                return 0;
        reply_failure(rq, re, "org cannot be opened", &why);
        return -1;
}

int guard_org(struct request *rq, struct reply *re, const char *scope, bool browser,
              struct org **org, char key_id[9])
{
        struct fail why = FAIL_CLEAR;
        enum key_answer answer;
        char own[9];
        bool known;
        int found = home_org(home, request_segment(rq, "org"), org, &why);

        if (found < 0) {
                reply_failure(rq, re, "org cannot be opened", &why);
                return -1;
        }
        if (key_id == NULL)
                key_id = own;
        answer = key_check(home, found > 0 ? *org : NULL, request_credential(rq), scope,
                           request_address(rq), key_id, &why);
        if (answer == KEY_PASS) {
                key_used(home, *org, key_id, request_address(rq), when_now_ms());
                return 0;
        }
        if (answer == KEY_BROKEN) {
                reply_failure(rq, re, "key cannot be looked up", &why);
                return -1;
        }
        known = answer == KEY_SCOPE || answer == KEY_PLACE;
        reply_problem(rq, re, known ? 403 : 401, key_sentence(answer));
        if (!known && browser)
                reply_header(re, "WWW-Authenticate",
                             "Basic realm=\"Fairlead: your key as user name\", charset=\"UTF-8\"");
        return -1;
}

/* "https://host:port" of a URL, in place. */
static void cut_to_origin(char *url)
{
        char *slashes = strstr(url, "://"), *path;

        path = slashes == NULL ? NULL : strchr(slashes + 3, '/');
        if (path != NULL)
                *path = '\0';
}

int guard_same_origin(struct request *rq, struct reply *re, struct org *org)
{
        const char *site = NULL, *origin = NULL;
        json_t *self = NULL;
        char *ours = NULL;
        bool good = true;

        if (request_header(rq, "Sec-Fetch-Site", &site) > 0) {
                good = text_equal(site, "same-origin") || text_equal(site, "none");
        } else if (request_header(rq, "Origin", &origin) != 0) {
                if (record_get(org, "org", "self", &self, NULL) == 1)
                        ours = mem_text(json_get_text(self, "public_url", ""));
                json_decref(self);
                if (ours != NULL)
                        cut_to_origin(ours);
                good = origin != NULL && text_equal(origin, ours);
                mem_free(ours);
        }
        if (!good)
                reply_problem(rq, re, 403,
                              "This form was sent from another site. Open the page "
                              "here and press the button again.");
        return good ? 0 : -1;
}
