/*
 * The store, for a command of platenctl: opened as the user that platend has,
 * so that what is made stays that user's, and never created.
 */

#ifndef PLATEN_CTL_STORE_H
#define PLATEN_CTL_STORE_H

#include <jansson.h>

#include "config.h"
#include "base/wire.h"
#include "ctl/ctl.h"
#include "storeadmin/check.h"

typedef struct {
    platen_config_t *config;
    platen_store_t  *store;
} platen_ctl_store_t;

/*
 * Reads the configuration and becomes platend's user if started as root.
 * Returns PLATEN_CTL_DONE; or the exit code, having told why on standard error.
 */
int platen_ctl_store_configure(const platen_ctl_t *ctl, platen_ctl_store_t *s);

/*
 * The same, and opens the store of the configuration, which must be there.  From then on a read
 * beyond the end of its file, which was cut off, ends the process with a sentence and
 * PLATEN_CTL_FAILED, and not with SIGBUS.
 */
int platen_ctl_store_open(const platen_ctl_t *ctl, platen_ctl_store_t *s);

/* What is to be put back before that; async-signal-safe. */
void platen_ctl_store_on_damage(void (*put_back)(void));

/*
 * Takes platend's lock (platen_process_lock()), so that nobody claims or ends jobs;
 * `stop` says what is to be stopped if it runs, and what is done then.  0; else
 * it has told on standard error.
 */
int platen_ctl_store_lock(const platen_ctl_store_t *s, const char *stop);

/* Frees the configuration; the store is left to the end of the process (platend.c). */
void platen_ctl_store_close(platen_ctl_store_t *s);

/* Says on standard error what failed in the store.  Returns PLATEN_CTL_FAILED. */
int platen_ctl_store_failed(const char *what, int rc);

/* Reads the id in a command line; tells on standard error if it is none.  0, or -1. */
int platen_ctl_store_id(const char *text, platen_id_t *id);

/* Tells platend what it is to look at; one that does not run finds out when it starts. */
void platen_ctl_store_hint(const platen_ctl_store_t *s, platen_hint_kind_t kind,
                           const platen_id_t *id);

/* RFC 3339 in UTC, "-" for 0, in `out`, which it returns. */
const char *platen_ctl_store_time(uint64_t us, char out[32]);

/* The same for JSON: null for 0. */
json_t *platen_ctl_store_json_time(uint64_t us);

/* Bytes of clients for JSON: null for none. */
json_t *platen_ctl_store_json_text(platen_str_t text);

/* A row of a list on standard output, which `before` others came before; takes it. */
void platen_ctl_store_json_row(json_t *row, size_t before);

/*
 * Bytes of clients for a terminal: valid UTF-8, without control characters, cut
 * to `size`.  Returns `out`.
 */
const char *platen_ctl_store_text(platen_str_t text, char *out, size_t size);

#endif
