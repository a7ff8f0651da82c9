/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * No host has an address: in the place of libc's gethostbyname() in webhook.
 *
 * libfcgi asks for it where it connects to a FastCGI program, which webhook never does.  libc's
 * own, inside a program linked statically, would look for the shared libraries of the very libc
 * that the program was built with; the linker warns of it, and this leaves it out.
 */
#include <netdb.h>
#include <stddef.h>

struct hostent *gethostbyname(const char *name)
{
        (void)name;
        h_errno = HOST_NOT_FOUND;
        return NULL;
}
