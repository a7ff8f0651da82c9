/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How mail leaves this home. */
#include "home/post.h"

#include <stdio.h>
#include <string.h>

#include "floor/file.h"
#include "floor/mem.h"
#include "floor/text.h"

#define PASSWORD_MAX 1000

char *post_from(const struct post *post, const char *public_url)
{
        const char *host = public_url == NULL ? NULL : strstr(public_url, "://");
        char *from;

        if (!text_empty(post->from))
                return mem_text(post->from);
        host = host == NULL ? "" : host + strlen("://");
        from = mem_format("fairlead@%.*s", (int)strcspn(host, ":/"), host);
        if (mail_check_address(from, NULL) != 0) {
                mem_free(from);
                from = mem_text("fairlead@localhost");
        }
        return from;
}

/* The first line of the file that holds the password: the caller wipes it. */
static int read_password(const struct post *post, char **password, struct mail_answer *answer)
{
        struct buf text = BUF_NONE;
        struct fail why = FAIL_CLEAR;
        int found;

        *password = NULL;
        if (text_empty(post->user) || text_empty(post->password_file))
                return 0;
        found = file_read(post->password_file, PASSWORD_MAX, &text, &why);
        if (found == 1)
                *password = mem_text_part(text.data, strcspn(buf_text(&text), "\r\n"));
        buf_dispose_secret(&text);
        if (found == 1)
                return 0;
        answer->end = MAIL_NO_WAY;
        snprintf(answer->cause, sizeof answer->cause,
                 "FAIRLEAD_SMTP_PASSWORD_FILE cannot be read: %.120s",
                 found == 0 ? "there is no such file" : why.text);
        return -1;
}

static struct mail_route route_of(const struct post *post, const char *password)
{
        return (struct mail_route){ .url = post->url,
                                    .user = post->user,
                                    .password = password,
                                    .sendmail = post->sendmail };
}

int post_send(const struct post *post, const char *public_url, struct mail *mail,
              struct mail_answer *answer, struct fail *why)
{
        char *password, *from = post_from(post, public_url);
        struct mail_route route;
        int result;

        memset(answer, 0, sizeof *answer);
        if (read_password(post, &password, answer) != 0) {
                result = fail_set(why, FAIL_INPUT, "%s", answer->cause);
        } else {
                route = route_of(post, password);
                mail->from = from;
                if (mail->from_name == NULL)
                        mail->from_name = "Fairlead";
                result = (post->send != NULL ? post->send : mail_send)(&route, mail, answer, why);
                mail->from = NULL;
                mem_free_secret(password);
        }
        mem_free(from);
        return result;
}

int post_try(const struct post *post, struct mail_answer *answer, struct fail *why)
{
        struct mail_route route;
        char *password;
        int result;

        memset(answer, 0, sizeof *answer);
        if (read_password(post, &password, answer) != 0)
                return fail_set(why, FAIL_INPUT, "%s", answer->cause);
        route = route_of(post, password);
        result = mail_try(&route, answer, why);
        mem_free_secret(password);
        return result;
}
