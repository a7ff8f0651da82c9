/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the worker has to do, in memory. */
#include "home/agenda.h"

#include <pthread.h>
#include <string.h>

#include "floor/code.h"
#include "floor/mem.h"

#define BUCKETS 1024
#define JUMP_MS 2000 /* the wall clock against the steady one: more is somebody's hand */

struct lane {
        char connection[41];
        enum agenda_lane kind;
        unsigned running;
        bool failing;     /* it was asked to rest, and nothing has ended well since */
        bool slow;        /* its last call held up a thread */
        int64_t begun_ms; /* steady: the last call */
        int64_t rest_ms;
        uint64_t head; /* while picking: the first action of a lane in order */
        struct lane *next;
};

struct item {
        uint32_t id;
        enum agenda_what what;
        bool running, aside, doubtful;
        uint64_t number;
        int64_t due_ms;
        int64_t wanted_ms;      /* somebody wants it then, while it runs; 0 nobody */
        uint64_t subject, look; /* digests; 0 for none */
        struct lane *lane;      /* NULL for none */
};

struct place {
        char *name;
        struct item *items;
        size_t count, size;
        unsigned running, aside; /* aside: those of them that stand aside */
        int64_t rest_ms;
        int64_t next_ms; /* nothing of it can run before */
        struct lane *lanes;
        size_t active; /* where in the list of the active, +1; 0: it is not */
        struct place *chain;
};

struct agenda {
        pthread_mutex_t lock;
        struct place *buckets[BUCKETS];
        struct place **active;
        size_t active_count, active_size, turn;
        unsigned threads, org_max, running;
        unsigned aside_max, aside;       /* all orgs together */
        unsigned doubtful_max, doubtful; /* in lanes that fail or are slow */
        unsigned doubtful_aside_max, doubtful_aside;
        bool held_up; /* somebody waits for room that another org has */
        uint32_t last_id;
        int64_t steady_ms; /* of the last look */
        bool clock_known;
        int64_t clock_ms; /* wall minus steady */
};

static uint64_t digest(const char *text)
{
        uint64_t h = UINT64_C(1469598103934665603); /* FNV-1a */

        if (text == NULL)
                return 0;
        for (; *text != '\0'; text++)
                h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
        return h == 0 ? 1 : h;
}

struct agenda *agenda_new(unsigned threads)
{
        struct agenda *a = mem_alloc(sizeof *a);

        pthread_mutex_init(&a->lock, NULL);
        a->threads = threads;
        a->org_max = threads > 1 ? threads / 2 : 1;
        a->aside_max = a->org_max;
        a->doubtful_max = a->org_max;
        a->doubtful_aside_max = a->aside_max > 1 ? a->aside_max / 2 : 1;
        return a;
}

static void free_place(struct place *o)
{
        while (o->lanes != NULL) {
                struct lane *next = o->lanes->next;

                mem_free(o->lanes);
                o->lanes = next;
        }
        mem_free(o->items);
        mem_free(o->name);
        mem_free(o);
}

void agenda_free(struct agenda *a)
{
        if (a == NULL)
                return;
        for (size_t i = 0; i < BUCKETS; i++)
                while (a->buckets[i] != NULL) {
                        struct place *next = a->buckets[i]->chain;

                        free_place(a->buckets[i]);
                        a->buckets[i] = next;
                }
        mem_free(a->active);
        pthread_mutex_destroy(&a->lock);
        mem_free(a);
}

static struct place *find(struct agenda *a, const char *org, bool make)
{
        struct place **at = &a->buckets[code_crc32c(0, org, strlen(org)) % BUCKETS], *o;

        for (o = *at; o != NULL && strcmp(o->name, org) != 0;)
                o = o->chain;
        if (o == NULL && make) {
                o = mem_alloc(sizeof *o);
                o->name = mem_text(org);
                o->chain = *at;
                *at = o;
        }
        return o;
}

static struct lane *find_lane(struct place *o, const char *connection)
{
        struct lane *lane = o->lanes;

        while (lane != NULL && strcmp(lane->connection, connection) != 0)
                lane = lane->next;
        if (lane == NULL) {
                lane = mem_alloc(sizeof *lane);
                strncpy(lane->connection, connection, sizeof lane->connection - 1);
                lane->next = o->lanes;
                o->lanes = lane;
        }
        return lane;
}

static void set_active(struct agenda *a, struct place *o)
{
        if (o->active != 0)
                return;
        if (a->active_count == a->active_size) {
                a->active_size = a->active_size == 0 ? 16 : a->active_size * 2;
                a->active = mem_resize(a->active, a->active_size, sizeof *a->active);
        }
        a->active[a->active_count++] = o;
        o->active = a->active_count;
}

/* The last item went: nothing but the name stays. */
static void set_idle(struct agenda *a, struct place *o)
{
        struct place *last;

        if (o->active == 0 || o->count > 0)
                return;
        last = a->active[--a->active_count];
        a->active[o->active - 1] = last;
        last->active = o->active;
        o->active = 0;
        mem_free(o->items);
        o->items = NULL;
        o->size = 0;
}

static struct item *new_item(struct agenda *a, struct place *o, int64_t due_ms)
{
        struct item *item;

        if (o->count == o->size) {
                o->size = o->size == 0 ? 4 : o->size * 2;
                o->items = mem_resize(o->items, o->size, sizeof *o->items);
        }
        item = &o->items[o->count++];
        memset(item, 0, sizeof *item);
        item->id = ++a->last_id;
        item->due_ms = due_ms;
        set_active(a, o);
        if (o->count == 1 || due_ms < o->next_ms)
                o->next_ms = due_ms;
        return item;
}

enum agenda_lane agenda_lane_of(const char *word)
{
        if (word == NULL)
                return AGENDA_OWN;
        return strcmp(word, "in_order") == 0 ? AGENDA_IN_ORDER : AGENDA_ASIDE;
}

void agenda_add(struct agenda *a, const char *org, uint64_t number, int64_t due_ms,
                const char *connection, const char *subject, const char *look,
                enum agenda_lane lane)
{
        struct place *o;
        struct item *item = NULL;

        pthread_mutex_lock(&a->lock);
        o = find(a, org, true);
        for (size_t i = 0; i < o->count && item == NULL; i++)
                if (o->items[i].what == AGENDA_ACTION && o->items[i].number == number)
                        item = &o->items[i];
        if (item != NULL) {
                if (due_ms < item->due_ms)
                        item->due_ms = due_ms;
                if (due_ms < o->next_ms)
                        o->next_ms = due_ms;
        } else {
                item = new_item(a, o, due_ms);
                item->number = number;
                item->lane = connection == NULL ? NULL : find_lane(o, connection);
                item->subject = digest(subject);
                item->look = digest(look);
                if (item->lane != NULL && lane != AGENDA_OWN)
                        item->lane->kind = lane;
        }
        pthread_mutex_unlock(&a->lock);
}

void agenda_add_other(struct agenda *a, const char *org, enum agenda_what what,
                      const char *connection, int64_t due_ms)
{
        struct place *o;
        struct lane *lane;
        bool there = false;

        pthread_mutex_lock(&a->lock);
        o = find(a, org, true);
        lane = connection == NULL ? NULL : find_lane(o, connection);
        for (size_t i = 0; i < o->count; i++)
                there = there || (o->items[i].what == what && o->items[i].lane == lane);
        if (!there) {
                struct item *item = new_item(a, o, due_ms);

                item->what = what;
                item->lane = lane;
        }
        pthread_mutex_unlock(&a->lock);
}

void agenda_hasten(struct agenda *a, const char *org, enum agenda_what what, int64_t due_ms)
{
        struct item *item = NULL;
        struct place *o;

        pthread_mutex_lock(&a->lock);
        o = find(a, org, true);
        for (size_t i = 0; i < o->count && item == NULL; i++)
                if (o->items[i].what == what)
                        item = &o->items[i];
        if (item == NULL) {
                item = new_item(a, o, due_ms);
                item->what = what;
        } else if (item->running) {
                if (item->wanted_ms == 0 || due_ms < item->wanted_ms)
                        item->wanted_ms = due_ms;
        } else if (due_ms < item->due_ms) {
                item->due_ms = due_ms;
                if (due_ms < o->next_ms)
                        o->next_ms = due_ms;
        }
        pthread_mutex_unlock(&a->lock);
}

uint64_t agenda_waiting_look(struct agenda *a, const char *org, const char *session)
{
        uint64_t wanted = digest(session), number = 0;
        struct place *o;

        pthread_mutex_lock(&a->lock);
        o = find(a, org, false);
        for (size_t i = 0; o != NULL && i < o->count; i++)
                if (o->items[i].look == wanted && !o->items[i].running)
                        number = o->items[i].number;
        pthread_mutex_unlock(&a->lock);
        return number;
}

static void move_times(struct agenda *a, int64_t by, int64_t latest)
{
        for (size_t i = 0; i < a->active_count; i++) {
                struct place *o = a->active[i];

                o->next_ms = 0;
                if (o->rest_ms > 0)
                        o->rest_ms += by;
                for (struct lane *lane = o->lanes; lane != NULL; lane = lane->next)
                        if (lane->rest_ms > 0)
                                lane->rest_ms += by;
                for (size_t k = 0; k < o->count; k++) {
                        o->items[k].due_ms += by;
                        if (o->items[k].wanted_ms > 0)
                                o->items[k].wanted_ms += by;
                        if (o->items[k].due_ms > latest)
                                o->items[k].due_ms = latest;
                }
        }
}

/* Set back, the clock takes the times with it.  Set forward, they are only due earlier. */
static void look_at_clock(struct agenda *a, int64_t now_ms, int64_t steady_ms)
{
        int64_t clock = now_ms - steady_ms;

        if (a->clock_known && clock < a->clock_ms - JUMP_MS)
                move_times(a, clock - a->clock_ms, now_ms + AGENDA_LATEST_MS);
        a->clock_ms = clock;
        a->clock_known = true;
}

static bool subject_runs(const struct place *o, uint64_t subject)
{
        for (size_t i = 0; subject != 0 && i < o->count; i++)
                if (o->items[i].running && o->items[i].subject == subject)
                        return true;
        return false;
}

static void find_heads(struct place *o)
{
        for (struct lane *lane = o->lanes; lane != NULL; lane = lane->next)
                lane->head = UINT64_MAX;
        for (size_t i = 0; i < o->count; i++) {
                const struct item *item = &o->items[i];

                if (item->what == AGENDA_ACTION && item->lane != NULL &&
                    item->number < item->lane->head)
                        item->lane->head = item->number;
        }
}

static bool stands_aside(const struct item *item)
{
        return item->lane != NULL && item->lane->kind != AGENDA_OWN && item->what == AGENDA_ACTION;
}

/* It failed or was slow, or is at this moment. */
static bool is_doubtful(const struct agenda *a, const struct lane *lane)
{
        return lane != NULL &&
               (lane->failing || lane->slow ||
                (lane->running > 0 && a->steady_ms - lane->begun_ms > AGENDA_SLOW_MS));
}

/* How many of an org's items that stand aside belong to such lanes. */
static unsigned doubtful_of(const struct agenda *a, const struct place *o)
{
        unsigned count = 0;

        for (const struct lane *lane = o->lanes; lane != NULL; lane = lane->next)
                count += lane->kind != AGENDA_OWN && is_doubtful(a, lane) ? lane->running : 0;
        return count;
}

/* Is there room beside what other orgs run?  Whoever hangs leaves half of it to those that do
 * not, and the last place for deliveries is for an org that has none. */
static bool has_room(const struct agenda *a, const struct place *o, const struct item *item)
{
        if (is_doubtful(a, item->lane) && a->doubtful >= a->doubtful_max)
                return false;
        if (!stands_aside(item))
                return true;
        if (is_doubtful(a, item->lane) && a->doubtful_aside >= a->doubtful_aside_max)
                return false;
        return a->aside < a->aside_max - (o->aside > 0 && a->aside_max > 1 ? 1 : 0);
}

/* Does its lane let this item go now, as far as the others of this org are concerned? */
static bool has_way(const struct agenda *a, const struct place *o, const struct item *item)
{
        const struct lane *lane = item->lane;
        unsigned aside_max = a->org_max > 1 ? a->org_max / 2 : 1;

        if (!stands_aside(item))
                return lane == NULL || lane->running < LANE_MAX;
        if (o->aside >= aside_max)
                return false;
        /* However many hang, one place is left for those that do not. */
        if (aside_max > 1 && (lane->running >= aside_max - 1 ||
                              (is_doubtful(a, lane) && doubtful_of(a, o) >= aside_max - 1)))
                return false;
        return lane->kind == AGENDA_IN_ORDER ? item->number == lane->head
                                             : lane->running < LANE_MAX;
}

/* The first item of this org that may run; NULL and *next (when to look again) if none. */
static struct item *pick(struct agenda *a, struct place *o, int64_t now_ms, int64_t *next)
{
        struct item *best = NULL;

        *next = INT64_MAX;
        find_heads(o);
        for (size_t i = 0; i < o->count; i++) {
                struct item *item = &o->items[i];
                int64_t due = item->due_ms;

                if (item->running)
                        continue;
                if (due > now_ms + AGENDA_LATEST_MS)
                        due = item->due_ms = now_ms + AGENDA_LATEST_MS;
                if (item->lane != NULL && item->lane->rest_ms > due)
                        due = item->lane->rest_ms;
                if (o->rest_ms > due)
                        due = o->rest_ms;
                if (due > now_ms) {
                        if (due < *next)
                                *next = due;
                } else if ((best == NULL || item->number < best->number) && has_way(a, o, item) &&
                           !subject_runs(o, item->subject)) {
                        if (has_room(a, o, item))
                                best = item;
                        else
                                a->held_up = true;
                }
        }
        return best;
}

static void start(struct agenda *a, struct place *o, struct item *item, struct ticket *t)
{
        memset(t, 0, sizeof *t);
        t->what = item->what;
        t->number = item->number;
        t->id = item->id;
        strncpy(t->org, o->name, sizeof t->org - 1);
        if (item->lane != NULL) {
                memcpy(t->connection, item->lane->connection, sizeof t->connection);
                item->lane->running++;
        }
        item->aside = stands_aside(item);
        item->doubtful = is_doubtful(a, item->lane);
        if (item->lane != NULL)
                item->lane->begun_ms = a->steady_ms;
        o->aside += item->aside;
        a->aside += item->aside;
        a->doubtful += item->doubtful;
        a->doubtful_aside += item->doubtful && item->aside;
        item->running = true;
        o->running++;
        a->running++;
}

int agenda_take(struct agenda *a, int64_t now_ms, int64_t steady_ms, struct ticket *ticket,
                int64_t *wait_ms)
{
        int64_t first = INT64_MAX;
        int taken = 0;

        pthread_mutex_lock(&a->lock);
        look_at_clock(a, now_ms, steady_ms);
        a->steady_ms = steady_ms;
        for (size_t i = 0; taken == 0 && i < a->active_count; i++) {
                size_t at = (a->turn + i) % a->active_count;
                struct place *o = a->active[at];
                struct item *item;
                int64_t next;

                if (o->next_ms > now_ms) {
                        if (o->next_ms < first)
                                first = o->next_ms;
                        continue;
                }
                if (o->running >= a->org_max)
                        continue;
                /* The last thread is for an org that has none. */
                if (o->running > 0 && a->running + 1 >= a->threads)
                        continue;
                item = pick(a, o, now_ms, &next);
                if (item != NULL) {
                        start(a, o, item, ticket);
                        a->turn = at + 1; /* the others come first next time */
                        taken = 1;
                } else {
                        o->next_ms = next; /* or when one that runs has ended */
                        if (next < first)
                                first = next;
                }
        }
        pthread_mutex_unlock(&a->lock);
        *wait_ms = taken ? 0 : first == INT64_MAX ? -1 : first - now_ms;
        return taken;
}

/* Others may have waited for the room that this one took. */
static void leave(struct agenda *a, struct place *o, struct item *item)
{
        o->aside -= item->aside;
        a->aside -= item->aside;
        a->doubtful -= item->doubtful;
        a->doubtful_aside -= item->doubtful && item->aside;
        for (size_t i = 0; a->held_up && i < a->active_count; i++)
                a->active[i]->next_ms = 0;
        a->held_up = false;
}

void agenda_finish(struct agenda *a, const struct ticket *ticket, int64_t due_ms)
{
        struct place *o;

        pthread_mutex_lock(&a->lock);
        o = find(a, ticket->org, false);
        for (size_t i = 0; o != NULL && i < o->count; i++) {
                struct item *item = &o->items[i];

                if (item->id != ticket->id)
                        continue;
                leave(a, o, item);
                if (item->lane != NULL) {
                        item->lane->running--;
                        item->lane->failing = item->lane->failing && due_ms >= 0;
                        item->lane->slow = ticket->slow;
                }
                item->running = false;
                o->running--;
                a->running--;
                o->next_ms = 0; /* others may have waited for this one */
                if (item->wanted_ms > 0 && (due_ms < 0 || item->wanted_ms < due_ms))
                        due_ms = item->wanted_ms;
                item->wanted_ms = 0;
                if (due_ms >= 0) {
                        item->due_ms = due_ms;
                } else {
                        *item = o->items[--o->count];
                        set_idle(a, o);
                }
                break;
        }
        pthread_mutex_unlock(&a->lock);
}

void agenda_rest(struct agenda *a, const char *org, const char *connection, int64_t until_ms)
{
        struct place *o;
        struct lane *lane;

        pthread_mutex_lock(&a->lock);
        o = find(a, org, true);
        o->next_ms = 0;
        lane = find_lane(o, connection);
        lane->failing = until_ms > 0;
        if (until_ms == 0 || until_ms > lane->rest_ms)
                lane->rest_ms = until_ms;
        pthread_mutex_unlock(&a->lock);
}

void agenda_rest_org(struct agenda *a, const char *org, int64_t until_ms)
{
        struct place *o;

        pthread_mutex_lock(&a->lock);
        o = find(a, org, true);
        o->rest_ms = until_ms;
        o->next_ms = 0;
        pthread_mutex_unlock(&a->lock);
}

void agenda_hurry(struct agenda *a, const char *org, const char *connection, int64_t now_ms)
{
        struct place *o;

        pthread_mutex_lock(&a->lock);
        o = find(a, org, false);
        if (o != NULL) {
                o->next_ms = now_ms;
                for (struct lane *lane = o->lanes; lane != NULL; lane = lane->next)
                        if (connection != NULL && strcmp(lane->connection, connection) == 0)
                                lane->rest_ms = 0;
                for (size_t i = 0; i < o->count; i++) {
                        struct item *item = &o->items[i];

                        if (connection != NULL && item->what == AGENDA_ACTION &&
                            item->lane != NULL && item->due_ms > now_ms &&
                            strcmp(item->lane->connection, connection) == 0)
                                item->due_ms = now_ms;
                }
        }
        pthread_mutex_unlock(&a->lock);
}

static bool is_round(const struct item *item)
{
        return item->what == AGENDA_SWEEP || item->what == AGENDA_POLL;
}

void agenda_count(struct agenda *a, int64_t before_ms, int64_t rounds_ms, unsigned *running,
                  unsigned *due)
{
        pthread_mutex_lock(&a->lock);
        *running = a->running;
        *due = 0;
        for (size_t i = 0; i < a->active_count; i++) {
                const struct place *o = a->active[i];

                for (size_t k = 0; k < o->count; k++) {
                        const struct item *item = &o->items[k];
                        int64_t at = item->due_ms;

                        if (item->lane != NULL && item->lane->rest_ms > at)
                                at = item->lane->rest_ms;
                        if (o->rest_ms > at)
                                at = o->rest_ms;
                        *due += !item->running && at <= (is_round(item) ? rounds_ms : before_ms);
                }
        }
        pthread_mutex_unlock(&a->lock);
}

unsigned agenda_left(struct agenda *a)
{
        unsigned left = 0;

        pthread_mutex_lock(&a->lock);
        for (size_t i = 0; i < a->active_count; i++)
                for (size_t k = 0; k < a->active[i]->count; k++)
                        left += !a->active[i]->items[k].running &&
                                a->active[i]->items[k].what == AGENDA_ACTION;
        pthread_mutex_unlock(&a->lock);
        return left;
}
