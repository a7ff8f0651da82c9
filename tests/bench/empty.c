/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program that make bench compares with: it answers "ok" and does nothing else, as
 * FastCGI (on descriptor 0, as many threads as ours have) or as plain CGI.  Plain libfcgi,
 * in the way its own examples use it, and nothing of ours.
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 16 /* the default of FAIRLEAD_THREADS */

static const char reply[] = "Status: 200 OK\r\n"
                            "Content-Type: text/plain\r\n"
                            "Content-Length: 3\r\n"
                            "\r\n"
                            "ok\n";

static void *answer(void *context)
{
        FCGX_Request request;

        FCGX_InitRequest(&request, 0, 0);
        while (FCGX_Accept_r(&request) == 0) {
                FCGX_PutStr(reply, sizeof reply - 1, request.out);
                FCGX_Finish_r(&request);
        }
        return context;
}

int main(void)
{
        const char *asked = getenv("FAIRLEAD_THREADS");
        int threads = asked == NULL ? THREADS : atoi(asked);
        pthread_t thread;

        if (FCGX_IsCGI())
                return write(STDOUT_FILENO, reply, sizeof reply - 1) != sizeof reply - 1;
        FCGX_Init();
        for (int i = 1; i < threads; i++)
                if (pthread_create(&thread, NULL, answer, NULL) != 0)
                        return 3;
        answer(NULL);
        return 0;
}
