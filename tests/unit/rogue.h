/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A web server in threads of the test that behaves as badly as it is asked to: the path of
 * a request names the behaviour (see the table in rogue.c).  Loopback, port 0.
 */
#ifndef TESTS_UNIT_ROGUE_H
#define TESTS_UNIT_ROGUE_H

#include <stdbool.h>

struct rogue;

/* host: "127.0.0.1" or "::1".  NULL if the machine has no such address. */
struct rogue *rogue_start(const char *host);
void rogue_stop(struct rogue *r); /* ends every thread and connection */
int rogue_port(const struct rogue *r);
int rogue_connections(struct rogue *r); /* accepted so far */
/* Requests read whole for a path (without its query). */
int rogue_requests(struct rogue *r, const char *path);
/* The last request as it came, head and body; the caller frees. */
char *rogue_last(struct rogue *r);
/* Waits until the server has closed as many connections. */
void rogue_wait_closed(struct rogue *r, int count);
int rogue_closed(struct rogue *r);

#endif
