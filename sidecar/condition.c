/*
 * See condition.h.  Used by the loop's thread alone, but for what the crew is
 * writing.  The first write is always made: what is there is of a platend that has ended.
 */

#include "condition.h"

#include <stdio.h>
#include <stdlib.h>

#include "log.h"

#define TEXT_MAX 8192

/* A kind of sentences: those that are said now, that are being written, and that are. */
typedef struct {
    char   now[TEXT_MAX];
    char   writing[TEXT_MAX];
    char   written[TEXT_MAX];
    size_t len; /* of `now` */
} said_t;

struct platen_condition_s {
    platen_store_t *store;
    platen_crew_t  *crew;
    platen_work_t   work;
    int             busy; /* it is the crew's */
    int             rc;
    int             known; /* what is in the store is ours */
    said_t          bad;
    said_t          notes;
    char            canary[PLATEN_CANARY_TEXT_MAX];
    char            canary_writing[PLATEN_CANARY_TEXT_MAX];
    uint64_t        canary_at;
    uint64_t        canary_writes;  /* the same, of what is being written, */
    uint64_t        canary_written; /* and of what is in the store */
};

void
platen_condition_destroy(platen_condition_t **condition)
{
    free(*condition);
    *condition = NULL;
}

void
platen_condition_say(platen_condition_t *c, int bad, const char *sentence)
{
    said_t *said = bad ? &c->bad : &c->notes;
    size_t  n = sentence == NULL ? 0 : strlen(sentence);

    if (n > 0 && said->len + n + 2 <= sizeof(said->now)) {
        said->len += (size_t) sprintf(said->now + said->len, "%s%s", said->len == 0 ? "" : "\n",
                                      sentence);
    }
}

void
platen_condition_canary(platen_condition_t *c, const platen_canary_record_t *canary)
{
    if (canary->at != c->canary_at) {
        c->canary_at = canary->at;
        (void) platen_canary_write(canary, c->canary);
    }
}

static void
run(void *data)
{
    platen_condition_t *c = data;
    platen_txn_t        txn;
    int                 rc;

    rc = platen_txn_write(c->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_meta_put(&txn, PLATEN_CONDITION_META, platen_str(c->bad.writing));
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_meta_put(&txn, PLATEN_NOTES_META, platen_str(c->notes.writing));
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_meta_put(&txn, PLATEN_CANARY_META, platen_str(c->canary_writing));
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    c->rc = rc;
}

static void
log_change(said_t *said, platen_log_level_t level, const char *msg, const char *over)
{
    if (strcmp(said->writing, said->written) == 0) {
        return;
    }
    if (*said->writing == '\0') {
        platen_log(PLATEN_LOG_INFO, over, NULL);
    } else {
        platen_log(level, msg,
                   json_pack("{s:o}", "reasons", platen_log_lines(platen_str(said->writing))));
    }
    memcpy(said->written, said->writing, sizeof(said->written));
}

static void
done(void *data)
{
    platen_condition_t *c = data;

    c->busy = 0;
    if (c->rc == PLATEN_OK) {
        c->known = 1;
        c->canary_written = c->canary_writes;
        log_change(&c->bad, PLATEN_LOG_ERROR, "not ready", "ready again");
        log_change(&c->notes, PLATEN_LOG_WARN, "not as it should be", "as it should be again");
    }
}

platen_condition_t *
platen_condition_new(platen_store_t *store, platen_crew_t *crew)
{
    platen_condition_t *c = calloc(1, sizeof(*c));

    if (c != NULL) {
        c->store = store;
        c->crew = crew;
        c->work = (platen_work_t){ .run = run, .done = done, .data = c };
    }
    return c;
}

static void
begin_anew(said_t *said)
{
    said->len = 0;
    *said->now = '\0';
}

/* Whether what was said is to be written; takes it. */
static int
take(platen_condition_t *c)
{
    int due = !c->busy
              && (!c->known || c->canary_at != c->canary_written
                  || strcmp(c->bad.now, c->bad.written) != 0
                  || strcmp(c->notes.now, c->notes.written) != 0);

    if (due) {
        memcpy(c->bad.writing, c->bad.now, sizeof(c->bad.now));
        memcpy(c->notes.writing, c->notes.now, sizeof(c->notes.now));
        memcpy(c->canary_writing, c->canary, sizeof(c->canary));
        c->canary_writes = c->canary_at;
    }
    begin_anew(&c->bad);
    begin_anew(&c->notes);
    return due;
}

void
platen_condition_write(platen_condition_t *c)
{
    if (take(c)) {
        c->busy = 1;
        platen_crew_do(c->crew, PLATEN_CREW_STORE, &c->work);
    }
}

void
platen_condition_write_now(platen_condition_t *c)
{
    if (take(c)) {
        run(c);
        done(c);
    }
}
