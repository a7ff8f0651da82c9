/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing HTTP: the guard, what goes out, and every way an answer can go wrong. */
#include "door/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/fail.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "rogue.h"

#define SECRET "hunter2" /* in every query: no cause may repeat it */

static void start(const char *allow)
{
        struct fail why = FAIL_CLEAR;

        if (fetch_start(allow, &why) != 0)
                tap_ok(false, "fetch_start: %s", why.text);
}

static char *url_of(struct rogue *r, const char *path)
{
        return mem_format("http://127.0.0.1:%d%s?key=" SECRET, rogue_port(r), path);
}

static int call(struct rogue *r, const char *method, const char *path, const char *body,
                struct fetch_answer *answer)
{
        char *url = url_of(r, path);
        struct fetch_request request = {
                .method = method,
                .url = url,
                .body = body,
                .body_len = body == NULL ? 0 : strlen(body),
        };
        int result = fetch(&request, answer, NULL);

        mem_free(url);
        return result;
}

static void test_start(void)
{
        struct fail why = FAIL_CLEAR;

        tap_int(fetch_start("127.0.0.0/8 10.0.0.0/40", &why), -1, "a network that is none");
        tap_ok(strstr(why.text, "\"10.0.0.0/40\"") != NULL, "is named: %s", why.text);
        setenv("FAIRLEAD_CA_FILE", "/nowhere/ca.pem", 1);
        fail_clear(&why);
        tap_int(fetch_start("", &why), -1, "certificates that are not there");
        tap_ok(strstr(why.text, "/nowhere/ca.pem") != NULL, "are named: %s", why.text);
        unsetenv("FAIRLEAD_CA_FILE");
        tap_int(fetch_start(NULL, NULL), 0, "no networks allowed");
        tap_int(fetch_trust("/nowhere/ca.pem", NULL), -1, "certificates of the settings, likewise");
        fetch_stop();
        fetch_stop();
}

static void test_guard(void)
{
        static const char loop[] = "127.0.0.0/8 ::1";
        static const struct {
                const char *url, *allow;
                bool want;
        } rows[] = {
                { "https://example.com/", "", true },
                { "https://example.com:8443/a?b#c", "", true },
                { "https://8.8.8.8/", "", true },
                { "https://[2606:4700:4700::1111]/", "", true },
                { "http://example.com/", "", false },
                { "http://8.8.8.8/", "0.0.0.0/0", false },
                /* loopback, in every spelling */
                { "https://127.0.0.1/", "", false },
                { "https://127.0.0.1/", loop, true },
                { "http://127.0.0.1/", "", false },
                { "http://127.0.0.1/", loop, true },
                { "http://127.0.0.1/", "127.0.0.2", false },
                { "http://127.0.0.1/", "0.0.0.0/0", true },
                { "https://2130706433/", "", false },
                { "https://0x7f000001/", "", false },
                { "https://0x7F.1/", "", false },
                { "https://0177.0.0.1/", "", false },
                { "https://017700000001/", "", false },
                { "https://127.1/", "", false },
                { "https://127.0.1/", "", false },
                { "https://%31%32%37.0.0.1/", "", false },
                { "https://0/", "", false },
                { "https://0.0.0.0/", "", false },
                { "https://[::1]/", "", false },
                { "http://[::1]/", loop, true },
                { "https://[0:0:0:0:0:0:0:1]/", "", false },
                { "https://[::]/", "", false },
                { "https://[::ffff:127.0.0.1]/", "", false },
                { "https://[::ffff:7f00:1]/", "", false },
                { "http://[::ffff:7f00:1]/", loop, true },
                { "https://[64:ff9b::7f00:1]/", loop, false },
                { "https://[2002:7f00:1::]/", loop, false },
                { "http://localhost/", "", false },
                { "http://localhost/", loop, true },
                { "http://localhost/", "127.0.0.7/32", true },
                { "http://localhost/", "10.0.0.0/8", false },
                /* other special ranges */
                { "https://10.1.2.3/", "", false },
                { "https://10.1.2.3/", "10.0.0.0/8", true },
                { "http://10.1.2.3/", "10.0.0.0/8", false },
                { "https://169.254.169.254/latest/", "", false },
                { "https://0xA9FEA9FE/", "", false },
                { "https://100.64.0.1/", "", false },
                { "https://192.168.0.1/", "", false },
                { "https://224.0.0.1/", "", false },
                { "https://255.255.255.255/", "", false },
                { "https://[fe80::1%25eth0]/", "", false },
                { "https://[fd00::1]/", "", false },
                { "https://[fd00::1]/", "fd00::/8", true },
                { "https://[fd00::1]/", "0.0.0.0/0", false },
                { "https://[ff02::1]/", "", false },
                /* what is no URL for us */
                { "https://user@example.com/", "", false },
                { "https://user:" SECRET "@example.com/", "", false },
                { "https://example.com@127.0.0.1/", "", false },
                { "ftp://example.com/", "", false },
                { "file:///etc/passwd", "", false },
                { "gopher://example.com/", "", false },
                { "javascript:alert(1)", "", false },
                { "example.com", "", false },
                { "//example.com/", "", false },
                { "https://", "", false },
                { "https:///", "", false },
                { "https://exa mple.com/", "", false },
                { "https://example.com/\r\nHost: other", "", false },
                { "https://example.com:99999/", "", false },
                { "https://[::1/", "", false },
                { "", "", false },
                { NULL, "", false },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fail why = FAIL_CLEAR;
                struct fetch_request request = { .method = "GET", .url = rows[i].url };
                struct fetch_answer answer;

                start(rows[i].allow);
                tap_int(fetch_check_url(rows[i].url, &why), rows[i].want ? 0 : -1,
                        "allowed \"%s\": %s %s", rows[i].allow, rows[i].url ? rows[i].url : "NULL",
                        why.text);
                tap_ok(strstr(why.text, SECRET) == NULL, "without secrets");
                if (!rows[i].want) {
                        tap_int(fetch(&request, &answer, NULL), -1, "nor fetched");
                        tap_int(answer.end, FETCH_REFUSED, "refused: %s", answer.cause);
                        fetch_answer_dispose(&answer);
                }
                fetch_stop();
        }
}

/* Names are judged by the address they turn out to have when the socket is opened. */
static void test_names(struct rogue *r)
{
        static const struct {
                const char *scheme, *host, *allow;
                enum fetch_end want;
        } rows[] = {
                { "https", "localhost", "", FETCH_REFUSED },
                { "http", "localhost", "127.0.0.7/32", FETCH_REFUSED },
                { "http", "localhost", "127.0.0.1", FETCH_ANSWERED },
                { "http", "localhost", "127.0.0.0/8 ::1", FETCH_ANSWERED },
                { "https", "localhost", "10.0.0.0/8", FETCH_REFUSED },
                /* full-width digits and stops, which IDN could turn into a plain address */
                { "https", "\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97\xE3\x80\x82\x30.0.1", "",
                  FETCH_REFUSED },
                { "https", "LOCALHOST", "", FETCH_REFUSED },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *url =
                    mem_format("%s://%s:%d/good", rows[i].scheme, rows[i].host, rogue_port(r));
                struct fetch_request request = { .method = "GET", .url = url };
                struct fetch_answer answer;
                int before = rogue_connections(r);

                start(rows[i].allow);
                fetch(&request, &answer, NULL);
                tap_int(answer.end, rows[i].want, "%s, allowed \"%s\": %s", url, rows[i].allow,
                        answer.cause);
                if (rows[i].want == FETCH_REFUSED)
                        tap_int(rogue_connections(r), before, "no connection was made");
                fetch_answer_dispose(&answer);
                fetch_stop();
                mem_free(url);
        }
}

static void test_answers(struct rogue *r)
{
        static const struct {
                const char *path;
                enum fetch_end end;
                int status;
                const char *body; /* NULL: do not care */
        } rows[] = {
                { "/good", FETCH_ANSWERED, 200, "{\"ok\":true}" },
                { "/empty", FETCH_ANSWERED, 200, "" },
                { "/no-content", FETCH_ANSWERED, 204, "" },
                { "/sorry", FETCH_ANSWERED, 500, "sorry" },
                { "/redirect", FETCH_ANSWERED, 302, "" },
                { "/until-close", FETCH_ANSWERED, 200, "up to the end" },
                { "/chunked", FETCH_ANSWERED, 200, "abcdefg" },
                { "/early-hint", FETCH_ANSWERED, 200, "{\"ok\":true}" },
                { "/packed", FETCH_ANSWERED, 200, "{\"packed\":true}" },
                { "/packed-badly", FETCH_UNCERTAIN, 0, NULL },
                { "/half", FETCH_UNCERTAIN, 0, "half a body" },
                { "/half-chunk", FETCH_UNCERTAIN, 0, "abc" },
                { "/bad-chunk", FETCH_UNCERTAIN, 0, NULL },
                { "/garbage", FETCH_UNCERTAIN, 0, NULL },
                { "/old", FETCH_UNCERTAIN, 0, NULL },
                { "/odd-status", FETCH_UNCERTAIN, 0, NULL },
                { "/half-head", FETCH_UNCERTAIN, 0, NULL },
                { "/no-blank", FETCH_UNCERTAIN, 0, NULL },
                { "/only-hint", FETCH_UNCERTAIN, 0, NULL },
                { "/hang-up", FETCH_UNCERTAIN, 0, NULL },
                { "/reset", FETCH_UNCERTAIN, 0, NULL },
                { "/reset-half", FETCH_UNCERTAIN, 0, NULL },
                { "/huge-head", FETCH_TOO_LONG, 0, NULL },
                { "/huge-line", FETCH_TOO_LONG, 0, NULL },
                { "/big", FETCH_TOO_LONG, 0, NULL },
                { "/endless", FETCH_TOO_LONG, 0, NULL },
                { "/bomb", FETCH_TOO_LONG, 0, NULL },
                { "/layers", FETCH_UNCERTAIN, 0, "" },
                { "/lines-of-layers", FETCH_UNCERTAIN, 0, "" },
                { "/other-coding", FETCH_UNCERTAIN, 0, NULL },
                { "/transfer-gzip", FETCH_UNCERTAIN, 0, NULL },
        };
        static const char *const methods[] = { "GET", "POST" };

        for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
                const char *method = methods[i % 2], *path = rows[i / 2].path;
                struct fetch_answer answer;
                int before = rogue_requests(r, path), goods = rogue_requests(r, "/good");
                int result = call(r, method, path, i % 2 ? "{}" : NULL, &answer);

                tap_int(answer.end, rows[i / 2].end, "%s %s: %s", method, path, answer.cause);
                tap_int(result, rows[i / 2].end == FETCH_ANSWERED ? 0 : -1, "result");
                tap_ok((answer.cause[0] == '\0') == (result == 0), "a cause or none");
                tap_ok(strstr(answer.cause, SECRET) == NULL && strstr(answer.cause, path) == NULL,
                       "without secrets");
                if (result == 0)
                        tap_int(answer.status, rows[i / 2].status, "status");
                if (rows[i / 2].body != NULL)
                        tap_text(buf_text(&answer.body), rows[i / 2].body, "body");
                tap_int(rogue_requests(r, path) - before, 1, "asked once");
                if (!text_equal(path, "/good"))
                        tap_int(rogue_requests(r, "/good"), goods, "and nothing else");
                tap_ok(answer.elapsed_us > 0 && answer.elapsed_us < 15000000, "in good time");
                fetch_answer_dispose(&answer);
        }
}

struct tub {
        struct buf got;
        int heads, status;
        size_t most; /* bytes that are wanted */
        bool no_body, order;
        char *type;
};

static bool tub_head(void *context, const struct fetch_answer *answer)
{
        struct tub *t = context;

        t->heads++;
        t->status = answer->status;
        t->order = t->got.len == 0;
        t->type = fetch_header(answer, "Content-Type");
        return !t->no_body;
}

static bool tub_piece(void *context, const void *data, size_t len)
{
        struct tub *t = context;

        buf_add(&t->got, data, len);
        return t->got.len < t->most;
}

static void test_sink(struct rogue *r)
{
        static const struct {
                const char *path;
                size_t max, most;
                bool no_body;
                enum fetch_end end;
                int status;
                const char *body; /* NULL: do not care */
        } rows[] = {
                { "/good", 0, 1000, false, FETCH_ANSWERED, 200, "{\"ok\":true}" },
                { "/empty", 0, 1000, false, FETCH_ANSWERED, 200, "" },
                { "/no-content", 0, 1000, false, FETCH_ANSWERED, 204, "" },
                { "/sorry", 0, 1000, false, FETCH_ANSWERED, 500, "sorry" },
                { "/redirect", 0, 1000, false, FETCH_ANSWERED, 302, "" },
                { "/until-close", 0, 1000, false, FETCH_ANSWERED, 200, "up to the end" },
                { "/chunked", 0, 1000, false, FETCH_ANSWERED, 200, "abcdefg" },
                { "/early-hint", 0, 1000, false, FETCH_ANSWERED, 200, "{\"ok\":true}" },
                { "/half", 0, 1000, false, FETCH_UNCERTAIN, 200, "half a body" },
                { "/half-chunk", 0, 1000, false, FETCH_UNCERTAIN, 200, "abc" },
                { "/garbage", 0, 1000, false, FETCH_UNCERTAIN, 0, "" },
                { "/half-head", 0, 1000, false, FETCH_UNCERTAIN, 0, "" },
                { "/hang-up", 0, 1000, false, FETCH_UNCERTAIN, 0, "" },
                { "/huge-head", 0, 1000, false, FETCH_TOO_LONG, 0, "" },
                { "/packed", 0, 1000, false, FETCH_UNCERTAIN, 0, "" },
                { "/chunked", 6, 1000, false, FETCH_TOO_LONG, 200, NULL },
                { "/good", 11, 1000, false, FETCH_ANSWERED, 200, "{\"ok\":true}" },
                { "/good", 10, 1000, false, FETCH_TOO_LONG, 0, "" },
                { "/endless", 100000, SIZE_MAX, false, FETCH_TOO_LONG, 200, NULL },
                { "/endless", 0, 30000, false, FETCH_STOPPED, 200, NULL },
                { "/endless", 0, 30000, true, FETCH_STOPPED, 200, "" },
                { "/empty", 0, 1000, true, FETCH_STOPPED, 200, "" },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct tub t = { .most = rows[i].most, .no_body = rows[i].no_body };
                struct fetch_sink sink = { tub_head, tub_piece, &t };
                char *url = url_of(r, rows[i].path);
                struct fetch_request request = {
                        .method = "GET", .url = url, .answer_max = rows[i].max, .sink = &sink
                };
                struct fetch_answer answer;
                char *sent;
                int result = fetch(&request, &answer, NULL);

                tap_int(answer.end, rows[i].end, "%s into a sink: %s", rows[i].path, answer.cause);
                tap_int(result, rows[i].end == FETCH_ANSWERED ? 0 : -1, "result");
                tap_int(t.heads, rows[i].status != 0, "the head came once, or not at all");
                tap_int(t.status, rows[i].status, "with the status");
                tap_ok(t.heads == 0 || t.order, "before the body");
                if (rows[i].body != NULL)
                        tap_text(buf_text(&t.got), rows[i].body, "body");
                tap_int((int64_t)answer.body.len, 0, "nothing is kept beside");
                if (rows[i].end == FETCH_TOO_LONG && rows[i].max > 0)
                        tap_ok(t.got.len <= rows[i].max, "no byte above the ceiling");
                sent = rogue_last(r);
                tap_ok(strcasestr(sent, "Accept-Encoding") == NULL, "no compression is asked for");
                mem_free(sent);
                fetch_answer_dispose(&answer);
                buf_dispose(&t.got);
                mem_free(t.type);
                mem_free(url);
        }
}

static void test_ceiling(struct rogue *r)
{
        static const struct {
                const char *path;
                size_t max;
                enum fetch_end end;
                size_t len;
        } rows[] = {
                { "/good", 11, FETCH_ANSWERED, 11 },     { "/good", 10, FETCH_TOO_LONG, 10 },
                { "/big", 1000, FETCH_TOO_LONG, 1000 },  { "/big", 0, FETCH_TOO_LONG, 4 << 20 },
                { "/bomb", 5000, FETCH_TOO_LONG, 5000 }, { "/bomb", 0, FETCH_TOO_LONG, 4 << 20 },
                { "/chunked", 6, FETCH_TOO_LONG, 6 },    { "/empty", 1, FETCH_ANSWERED, 0 },
                { "/packed", 15, FETCH_ANSWERED, 15 },   { "/packed", 14, FETCH_TOO_LONG, 14 },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                char *url = url_of(r, rows[i].path);
                struct fetch_request request = { .method = "GET",
                                                 .url = url,
                                                 .answer_max = rows[i].max };
                struct fetch_answer answer;

                fetch(&request, &answer, NULL);
                tap_int(answer.end, rows[i].end, "%s with a ceiling of %zu: %s", rows[i].path,
                        rows[i].max, answer.cause);
                tap_int((int64_t)answer.body.len, (int64_t)rows[i].len, "kept so far");
                fetch_answer_dispose(&answer);
                mem_free(url);
        }
}

static void test_slow(struct rogue *r)
{
        static const char *const paths[] = { "/drip", "/nothing" };

        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
                char *url = url_of(r, paths[i]);
                struct fetch_request request = { .method = "POST", .url = url, .timeout_ms = 300 };
                struct fetch_answer answer;
                struct fail why = FAIL_CLEAR;

                tap_int(fetch(&request, &answer, &why), -1, "%s", paths[i]);
                tap_int(answer.end, FETCH_UNCERTAIN, "uncertain: %s", answer.cause);
                tap_ok(strstr(answer.cause, "the time is up") != NULL, "says so");
                tap_int(why.kind, FAIL_OUTSIDE, "not our fault");
                tap_ok(answer.elapsed_us >= 290000 && answer.elapsed_us < 5000000,
                       "after its time: %lld us", (long long)answer.elapsed_us);
                fetch_answer_dispose(&answer);
                mem_free(url);
        }
}

static void test_unreachable(void)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t len = sizeof at;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, nobody listens */
        char *url;
        struct fetch_request request = { .method = "POST", .timeout_ms = 5000 };
        struct fetch_answer answer;
        struct fail why = FAIL_CLEAR;

        bind(fd, (struct sockaddr *)&at, sizeof at);
        getsockname(fd, (struct sockaddr *)&at, &len);
        url = mem_format("http://127.0.0.1:%d/hook/" SECRET, ntohs(at.sin_port));
        request.url = url;
        tap_int(fetch(&request, &answer, &why), -1, "nobody listens");
        tap_int(answer.end, FETCH_UNREACHABLE, "unreachable: %s", answer.cause);
        tap_int(why.kind, FAIL_OUTSIDE, "not our fault: %s", why.text);
        tap_ok(strstr(why.text, SECRET) == NULL, "without the path");
        fetch_answer_dispose(&answer);
        close(fd);
        mem_free(url);
        request.url = "https://no-such-name.invalid/";
        tap_int(fetch(&request, &answer, NULL), -1, "a name that does not exist");
        tap_int(answer.end, FETCH_UNREACHABLE, "unreachable: %s", answer.cause);
        fetch_answer_dispose(&answer);
}

static void test_kept(struct rogue *r)
{
        struct fetch_answer answer;
        int before, closed;

        call(r, "POST", "/good", "{}", &answer);
        fetch_answer_dispose(&answer);
        before = rogue_connections(r);
        for (int i = 0; i < 5; i++) {
                call(r, "POST", "/good", "{}", &answer);
                fetch_answer_dispose(&answer);
        }
        tap_int(rogue_connections(r), before, "a connection is kept and used again");
        /* It is there, but the next request on it is dropped without a word. */
        tap_int(call(r, "POST", "/vanish", "{}", &answer), -1, "dropped on a kept connection");
        tap_int(answer.end, FETCH_UNCERTAIN, "uncertain: %s", answer.cause);
        tap_int(rogue_requests(r, "/vanish"), 1, "a POST is not sent again");
        fetch_answer_dispose(&answer);
        call(r, "GET", "/good", NULL, &answer);
        fetch_answer_dispose(&answer);
        tap_int(call(r, "DELETE", "/vanish", NULL, &answer), -1, "a DELETE without a body");
        tap_int(answer.end, FETCH_UNCERTAIN, "uncertain: %s", answer.cause);
        tap_int(rogue_requests(r, "/vanish"), 2, "nor is a DELETE");
        fetch_answer_dispose(&answer);
        call(r, "GET", "/good", NULL, &answer);
        fetch_answer_dispose(&answer);
        tap_int(call(r, "POST", "/vanish", NULL, &answer), -1, "a POST without a body");
        tap_int(rogue_requests(r, "/vanish"), 3, "nor is an empty POST");
        fetch_answer_dispose(&answer);
        call(r, "GET", "/good", NULL, &answer);
        fetch_answer_dispose(&answer);
        tap_int(call(r, "GET", "/vanish", NULL, &answer), 0, "a GET is sent again: %s",
                answer.cause);
        tap_int(rogue_requests(r, "/vanish"), 5, "by libcurl, on a new connection");
        fetch_answer_dispose(&answer);
        /* The connection is closed while nobody uses it. */
        closed = rogue_closed(r);
        tap_int(call(r, "POST", "/good-bye", "{}", &answer), 0, "answered, then closed");
        fetch_answer_dispose(&answer);
        rogue_wait_closed(r, closed + 1);
        tap_int(call(r, "POST", "/good", "{}", &answer), 0, "a closed one is not used again: %s",
                answer.cause);
        fetch_answer_dispose(&answer);
}

static bool last_has(struct rogue *r, const char *words)
{
        char *last = rogue_last(r);
        bool has = strstr(last, words) != NULL;

        mem_free(last);
        return has;
}

static void test_request(struct rogue *r)
{
        static const char *const headers[] = { "X-Signature: sha256 ab=cd", "X-Empty:", NULL };
        static const char *const typed[] = { "Content-Type: application/json", "User-Agent: other",
                                             NULL };
        char *url = url_of(r, "/good"), *head = mem_format("GET /good?key=%s HTTP/1.1\r\n", SECRET);
        struct fetch_request request = { .method = "GET", .url = url, .headers = headers };
        struct fetch_answer answer;
        struct buf big = BUF_NONE;
        char *last;

        setenv("http_proxy", "http://127.0.0.1:1/", 1);
        setenv("ALL_PROXY", "http://127.0.0.1:1/", 1);
        tap_int(fetch(&request, &answer, NULL), 0, "GET, whatever proxy the environment names");
        fetch_answer_dispose(&answer);
        unsetenv("http_proxy");
        unsetenv("ALL_PROXY");
        tap_ok(last_has(r, head), "the request line");
        tap_ok(!last_has(r, "Content-Length") && !last_has(r, "Content-Type") &&
                   !last_has(r, "Transfer-Encoding"),
               "no body is announced");
        tap_ok(last_has(r, "\r\nAccept-Encoding: gzip\r\n"), "gzip is fine");
        tap_ok(last_has(r, "\r\nX-Signature: sha256 ab=cd\r\n"), "our header");
        tap_ok(last_has(r, "\r\nX-Empty:\r\n"), "an empty header");
        tap_ok(last_has(r, "\r\nUser-Agent: fairlead/"), "our name");
        tap_ok(!last_has(r, "Authorization"), "no authentication unless asked for");

        buf_reserve(&big, 3 << 20);
        while (big.len < 3 << 20)
                buf_add_text(&big, "0123456789");
        request = (struct fetch_request){ .method = "POST",
                                          .url = url,
                                          .headers = typed,
                                          .user = "key",
                                          .password = "pass:word",
                                          .body = big.data,
                                          .body_len = big.len };
        tap_int(fetch(&request, &answer, NULL), 0, "a POST of 3 MB: %s", answer.cause);
        fetch_answer_dispose(&answer);
        tap_ok(!last_has(r, "Expect"), "is not announced beforehand");
        tap_ok(last_has(r, "\r\nAuthorization: Basic a2V5OnBhc3M6d29yZA==\r\n"), "Basic");
        tap_ok(last_has(r, "\r\nContent-Type: application/json\r\n"), "its type");
        tap_ok(last_has(r, "\r\nUser-Agent: other\r\n") && !last_has(r, "fairlead/"),
               "another name");
        last = rogue_last(r);
        tap_ok(strlen(last) > big.len && text_ends(last, big.data), "arrives whole");
        mem_free(last);

        request = (struct fetch_request){ .method = "POST", .url = url };
        fetch(&request, &answer, NULL);
        fetch_answer_dispose(&answer);
        tap_ok(last_has(r, "\r\nContent-Length: 0\r\n") && !last_has(r, "Content-Type"),
               "an empty POST says so");
        tap_ok(!last_has(r, "Authorization"), "a password is not kept for the next call");
        request.method = "PATCH";
        request.body = "a\0b";
        request.body_len = 3;
        fetch(&request, &answer, NULL);
        fetch_answer_dispose(&answer);
        tap_ok(last_has(r, "PATCH /good") && last_has(r, "\r\nContent-Length: 3\r\n"), "PATCH");
        request = (struct fetch_request){ .method = "DELETE", .url = url };
        fetch(&request, &answer, NULL);
        fetch_answer_dispose(&answer);
        tap_ok(last_has(r, "DELETE /good") && !last_has(r, "Content-Length"), "DELETE");
        buf_dispose(&big);
        mem_free(head);
        mem_free(url);
}

static void test_misuse(struct rogue *r)
{
        static const char *const bad_headers[] = {
                "no colon",
                ": no name",
                "Two Words: x",
                "X: a\r\nY: b",
                "X: a\nY: b",
                "X\r\nY: b",
                "Host: other",
                "content-length: 5",
                "Transfer-Encoding: chunked",
                "Expect: 100-continue",
                "X: \x7F",
                "",
        };
        static const char *const bad_methods[] = {
                "", "get", "GET /", "GET\r\nX: y", "TRACE", "CONNECT", NULL, "AVERYLONGMETHODNAME"
        };
        char *url = url_of(r, "/good");
        int before = rogue_requests(r, "/good");
        struct fetch_answer answer;
        struct fail why = FAIL_CLEAR;

        for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
                const char *const list[] = { "X-Fine: yes", bad_headers[i], NULL };
                struct fetch_request request = { .method = "GET", .url = url, .headers = list };

                tap_int(fetch(&request, &answer, NULL), -1, "refused header, row %zu", i);
                tap_int(answer.end, FETCH_REFUSED, "refused");
                fetch_answer_dispose(&answer);
        }
        for (size_t i = 0; i < sizeof bad_methods / sizeof *bad_methods; i++) {
                struct fetch_request request = { .method = bad_methods[i], .url = url };

                tap_int(fetch(&request, &answer, NULL), -1, "refused method, row %zu", i);
                tap_int(answer.end, FETCH_REFUSED, "refused");
                fetch_answer_dispose(&answer);
        }
        tap_int(fetch(&(struct fetch_request){ .method = "GET", .url = url, .user = "a:b" },
                      &answer, &why),
                -1, "a colon in a user name");
        tap_int(why.kind, FAIL_INPUT, "the caller's fault");
        fetch_answer_dispose(&answer);
        tap_int(rogue_requests(r, "/good"), before, "nothing was sent");
        mem_free(url);
}

static void test_header(struct rogue *r)
{
        static const struct {
                const char *path, *name, *want;
        } rows[] = {
                { "/good", "X-One", "first" },
                { "/good", "x-oNE", "first" },
                { "/good", "X-Empty", "" },
                { "/good", "X-On", NULL },
                { "/good", "One", NULL },
                { "/redirect", "Location", "/good" },
                { "/folded", "X-Fold", "one two" },
                { "/early-hint", "X-Early", NULL },
                { "/early-hint", "X-One", "first" },
                { "/chunked", "X-Trailer", NULL },
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct fetch_answer answer;
                char *value;

                call(r, "GET", rows[i].path, NULL, &answer);
                value = fetch_header(&answer, rows[i].name);
                tap_text(value, rows[i].want, "%s of %s", rows[i].name, rows[i].path);
                mem_free(value);
                fetch_answer_dispose(&answer);
        }
}

static void *work(void *context)
{
        struct fetch_answer answer;
        intptr_t good = 0;

        for (int i = 0; i < 25; i++) {
                good += call(context, "POST", "/good", "{}", &answer) == 0;
                fetch_answer_dispose(&answer);
        }
        return (void *)good;
}

static void test_threads(struct rogue *r)
{
        int before = rogue_connections(r), closed = rogue_closed(r);
        pthread_t threads[4];
        intptr_t good = 0;

        for (int i = 0; i < 4; i++)
                pthread_create(&threads[i], NULL, work, r);
        for (int i = 0; i < 4; i++) {
                void *result;

                pthread_join(threads[i], &result);
                good += (intptr_t)result;
        }
        tap_int(good, 100, "four threads, 25 calls each");
        tap_int(rogue_connections(r) - before, 4, "each keeps its own connection");
        rogue_wait_closed(r, closed + 4);
        tap_int(rogue_closed(r) - closed, 4, "and closes it when it ends");
}

static void test_six(void)
{
        struct rogue *r = rogue_start("::1");
        struct fetch_answer answer;
        char *url;

        if (r == NULL) {
                tap_skip(2, "no IPv6 on this machine");
                return;
        }
        url = mem_format("http://[::1]:%d/good", rogue_port(r));
        start("127.0.0.0/8");
        fetch(&(struct fetch_request){ .method = "GET", .url = url }, &answer, NULL);
        tap_int(answer.end, FETCH_REFUSED, "::1 when only 127.0.0.0/8 is allowed");
        fetch_answer_dispose(&answer);
        start("::1/128");
        fetch(&(struct fetch_request){ .method = "GET", .url = url }, &answer, NULL);
        tap_int(answer.end, FETCH_ANSWERED, "::1 when allowed: %s", answer.cause);
        fetch_answer_dispose(&answer);
        fetch_stop();
        mem_free(url);
        rogue_stop(r);
}

int main(void)
{
        struct rogue *r = rogue_start("127.0.0.1");

        test_start();
        test_guard();
        test_names(r);
        start("127.0.0.0/8");
        test_answers(r);
        test_sink(r);
        test_ceiling(r);
        test_slow(r);
        test_unreachable();
        test_kept(r);
        test_request(r);
        test_misuse(r);
        test_header(r);
        test_threads(r);
        fetch_stop();
        rogue_stop(r);
        test_six();
        return tap_end();
}
