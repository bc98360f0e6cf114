/*
 * Estimates; see schedule/estimate.h.  Of each pair of formats it keeps a moving mean for each
 * size class, a power of two.  A size of which nothing is known takes what the nearest
 * smaller one does, in proportion; without a smaller one nothing is said, because a small
 * document that took long tells little of others.  Pairs are few; when there is no room, the
 * one that was learned of longest ago is forgotten.
 */

#include "schedule/estimate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS 128
#define CLASSES 32 /* of up to 1 KiB, 2 KiB, ... */
#define WEIGHT 4   /* one part in so many is the newest one's */
#define MS_MAX (UINT64_C(1) << 32)

typedef struct {
    const void *from;
    const void *to;
    uint64_t    used;
    uint64_t    ms[CLASSES]; /* + 1; 0: not known */
} pair_t;

struct platen_estimate_s {
    pthread_mutex_t lock;
    uint64_t        time;
    pair_t          pairs[PAIRS];
};

platen_estimate_t *
platen_estimate_new(void)
{
    platen_estimate_t *e = calloc(1, sizeof(*e));

    if (e != NULL && pthread_mutex_init(&e->lock, NULL) != 0) {
        free(e);
        return NULL;
    }
    return e;
}

void
platen_estimate_destroy(platen_estimate_t **estimate)
{
    platen_estimate_t *e = *estimate;

    if (e != NULL) {
        pthread_mutex_destroy(&e->lock);
        free(e);
        *estimate = NULL;
    }
}

static unsigned
class_of(uint64_t bytes)
{
    unsigned n = 0;

    for (bytes >>= 10; bytes != 0 && n < CLASSES - 1; bytes >>= 1) {
        n++;
    }
    return n;
}

/* The pair, or where it could be: one that is free, or the oldest. */
static pair_t *
find(platen_estimate_t *e, const void *from, const void *to)
{
    pair_t *oldest = &e->pairs[0];
    size_t  i;

    for (i = 0; i < PAIRS; i++) {
        if (e->pairs[i].from == from && e->pairs[i].to == to) {
            return &e->pairs[i];
        }
        if (e->pairs[i].used < oldest->used) {
            oldest = &e->pairs[i];
        }
    }
    return oldest;
}

void
platen_estimate_learn(platen_estimate_t *e, const void *from, const void *to, uint64_t bytes,
                      uint64_t ms)
{
    pair_t   *pair;
    uint64_t *known;

    ms = ms < MS_MAX ? ms : MS_MAX;
    (void) pthread_mutex_lock(&e->lock);
    pair = find(e, from, to);
    if (pair->from != from || pair->to != to) {
        *pair = (pair_t){ .from = from, .to = to };
    }
    pair->used = ++e->time;
    known = &pair->ms[class_of(bytes)];
    *known = *known == 0 ? ms + 1 : (*known * (WEIGHT - 1) + ms + 1) / WEIGHT;
    (void) pthread_mutex_unlock(&e->lock);
}

uint64_t
platen_estimate_ms(platen_estimate_t *e, const void *from, const void *to, uint64_t bytes)
{
    const pair_t *pair;
    uint64_t      ms = 0;
    unsigned class = class_of(bytes), n;

    (void) pthread_mutex_lock(&e->lock);
    pair = find(e, from, to);
    if (pair->from == from && pair->to == to) {
        for (n = class + 1; n-- > 0 && ms == 0;) {
            ms = pair->ms[n] << (class - n);
        }
    }
    (void) pthread_mutex_unlock(&e->lock);
    return ms;
}
