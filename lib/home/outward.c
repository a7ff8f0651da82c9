/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection as a link for its adapter.  A file of its own, because it brings libcurl along:
 * intake calls nobody, and as plain CGI it starts too often to load what it does not use.
 */
#include <string.h>

#include "floor/mem.h"
#include "home/inside.h"

/* The token kept for this connection in this process; one of other credentials is dropped. */
static struct link_token *token_of(struct org_private *private, const struct connection *c)
{
        struct token *t;

        pthread_mutex_lock(&private->lock);
        for (t = private->tokens; t != NULL && strcmp(t->connection, c->id) != 0;)
                t = t->next;
        if (t == NULL) {
                t = mem_alloc(sizeof *t);
                t->connection = mem_text(c->id);
                t->stamp = mem_text(c->stamp);
                pthread_mutex_init(&t->link.lock, NULL);
                t->next = private->tokens;
                private->tokens = t;
        } else if (strcmp(t->stamp, c->stamp) != 0) {
                pthread_mutex_lock(&t->link.lock);
                mem_free_secret(t->link.text);
                t->link.text = NULL;
                t->link.expires_ms = 0;
                pthread_mutex_unlock(&t->link.lock);
                mem_free(t->stamp);
                t->stamp = mem_text(c->stamp);
        }
        pthread_mutex_unlock(&private->lock);
        return &t->link;
}

void connection_link(struct home *h, const struct org *org, struct connection *c, struct link *link)
{
        *link = (struct link){
                .org = org->name,
                .id = c->id,
                .settings = c->settings,
                .credentials = c->credentials,
                .data_dir = FAIRLEAD_DATA_DIR "/data",
                .data_home = home_corrections(h),
                .token = token_of(org->private, c),
                .scale = 1,
                .call = link_fetch,
        };
}
