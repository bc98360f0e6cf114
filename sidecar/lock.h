/* Locks in the store's directory: each of one process at a time, held until it ends. */

#ifndef PLATEN_LOCK_H
#define PLATEN_LOCK_H

#include <stddef.h>
#include <sys/types.h>

#define PLATEN_LOCK_SIDECAR "platend.lock" /* platend's */
#define PLATEN_LOCK_WEBHOOK "webhook.lock" /* of the one process that delivers */

/*
 * Takes a POSIX record lock over the whole of <dir>/<name>.  The file must never
 * be opened again in this process: closing any descriptor of it drops the lock.
 * Returns 0; 1 if another process holds it (*holder: its pid, 0 if it is not to be
 * seen from here); or -1 with a sentence in `err`.
 */
int
platen_lock_take(const char *dir, const char *name, pid_t *holder, char *err, size_t errlen);

#endif
