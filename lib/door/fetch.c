/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing HTTP through libcurl, one guard for all of it. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "door/fetch_private.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TIMEOUT_MS (20 * WHEN_SECOND)
#define CONNECT_MS (10 * WHEN_SECOND)
#define ANSWER_MAX (4 << 20)
#define KEPT_MAX 8   /* connections per thread */
#define KEPT_AGE 30L /* seconds unused; older ones the other side may be closing right now */
#define SINK_BUFFER (256 * 1024L) /* read at one time for a sink */
#define SLOW_RATE 10L             /* bytes a second, below which ... */
#define SLOW_TIME 30L             /* ... this many seconds end a call */

static char *ca_file;           /* NULL: the system's */
static pthread_key_t of_thread; /* a CURL handle with its kept connections */
static bool started;

/* One call on its way. */
struct call {
        const struct fetch_request *request;
        struct fetch_answer *answer;
        CURLU *url;
        char *host;      /* as libcurl understood it: for words */
        bool plain;      /* http */
        bool safe;       /* GET or HEAD: may be sent again */
        int sent;        /* how many times sending began */
        int tried;       /* addresses handed to the system */
        bool refused;    /* an address by the guard */
        bool head_over;  /* too many header lines */
        bool odd_coding; /* an encoding nobody asked for */
        bool whole_head; /* the blank line of a final answer came */
        bool in_body;    /* later header lines are trailers */
        int codings;     /* Content-Encoding lines seen */
        bool sink_told;  /* of the head */
        bool stopped;    /* the sink wants no more */
        size_t poured;   /* into the sink */
        bool overflowed; /* more than it may be */
        size_t head_len;
        struct curl_slist *headers;
        char error[CURL_ERROR_SIZE];
};

static void end(struct call *call, enum fetch_end how, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void end(struct call *call, enum fetch_end how, const char *format, ...)
{
        va_list list;

        call->answer->end = how;
        va_start(list, format);
        vsnprintf(call->answer->cause, sizeof call->answer->cause, format, list);
        va_end(list);
}

/* The guard. */

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
        struct call *call = context;
        struct buf text = BUF_NONE;
        const char *why = "not an Internet address";
        struct address a;

        if (purpose == CURLSOCKTYPE_IPCXN && address_from(&a, &to->addr, to->addrlen) == 0) {
                why = fetch_guard_objection(&a, call->plain);
                if (why == NULL) {
                        call->tried++;
                        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
                }
                address_write(&a, &text);
        }
        call->refused = true;
        end(call, FETCH_REFUSED, "%.60s: %s is refused: %s", call->host, buf_text(&text), why);
        buf_dispose(&text);
        return CURL_SOCKET_BAD;
}

/* Called each time when a connection stands and the request is about to be sent. */
static int about_to_send(void *context, char *ip, char *local_ip, int port, int local_port)
{
        struct call *call = context;

        (void)ip;
        (void)local_ip;
        (void)port;
        (void)local_port;
        if (call->sent > 0 && !call->safe)
                return CURL_PREREQFUNC_ABORT;
        call->sent++;
        return CURL_PREREQFUNC_OK;
}

/* What comes back. */

static bool named(const char *line, size_t len, const char *name, const char **value)
{
        size_t name_len = strlen(name);

        if (len <= name_len || strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
                return false;
        *value = line + name_len + 1 + strspn(line + name_len + 1, " \t");
        return true;
}

static bool value_is(const char *value, const char *word)
{
        size_t len = strlen(word);

        return text_starts_fold(value, word) && value[len + strspn(value + len, " \t")] == '\0';
}

/* One layer of gzip at most: each further one could multiply the work by a thousand before
 * a byte of it reaches the ceiling. */
static bool coding_is_odd(struct call *call, const char *line, size_t len)
{
        const char *value;

        if (named(line, len, "Content-Encoding", &value))
                return ++call->codings > 1 ||
                       !(value_is(value, "identity") || value_is(value, "") ||
                         (call->request->sink == NULL &&
                          (value_is(value, "gzip") || value_is(value, "x-gzip"))));
        if (named(line, len, "Transfer-Encoding", &value))
                return !(value_is(value, "chunked") || value_is(value, "identity"));
        return false;
}

static void keep_line(struct call *call, const char *line, size_t len)
{
        struct buf *headers = &call->answer->headers;

        /* RFC 9112 5.2: a folded line goes on with the one before */
        if ((*line == ' ' || *line == '\t') && headers->len > 0) {
                headers->data[headers->len - 1] = ' ';
                while (len > 0 && (*line == ' ' || *line == '\t')) {
                        line++;
                        len--;
                }
        }
        buf_add(headers, line, len);
        buf_add_char(headers, '\n');
}

static size_t take_header(char *data, size_t size, size_t count, void *context)
{
        struct call *call = context;
        size_t whole = size * count, len = whole;
        char *line;

        if (call->in_body)
                return whole; /* a trailer */
        call->head_len += whole;
        if (call->head_len > FETCH_HEADERS_MAX) {
                call->head_over = true;
                return 0;
        }
        if (len > 0 && data[len - 1] == '\n')
                len--;
        if (len > 0 && data[len - 1] == '\r')
                len--;
        line = mem_text_part(data, len);
        if (text_starts(line, "HTTP/")) {
                buf_reset(&call->answer->headers);
                call->answer->status = len >= 12 ? atoi(line + 9) : 0;
                call->whole_head = false;
                call->codings = 0;
        } else if (len == 0) {
                call->whole_head = call->answer->status >= 200;
        } else {
                call->odd_coding = call->odd_coding || coding_is_odd(call, line, len);
                keep_line(call, line, len);
        }
        mem_free(line);
        return call->odd_coding ? 0 : whole;
}

static size_t answer_max(const struct call *call)
{
        return call->request->answer_max > 0 ? call->request->answer_max : ANSWER_MAX;
}

static bool tell_sink(struct call *call)
{
        const struct fetch_sink *sink = call->request->sink;

        if (!call->sink_told) {
                call->sink_told = true;
                call->stopped = !sink->head(sink->context, call->answer);
        }
        return !call->stopped;
}

static bool pour(struct call *call, const char *data, size_t len)
{
        const struct fetch_sink *sink = call->request->sink;

        if (len > answer_max(call) - call->poured) {
                call->overflowed = true;
                return false;
        }
        call->poured += len;
        if (tell_sink(call))
                call->stopped = !sink->piece(sink->context, data, len);
        return !call->stopped;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
        struct call *call = context;

        call->in_body = true;
        if (call->request->sink != NULL)
                return pour(call, data, size * count) ? size * count : 0;
        buf_add(&call->answer->body, data, size * count);
        return call->answer->body.over ? 0 : size * count;
}

/* What goes out. */

static void set_method(CURL *curl, const struct fetch_request *request)
{
        bool bodied = request->body != NULL || text_equal(request->method, "POST") ||
                      text_equal(request->method, "PUT") || text_equal(request->method, "PATCH");

        if (text_equal(request->method, "HEAD"))
                curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        else if (bodied) {
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body ? request->body : "");
                curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                                 (curl_off_t)(request->body ? request->body_len : 0));
        }
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_guard(CURL *curl, struct call *call)
{
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, call->plain ? "http" : "https");
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call);
        curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, about_to_send);
        curl_easy_setopt(curl, CURLOPT_PREREQDATA, call);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (ca_file != NULL) {
                curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
                curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        }
}

static void set_limits(CURL *curl, const struct fetch_request *request)
{
        int64_t timeout = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS;

        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)(timeout < CONNECT_MS ? timeout : CONNECT_MS));
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, SLOW_RATE);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SLOW_TIME);
        curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, (long)KEPT_MAX);
        curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, KEPT_AGE);
}

static void set_all(CURL *curl, struct call *call)
{
        const struct fetch_request *request = call->request;

        curl_easy_reset(curl); /* keeps connections, names and TLS sessions */
        set_guard(curl, call);
        set_limits(curl, request);
        set_method(curl, request);
        curl_easy_setopt(curl, CURLOPT_CURLU, call->url);
        curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, call->headers);
        if (request->sink == NULL)
                curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
        else
                curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, SINK_BUFFER);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->error);
        if (request->user != NULL) {
                curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
                curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
                curl_easy_setopt(curl, CURLOPT_PASSWORD, text_or(request->password, ""));
        }
}

/* How it ended. */

/* libcurl's longer words quote addresses and the like; only those about TLS are worth it,
 * and they name nothing but certificates. */
static const char *words(const struct call *call, CURLcode code)
{
        switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
                return call->error[0] != '\0' ? call->error : curl_easy_strerror(code);
        case CURLE_OPERATION_TIMEDOUT:
                return "the time is up";
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
                return "what came is not HTTP";
        case CURLE_ABORTED_BY_CALLBACK:
                return "the kept connection was closed while sending; not sent again";
        default:
                return curl_easy_strerror(code);
        }
}

static void conclude(struct call *call, CURLcode code, long system_error)
{
        struct fetch_answer *answer = call->answer;

        if (call->sent == 0) {
                if (call->refused && call->tried == 0)
                        return; /* open_socket() told why */
                if (system_error != 0 && code == CURLE_COULDNT_CONNECT)
                        end(call, FETCH_UNREACHABLE, "%.60s: not reached: %s", call->host,
                            strerrordesc_np((int)system_error));
                else
                        end(call, code == CURLE_URL_MALFORMAT ? FETCH_REFUSED : FETCH_UNREACHABLE,
                            "%.60s: not reached: %s", call->host, words(call, code));
        } else if (call->stopped) {
                end(call, FETCH_STOPPED, "%.60s: no more of the answer was wanted", call->host);
        } else if (answer->body.over || call->overflowed) {
                end(call, FETCH_TOO_LONG, "%.60s: the answer is longer than %zu bytes", call->host,
                    answer_max(call));
        } else if (call->head_over || (code == CURLE_OUT_OF_MEMORY && !call->whole_head)) {
                /* libcurl's word for a single header line of more than 100 kB; when memory
                 * is really gone, the next mem_alloc() ends the process. */
                end(call, FETCH_TOO_LONG, "%.60s: header lines longer than %d bytes", call->host,
                    FETCH_HEADERS_MAX);
        } else if (call->odd_coding) {
                end(call, FETCH_UNCERTAIN, "%.60s: the answer is encoded in a way not asked for",
                    call->host);
        } else if (code != CURLE_OK) {
                end(call, FETCH_UNCERTAIN, "%.60s: no whole answer: %s", call->host,
                    words(call, code));
        } else if (!call->whole_head || answer->status < 200 || answer->status > 599) {
                end(call, FETCH_UNCERTAIN, "%.60s: no whole answer: its head is cut or odd",
                    call->host);
        } else {
                answer->end = FETCH_ANSWERED;
                answer->cause[0] = '\0';
        }
}

static void drop_handle(void *curl)
{
        curl_easy_cleanup(curl);
}

static CURL *handle(void)
{
        CURL *curl = pthread_getspecific(of_thread);

        if (curl == NULL) {
                curl = curl_easy_init();
                if (curl == NULL || pthread_setspecific(of_thread, curl) != 0)
                        abort();
        }
        return curl;
}

/* Everything that can be said before a socket is opened. */
static int prepare(struct call *call, struct fail *why)
{
        const struct fetch_request *request = call->request;

        if (request->method == NULL || strlen(request->method) > 16 ||
            strspn(request->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(request->method) ||
            request->method[0] == '\0' || text_equal(request->method, "CONNECT") ||
            text_equal(request->method, "TRACE"))
                return fail_set(why, FAIL_INPUT, "not a method to be used here");
        if (request->user != NULL && strchr(request->user, ':') != NULL)
                return fail_set(why, FAIL_INPUT, "a user name cannot hold a colon");
        call->safe = text_equal(request->method, "GET") || text_equal(request->method, "HEAD");
        call->url = fetch_guard_url(request->url, &call->host, &call->plain, why);
        if (call->url == NULL)
                return -1;
        return fetch_headers(request->headers, &call->headers, why);
}

int fetch(const struct fetch_request *request, struct fetch_answer *answer, struct fail *why)
{
        struct call call = { .request = request, .answer = answer };
        int64_t begin = when_steady_us();
        struct fail cause = FAIL_CLEAR;
        long system_error = 0;
        CURLcode code;
        CURL *curl;

        if (!started)
                abort();
        *answer = (struct fetch_answer){ .end = FETCH_REFUSED };
        buf_limit(&answer->body, answer_max(&call));
        if (prepare(&call, &cause) != 0) {
                end(&call, FETCH_REFUSED, "%s", cause.text);
        } else {
                curl = handle();
                set_all(curl, &call);
                code = curl_easy_perform(curl);
                curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system_error);
                if (request->sink != NULL && code == CURLE_OK && call.whole_head)
                        tell_sink(&call); /* an answer without a body has a head all the same */
                conclude(&call, code, system_error);
                curl_easy_reset(curl); /* nothing in it points here, or holds a password */
        }
        answer->elapsed_us = when_steady_us() - begin;
        curl_slist_free_all(call.headers);
        curl_url_cleanup(call.url);
        mem_free(call.host);
        if (answer->end == FETCH_ANSWERED)
                return 0;
        if (answer->status < 100 || !call.whole_head)
                answer->status = 0;
        return fail_set(why, answer->end == FETCH_REFUSED ? FAIL_INPUT : FAIL_OUTSIDE, "%s",
                        answer->cause);
}

void fetch_answer_dispose(struct fetch_answer *answer)
{
        buf_dispose(&answer->body);
        buf_dispose(&answer->headers);
}

char *fetch_header(const struct fetch_answer *answer, const char *name)
{
        const char *line = buf_text(&answer->headers), *value;

        while (*line != '\0') {
                size_t len = strcspn(line, "\n");

                if (named(line, len, name, &value)) {
                        len -= (size_t)(value - line);
                        while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
                                len--;
                        return mem_text_part(value, len);
                }
                line += len + (line[len] == '\n');
        }
        return NULL;
}

static void ignore_sigpipe(void)
{
        struct sigaction action;

        /* libcurl with NOSIGNAL leaves this to us; OpenSSL writes without MSG_NOSIGNAL */
        if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
                action.sa_handler = SIG_IGN;
                sigaction(SIGPIPE, &action, NULL);
        }
}

const char *fetch_ca_file(void)
{
        return ca_file;
}

int fetch_trust(const char *ca, struct fail *why)
{
        if (text_empty(ca))
                return 0;
        if (access(ca, R_OK) != 0)
                return fail_errno(why, "FAIRLEAD_CA_FILE: %s", ca);
        mem_free(ca_file);
        ca_file = mem_text(ca);
        return 0;
}

int fetch_start(const char *allow, struct fail *why)
{
        const char *ca = getenv("FAIRLEAD_CA_FILE");

        if (started)
                fetch_stop();
        if (fetch_guard_allow(allow, why) != 0)
                return -1;
        if (fetch_trust(ca, why) != 0) {
                fetch_guard_forget();
                return -1;
        }
        ignore_sigpipe();
        if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK ||
            pthread_key_create(&of_thread, drop_handle) != 0)
                return fail_set(why, FAIL_SYSTEM, "libcurl does not start");
        started = true;
        return 0;
}

void fetch_stop(void)
{
        if (!started)
                return;
        drop_handle(pthread_getspecific(of_thread)); /* NULL is fine */
        pthread_key_delete(of_thread);
        curl_global_cleanup();
        fetch_guard_forget();
        mem_free(ca_file);
        ca_file = NULL;
        started = false;
}
