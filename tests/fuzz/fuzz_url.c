/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guard: URLs somebody typed, networks an operator typed. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "door/fetch.h"
#include "floor/address.h"
#include "floor/buf.h"
#include "fuzz.h"

/* Without allowed networks only https passes, and no number that a resolver would take for an
 * address inside: inet_aton() reads decimal, octal, hexadecimal and short forms. */
static void check_host(const char *text)
{
        struct fail why = FAIL_CLEAR;
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        int result = fetch_check_url(text, &why);
        struct address a;
        char *host;

        MUST((result == 0) == (why.kind == FAIL_NONE));
        if (result != 0)
                return;
        MUST(strncasecmp(text, "https:", 6) == 0);
        if (strncasecmp(text, "https://", 8) == 0) {
                host = mem_text_part(text + 8, strcspn(text + 8, "/:?#"));
                if (inet_aton(host, &v4.sin_addr) != 0) {
                        MUST(address_from(&a, (struct sockaddr *)&v4, sizeof v4) == 0);
                        MUST(address_special(&a) == NULL);
                }
                mem_free(host);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static bool started;
        char *text = the_rest(data, size);
        struct address a, again;
        struct network *list;
        struct buf out = BUF_NONE;
        size_t count;

        if (!started)
                started = fetch_start("", NULL) == 0;
        check_host(text);
        if (address_parse(&a, text) == 0) {
                address_write(&a, &out);
                MUST(address_parse(&again, buf_text(&out)) == 0);
                MUST(memcmp(&a, &again, sizeof a) == 0);
                MUST(!address_is_loopback(&a) || address_special(&a) != NULL);
        }
        if (network_list(&list, &count, text, NULL) == 0) {
                for (size_t i = 0; i < count; i++)
                        MUST(list[i].bits <= 128 && network_holds(&list[i], &list[i].base));
                mem_free(list);
        }
        buf_dispose(&out);
        mem_free(text);
        return 0;
}
