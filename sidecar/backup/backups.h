/*
 * The backups that the configuration asks for: when one is due, another
 * platend is started that makes it and ends (platend -b), so that the one that
 * serves does no I/O for it, and opens the store but once.
 */

#ifndef PLATEN_BACKUPS_H
#define PLATEN_BACKUPS_H

#include "config.h"

typedef struct platen_backups_s platen_backups_t;

/* Both arguments, the second the configuration's file, must outlive it.  NULL: no memory. */
platen_backups_t *platen_backups_new(const platen_config_t *config, const char *file);
void              platen_backups_destroy(platen_backups_t **backups);

/* Starts one if it is due; to be called each second.  Its process is the caller's to reap. */
void platen_backups_tick(platen_backups_t *backups);

/*
 * Makes one as configured, for a process of its own, and logs it.  Returns 0, or
 * -1 having logged why not.
 */
int platen_backups_make(const platen_config_t *config);

#endif
