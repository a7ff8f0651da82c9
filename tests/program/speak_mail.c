/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends one mail by the door and says how it went, as one line: end, code, cause.
 *
 *     speak_mail send|try FROM TO SUBJECT TEXT
 *
 * The way comes from the environment: MAIL_URL, MAIL_USER, MAIL_PASSWORD, MAIL_SENDMAIL,
 * MAIL_TIMEOUT (ms), MAIL_ALLOW (networks).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "door/fetch.h"
#include "door/mail.h"
#include "floor/fail.h"

static const char *const ends[] = {
        [MAIL_SENT] = "sent",     [MAIL_REFUSED] = "refused",     [MAIL_LATER] = "later",
        [MAIL_DENIED] = "denied", [MAIL_UNCERTAIN] = "uncertain", [MAIL_NO_WAY] = "no way"
};

int main(int argc, char **argv)
{
        struct mail_route route = { .url = getenv("MAIL_URL"),
                                    .user = getenv("MAIL_USER"),
                                    .password = getenv("MAIL_PASSWORD"),
                                    .sendmail = getenv("MAIL_SENDMAIL") };
        struct mail mail = { .from_name = "Fairlead", .id = "one.two", .date_ms = 1790000000000 };
        struct fail why = FAIL_CLEAR;
        struct mail_answer answer;
        int result;

        if (argc != 6 || fetch_start(getenv("MAIL_ALLOW"), &why) != 0)
                return 2;
        if (getenv("MAIL_TIMEOUT") != NULL)
                route.timeout_ms = atoi(getenv("MAIL_TIMEOUT"));
        mail.from = argv[2];
        mail.to = argv[3];
        mail.subject = argv[4];
        mail.text = argv[5];
        if (strcmp(argv[1], "try") == 0)
                result = mail_try(&route, &answer, &why);
        else
                result = mail_send(&route, &mail, &answer, &why);
        printf("%s|%d|%s\n", ends[answer.end], answer.code, answer.cause);
        fetch_stop();
        return result == 0 ? 0 : 1;
}
