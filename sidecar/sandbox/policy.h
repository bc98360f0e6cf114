/*
 * The sandbox as a table: for each engine what it may read, write and execute, and
 * what it may do beyond the calls that all may make.  platen_confine and the warm
 * LibreOffice's children enter what is written here, `platenctl sandbox` prints it,
 * and t/prisoner.c tries everything else from inside.
 */

#ifndef PLATEN_POLICY_H
#define PLATEN_POLICY_H

#include <stddef.h>

#include "sandbox/sandbox.h"

#define PLATEN_POLICY_PATHS 48

/*
 * In a path stand {run} for the run's directory, {document}, {program} for what is
 * executed, {office} for LibreOffice's installation, {profile} for the warm
 * LibreOffice's profile, {libexec} for Platen's own programs and {tmp} for /tmp,
 * or for tmp in the run's directory where that is not mounted there.
 */
typedef struct {
    const char           *engine;
    const char           *summary;
    unsigned              may;                        /* PLATEN_SANDBOX_MAY_* */
    int                   tmp;                        /* /tmp is the run's own tmp */
    platen_sandbox_path_t paths[PLATEN_POLICY_PATHS]; /* up to the first without a path */
} platen_policy_t;

extern const platen_policy_t platen_policies[];
extern const size_t          platen_npolicies;

/* What stands for the words; NULL: paths with that word are left out. */
typedef struct {
    const char *run;
    const char *document;
    const char *program;
    const char *office;
    const char *profile;
    const char *libexec;
    const char *tmp; /* "/tmp", if that is the run's own; or the run's tmp itself */
} platen_policy_words_t;

/* That of an engine; NULL: it is not in the table, as those of the configuration are not. */
const platen_policy_t *platen_policy_find(const char *engine);

/*
 * Writes at most `n` paths of a policy, common ones first, the strings of those with
 * words in `text`.  Returns how many, or -1 with errno if they do not fit.
 * Async-signal-safe.
 */
int platen_policy_paths(const platen_policy_t *policy, const platen_policy_words_t *words,
                        platen_sandbox_path_t *paths, size_t n, char *text, size_t size);

#define PLATEN_POLICY_FILES 256 /* open descriptors of a run */

/*
 * Processes and threads of a run, where these layers hold; 0: they have no limit, as
 * those of others would be counted with them, and it may not fork.
 */
uint64_t platen_policy_processes(const platen_policy_t *policy, unsigned layers);

/* Whether the kernel counts them for each run, where these layers hold. */
int platen_policy_counts(unsigned layers);

/* How many a run may have, counted by whom it may be. */
uint64_t platen_policy_threads(const platen_policy_t *policy);

typedef enum {
    PLATEN_POLICY_THREADS,
    PLATEN_POLICY_MEMORY,
    PLATEN_POLICY_DISK,
    PLATEN_POLICY_PROCESSES,
    PLATEN_POLICY_LIMITS
} platen_policy_limit_t;

/*
 * By what means a run is kept to a limit where these layers hold, and runs are below `data`:
 * "name: means"; static.
 */
const char *platen_policy_limit(platen_policy_limit_t limit, unsigned layers, const char *data);

#endif
