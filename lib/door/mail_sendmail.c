/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The local sendmail, as every Unix with a mailer has it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "door/mail_private.h"
#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"
#include "floor/when.h"

#define TIMEOUT_MS (30 * WHEN_SECOND)
#define LOOK_MS 20
#define SAID_MAX 100

/* Nothing of our own environment but what finds programs and a home. */
static char **surroundings(void)
{
        static const char *const kept[] = { "HOME", "USER", "LOGNAME", "TZ" };
        char **list = mem_array(sizeof kept / sizeof *kept + 2, sizeof *list);
        size_t n = 0;

        list[n++] = mem_text("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
                if (getenv(kept[i]) != NULL)
                        list[n++] = mem_format("%s=%s", kept[i], getenv(kept[i]));
        return list;
}

static void drop(char **list)
{
        for (size_t i = 0; list[i] != NULL; i++)
                mem_free(list[i]);
        mem_free(list);
}

/* The child starts with the signals of a shell's: the worker ignores and blocks some. */
static int start(const struct mail_route *route, const struct mail *mail, int in, int out,
                 pid_t *child)
{
        static char pass_dots[] = "-i", sender[] = "-f";
        char *const argv[] = { (char *)(uintptr_t)route->sendmail,
                               pass_dots,
                               sender,
                               (char *)(uintptr_t)mail->from,
                               (char *)(uintptr_t)mail->to,
                               NULL };
        char **environment = surroundings();
        posix_spawn_file_actions_t files;
        posix_spawnattr_t how;
        sigset_t none, usual;
        int result;

        sigemptyset(&none);
        sigemptyset(&usual);
        sigaddset(&usual, SIGPIPE);
        posix_spawnattr_init(&how);
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setsigmask(&how, &none);
        posix_spawnattr_setsigdefault(&how, &usual);
        posix_spawn_file_actions_init(&files);
        posix_spawn_file_actions_adddup2(&files, in, 0);
        posix_spawn_file_actions_adddup2(&files, out, 1);
        posix_spawn_file_actions_adddup2(&files, out, 2);
        result = posix_spawn(child, route->sendmail, &files, &how, argv, environment);
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&how);
        drop(environment);
        return result;
}

/* Its exit code, or -1 when that is not known: it did not end in time and was ended. */
static int await(pid_t child, int64_t until)
{
        struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
        int status = 0;
        pid_t ended;

        while ((ended = waitpid(child, &status, WNOHANG)) == 0 && when_steady_ms() < until)
                nanosleep(&pause, NULL);
        if (ended == 0) {
                kill(child, SIGKILL);
                waitpid(child, &status, 0);
                return -1;
        }
        if (ended != child)
                return -1; /* somebody else took its end */
        return WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE;
}

static void hear(int fd, char said[SAID_MAX + 1])
{
        char raw[SAID_MAX];
        ssize_t got = file_read_at(fd, raw, sizeof raw, 0);
        size_t len = 0;

        while (got > 0 && len < (size_t)got && raw[len] >= ' ' && raw[len] < 0x7F) {
                said[len] = raw[len];
                len++;
        }
        said[len] = '\0';
}

static int conclude(struct mail_answer *answer, int code, const char *said)
{
        enum mail_end end = MAIL_LATER;

        answer->code = code > 0 ? code : 0;
        switch (code) {
        case EX_OK:
                return mail_end(answer, MAIL_SENT, "%s", "");
        case EX_USAGE:
        case EX_DATAERR:
        case EX_NOUSER:
        case EX_NOHOST:
                end = MAIL_REFUSED;
                break;
        case EX_NOPERM:
                end = MAIL_DENIED;
                break;
        case -1:
                return mail_end(answer, MAIL_UNCERTAIN, "sendmail did not say in time how it went");
        }
        return mail_end(answer, end, "sendmail ended with %d%s%s", code, *said ? ": " : "", said);
}

static int hand_over(const struct mail_route *route, const struct mail *mail,
                     const struct buf *message, struct mail_answer *answer)
{
        int64_t until = when_steady_ms() + (route->timeout_ms > 0 ? route->timeout_ms : TIMEOUT_MS);
        int in = memfd_create("mail", MFD_CLOEXEC), out = memfd_create("said", MFD_CLOEXEC), error,
            result;
        char said[SAID_MAX + 1];
        pid_t child = -1;

        if (in < 0 || out < 0 || file_write_at(in, message->data, message->len, 0) != 0) {
                result = mail_end(answer, MAIL_LATER, "no room for the message: %s",
                                  strerrordesc_np(errno));
        } else if ((error = start(route, mail, in, out, &child)) != 0) {
                result = mail_end(answer, MAIL_NO_WAY, "%.120s cannot be started: %s",
                                  route->sendmail, strerrordesc_np(error));
        } else {
                int code = await(child, until);

                hear(out, said);
                result = conclude(answer, code, said);
        }
        if (in >= 0)
                close(in);
        if (out >= 0)
                close(out);
        return result;
}

int mail_sendmail(const struct mail_route *route, const struct mail *mail,
                  const struct buf *message, struct mail_answer *answer)
{
        if (text_empty(route->sendmail) || access(route->sendmail, X_OK) != 0)
                return mail_end(answer, MAIL_NO_WAY,
                                "there is neither a relay (FAIRLEAD_SMTP_URL) nor a local sendmail "
                                "(FAIRLEAD_SENDMAIL)");
        if (mail == NULL)
                return mail_end(answer, MAIL_SENT, "%s", "");
        return hand_over(route, mail, message, answer);
}
