/*
 * Who reads the store, and how far behind; see store/store.h.  LMDB tells it
 * as lines of text, "PID THREAD TXNID" or "PID THREAD -" for one that holds
 * nothing, and in no other way.
 */

#include "store/internal.h"

#include <stdio.h>

typedef struct {
    platen_reader_t *oldest;
    uint64_t         last; /* the transaction that was committed last */
} search_t;

static int
look_at_line(const char *line, void *data)
{
    search_t          *search = data;
    unsigned long long txnid;
    long               pid;

    /* The heading, and those that hold nothing, do not read as numbers. */
    if (sscanf(line, "%ld %*x %llu", &pid, &txnid) != 2) {
        return 0;
    }
    if (txnid < search->last
        && (search->oldest->pid == 0 || txnid < search->oldest->snapshot)) {
        search->oldest->pid = pid;
        search->oldest->snapshot = txnid;
        search->oldest->behind = search->last - txnid;
    }
    return 0;
}

int
platen_store_oldest_reader(platen_store_t *store, platen_reader_t *oldest)
{
    MDB_envinfo info;
    search_t    search = { .oldest = oldest };

    *oldest = (platen_reader_t){ .pid = 0 };
    if (mdb_env_info(store->env, &info) != MDB_SUCCESS) {
        return PLATEN_ERROR;
    }
    search.last = info.me_last_txnid;
    if (mdb_reader_list(store->env, look_at_line, &search) < 0) {
        return PLATEN_ERROR;
    }
    return oldest->pid == 0 ? PLATEN_NOT_FOUND : PLATEN_OK;
}
