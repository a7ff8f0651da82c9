/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request of a web server, through libfcgi or as plain CGI. */
#include "door/cgi_private.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define PEER_SECONDS 60   /* a web server silent for longer in the middle of a request is gone */
#define RECORD_MOST 65528 /* of 65535, a multiple of 8 */

extern char **environ;

static pthread_once_t once = PTHREAD_ONCE_INIT;
struct cgi {
        bool plain;
        FCGX_Request fcgi;
        char **env;       /* NAME=value, of this request */
        bool begun;       /* between cgi_accept and cgi_finish */
        bool used;        /* plain: the one request was given out */
        bool body_begun;  /* body_left is known */
        bool body_ended;  /* nothing of the body is left */
        size_t body_left; /* plain: bytes announced and not yet read */
};

/* Once, by who speaks FastCGI: plain CGI needs none of it. */
static void start(void)
{
        FCGX_Init();
}

/* A listening socket has no peer: so a FastCGI program knows that it is one. */
static bool listening_on_stdin(void)
{
        struct sockaddr_storage peer;
        socklen_t size = sizeof peer;

        return getpeername(STDIN_FILENO, (struct sockaddr *)&peer, &size) != 0 && errno == ENOTCONN;
}

int cgi_listening(void)
{
        const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
        int64_t number;

        /* sd_listen_fds(3): the first socket handed over is descriptor 3. */
        if (pid != NULL && fds != NULL && text_int(pid, 1, INT32_MAX, &number) == 0 &&
            number == getpid() && text_int(fds, 1, 1, &number) == 0)
                return 3;
        return listening_on_stdin() ? STDIN_FILENO /* FCGI_LISTENSOCK_FILENO */ : -1;
}

struct cgi *cgi_new(bool plain)
{
        struct cgi *c = mem_alloc(sizeof *c);

        c->plain = plain;
        if (!plain) {
                pthread_once(&once, start);
                FCGX_InitRequest(&c->fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
        }
        return c;
}

void cgi_free(struct cgi *c)
{
        if (c == NULL)
                return;
        cgi_finish(c);
        if (!c->plain)
                FCGX_Free(&c->fcgi, 1);
        mem_free(c);
}

bool cgi_parts(struct cgi *c)
{
        return !c->plain && !c->fcgi.keepConnection;
}

/* The next connection: 1 here, 0 no more, -1 errno. */
static int next_connection(struct cgi *c, struct cgi_door *door)
{
        struct timeval patience = { PEER_SECONDS, 0 };
        int fd = cgi_next_descriptor(door), yes = 1;

        if (fd < 0)
                return fd == -1 ? 0 : -1;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (cgi_door_internet(door))
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        c->fcgi.ipcFd = fd;
        return 1;
}

static int accept_fcgi(struct cgi *c, struct cgi_door *door, struct fail *why)
{
        int result;

        for (;;) {
                if (c->fcgi.ipcFd >= 0) { /* kept by the web server (FCGI_KEEP_CONN) */
                        result = cgi_wait_for(c->fcgi.ipcFd);
                        if (result <= 0)
                                FCGX_Free(&c->fcgi, 1);
                        if (result == 0)
                                continue; /* stopping: others may stand in the queue */
                }
                if (c->fcgi.ipcFd < 0) {
                        result = next_connection(c, door);
                        if (result < 0)
                                return fail_errno(why, "cannot accept connections");
                        if (result == 0)
                                return 0;
                }
                /* libfcgi closes the connection first unless it believes it is a kept one. */
                c->fcgi.keepConnection = 1;
                c->fcgi.detached = 1; /* we drain the body ourselves: close without lingering */
                if (FCGX_Accept_r(&c->fcgi) == 0)
                        break;
                c->fcgi.ipcFd = -1; /* the peer went away or spoke no FastCGI: the next one */
        }
        if (cgi_stopping())
                c->fcgi.keepConnection = 0;
        c->env = c->fcgi.envp;
        return 1;
}

int cgi_accept(struct cgi *c, struct cgi_door *door, struct fail *why)
{
        int result;

        cgi_finish(c);
        c->body_begun = c->body_ended = false;
        if (c->plain) {
                result = c->used || getenv("REQUEST_METHOD") == NULL ? 0 : 1;
                c->used = true;
                c->env = environ;
        } else {
                result = accept_fcgi(c, door, why);
        }
        c->begun = result == 1;
        return result;
}

const char *cgi_param(struct cgi *c, const char *name)
{
        size_t len = strlen(name);

        for (char **e = c->env; e != NULL && *e != NULL; e++)
                if (strncmp(*e, name, len) == 0 && (*e)[len] == '=')
                        return *e + len + 1;
        return NULL;
}

/* Is this variable (NAME=value) the header of this HTTP name? */
static bool spells(const char *variable, const char *name)
{
        if (text_equal_fold(name, "Content-Type") || text_equal_fold(name, "Content-Length")) {
                if (strncmp(variable, "CONTENT_", 8) != 0)
                        return false;
        } else if (strncmp(variable, "HTTP_", 5) == 0) {
                variable += 5;
        } else {
                return false;
        }
        for (; *name != '\0'; name++, variable++) {
                char c = *name == '-' ? '_' : *name;

                if (c >= 'a' && c <= 'z')
                        c = (char)(c - 'a' + 'A');
                if (*variable != c)
                        return false;
        }
        return *variable == '=';
}

int cgi_header(struct cgi *c, const char *name, const char **value)
{
        int count = 0;

        *value = NULL;
        for (char **e = c->env; e != NULL && *e != NULL; e++) {
                if (!spells(*e, name))
                        continue;
                if (++count == 1)
                        *value = strchr(*e, '=') + 1;
        }
        if (count > 1)
                *value = NULL;
        return count > 1 ? -1 : count;
}

void cgi_each_header(struct cgi *c,
                     void (*visit)(void *context, const char *name, const char *value),
                     void *context)
{
        char name[128];

        for (char **e = c->env; e != NULL && *e != NULL; e++) {
                const char *equals = strchr(*e, '=');
                size_t len = equals == NULL ? 0 : (size_t)(equals - *e);

                if (len == 0 || len >= sizeof name ||
                    (strncmp(*e, "HTTP_", 5) != 0 && strncmp(*e, "CONTENT_TYPE=", 13) != 0))
                        continue;
                memcpy(name, *e, len);
                name[len] = '\0';
                visit(context, name, equals + 1);
        }
}

size_t cgi_header_size(struct cgi *c)
{
        size_t size = 0;

        for (char **e = c->env; e != NULL && *e != NULL; e++)
                if (strncmp(*e, "HTTP_", 5) == 0 || strncmp(*e, "CONTENT_TYPE=", 13) == 0)
                        size += strlen(*e);
        return size;
}

/* Up to len bytes of the body; fewer only at its end. */
static size_t read_some(struct cgi *c, char *data, size_t len)
{
        size_t done = 0;

        if (!c->plain)
                return (size_t)FCGX_GetStr(data, (int)len, c->fcgi.in);
        while (done < len) {
                ssize_t n = read(STDIN_FILENO, data + done, len - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        break;
                done += (size_t)n;
        }
        c->body_left -= done < c->body_left ? done : c->body_left;
        return done;
}

/* The announced length: 1 and *length, 0 none, -1 nonsense. */
static int announced(struct cgi *c, int64_t *length)
{
        const char *text;
        int found = cgi_header(c, "Content-Length", &text);

        *length = 0;
        if (found == 0 || (found == 1 && *text == '\0'))
                return 0;
        return found == 1 && text_int(text, 0, INT64_MAX, length) == 0 ? 1 : -1;
}

static bool chunked(struct cgi *c)
{
        const char *coding;

        return cgi_header(c, "Transfer-Encoding", &coding) != 0;
}

/* As announced(); says how much stdin may be asked for. */
static int begin_body(struct cgi *c, int64_t *length)
{
        int found = announced(c, length);

        c->body_begun = true;
        c->body_left = found == 0 && chunked(c) ? SIZE_MAX : (size_t)*length;
        return found;
}

int cgi_body(struct cgi *c, size_t max, struct buf *out)
{
        char chunk[16384];
        int64_t length;
        int found = begin_body(c, &length);
        size_t left, part;

        if (found < 0)
                return 400;
        if (found == 0) {
                if (chunked(c))
                        return 411;
                if (c->plain || c->body_ended)
                        return 0; /* RFC 3875, 4.1.2: no length, no body */
                c->body_ended = read_some(c, chunk, 1) == 0;
                return c->body_ended ? 0 : 411;
        }
        if ((uint64_t)length > max)
                return 413;
        buf_reserve(out, (size_t)length);
        for (left = (size_t)length; left > 0; left -= part) {
                part = read_some(c, chunk, left < sizeof chunk ? left : sizeof chunk);
                if (part == 0) {
                        c->body_ended = true;
                        return 400;
                }
                buf_add(out, chunk, part);
        }
        if (!c->plain) {
                c->body_ended = read_some(c, chunk, 1) == 0;
                if (!c->body_ended)
                        return 400;
        }
        return 0;
}

/* Reads what the handler left of the body, before the reply: a web server that is still
 * sending may not be listening yet, and takes a close for an error. */
static void drain(struct cgi *c)
{
        char trash[16384];
        int64_t length;

        if (!c->plain) {
                while (!c->body_ended)
                        c->body_ended = read_some(c, trash, sizeof trash) < sizeof trash;
                return;
        }
        /* A server need not end stdin behind the body, so no byte too many is asked for. */
        if (!c->body_begun)
                begin_body(c, &length);
        while (c->body_left > 0)
                if (read_some(c, trash,
                              c->body_left < sizeof trash ? c->body_left : sizeof trash) == 0)
                        c->body_left = 0;
        c->body_ended = true;
}

/* In one piece where the pipe takes it: each write may wake the web server. */
static int write_plain(const char *head, size_t head_len, const void *body, size_t body_len)
{
        struct iovec parts[3] = { { (void *)(uintptr_t)head, head_len },
                                  { (void *)(uintptr_t) "\r\n", 2 },
                                  { (void *)(uintptr_t)body, body_len } };
        size_t done;
        ssize_t put;

        do {
                put = writev(STDOUT_FILENO, parts, 3);
        } while (put < 0 && errno == EINTR);
        if (put < 0)
                return -1;
        done = (size_t)put;
        for (int i = 0; i < 3; i++) {
                size_t skip = done < parts[i].iov_len ? done : parts[i].iov_len;

                done -= skip;
                if (file_write_all(STDOUT_FILENO, (const char *)parts[i].iov_base + skip,
                                   parts[i].iov_len - skip) != 0)
                        return -1;
        }
        return close(STDOUT_FILENO);
}

int cgi_reply(struct cgi *c, const char *head, size_t head_len, const void *body, size_t body_len)
{
        const char *data = body;

        drain(c);
        if (c->plain)
                return write_plain(head, head_len, body, body_len);
        if (FCGX_PutStr(head, (int)head_len, c->fcgi.out) < 0 ||
            FCGX_PutStr("\r\n", 2, c->fcgi.out) < 0)
                return -1;
        while (body_len > 0) {
                int part = body_len < INT32_MAX / 2 ? (int)body_len : INT32_MAX / 2;

                if (FCGX_PutStr(data, part, c->fcgi.out) != part)
                        return -1;
                data += part;
                body_len -= (size_t)part;
        }
        return 0;
}

int cgi_begin(struct cgi *c, const char *head, size_t head_len)
{
        drain(c);
        if (c->plain)
                return file_write_all(STDOUT_FILENO, head, head_len) == 0
                           ? file_write_all(STDOUT_FILENO, "\r\n", 2)
                           : -1;
        if (FCGX_PutStr(head, (int)head_len, c->fcgi.out) < 0 ||
            FCGX_PutStr("\r\n", 2, c->fcgi.out) < 0 || FCGX_FFlush(c->fcgi.out) != 0)
                return -1;
        return 0;
}

/* One record of FCGI_STDOUT, not by libfcgi, whose buffer of 8 KB would make eight of it.  Behind
 * FCGX_FFlush() nothing of the stream is pending. */
static int put_record(struct cgi *c, const char *data, size_t len)
{
        int id = c->fcgi.requestId;
        size_t padding = (8 - len % 8) % 8;
        static const char zeros[8];
        unsigned char header[8] = { 1 /* FCGI_VERSION_1 */,    6 /* FCGI_STDOUT */,
                                    (unsigned char)(id >> 8),  (unsigned char)id,
                                    (unsigned char)(len >> 8), (unsigned char)len,
                                    (unsigned char)padding };
        struct iovec parts[3] = { { header, sizeof header },
                                  { (void *)(uintptr_t)data, len },
                                  { (void *)(uintptr_t)zeros, padding } };

        for (int i = 0; i < 3;) {
                ssize_t put = writev(c->fcgi.ipcFd, parts + i, 3 - i);

                if (put < 0 && errno == EINTR)
                        continue;
                if (put < 0)
                        return -1;
                for (; i < 3 && (size_t)put >= parts[i].iov_len; i++)
                        put -= (ssize_t)parts[i].iov_len;
                if (i < 3) {
                        parts[i].iov_base = (char *)parts[i].iov_base + put;
                        parts[i].iov_len -= (size_t)put;
                }
        }
        return 0;
}

int cgi_piece(struct cgi *c, const void *data, size_t len)
{
        const char *at = data;

        if (c->plain)
                return file_write_all(STDOUT_FILENO, data, len);
        while (len > 0) {
                size_t part = len < RECORD_MOST ? len : RECORD_MOST;

                if (put_record(c, at, part) != 0)
                        return -1;
                at += part;
                len -= part;
        }
        return 0;
}

void cgi_cut(struct cgi *c)
{
        if (!c->begun)
                return;
        c->begun = false;
        c->env = NULL;
        if (c->plain)
                close(STDOUT_FILENO);
        else
                FCGX_Free(&c->fcgi, 1); /* without the record that ends a request */
}

bool cgi_cut_shows(const struct cgi *c, bool announced)
{
        return !c->plain && announced;
}

void cgi_finish(struct cgi *c)
{
        if (!c->begun)
                return;
        c->begun = false;
        if (!c->plain)
                drain(c); /* nobody replied */
        c->env = NULL;
        if (!c->plain)
                FCGX_Finish_r(&c->fcgi);
}
