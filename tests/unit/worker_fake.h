/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A home with one org, and an ATS and a platform that live in shared memory, so that they
 * outlast a worker that is killed.  Both do what they are told: fail in any way, with or
 * without having done it, and end the process that calls.
 */
#ifndef TESTS_UNIT_WORKER_FAKE_H
#define TESTS_UNIT_WORKER_FAKE_H

#include "bridge/outcome.h"
#include "home/worker.h"

enum fake_call {
        CALL_READ_APPLICATION,
        CALL_FIND_NOTE,
        CALL_WRITE_NOTE,
        CALL_MOVE_STAGE,
        CALL_INVITE,
        CALL_LIST_SESSIONS,
        CALL_LIST_JOBS,
        CALL_LIST_STAGES,
        CALL_LIST_TESTS,
        CALL_READ_SESSION,
        CALL_READ_SESSIONS,
        CALL_FIND_SESSION,
        CALL_CREATE_INTERVIEW,
        CALL_FIND_INTERVIEW,
        CALL_DELETE_INTERVIEW,
        CALL_SET_LINK,
        CALL_SET_TAGS,
        CALL_FIND_FILE,
        CALL_UPLOAD_FILE,
        CALL_MAKE_SLOT,
        CALL_DROP_SLOT,
        CALL_CANCEL,
        CALLS
};

struct fake_application {
        char id[32], candidate[32], email[64], stage[32], stage_name[64], status[16];
        char entry[32];     /* into the stage */
        char links[8][160]; /* beside the candidate */
        char tags[8][64];
        char slots[4][160]; /* links in the schedule */
        bool gone;
};

struct fake_session {
        char id[32], test[32], email[64], external[64], state[16], verification[16], retake[32];
        double score;
        int64_t finished_ms;
        bool making; /* a result that nobody will tell of */
        bool review; /* the platform suggests an integrity review */
};

struct fake_note {
        char application[32], body[4000];
        int score;
};

struct fake_file {
        char application[32], name[120], body[6000];
};

struct fake_world {
        struct fake_application applications[64];
        struct fake_session sessions[64];
        struct fake_note notes[256];
        struct fake_file files[16];
        int file_count;
        int application_count, session_count, note_count, moves, interviews;
        int calls[CALLS];          /* made */
        int most_at_once, at_once; /* calls of one connection */
        /* The next `times` calls of a kind end so; did: after having done it. */
        struct {
                int times;
                enum outcome_kind kind;
                bool did;
                int64_t wait_ms, lane_wait_ms;
        } script[CALLS];
        int die_at; /* the process ends at this step (calls twice, commits twice); 0 never */
        int steps;
        int64_t clock_ms; /* added to the real time */
        bool once;        /* an assessment can be taken once only: a result comes back */
        int64_t scale;    /* of waits; 1000 unless a test says otherwise */
};

extern struct fake_world *fake;

struct fake_home {
        char *dir;
        struct home *home;
        struct org *org;
};

/* Once per program. */
void fake_start(void);
/* A fresh world and a fresh home with org "acme": connections gh and cs, the usual rules
 * (stage "Coding test": send T1; final result: note; move when 70 % are reached). */
void fake_home_make(struct fake_home *f);
void fake_home_close(struct fake_home *f);
void fake_home_reopen(struct fake_home *f);
void fake_rules(struct org *org, const char *json);
void fake_connection(struct home *h, struct org *org, const char *id, const char *kind);

struct worker_options fake_options(struct fake_home *f);
void fake_tick(struct fake_home *f);

struct fake_application *fake_application(const char *id);
struct fake_session *fake_session(const char *id);
int fake_notes(const char *application, const char *containing);

/* How many of a list's texts contain this. */
int fake_count(const char (*list)[160], size_t count, const char *containing);
int fake_tags(const struct fake_application *a, const char *tag);

/* The ATS can be polled, every minute; NULL: it cannot. */
void fake_poll(int (*poll)(struct link *link, json_t **cursor,
                           int (*visit)(void *context, const struct fact *fact), void *context,
                           struct outcome *outcome));
/* The sweep can only read one session after the other. */
void fake_singly(bool singly);

/* Deliveries. */
void fake_deliver(struct fake_home *f, const char *org, const char *connection, enum trust trust,
                  const char *body);
void fake_stage(struct fake_home *f, const char *application, const char *identity);
void fake_told(struct fake_home *f, const char *session, const char *hint, const char *external,
               const char *identity);

/* Looks into the store: the caller frees. */
char *fake_event_text(struct org *org, uint64_t number, const char *member);
char *fake_action_text(struct org *org, uint64_t number, const char *member);
uint64_t fake_open_actions(struct org *org);
json_t *fake_record(struct org *org, const char *table, const char *key);

#endif
