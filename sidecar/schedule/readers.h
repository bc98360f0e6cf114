/*
 * Readers of the store that stay: whoever has a read transaction open keeps
 * every page that is freed after it from being used again, and so makes the
 * store grow to its end.  Nobody here does that for longer than a moment; a
 * process that was stopped inside of one, or a tool, may.
 */

#ifndef PLATEN_READERS_H
#define PLATEN_READERS_H

#include "config.h"
#include "store/store.h"

/* The reader that was the oldest at the last look. */
typedef struct {
    platen_reader_t oldest;
    uint64_t        since; /* CLOCK_BOOTTIME milliseconds */
    uint64_t        said_at;
} platen_readers_t;

/*
 * Frees the slots of the dead, and looks at the living: one that has seen the
 * same old state for longer than store/reader_alarm is an error in the log, now
 * and once a minute.  Returns whether there is one.
 */
int platen_readers_check(platen_readers_t *readers, const platen_config_t *config,
                         platen_store_t *store);

#endif
