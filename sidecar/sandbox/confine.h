/*
 * Which sandbox the conversions of this process get: found out once, at start,
 * logged, and refused if the configuration requires more than the kernel gives.
 */

#ifndef PLATEN_CONFINE_H
#define PLATEN_CONFINE_H

#include "sandbox/command.h"
#include "config.h"

typedef struct platen_confine_s platen_confine_t;

/*
 * Tries every layer.  NULL, with a sentence in `err` for each layer that is
 * missing and what to do about it, if `sandbox = required` cannot be kept.
 */
platen_confine_t *platen_confine_new(const platen_config_t *config, char *err, size_t errlen);

void platen_confine_destroy(platen_confine_t **confine);

/* The layers that hold here, a mask of PLATEN_SANDBOX_*; and those required. */
unsigned platen_confine_layers(const platen_confine_t *confine);
unsigned platen_confine_required(const platen_config_t *config);

#define PLATEN_CONFINE_PATHS (PLATEN_COMMAND_PATHS + PLATEN_POLICY_PATHS + 24)

/* What a command gets; pointers into itself, the command and the configuration. */
typedef struct {
    platen_sandbox_t        sandbox;
    platen_sandbox_path_t   paths[PLATEN_CONFINE_PATHS];
    char                    cgroup[4096];
    uint64_t                kills;  /* on the machine, before; UINT64_MAX: not known */
    platen_sandbox_events_t events; /* in that cgroup, before */
    char                    tmp[4096];
    char                    office[4096];
    char                    text[16384]; /* of paths with words */
} platen_confinement_t;

/*
 * Fills `out` for one run of `command` in `dir`, with the configured limits.
 * `worker` names the cgroup.  Returns 0, or -1 with errno if the cgroup cannot
 * be made.
 */
int platen_confine_command(const platen_confine_t *confine, const platen_command_t *command,
                           const char *dir, unsigned worker, platen_confinement_t *out);

/*
 * The same for a run whose sandbox is made elsewhere: only its cgroup, if there are any;
 * else out->sandbox.cgroup is NULL.
 */
int platen_confine_cgroup(const platen_confine_t *confine, unsigned worker,
                          platen_confinement_t *out);

/* Kills what is in the run's cgroup, if it has one: whatever group it has gone into. */
void platen_confine_kill(const platen_confinement_t *confinement);

typedef enum {
    PLATEN_CONFINE_SHORT_NONE,
    PLATEN_CONFINE_SHORT_OWN,    /* of what its cgroup may have */
    PLATEN_CONFINE_SHORT_MACHINE /* or what is around it; without a cgroup: most likely */
} platen_confine_short_t;

/* Of what memory there was too little, so that the kernel has killed a process of the run. */
platen_confine_short_t platen_confine_short(const platen_confinement_t *confinement);

/* After the run: removes its cgroup, if it had one. */
void platen_confine_end(platen_confinement_t *confinement);

#endif
