/* Which layers of the sandbox hold here; see ctl/layers.h. */

#include "ctl/layers.h"

#include <stdio.h>
#include <string.h>

#include "ctl/doctor.h"
#include "sandbox/delegated.h"
#include "sandbox/sandbox.h"

int
platen_ctl_layers_auto(const platen_config_t *config)
{
    return strcmp(config->cgroup_path, PLATEN_CGROUP_AUTO) == 0;
}

unsigned
platen_ctl_layers(const platen_config_t *config)
{
    char     of[64], group[4096];
    unsigned layers;
    pid_t    pid;

    if (!platen_ctl_layers_auto(config)) {
        return platen_sandbox_probe(*config->cgroup_path == '\0' ? NULL : config->cgroup_path);
    }
    layers = platen_sandbox_probe(NULL);
    pid = platen_ctl_doctor_holder(config);
    if (pid > 0) {
        snprintf(of, sizeof(of), "/proc/%d/cgroup", (int) pid);
        if (platen_delegated_taken(PLATEN_DELEGATED_MOUNT, of, group, sizeof(group))) {
            layers |= PLATEN_SANDBOX_CGROUP;
        }
    }
    return layers;
}
