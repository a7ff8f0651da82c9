/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request of a web server and its reply, through libfcgi or as plain CGI: the same
 * struct either way.  The only file to include <fcgiapp.h>.
 *
 * Texts of a request live until cgi_finish().  A header that came twice is marked (lighttpd
 * passes both, see cgi_header).
 */
#ifndef DOOR_CGI_H
#define DOOR_CGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "floor/buf.h"
#include "floor/fail.h"

#define CGI_BACKLOG 1024 /* with 128, lighttpd answers 503 in bursts (measured) */

struct cgi; /* one thread's request slot */

/* Descriptor of the listening socket: the inherited descriptor 0 (spawned, spawn-fcgi), 3
 * (socket activation, LISTEN_FDS) or -1 when this is a plain CGI environment. */
int cgi_listening(void);
/* Opens a Unix socket (path; mode 0660) or "host:port" (numeric) itself with a backlog of
 * CGI_BACKLOG, for running without a spawner; -1 why.  A socket file nobody answers on is replaced.
 */
int cgi_listen(const char *where, struct fail *why);

void cgi_unlisten(const char *where); /* removes the socket file, so that nobody new comes */

/* The listening socket, for all threads. */
struct cgi_door *cgi_door_new(int listen_fd);
void cgi_door_free(struct cgi_door *door);

struct cgi *cgi_new(bool plain); /* plain CGI: one request */
void cgi_free(struct cgi *c);

/* 1 a request is here, 0 no more will come (stopping, or CGI's one is over), -1 why.  door is
 * NULL for plain CGI.  cgi_stop() makes every waiting cgi_accept return 0, after what already
 * stands in the socket's queue has been given out (for 2 s at most); async-signal-safe. */
int cgi_accept(struct cgi *c, struct cgi_door *door, struct fail *why);
void cgi_stop(void);

/* Called by a thread in cgi_accept() that finds nobody at the door, before it sleeps.  Set once,
 * before the first cgi_accept(); NULL for none. */
void cgi_when_idle(void (*call)(void));

/* May this request be left to another thread, which then calls cgi_reply() and cgi_finish()?  Not
 * as plain CGI, nor while its connection is kept for a next request of the web server. */
bool cgi_parts(struct cgi *c);

const char *cgi_param(struct cgi *c, const char *name); /* CGI variable, or NULL */
/* A request header by its HTTP name ("X-CodeSignal-Signature"): 1, 0 absent, -1 it came
 * more than once. */
int cgi_header(struct cgi *c, const char *name, const char **value);
/* Calls visit for every header (HTTP_*, CONTENT_TYPE) in CGI spelling. */
void cgi_each_header(struct cgi *c,
                     void (*visit)(void *context, const char *name, const char *value),
                     void *context);

size_t cgi_header_size(struct cgi *c); /* bytes of all headers together */

/* Reads the whole body: 0 done; 413 longer than max; 411 no length but chunked; 400 shorter
 * or longer than announced, or a length that is no number.  Whatever is unread is drained by
 * cgi_finish(). */
int cgi_body(struct cgi *c, size_t max, struct buf *out);

/* Reads away what is left of the body, then sends one whole reply: head ("Status: 200 OK" and
 * headers, each ended by CR LF), body. */
int cgi_reply(struct cgi *c, const char *head, size_t head_len, const void *body, size_t body_len);
/* The same in pieces, for a body that is not held: the head first, then each piece as it comes
 * (-1: nobody reads any more), cgi_finish() at the end.  cgi_cut() ends it so that the web server
 * knows that the body is not whole, where it can. */
int cgi_begin(struct cgi *c, const char *head, size_t head_len);
int cgi_piece(struct cgi *c, const void *data, size_t len);
void cgi_cut(struct cgi *c);
/* Does the web server see cgi_cut()?  mod_fcgid and lighttpd's CGI do so when a length was
 * announced, Apache's CGI never; who speaks FastCGI is not told which of them listens. */
bool cgi_cut_shows(const struct cgi *c, bool announced);
void cgi_finish(struct cgi *c);

#endif
