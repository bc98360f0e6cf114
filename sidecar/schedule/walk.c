/*
 * The walk; see schedule/walk.h.  Owns what it remembers: for each client that has
 * jobs which cannot run, how far into its queue they reach.  Such a memory ends
 * with that queue, a moment later, because jobs that come in front of the place
 * (of a higher priority) are not seen until then.  Used by the loop's thread.
 */

#include "schedule/walk.h"

#include <stdlib.h>
#include <string.h>

#define LOOKS 1024    /* jobs that cannot run, in one transaction */
#define QUANTUM 8     /* of one client, before the next one is looked at */
#define CLIENTS 512   /* that are remembered */
#define AGAIN_MS 200  /* until a queue that was seen to its end is looked at again */
#define STALE_MS 5000 /* until a client that is not met any more may be forgotten */
#define CREDIT 8      /* turns that a client may be owed */

typedef struct {
    uint8_t  turn[8 + 1 + PLATEN_CLIENT_MAX]; /* as when it was met last */
    size_t   turn_len;                        /* 0: free */
    uint64_t time;                            /* the client's, in its turn */
    uint8_t  band;
    uint64_t place;
    uint64_t met_ms;
    int      ended; /* all of it was seen, at met_ms */
} place_t;

struct platen_walk_s {
    platen_queue_cursor_t at;
    platen_queue_cursor_t resume; /* turn_len 0: at the first client */
    uint64_t              now;
    unsigned              passed;
    unsigned              quantum; /* left of this client's */
    unsigned              open;    /* clients that this pass has not seen to their end */
    place_t               places[CLIENTS];
};

platen_walk_t *
platen_walk_new(void)
{
    return calloc(1, sizeof(platen_walk_t));
}

void
platen_walk_destroy(platen_walk_t **walk)
{
    free(*walk);
    *walk = NULL;
}

void
platen_walk_forget(platen_walk_t *w)
{
    memset(w->places, 0, sizeof(w->places));
    memset(&w->resume, 0, sizeof(w->resume));
}

void
platen_walk_begin(platen_walk_t *w, uint64_t now)
{
    w->at = w->resume;
    w->open = w->resume.turn_len != 0; /* who comes before it was not looked at */
    memset(&w->resume, 0, sizeof(w->resume));
    w->now = now;
    w->passed = 0;
    w->quantum = 0;
}

/* The place of the client at which the cursor is; NULL: none is remembered. */
static place_t *
find(platen_walk_t *w)
{
    size_t i;

    for (i = 0; i < CLIENTS; i++) {
        if (w->places[i].turn_len == w->at.turn_len
            && memcmp(w->places[i].turn + 8, w->at.turn + 8, w->at.turn_len - 8) == 0) {
            return &w->places[i];
        }
    }
    return NULL;
}

static void
remember(platen_walk_t *w, int ended)
{
    place_t *place = find(w);
    size_t   i;

    for (i = 0; place == NULL && i < CLIENTS; i++) {
        if (w->places[i].turn_len == 0 || w->now - w->places[i].met_ms > STALE_MS) {
            place = &w->places[i];
        }
    }
    if (place == NULL) {
        return; /* it is looked at from its front the next time */
    }
    memcpy(place->turn, w->at.turn, w->at.turn_len);
    place->turn_len = w->at.turn_len;
    place->time = platen_store_queue_time(&w->at);
    place->band = w->at.band;
    place->place = w->at.place;
    place->met_ms = w->now;
    place->ended = ended;
}

/* The cursor has come to a client: to where there may be something new. */
static void
enter(platen_walk_t *w)
{
    place_t *place = find(w);

    if (place != NULL && place->ended && w->now - place->met_ms >= AGAIN_MS) {
        place->turn_len = 0;
        place = NULL;
    }
    if (place != NULL && place->ended) {
        place->time = platen_store_queue_time(&w->at);
        w->at.inside = 0;
        return;
    }
    if (place != NULL) {
        w->at.band = place->band;
        w->at.place = place->place;
    }
    w->quantum = QUANTUM;
}

int
platen_walk_next(platen_walk_t *w, platen_txn_t *txn, uint64_t max_running, platen_id_t *id)
{
    int rc;

    for (;;) {
        if (w->at.inside && w->quantum > 0) {
            rc = platen_store_queue_within(txn, &w->at, id);
            if (rc != PLATEN_NOT_FOUND) {
                return rc;
            }
            remember(w, 1);
        } else if (w->at.inside) {
            w->open++;
        }
        w->at.inside = 0;

        if (w->passed >= LOOKS) {
            w->resume = w->at;
            return PLATEN_NOT_FOUND;
        }
        rc = platen_store_queue_client(txn, &w->at, max_running);
        if (rc == PLATEN_NOT_FOUND && w->open > 0) {
            w->open = 0;
            memset(&w->at, 0, sizeof(w->at));
            continue;
        }
        if (rc != PLATEN_OK) {
            return rc;
        }
        enter(w);
    }
}

int
platen_walk_behind(const platen_walk_t *w, platen_txn_t *txn, unsigned most,
                   platen_queue_cursor_t *behind, platen_id_t *id)
{
    int rc;

    if (behind->turn_len == 0) {
        *behind = w->at;
    }
    rc = platen_store_queue_within(txn, behind, id);
    return rc == PLATEN_OK && (behind->band != w->at.band || behind->place - w->at.place > most)
               ? PLATEN_NOT_FOUND
               : rc;
}

void
platen_walk_pass(platen_walk_t *w)
{
    w->passed++;
    w->quantum--;
    remember(w, 0);
}

int
platen_walk_take(platen_walk_t *w, platen_txn_t *txn)
{
    uint64_t time = platen_store_queue_time(&w->at);
    size_t   i;
    int      rc = PLATEN_OK;

    for (i = 0; rc == PLATEN_OK && i < CLIENTS; i++) {
        if (w->places[i].turn_len != 0 && w->places[i].ended
            && w->places[i].time + CREDIT < time) {
            rc = platen_store_queue_lift(txn, w->places[i].turn, w->places[i].turn_len, time);
            w->places[i].turn_len = 0;
        }
    }
    memset(&w->at, 0, sizeof(w->at)); /* turns have changed */
    w->open = 0;
    return rc;
}

unsigned
platen_walk_passed(const platen_walk_t *w)
{
    return w->passed;
}
