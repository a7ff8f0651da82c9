/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A web server that behaves as badly as it is asked to. */
#include "rogue.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor/buf.h"
#include "floor/mem.h"
#include "floor/text.h"

#define MOST 512 /* connections of one test */

struct visitor {
        struct rogue *rogue;
        pthread_t thread;
        int fd;
        int served;     /* requests on this connection */
        struct buf got; /* the request being answered */
};

struct rogue {
        int fd, port;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t moved;
        int count, closed;
        bool ending;
        char *paths[4096];
        int path_count;
        struct buf last;
        struct visitor visitors[MOST];
};

static bool send_all(struct visitor *v, const void *data, size_t len)
{
        const char *p = data;

        while (len > 0) {
                ssize_t n = send(v->fd, p, len, MSG_NOSIGNAL);

                if (n <= 0)
                        return false;
                p += n;
                len -= (size_t)n;
        }
        return true;
}

static bool say(struct visitor *v, const char *text)
{
        return send_all(v, text, strlen(text));
}

/* Until the other side hangs up, or time_ms went by. */
static bool wait_gone(struct visitor *v, int time_ms)
{
        struct pollfd p = { .fd = v->fd, .events = POLLRDHUP };

        return poll(&p, 1, time_ms) != 0;
}

/* Each behaviour answers one request; true keeps the connection. */

static bool good(struct visitor *v)
{
        return say(v, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-One:  first \r\n"
                      "x-one: second\r\nX-Empty:\r\n\r\n{\"ok\":true}");
}

static bool empty(struct visitor *v)
{
        return say(v, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static bool no_content(struct visitor *v)
{
        return say(v, "HTTP/1.1 204 No Content\r\n\r\n");
}

static bool sorry(struct visitor *v)
{
        return say(v, "HTTP/1.1 500 Sorry\r\nContent-Length: 5\r\n\r\nsorry");
}

static bool until_close(struct visitor *v)
{
        say(v, "HTTP/1.0 200 OK\r\n\r\nup to the end");
        return false;
}

static bool chunked(struct visitor *v)
{
        return say(v, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Trailer: late\r\n\r\n");
}

static bool folded(struct visitor *v)
{
        return say(v, "HTTP/1.1 200 OK\r\nX-Fold: one\r\n  two\r\nContent-Length: 0\r\n\r\n");
}

static bool early_hint(struct visitor *v)
{
        return say(v, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n") && good(v);
}

static bool only_hint(struct visitor *v)
{
        say(v, "HTTP/1.1 103 Early Hints\r\n\r\n");
        return false;
}

static bool redirect(struct visitor *v)
{
        return say(v, "HTTP/1.1 302 Found\r\nLocation: /good\r\nContent-Length: 0\r\n\r\n");
}

static bool big(struct visitor *v)
{
        static const char zeros[65536];

        say(v, "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
        for (int i = 0; i < 16384 && send_all(v, zeros, sizeof zeros); i++)
                ;
        return false;
}

static bool endless(struct visitor *v)
{
        static const char zeros[65536];

        say(v, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while (say(v, "10000\r\n") && send_all(v, zeros, sizeof zeros) && say(v, "\r\n"))
                ;
        return false;
}

static bool half(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf a body");
        return false;
}

static bool half_chunk(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        return false;
}

static bool bad_chunk(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n");
        return false;
}

static bool garbage(struct visitor *v)
{
        say(v, "\x01\x02 nothing like HTTP \xFF\r\n\r\n");
        return false;
}

static bool old(struct visitor *v)
{
        say(v, "{\"ok\":true}\n");
        return false;
}

static bool odd_status(struct visitor *v)
{
        return say(v, "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n");
}

static bool half_head(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nContent-Ty");
        return false;
}

static bool no_blank(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nX-One: 1\r\n");
        return false;
}

static bool drip(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while (!wait_gone(v, 20) && say(v, "x"))
                ;
        return false;
}

static bool nothing(struct visitor *v)
{
        wait_gone(v, -1);
        return false;
}

static bool hang_up(struct visitor *v)
{
        (void)v;
        return false;
}

static bool reset(struct visitor *v)
{
        struct linger hard = { 1, 0 };

        setsockopt(v->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        return false;
}

static bool reset_half(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        return reset(v);
}

/* The answer promises to keep the connection, then it goes. */
static bool good_bye(struct visitor *v)
{
        good(v);
        return false;
}

/* Only a connection's first request is answered; a later one is read and dropped. */
static bool vanish(struct visitor *v)
{
        return v->served == 1 ? good(v) : false;
}

static bool huge_head(struct visitor *v)
{
        char line[1024];

        memset(line, 'x', sizeof line);
        memcpy(line, "X-Many: ", 8);
        memcpy(line + sizeof line - 2, "\r\n", 2);
        say(v, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 100 && send_all(v, line, sizeof line); i++)
                ;
        say(v, "Content-Length: 0\r\n\r\n");
        return false;
}

static bool huge_line(struct visitor *v)
{
        static char line[300000];

        memset(line, 'x', sizeof line);
        memcpy(line, "X-Long: ", 8);
        say(v, "HTTP/1.1 200 OK\r\n");
        send_all(v, line, sizeof line);
        say(v, "\r\nContent-Length: 0\r\n\r\n");
        return false;
}

static bool packed(struct visitor *v)
{
        /* printf '{"packed":true}' | gzip -n */
        static const unsigned char body[35] = {
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xAB, 0x56,
                0x2A, 0x48, 0x4C, 0xCE, 0x4E, 0x4D, 0x51, 0xB2, 0x2A, 0x29, 0x2A, 0x4D,
                0xAD, 0x05, 0x00, 0x89, 0xE0, 0xB5, 0xDC, 0x0F, 0x00, 0x00, 0x00,
        };

        return say(v, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 35\r\n\r\n") &&
               send_all(v, body, sizeof body);
}

static bool packed_badly(struct visitor *v)
{
        return say(v, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 11\r\n\r\n"
                      "{\"ok\":true}");
}

struct bits {
        unsigned char *out;
        size_t at;
};

static void put_bits(struct bits *b, unsigned value, int count)
{
        for (int i = 0; i < count; i++, b->at++)
                b->out[b->at / 8] |= (unsigned char)((value >> i & 1) << b->at % 8);
}

/* RFC 1951 3.2.6, fixed codes: one NUL, then "258 more of the same" over and over: 13 bits
 * for 258 bytes, about 160 MB in a megabyte. */
static bool bomb(struct visitor *v)
{
        static const unsigned char head[10] = { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3 };
        const size_t size = 1 << 20;
        struct bits b = { mem_alloc(size), 0 };

        memcpy(b.out, head, sizeof head);
        b.at = 8 * sizeof head;
        put_bits(&b, 3, 3);    /* last block, fixed codes */
        put_bits(&b, 0x0C, 8); /* 00110000 from its first bit: literal 0 */
        while (b.at + 64 < 8 * size)
                put_bits(&b, 0xA3, 13); /* 11000101 00000: length 258, distance 1 */
        say(v, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
               "100000\r\n");
        send_all(v, b.out, size);
        say(v, "\r\n0\r\n\r\n");
        mem_free(b.out);
        return false;
}

/* printf '{"packed":true}' | gzip -n | gzip -n */
static const unsigned char packed_twice[52] = {
        0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x93, 0xEF, 0xE6,
        0x60, 0x00, 0x01, 0x26, 0xE6, 0xD5, 0x61, 0x5A, 0x1E, 0x3E, 0xE7, 0xFC, 0x7C,
        0x03, 0x37, 0x69, 0x69, 0x6A, 0xF9, 0xAE, 0x65, 0x65, 0xE8, 0x7C, 0xB0, 0xF5,
        0x0E, 0x3F, 0x50, 0x0A, 0x00, 0x42, 0x69, 0xF3, 0x4C, 0x23, 0x00, 0x00, 0x00,
};

static bool layers(struct visitor *v)
{
        return say(v, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n"
                      "Content-Length: 52\r\n\r\n") &&
               send_all(v, packed_twice, sizeof packed_twice);
}

static bool lines_of_layers(struct visitor *v)
{
        return say(v, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n"
                      "Content-Length: 52\r\n\r\n") &&
               send_all(v, packed_twice, sizeof packed_twice);
}

static bool other_coding(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\nabcd");
        return false;
}

static bool transfer_gzip(struct visitor *v)
{
        say(v, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n");
        return false;
}

static const struct {
        const char *path;
        bool (*answer)(struct visitor *v);
} behaviours[] = {
        { "/good", good },
        { "/empty", empty },
        { "/no-content", no_content },
        { "/sorry", sorry },
        { "/until-close", until_close },
        { "/chunked", chunked },
        { "/folded", folded },
        { "/early-hint", early_hint },
        { "/only-hint", only_hint },
        { "/redirect", redirect },
        { "/big", big },
        { "/endless", endless },
        { "/half", half },
        { "/half-chunk", half_chunk },
        { "/bad-chunk", bad_chunk },
        { "/garbage", garbage },
        { "/old", old },
        { "/odd-status", odd_status },
        { "/half-head", half_head },
        { "/no-blank", no_blank },
        { "/drip", drip },
        { "/nothing", nothing },
        { "/hang-up", hang_up },
        { "/reset", reset },
        { "/reset-half", reset_half },
        { "/good-bye", good_bye },
        { "/vanish", vanish },
        { "/huge-head", huge_head },
        { "/huge-line", huge_line },
        { "/packed", packed },
        { "/packed-badly", packed_badly },
        { "/bomb", bomb },
        { "/layers", layers },
        { "/lines-of-layers", lines_of_layers },
        { "/other-coding", other_coding },
        { "/transfer-gzip", transfer_gzip },
};

/* One request with its body into v->got; false when the other side is done. */
static bool read_request(struct visitor *v)
{
        char part[65536];
        const char *end, *length;
        size_t want = 0;

        buf_reset(&v->got);
        while (want == 0 || v->got.len < want) {
                ssize_t n = recv(v->fd, part, sizeof part, 0);

                if (n <= 0)
                        return false;
                buf_add(&v->got, part, (size_t)n);
                end = strstr(v->got.data, "\r\n\r\n");
                if (want == 0 && end != NULL) {
                        length = strstr(v->got.data, "Content-Length: ");
                        want = (size_t)(end + 4 - v->got.data);
                        if (length != NULL && length < end)
                                want += (size_t)atoll(length + 16);
                }
        }
        return true;
}

/* Notes the request and gives its path, to be freed. */
static char *note(struct visitor *v)
{
        struct rogue *r = v->rogue;
        const char *from = strchr(v->got.data, ' ');
        char *path = from == NULL ? mem_text("") : mem_text_part(from + 1, strcspn(from + 1, " ?"));

        v->served++;
        pthread_mutex_lock(&r->lock);
        buf_reset(&r->last);
        buf_add_buf(&r->last, &v->got);
        if (r->path_count < (int)(sizeof r->paths / sizeof *r->paths))
                r->paths[r->path_count++] = mem_text(path);
        pthread_mutex_unlock(&r->lock);
        return path;
}

static bool answer(struct visitor *v)
{
        char *path = note(v);
        bool keep = false;

        for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++) {
                if (text_equal(behaviours[i].path, path)) {
                        keep = behaviours[i].answer(v);
                        break;
                }
        }
        mem_free(path);
        return keep;
}

static void *serve(void *context)
{
        struct visitor *v = context;
        struct rogue *r = v->rogue;

        while (read_request(v) && answer(v))
                ;
        pthread_mutex_lock(&r->lock);
        close(v->fd);
        v->fd = -1;
        r->closed++;
        pthread_cond_broadcast(&r->moved);
        pthread_mutex_unlock(&r->lock);
        buf_dispose(&v->got);
        return NULL;
}

static void *welcome(void *context)
{
        struct rogue *r = context;
        int fd;

        while ((fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
                pthread_mutex_lock(&r->lock);
                if (r->ending || r->count == MOST) {
                        close(fd);
                } else {
                        struct visitor *v = &r->visitors[r->count++];

                        *v = (struct visitor){ .rogue = r, .fd = fd };
                        pthread_create(&v->thread, NULL, serve, v);
                }
                pthread_mutex_unlock(&r->lock);
        }
        return NULL;
}

struct rogue *rogue_start(const char *host)
{
        struct sockaddr_storage at;
        socklen_t len = sizeof at;
        struct sockaddr_in v4 = { .sin_family = AF_INET };
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
        bool six = strchr(host, ':') != NULL;
        struct rogue *r = mem_alloc(sizeof *r);

        inet_pton(AF_INET, host, &v4.sin_addr);
        inet_pton(AF_INET6, host, &v6.sin6_addr);
        r->fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (r->fd < 0 ||
            bind(r->fd, six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
                 six ? sizeof v6 : sizeof v4) != 0 ||
            listen(r->fd, 64) != 0 || getsockname(r->fd, (struct sockaddr *)&at, &len) != 0) {
                if (r->fd >= 0)
                        close(r->fd);
                mem_free(r);
                return NULL;
        }
        r->port = ntohs(six ? ((struct sockaddr_in6 *)&at)->sin6_port
                            : ((struct sockaddr_in *)&at)->sin_port);
        pthread_mutex_init(&r->lock, NULL);
        pthread_cond_init(&r->moved, NULL);
        pthread_create(&r->thread, NULL, welcome, r);
        return r;
}

void rogue_stop(struct rogue *r)
{
        pthread_mutex_lock(&r->lock);
        r->ending = true;
        for (int i = 0; i < r->count; i++) {
                if (r->visitors[i].fd >= 0)
                        shutdown(r->visitors[i].fd, SHUT_RDWR);
        }
        pthread_mutex_unlock(&r->lock);
        shutdown(r->fd, SHUT_RDWR);
        pthread_join(r->thread, NULL);
        for (int i = 0; i < r->count; i++)
                pthread_join(r->visitors[i].thread, NULL);
        close(r->fd);
        for (int i = 0; i < r->path_count; i++)
                mem_free(r->paths[i]);
        buf_dispose(&r->last);
        pthread_cond_destroy(&r->moved);
        pthread_mutex_destroy(&r->lock);
        mem_free(r);
}

int rogue_port(const struct rogue *r)
{
        return r->port;
}

int rogue_connections(struct rogue *r)
{
        int count;

        pthread_mutex_lock(&r->lock);
        count = r->count;
        pthread_mutex_unlock(&r->lock);
        return count;
}

int rogue_requests(struct rogue *r, const char *path)
{
        int count = 0;

        pthread_mutex_lock(&r->lock);
        for (int i = 0; i < r->path_count; i++)
                count += text_equal(r->paths[i], path);
        pthread_mutex_unlock(&r->lock);
        return count;
}

char *rogue_last(struct rogue *r)
{
        char *text;

        pthread_mutex_lock(&r->lock);
        text = mem_text_part(buf_text(&r->last), r->last.len);
        pthread_mutex_unlock(&r->lock);
        return text;
}

int rogue_closed(struct rogue *r)
{
        int count;

        pthread_mutex_lock(&r->lock);
        count = r->closed;
        pthread_mutex_unlock(&r->lock);
        return count;
}

void rogue_wait_closed(struct rogue *r, int count)
{
        pthread_mutex_lock(&r->lock);
        while (r->closed < count)
                pthread_cond_wait(&r->moved, &r->lock);
        pthread_mutex_unlock(&r->lock);
}
