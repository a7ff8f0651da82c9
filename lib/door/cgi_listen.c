/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the listening socket ourselves, without a spawner. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "door/cgi.h"
#include "floor/mem.h"
#include "floor/text.h"

static bool internet(const char *where)
{
        return strchr(where, '/') == NULL && strchr(where, ':') != NULL;
}

/* A numeric address, so nobody is asked: getaddrinfo() would bring the whole resolver along,
 * which a program that is linked statically cannot have.  Its size, 0 when it is none. */
static socklen_t read_address(const char *host, int64_t port, struct sockaddr_storage *address)
{
        struct sockaddr_in *v4 = (struct sockaddr_in *)address;
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

        if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
                v4->sin_family = AF_INET;
                v4->sin_port = htons((uint16_t)port);
                return sizeof *v4;
        }
        if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
                v6->sin6_family = AF_INET6;
                v6->sin6_port = htons((uint16_t)port);
                return sizeof *v6;
        }
        return 0;
}

/* "host:port", "[v6]:port" or ":port" (loopback). */
static int listen_internet(const char *where, struct fail *why)
{
        struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
        const char *colon = strrchr(where, ':');
        char *host = mem_text_part(where, (size_t)(colon - where));
        const char *bare = host;
        int fd = -1, yes = 1;
        socklen_t size = 0;
        int64_t port;

        if (*bare == '[' && text_ends(bare, "]")) {
                host[strlen(host) - 1] = '\0';
                bare++;
        }
        if (text_empty(bare) || text_equal(bare, "localhost"))
                bare = "127.0.0.1";
        if (text_int(colon + 1, 0, UINT16_MAX, &port) == 0)
                size = read_address(bare, port, &address);
        if (size == 0) {
                fail_set(why, FAIL_INPUT, "cannot listen on %s: no numeric address and port",
                         where);
                goto out;
        }
        fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
            bind(fd, (const struct sockaddr *)&address, size) != 0 ||
            listen(fd, CGI_BACKLOG) != 0) {
                fail_errno(why, "cannot listen on %s", where);
                if (fd >= 0)
                        close(fd);
                fd = -1;
        }
out:
        mem_free(host);
        return fd;
}

/* A socket file that a killed program left behind is in the way; one that answers is not. */
static int clear_stale(const struct sockaddr_un *address, struct fail *why)
{
        struct stat st;
        int fd, result;

        if (lstat(address->sun_path, &st) != 0)
                return errno == ENOENT ? 0
                                       : fail_errno(why, "cannot look at %s", address->sun_path);
        if (!S_ISSOCK(st.st_mode))
                return fail_set(why, FAIL_INPUT, "%s is there and is no socket", address->sun_path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail_errno(why, "cannot make a socket");
        result = connect(fd, (const struct sockaddr *)address, sizeof *address);
        close(fd);
        if (result == 0)
                return fail_set(why, FAIL_CONFLICT, "another program listens on %s",
                                address->sun_path);
        return unlink(address->sun_path) == 0 || errno == ENOENT
                   ? 0
                   : fail_errno(why, "cannot remove the old %s", address->sun_path);
}

static int listen_unix(const char *where, struct fail *why)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        mode_t before;
        int fd, result;

        if (strlen(where) >= sizeof address.sun_path)
                return fail_set(why, FAIL_INPUT, "socket path longer than %zu bytes",
                                sizeof address.sun_path - 1);
        memcpy(address.sun_path, where, strlen(where));
        if (clear_stale(&address, why) != 0)
                return -1;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return fail_errno(why, "cannot make a socket");
        before = umask(0117); /* owner and group: the web server runs as one of them */
        result = bind(fd, (const struct sockaddr *)&address, sizeof address);
        umask(before);
        if (result != 0 || listen(fd, CGI_BACKLOG) != 0) {
                fail_errno(why, "cannot listen on %s", where);
                close(fd);
                return -1;
        }
        return fd;
}

int cgi_listen(const char *where, struct fail *why)
{
        return internet(where) ? listen_internet(where, why) : listen_unix(where, why);
}

void cgi_unlisten(const char *where)
{
        if (!internet(where))
                unlink(where);
}
