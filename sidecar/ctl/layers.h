/* Which layers of the sandbox hold here, for those who ask from a shell. */

#ifndef PLATEN_CTL_LAYERS_H
#define PLATEN_CTL_LAYERS_H

#include "config.h"

/*
 * A mask of PLATEN_SANDBOX_*.  All are tried by this process, but for a cgroup that platend
 * has found by itself (cgroup = "auto"): that holds if the platend that runs has one.
 */
unsigned platen_ctl_layers(const platen_config_t *config);

/* Whether platend looks for its cgroup by itself. */
int platen_ctl_layers_auto(const platen_config_t *config);

#endif
