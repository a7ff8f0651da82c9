/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between the files of cgi; for nobody else. */
#ifndef DOOR_CGI_PRIVATE_H
#define DOOR_CGI_PRIVATE_H

#include "door/cgi.h"

bool cgi_stopping(void);
bool cgi_door_internet(const struct cgi_door *door); /* the listening socket is TCP */
/* The next connection that was accepted: its descriptor, -1 no more, -2 errno. */
int cgi_next_descriptor(struct cgi_door *door);
/* Waits until fd is readable or cgi_stop() is called: 1 readable, 0 stop, -1 errno. */
int cgi_wait_for(int fd);

#endif
