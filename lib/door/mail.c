/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing mail: over SMTP through libcurl, else by the local sendmail. */
#include "door/mail.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "door/fetch_private.h"
#include "door/mail_private.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TIMEOUT_MS (30 * WHEN_SECOND)
#define CONNECT_MS (10 * WHEN_SECOND)
#define SAID_MAX 100

/* One conversation with a relay. */
struct talk {
        const struct mail_route *route;
        const struct mail *mail; /* NULL: only try */
        struct mail_answer *answer;
        const struct buf *message;
        CURLU *url;
        char *host;
        bool implicit;        /* smtps */
        bool plain;           /* without TLS: the second attempt */
        bool loopback;        /* it went to an address that may be spoken to without TLS */
        bool recipient, body; /* how far it came: RCPT was sent, the message went out whole */
        size_t sent;          /* bytes of the message */
        char refusal[120];    /* of our own guard */
        char said[SAID_MAX + 1];
        char error[CURL_ERROR_SIZE];
};

int mail_end(struct mail_answer *answer, enum mail_end end, const char *format, ...)
{
        va_list list;

        answer->end = end;
        va_start(list, format);
        vsnprintf(answer->cause, sizeof answer->cause, format, list);
        va_end(list);
        text_cut(answer->cause, sizeof answer->cause - 1);
        return end == MAIL_SENT ? 0 : -1;
}

/* The relay is the operator's choice; what goes out in the clear stays on this machine. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
        struct talk *talk = context;
        struct address a;

        if (purpose != CURLSOCKTYPE_IPCXN || address_from(&a, &to->addr, to->addrlen) != 0)
                return CURL_SOCKET_BAD;
        talk->loopback = fetch_guard_objection(&a, true) == NULL;
        if (talk->plain && !talk->loopback) {
                snprintf(talk->refusal, sizeof talk->refusal,
                         "mail without TLS goes to allowed loopback networks only");
                return CURL_SOCKET_BAD;
        }
        return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t give(char *room, size_t size, size_t count, void *context)
{
        struct talk *talk = context;
        size_t len = talk->message->len - talk->sent;

        if (len > size * count)
                len = size * count;
        memcpy(room, talk->message->data + talk->sent, len);
        talk->sent += len;
        talk->body = talk->sent == talk->message->len;
        return len;
}

static size_t swallow(char *data, size_t size, size_t count, void *context)
{
        (void)data;
        (void)context;
        return size * count;
}

/* What the relay refused last, as far as it is plain text; never what we said. */
static int listen_in(CURL *curl, curl_infotype type, char *data, size_t size, void *context)
{
        struct talk *talk = context;
        size_t len = 0;

        (void)curl;
        if (type == CURLINFO_HEADER_OUT && size >= 4 && strncasecmp(data, "RCPT", 4) == 0)
                talk->recipient = true;
        if (type == CURLINFO_HEADER_IN && size > 0 && (*data == '4' || *data == '5')) {
                while (len < size && len < SAID_MAX && data[len] >= ' ' && data[len] < 0x7F) {
                        talk->said[len] = data[len];
                        len++;
                }
                talk->said[len] = '\0';
        }
        return 0;
}

static void set_transport(CURL *curl, struct talk *talk)
{
        int64_t timeout = talk->route->timeout_ms > 0 ? talk->route->timeout_ms : TIMEOUT_MS;

        curl_easy_setopt(curl, CURLOPT_CURLU, talk->url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, talk->implicit ? "smtps" : "smtp");
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
        curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, talk);
        curl_easy_setopt(curl, CURLOPT_USE_SSL,
                         talk->plain ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        if (fetch_ca_file() != NULL) {
                curl_easy_setopt(curl, CURLOPT_CAINFO, fetch_ca_file());
                curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
        }
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)(timeout < CONNECT_MS ? timeout : CONNECT_MS));
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, talk->error);
        curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
        curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, listen_in);
        curl_easy_setopt(curl, CURLOPT_DEBUGDATA, talk);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
        if (!text_empty(talk->route->user)) {
                curl_easy_setopt(curl, CURLOPT_USERNAME, talk->route->user);
                curl_easy_setopt(curl, CURLOPT_PASSWORD, text_or(talk->route->password, ""));
        }
}

static CURLcode speak(struct talk *talk, long *code)
{
        CURL *curl = curl_easy_init();
        struct curl_slist *to = NULL;
        char *from = NULL;
        CURLcode result;

        if (curl == NULL)
                abort();
        talk->recipient = talk->body = false;
        talk->sent = 0;
        talk->said[0] = talk->error[0] = talk->refusal[0] = '\0';
        set_transport(curl, talk);
        if (talk->mail != NULL) {
                from = mem_format("<%s>", talk->mail->from);
                to = curl_slist_append(NULL, talk->mail->to);
                if (to == NULL)
                        abort();
                curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
                curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
                curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
                curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)talk->message->len);
                curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
                curl_easy_setopt(curl, CURLOPT_READDATA, talk);
        } else {
                curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "NOOP");
        }
        result = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
        curl_easy_cleanup(curl);
        curl_slist_free_all(to);
        mem_free(from);
        return result;
}

static const char *words(const struct talk *talk, CURLcode code)
{
        if (talk->refusal[0] != '\0')
                return talk->refusal;
        switch (code) {
        case CURLE_USE_SSL_FAILED:
        case CURLE_REMOTE_ACCESS_DENIED:
                return talk->plain ? "it wants TLS" : "it offers no TLS (STARTTLS)";
        case CURLE_COULDNT_RESOLVE_HOST:
                return "the name is not known";
        case CURLE_OPERATION_TIMEDOUT:
                return "the time is up";
        case CURLE_PEER_FAILED_VERIFICATION:
                return "its certificate is not to be trusted";
        default:
                return talk->error[0] != '\0' ? talk->error : curl_easy_strerror(code);
        }
}

static int conclude(struct talk *talk, CURLcode result, long code)
{
        struct mail_answer *answer = talk->answer;
        const char *what = talk->said[0] != '\0' ? talk->said : words(talk, result);
        enum mail_end end = MAIL_LATER;

        answer->code = (int)code;
        if (result == CURLE_OK && (talk->mail == NULL || talk->body))
                return mail_end(answer, MAIL_SENT, "%s", "");
        if (talk->body && (code < 400 || code > 599))
                end = MAIL_UNCERTAIN;
        else if (result == CURLE_LOGIN_DENIED || code == 530 || code == 534 || code == 535)
                end = MAIL_DENIED;
        else if (code >= 500 && code <= 599 && (talk->recipient || talk->body))
                end = MAIL_REFUSED;
        else if (code >= 500 && code <= 599 && talk->mail != NULL)
                end = MAIL_DENIED; /* before the recipient: the sender, or we ourselves */
        return mail_end(answer, end, "%.60s: %s", talk->host, what);
}

/* TLS is asked for first, always.  Only what stays on this machine may do without. */
static bool may_do_without(const struct talk *talk, CURLcode result)
{
        return talk->loopback && !talk->implicit && !talk->plain &&
               (result == CURLE_USE_SSL_FAILED || result == CURLE_REMOTE_ACCESS_DENIED ||
                result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CONNECT_ERROR);
}

static int converse(struct talk *talk)
{
        long code = 0;
        CURLcode result = speak(talk, &code);

        if (may_do_without(talk, result)) {
                talk->plain = true;
                code = 0;
                result = speak(talk, &code);
        }
        return conclude(talk, result, code);
}

/* A scheme, a host, perhaps a port. */
static int read_url(struct talk *talk)
{
        CURLU *url = curl_url();
        char *scheme = NULL, *host = NULL, *path = NULL, *query = NULL;
        CURLUcode code;
        int result = -1;

        if (url == NULL)
                abort();
        code = curl_url_set(url, CURLUPART_URL, talk->route->url, CURLU_DISALLOW_USER);
        if (code == CURLUE_USER_NOT_ALLOWED) {
                mail_end(talk->answer, MAIL_NO_WAY,
                         "the relay's URL carries a user or password: use FAIRLEAD_SMTP_USER and "
                         "FAIRLEAD_SMTP_PASSWORD_FILE");
                goto out;
        }
        if (code != CURLUE_OK || curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
            curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
            curl_url_get(url, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
            curl_url_get(url, CURLUPART_QUERY, &query, 0) == CURLUE_OK || !text_equal(path, "/") ||
            (!text_equal(scheme, "smtp") && !text_equal(scheme, "smtps"))) {
                mail_end(talk->answer, MAIL_NO_WAY,
                         "the relay is written smtp://host:port or smtps://host:port");
                goto out;
        }
        talk->implicit = text_equal(scheme, "smtps");
        talk->host = mem_text(host);
        talk->url = url;
        url = NULL;
        result = 0;
out:
        curl_free(scheme);
        curl_free(host);
        curl_free(path);
        curl_free(query);
        curl_url_cleanup(url);
        return result;
}

static int go(const struct mail_route *route, const struct mail *mail, const struct buf *message,
              struct mail_answer *answer)
{
        struct talk talk = { .route = route, .mail = mail, .message = message, .answer = answer };
        int result = -1;

        if (text_empty(route->url))
                return mail_sendmail(route, mail, message, answer);
        if (read_url(&talk) == 0)
                result = converse(&talk);
        curl_url_cleanup(talk.url);
        mem_free(talk.host);
        return result;
}

static int finish(int result, struct mail_answer *answer, int64_t begin, struct fail *why)
{
        answer->elapsed_us = when_steady_us() - begin;
        if (result == 0)
                return 0;
        return fail_set(why, answer->end == MAIL_NO_WAY ? FAIL_INPUT : FAIL_OUTSIDE, "%s",
                        answer->cause);
}

int mail_send(const struct mail_route *route, const struct mail *mail, struct mail_answer *answer,
              struct fail *why)
{
        int64_t begin = when_steady_us();
        struct buf message = BUF_NONE;
        struct fail cause = FAIL_CLEAR;
        int result;

        memset(answer, 0, sizeof *answer);
        if (mail_write(mail, &message, &cause) != 0)
                result = mail_end(answer, MAIL_REFUSED, "%s", cause.text);
        else
                result = go(route, mail, &message, answer);
        buf_dispose(&message);
        return finish(result, answer, begin, why);
}

int mail_try(const struct mail_route *route, struct mail_answer *answer, struct fail *why)
{
        int64_t begin = when_steady_us();

        memset(answer, 0, sizeof *answer);
        return finish(go(route, NULL, NULL, answer), answer, begin, why);
}
