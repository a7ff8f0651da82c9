/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing HTTPS: whose certificate is believed, with an authority made for this run. */
#include "door/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tap.h"
#include "floor/buf.h"
#include "floor/fail.h"
#include "floor/file.h"
#include "floor/mem.h"

#define DAY (24 * 3600L)

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
        X509V3_CTX context;
        X509_EXTENSION *extension;

        X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
        extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
        if (extension == NULL || X509_add_ext(cert, extension, -1) != 1)
                abort();
        X509_EXTENSION_free(extension);
}

/* A certificate for name ("DNS:localhost"), valid from two days ago until so many seconds
 * from now; when issuer is NULL, an authority that is called name. */
static X509 *certify(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *by, long until)
{
        static long serial = 1;
        X509 *cert = X509_new();
        X509_NAME *subject = X509_get_subject_name(cert);

        X509_set_version(cert, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
        X509_gmtime_adj(X509_getm_notBefore(cert), -2 * DAY);
        X509_gmtime_adj(X509_getm_notAfter(cert), until);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   (const unsigned char *)(issuer ? "leaf" : name), -1, -1, 0);
        X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
        X509_set_pubkey(cert, key);
        extend(cert, issuer ? issuer : cert, NID_basic_constraints,
               issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
        extend(cert, issuer ? issuer : cert, NID_subject_key_identifier, "hash");
        if (issuer == NULL)
                extend(cert, cert, NID_key_usage, "critical,keyCertSign");
        else
                extend(cert, issuer, NID_subject_alt_name, name);
        if (X509_sign(cert, by, EVP_sha256()) == 0)
                abort();
        return cert;
}

/* One connection after the other, one request each. */
struct server {
        SSL_CTX *context;
        pthread_t thread;
        int fd, port;
        int requests; /* read after join, or atomically */
};

static void *serve(void *given)
{
        static const char answer[] =
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsafe";
        struct server *s = given;
        int fd;

        while ((fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
                SSL *ssl = SSL_new(s->context);
                char request[4096];

                SSL_set_fd(ssl, fd);
                if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0) {
                        __atomic_add_fetch(&s->requests, 1, __ATOMIC_SEQ_CST);
                        SSL_write(ssl, answer, sizeof answer - 1);
                        SSL_shutdown(ssl);
                }
                ERR_clear_error();
                SSL_free(ssl);
                close(fd);
        }
        return NULL;
}

static void server_start(struct server *s, X509 *cert, EVP_PKEY *key, int newest)
{
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t len = sizeof at;

        *s = (struct server){ .context = SSL_CTX_new(TLS_server_method()) };
        SSL_CTX_set_security_level(s->context, 0); /* so that it can offer old versions */
        SSL_CTX_set_max_proto_version(s->context, newest);
        if (SSL_CTX_use_certificate(s->context, cert) != 1 ||
            SSL_CTX_use_PrivateKey(s->context, key) != 1)
                abort();
        s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (bind(s->fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(s->fd, 8) != 0 ||
            getsockname(s->fd, (struct sockaddr *)&at, &len) != 0)
                abort();
        s->port = ntohs(at.sin_port);
        pthread_create(&s->thread, NULL, serve, s);
}

static void server_stop(struct server *s)
{
        shutdown(s->fd, SHUT_RDWR);
        pthread_join(s->thread, NULL);
        close(s->fd);
        SSL_CTX_free(s->context);
}

static void write_pem(const char *path, X509 *cert)
{
        FILE *f = fopen(path, "w");

        if (f == NULL || PEM_write_X509(f, cert) != 1)
                abort();
        fclose(f);
}

int main(void)
{
        enum { NO_CA, OUR_CA, OTHER_CA };
        static const struct {
                const char *name, *host, *certified;
                long until;
                int newest, ca;
                enum fetch_end want;
                const char *words;
        } rows[] = {
                { "our authority", "127.0.0.1", "IP:127.0.0.1", DAY, 0, OUR_CA, FETCH_ANSWERED,
                  "" },
                { "by name", "localhost", "DNS:localhost", DAY, 0, OUR_CA, FETCH_ANSWERED, "" },
                { "TLS 1.2", "localhost", "DNS:localhost", DAY, TLS1_2_VERSION, OUR_CA,
                  FETCH_ANSWERED, "" },
                { "TLS 1.1", "localhost", "DNS:localhost", DAY, TLS1_1_VERSION, OUR_CA,
                  FETCH_UNREACHABLE, "" },
                { "an unknown authority", "localhost", "DNS:localhost", DAY, 0, NO_CA,
                  FETCH_UNREACHABLE, "certificate" },
                { "another authority", "localhost", "DNS:localhost", DAY, 0, OTHER_CA,
                  FETCH_UNREACHABLE, "certificate" },
                { "another name", "localhost", "DNS:other.example", DAY, 0, OUR_CA,
                  FETCH_UNREACHABLE, "localhost" },
                { "a name for an address", "127.0.0.1", "DNS:localhost", DAY, 0, OUR_CA,
                  FETCH_UNREACHABLE, "127.0.0.1" },
                { "expired", "localhost", "DNS:localhost", -DAY, 0, OUR_CA, FETCH_UNREACHABLE,
                  "expired" },
        };
        EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *other_key = EVP_EC_gen("P-256");
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *ca = certify(ca_key, "ours", NULL, ca_key, DAY);
        X509 *other = certify(other_key, "other", NULL, other_key, DAY);
        char *dir = tap_dir(), *ours = file_path(dir, "ca.pem"), *theirs = file_path(dir, "x.pem");

        signal(SIGPIPE, SIG_IGN);
        write_pem(ours, ca);
        write_pem(theirs, other);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                X509 *leaf = certify(key, rows[i].certified, ca, ca_key, rows[i].until);
                struct fetch_answer answer;
                struct fail why = FAIL_CLEAR;
                struct server s;
                const char *trust;
                char *url;

                server_start(&s, leaf, key, rows[i].newest);
                url = mem_format("https://%s:%d/", rows[i].host, s.port);
                /* from the environment and from the settings in turn */
                trust = rows[i].ca == OUR_CA ? ours : rows[i].ca == OTHER_CA ? theirs : "";
                setenv("FAIRLEAD_CA_FILE", i % 2 ? trust : "", 1);
                tap_int(fetch_start("127.0.0.0/8", &why), 0, "start %s", why.text);
                tap_int(fetch_trust(i % 2 ? "" : trust, &why), 0, "trust %s", why.text);
                fetch(
                    &(struct fetch_request){
                        .method = "POST", .url = url, .body = "{}", .body_len = 2 },
                    &answer, &why);
                tap_int(answer.end, rows[i].want, "%s: %s", rows[i].name, answer.cause);
                tap_ok(strstr(answer.cause, rows[i].words) != NULL, "says: %s", rows[i].words);
                if (answer.end == FETCH_ANSWERED)
                        tap_text(buf_text(&answer.body), "safe", "the answer");
                fetch_answer_dispose(&answer);
                fetch_stop();
                server_stop(&s);
                tap_int(s.requests, rows[i].want == FETCH_ANSWERED, "requests that came through");
                mem_free(url);
                X509_free(leaf);
        }
        X509_free(ca);
        X509_free(other);
        EVP_PKEY_free(ca_key);
        EVP_PKEY_free(other_key);
        EVP_PKEY_free(key);
        mem_free(ours);
        mem_free(theirs);
        mem_free(dir);
        return tap_end();
}
