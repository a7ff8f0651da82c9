/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Load for make bench: so many connections to a web server on loopback, each with one request
 * under way at any time, for so many seconds.
 *
 *     BENCH_SECRET=... load PORT PATH intake|interview CONNECTIONS SECONDS STATUS SERIAL
 *
 * intake: Greenhouse deliveries signed with the secret; interview: documents for
 * interview-link with the secret as key.  Each request differs from every other (SERIAL is the
 * number of the first) and all of them are made before the clock starts, so that making them
 * costs no one anything.  A reply with another status than STATUS is an error.
 *
 * Prints one line: requests, seconds, rate, p50, p99 and max in microseconds, errors, and the
 * next free serial.  A latency is the time from before the request is written until the last
 * byte of the reply is read; each is kept, so percentiles are exact.  The first tenth of the time
 * warms up and does not count.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "door/secret.h"
#include "floor/buf.h"
#include "floor/code.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define RATE_MOST 30000 /* requests prepared for each second */
#define POOL_MOST 200000
#define REPLY_MAX (16 * 1024)
#define SILENCE_MS 10000

struct connection {
        int fd;
        int64_t begun_us;
        size_t request, sent; /* which one, how much of it is written */
        size_t len;           /* of the reply so far */
        char reply[REPLY_MAX];
};

static struct {
        struct buf bytes;
        size_t *ends; /* of each request in bytes */
        size_t count, next;
} pool;

static struct {
        int64_t start_us, count_us, end_us; /* count_us: warm from here on */
        int64_t last_us;
        uint32_t *latencies;
        size_t done, errors;
} result;

static int port, wanted, poller;

static int fail(const char *what)
{
        fprintf(stderr, "load: %s: %s\n", what, strerrorname_np(errno));
        exit(3);
}

/* A body as large as a stage change of Greenhouse usually is. */
static void delivery_body(struct buf *body, uint64_t serial)
{
        buf_format(
            body,
            "{\"action\":\"candidate_stage_change\",\"payload\":{\"application\":{\"id\":%" PRIu64
            ",\"status\":\"active\",\"candidate\":{\"id\":%" PRIu64 ",\"first_name\":\"Ada\","
            "\"last_name\":\"Example\",\"email_addresses\":[{\"value\":\"ada%" PRIu64
            "@example.org\",\"type\":\"personal\"}],\"phone_numbers\":[],\"tags\":[]},"
            "\"current_stage\":{\"id\":71416,\"name\":\"Coding test\",\"interviews\":[{",
            4000000000 + serial, 8000000000 + serial, serial);
        buf_format(body, "\"id\":113101,\"name\":\"Coding test\",\"status\":\"to_be_scheduled\","
                         "\"interview_kit\":{\"url\":\"https://app.greenhouse.io/guides/113101\","
                         "\"content\":\"\",\"questions\":[]},\"interviewers\":[]}]},\"jobs\":[{"
                         "\"id\":46793,\"name\":\"Engineer\",\"requisition_id\":null,\"status\":"
                         "\"open\",\"custom_fields\":{}}]}}}");
}

static void interview_body(struct buf *body, uint64_t serial)
{
        buf_format(body,
                   "{\"title\":\"Coding interview %" PRIu64
                   "\",\"candidate\":{\"name\":\"Ada Example\","
                   "\"email\":\"ada%" PRIu64 "@example.org\"},\"interviewer_email\":"
                   "\"grace@acme.example\",\"starts_at\":\"2030-11-25T14:30:00Z\","
                   "\"ends_at\":\"2030-11-25T15:30:00Z\"}",
                   serial, serial);
}

static void add_request(const char *path, bool interview, const char *secret, uint64_t serial)
{
        unsigned char digest[SECRET_DIGEST_SIZE];
        struct buf body = BUF_NONE, *out = &pool.bytes;

        if (interview)
                interview_body(&body, serial);
        else
                delivery_body(&body, serial);
        buf_format(out,
                   "POST %s HTTP/1.1\r\nHost: hire.example.org\r\nUser-Agent: bench\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                   path, body.len);
        if (interview) {
                buf_format(out, "Authorization: Bearer %s\r\n\r\n", secret);
        } else {
                secret_hmac(secret, strlen(secret), body.data, body.len, digest);
                buf_format(out, "Greenhouse-Event-ID: bench-%" PRIu64 "\r\nSignature: sha256 ",
                           serial);
                code_hex(out, digest, sizeof digest);
                buf_format(out, "\r\n\r\n");
        }
        buf_add(out, body.data, body.len);
        pool.ends[pool.count++] = out->len;
        buf_dispose(&body);
}

static void connect_to_server(struct connection *c)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
        int yes = 1;

        c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0)
                fail("cannot connect");
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        if (fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0 ||
            epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) != 0)
                fail("cannot watch a connection");
}

static void reconnect(struct connection *c)
{
        close(c->fd);
        connect_to_server(c);
}

/* Small requests on loopback go out in one write; what does not is spun out. */
static int send_request(struct connection *c)
{
        size_t at = c->request == 0 ? 0 : pool.ends[c->request - 1];
        size_t len = pool.ends[c->request] - at;

        for (c->sent = 0; c->sent < len;) {
                ssize_t n = write(c->fd, pool.bytes.data + at + c->sent, len - c->sent);

                if (n < 0 && errno != EAGAIN && errno != EINTR)
                        return -1;
                if (n > 0)
                        c->sent += (size_t)n;
        }
        return 0;
}

/* Puts the next request on its way; false when time or requests have run out. */
static bool go_on(struct connection *c)
{
        int64_t now = when_steady_us();

        if (now >= result.end_us || pool.next == pool.count)
                return false;
        c->request = pool.next++;
        c->len = 0;
        c->begun_us = now;
        if (send_request(c) == 0)
                return true;
        /* The server closed a kept connection: that is its right, once. */
        reconnect(c);
        if (send_request(c) != 0)
                fail("cannot send");
        return true;
}

/* Where the reply ends, 0 not yet here, -1 nonsense. */
static ssize_t reply_end(struct connection *c)
{
        const char *head_end, *field;

        c->reply[c->len] = '\0';
        head_end = strstr(c->reply, "\r\n\r\n");
        if (head_end == NULL)
                return c->len + 1 == REPLY_MAX ? -1 : 0;
        head_end += 4;
        field = strcasestr(c->reply, "\r\nContent-Length:");
        if (field != NULL && field < head_end) {
                size_t end = (size_t)(head_end - c->reply) + (size_t)atol(field + 17);

                return end >= REPLY_MAX ? -1 : c->len >= end ? (ssize_t)end : 0;
        }
        field = strcasestr(c->reply, "\r\nTransfer-Encoding: chunked");
        if (field == NULL || field >= head_end)
                return -1;
        return c->len >= 5 && memcmp(c->reply + c->len - 5, "0\r\n\r\n", 5) == 0 ? (ssize_t)c->len
                                                                                 : 0;
}

static void count_reply(struct connection *c)
{
        int64_t now = when_steady_us();

        if (strncmp(c->reply, "HTTP/1.", 7) != 0 || atoi(c->reply + 9) != wanted) {
                if (result.errors++ == 0)
                        fprintf(stderr, "load: unexpected reply: %.300s\n", c->reply);
                return;
        }
        if (c->begun_us < result.count_us || now > result.end_us)
                return;
        result.last_us = now;
        result.latencies[result.done++] = (uint32_t)(now - c->begun_us);
}

/* False when this connection is done for good. */
static bool take_reply(struct connection *c)
{
        ssize_t n = read(c->fd, c->reply + c->len, REPLY_MAX - 1 - c->len), end;
        bool last;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
        if (n <= 0) {
                errno = n == 0 ? ECONNRESET : errno;
                fail("the server closed a connection in the middle of a reply");
        }
        c->len += (size_t)n;
        end = reply_end(c);
        if (end == 0)
                return true;
        if (end < 0) {
                fprintf(stderr, "load: a reply that makes no sense: %.300s\n", c->reply);
                exit(3);
        }
        count_reply(c);
        last = strcasestr(c->reply, "\r\nConnection: close") != NULL;
        if (last)
                reconnect(c);
        return go_on(c);
}

static void run(struct connection *all, int connections)
{
        struct epoll_event events[64];
        int going = 0;

        for (int i = 0; i < connections; i++)
                connect_to_server(&all[i]);
        for (int i = 0; i < connections; i++)
                going += go_on(&all[i]);
        while (going > 0) {
                int got = epoll_wait(poller, events, 64, SILENCE_MS);

                if (got == 0) {
                        errno = ETIMEDOUT;
                        fail("no reply");
                }
                for (int i = 0; i < got; i++) {
                        struct connection *c = events[i].data.ptr;

                        if (!take_reply(c)) {
                                close(c->fd);
                                going--;
                        }
                }
        }
}

static int by_value(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

static uint32_t percentile(double part)
{
        size_t at = (size_t)(part * (double)result.done);

        return result.latencies[at < result.done ? at : result.done - 1];
}

int main(int argc, char **argv)
{
        const char *secret = getenv("BENCH_SECRET");
        struct connection *all;
        double seconds, spent;
        uint64_t serial;
        int64_t span_us;
        size_t count;
        int connections;

        if (argc != 8 || secret == NULL) {
                fprintf(stderr, "usage: BENCH_SECRET=... load PORT PATH intake|interview "
                                "CONNECTIONS SECONDS STATUS SERIAL\n");
                return 2;
        }
        port = atoi(argv[1]);
        connections = atoi(argv[4]);
        seconds = atof(argv[5]);
        wanted = atoi(argv[6]);
        serial = strtoull(argv[7], NULL, 10);
        if (port <= 0 || connections <= 0 || seconds <= 0)
                return 2;
        count = (size_t)(seconds * RATE_MOST);
        count = count > POOL_MOST ? POOL_MOST : count;
        pool.ends = mem_array(count, sizeof *pool.ends);
        result.latencies = mem_array(count, sizeof *result.latencies);
        for (size_t i = 0; i < count; i++)
                add_request(argv[2], text_equal(argv[3], "interview"), secret, serial + i);
        all = mem_array((size_t)connections, sizeof *all);
        poller = epoll_create1(EPOLL_CLOEXEC);
        span_us = (int64_t)(seconds * 1e6);
        result.start_us = when_steady_us();
        result.count_us = result.start_us + span_us / 10;
        result.end_us = result.start_us + span_us;
        run(all, connections);
        if (result.done == 0) {
                fprintf(stderr, "load: no request was answered in time\n");
                return 3;
        }
        qsort(result.latencies, result.done, sizeof *result.latencies, by_value);
        spent =
            (double)((pool.next == pool.count ? result.last_us : result.end_us) - result.count_us) /
            1e6;
        printf("requests %zu seconds %.3f rate %.1f p50 %u p99 %u max %u errors %zu next %" PRIu64
               "\n",
               result.done, spent, (double)result.done / spent, percentile(0.5), percentile(0.99),
               result.latencies[result.done - 1], result.errors, serial + pool.next);
        mem_free(all);
        mem_free(pool.ends);
        mem_free(result.latencies);
        buf_dispose(&pool.bytes);
        return result.errors == 0 ? 0 : 3;
}
