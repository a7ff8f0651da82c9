/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A name that changes its mind (DNS rebinding): it is asked once for a connection, and the
 * connection goes to the very address that was checked.  This program answers for the system's
 * resolver, and watches its connect().
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tap.h"
#include "door/fetch.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "rogue.h"

/* What the name is, each time somebody asks: addresses separated by blanks. */
static const char *const *answers;
static int asked;
static char connected[10][INET6_ADDRSTRLEN];
static int connects;

static struct addrinfo *one(const char *text, const char *service)
{
        struct addrinfo *info = calloc(1, sizeof *info + sizeof(struct sockaddr_in6));
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)(info + 1);
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)(info + 1);
        in_port_t port = htons((in_port_t)atoi(text_or(service, "0")));

        info->ai_addr = (struct sockaddr *)(info + 1);
        info->ai_socktype = SOCK_STREAM;
        info->ai_protocol = IPPROTO_TCP;
        if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
                info->ai_family = v4->sin_family = AF_INET;
                info->ai_addrlen = sizeof *v4;
                v4->sin_port = port;
        } else {
                inet_pton(AF_INET6, text, &v6->sin6_addr);
                info->ai_family = v6->sin6_family = AF_INET6;
                info->ai_addrlen = sizeof *v6;
                v6->sin6_port = port;
        }
        return info;
}

/* The library's own calls come here: the program's symbols go before those of libc. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
        char *copy, *rest, *part;
        struct addrinfo **end = list;
        const char *answer = answers[asked];

        (void)node;
        (void)hints;
        if (answers[asked + 1] != NULL)
                asked++;
        *list = NULL;
        copy = rest = mem_text(answer);
        while ((part = text_next(&rest, ' ')) != NULL) {
                *end = one(part, service);
                end = &(*end)->ai_next;
        }
        mem_free(copy);
        return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
        while (list != NULL) {
                struct addrinfo *next = list->ai_next;

                free(list);
                list = next;
        }
}

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
        static int (*real)(int, const struct sockaddr *, socklen_t);
        char text[INET6_ADDRSTRLEN] = "?";

        if (real == NULL) {
                void *found = dlsym(RTLD_NEXT, "connect");

                memcpy(&real, &found, sizeof real);
        }
        if (to->sa_family == AF_INET)
                inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)to)->sin_addr, text,
                          sizeof text);
        else if (to->sa_family == AF_INET6)
                inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)to)->sin6_addr,
                          text, sizeof text);
        if (connects < 10 && to->sa_family != AF_UNIX)
                strcpy(connected[connects++], text);
        return real(fd, to, len);
}

static enum fetch_end call(struct rogue *r, const char *allow, const char *scheme, char **cause)
{
        static int names;
        char *url = mem_format("%s://name%d.example:%d/good", scheme, ++names, rogue_port(r));
        struct fetch_request request = {
                .method = "POST", .url = url, .body = "{}", .body_len = 2, .timeout_ms = 3000
        };
        struct fetch_answer answer;
        struct fail why = FAIL_CLEAR;
        enum fetch_end end;

        asked = connects = 0;
        fetch_start(allow, &why);
        fetch(&request, &answer, &why);
        end = answer.end;
        *cause = mem_text(answer.cause);
        fetch_answer_dispose(&answer);
        mem_free(url);
        return end;
}

int main(void)
{
        static const struct {
                const char *name, *allow, *scheme, *answers[4];
                enum fetch_end want;
                const char *connected; /* NULL: nobody */
        } rows[] = {
                { "inside from the start", "", "https", { "127.0.0.1" }, FETCH_REFUSED, NULL },
                { "the metadata service", "", "https", { "169.254.169.254" }, FETCH_REFUSED, NULL },
                { "mapped into IPv6", "", "https", { "::ffff:127.0.0.1" }, FETCH_REFUSED, NULL },
                { "mapped private", "", "https", { "::ffff:10.0.0.1" }, FETCH_REFUSED, NULL },
                { "6to4 of a private one", "", "https", { "2002:a00:1::" }, FETCH_REFUSED, NULL },
                { "NAT64 of a loopback", "", "https", { "64:ff9b::7f00:1" }, FETCH_REFUSED, NULL },
                { "Teredo", "", "https", { "2001:0:7f00:1::" }, FETCH_REFUSED, NULL },
                { "link-local", "", "https", { "fe80::1" }, FETCH_REFUSED, NULL },
                { "unique local", "", "https", { "fd00::1" }, FETCH_REFUSED, NULL },
                { "the unspecified one", "", "https", { "0.0.0.0" }, FETCH_REFUSED, NULL },
                { "carrier-grade", "", "https", { "100.64.0.1" }, FETCH_REFUSED, NULL },
                { "one good, one bad at once: the bad one is never called",
                  "127.0.0.1",
                  "http",
                  { "10.0.0.1 127.0.0.1" },
                  FETCH_ANSWERED,
                  "127.0.0.1" },
                { "two bad ones", "", "https", { "10.0.0.1 192.168.0.1" }, FETCH_REFUSED, NULL },
                { "asked once: what it says the second time is nobody's business",
                  "127.0.0.0/8",
                  "http",
                  { "127.0.0.1", "127.0.0.9", "127.0.0.9" },
                  FETCH_ANSWERED,
                  "127.0.0.1" },
                { "allowed first, inside next: the first is what is called",
                  "127.0.0.1",
                  "http",
                  { "127.0.0.1", "10.0.0.1", "10.0.0.1" },
                  FETCH_ANSWERED,
                  "127.0.0.1" },
                { "plain http to an allowed private one",
                  "10.0.0.0/8",
                  "http",
                  { "10.0.0.1" },
                  FETCH_REFUSED,
                  NULL },
        };
        struct rogue *r = rogue_start("127.0.0.1");

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                int before = rogue_connections(r);
                char *cause;
                enum fetch_end end;

                answers = rows[i].answers;
                end = call(r, rows[i].allow, rows[i].scheme, &cause);
                tap_int(end, rows[i].want, "%s: %s", rows[i].name, cause);
                tap_ok(asked <= 1, "the name is asked once");
                tap_int(connects, rows[i].connected != NULL, "who is called");
                if (rows[i].connected != NULL)
                        tap_text(connected[0], rows[i].connected, "the address that was checked");
                tap_int(rogue_connections(r) - before, rows[i].connected != NULL,
                        "and nobody else");
                mem_free(cause);
                fetch_stop();
        }
        rogue_stop(r);
        return tap_end();
}
