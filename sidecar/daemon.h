/*
 * What the process is before it serves: its directories, its user, the lock
 * that makes it the only one, its signals.
 */

#ifndef PLATEN_PROCESS_H
#define PLATEN_PROCESS_H

#include <sys/types.h>

#include "config.h"

/*
 * Whether the user and the group of the configuration, read from `file`, exist.
 * Returns 0, or -1 with a sentence in `err`.
 */
int
platen_process_check(const platen_config_t *config, const char *file, char *err, size_t errlen);

/*
 * Makes the directories of store, data and socket, gives them to the configured
 * user, and becomes that user if started as root (supplementary groups, group,
 * user; queue/group is kept as one of the groups, to give the socket to).
 * Returns 0, or -1 with a sentence in `err`.
 */
int platen_process_become(const platen_config_t *config, char *err, size_t errlen);

/* Takes platend's lock of the store; as platen_lock_take(). */
int platen_process_lock(const platen_config_t *config, pid_t *holder, char *err, size_t errlen);

/*
 * Blocks the signals that the loop handles and ignores SIGPIPE; to be called
 * before there are threads.  Returns a signalfd for them, or -1 with errno.
 */
int platen_process_signals(void);

#endif
