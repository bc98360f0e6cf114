/*
 * The sandbox of commands; see sandbox/confine.h.  Made before the loop, used
 * by its thread alone.  The layers are tried when the process starts, as the
 * user that it serves as; a child that cannot enter one of them later on fails
 * as a fault of this machine, and never meets its document.
 */

#include "sandbox/confine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sandbox/delegated.h"

#define NFILTERS 16 /* combinations of PLATEN_SANDBOX_MAY_* */

struct platen_confine_s {
    const platen_config_t   *config;
    char                     cgroup[4096]; /* in which runs have theirs; "": none */
    unsigned                 layers;
    platen_sandbox_filter_t *filters[NFILTERS]; /* by PLATEN_SANDBOX_MAY_* */
};

unsigned
platen_confine_required(const platen_config_t *config)
{
    if (config->sandbox != PLATEN_SANDBOX_REQUIRED) {
        return 0;
    }
    return *config->cgroup_path == '\0' || strcmp(config->cgroup_path, PLATEN_CGROUP_AUTO) == 0
               ? PLATEN_SANDBOX_CORE
               : PLATEN_SANDBOX_CORE | PLATEN_SANDBOX_CGROUP;
}

static json_t *
names(unsigned layers)
{
    json_t  *list = json_array();
    unsigned i;

    for (i = 0; i < PLATEN_SANDBOX_LAYERS; i++) {
        if (layers & 1U << i) {
            json_array_append_new(list, json_string(platen_sandbox_name(1U << i)));
        }
    }
    return list;
}

static json_t *
limits(unsigned layers, const char *data)
{
    json_t  *list = json_array();
    unsigned i;

    for (i = 0; i < PLATEN_POLICY_LIMITS; i++) {
        json_array_append_new(
            list, json_string(platen_policy_limit((platen_policy_limit_t) i, layers, data)));
    }
    return list;
}

/* One sentence for each layer that is required and does not hold. */
static int
missing(unsigned layers, char *err, size_t errlen)
{
    size_t   n = 0;
    unsigned i, layer;

    for (i = 0; i < PLATEN_SANDBOX_LAYERS && n < errlen; i++) {
        layer = 1U << i;
        if (layers & layer) {
            n += (size_t) snprintf(
                err + n, errlen - n, "%sthe sandbox's layer \"%s\" does not hold: %s",
                n == 0 ? "" : "; ", platen_sandbox_name(layer), platen_sandbox_advice(layer));
        }
    }
    return n == 0 ? 0 : -1;
}

/* The group that is named, or the one that was delegated to this process. */
static void
find_cgroup(platen_confine_t *c)
{
    const char *why;

    if (strcmp(c->config->cgroup_path, PLATEN_CGROUP_AUTO) != 0) {
        snprintf(c->cgroup, sizeof(c->cgroup), "%s", c->config->cgroup_path);
    } else if (platen_delegated_take(PLATEN_DELEGATED_MOUNT, "/proc/self/cgroup", c->cgroup,
                                     sizeof(c->cgroup), &why)
               != 0) {
        *c->cgroup = '\0';
        platen_log(PLATEN_LOG_INFO, "no cgroup for conversions",
                   json_pack("{s:s}", "reason", why));
    }
}

platen_confine_t *
platen_confine_new(const platen_config_t *config, char *err, size_t errlen)
{
    const char       *cgroup;
    platen_confine_t *c;
    unsigned          required = platen_confine_required(config), may;

    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        snprintf(err, errlen, "out of memory");
        return NULL;
    }
    c->config = config;
    find_cgroup(c);
    cgroup = *c->cgroup == '\0' ? NULL : c->cgroup;
    c->layers = platen_sandbox_probe(cgroup) & ~PLATEN_SANDBOX_USER;
    platen_log(c->layers & PLATEN_SANDBOX_NETWORK ? PLATEN_LOG_INFO : PLATEN_LOG_WARN,
               "sandbox",
               json_pack("{s:o, s:o, s:o}", "layers", names(c->layers), "missing",
                         names(~c->layers & ~PLATEN_SANDBOX_USER
                               & ~(cgroup == NULL ? PLATEN_SANDBOX_CGROUP : 0)),
                         "limits", limits(c->layers, config->data_path)));
    if (missing(required & ~c->layers, err, errlen) != 0) {
        platen_confine_destroy(&c);
        return NULL;
    }

    /* All may execute their program. */
    for (may = PLATEN_SANDBOX_MAY_EXEC; may < NFILTERS; may += 2) {
        c->filters[may] = platen_sandbox_filter_new(may);
        if (c->filters[may] == NULL) {
            snprintf(err, errlen, "cannot build the system-call filter: %s", strerror(errno));
            platen_confine_destroy(&c);
            return NULL;
        }
    }
    return c;
}

void
platen_confine_destroy(platen_confine_t **confine)
{
    unsigned may;

    if (*confine == NULL) {
        return;
    }
    for (may = 0; may < NFILTERS; may++) {
        platen_sandbox_filter_destroy(&(*confine)->filters[may]);
    }
    free(*confine);
    *confine = NULL;
}

unsigned
platen_confine_layers(const platen_confine_t *confine)
{
    return confine->layers;
}

int
platen_confine_command(const platen_confine_t *confine, const platen_command_t *command,
                       const char *dir, unsigned worker, platen_confinement_t *out)
{
    const platen_config_t      *config = confine->config;
    const platen_policy_t      *policy = command->policy;
    const platen_policy_words_t words = {
        .run = dir,
        .program = command->argv[0],
        .office = out->office,
        .libexec = config->libexec_path,
        .tmp = confine->layers & PLATEN_SANDBOX_NETWORK ? "/tmp" : out->tmp,
    };
    uint64_t space = command->address_space;
    int      i, n;

    memset(out, 0, sizeof(*out));
    if (policy == NULL) {
        policy = platen_policy_find("command");
    }
    snprintf(out->office, sizeof(out->office), "%s/..", config->lok_program);
    snprintf(out->tmp, sizeof(out->tmp), "%s/tmp", dir);
    n = platen_policy_paths(policy, &words, out->paths, PLATEN_CONFINE_PATHS, out->text,
                            sizeof(out->text));
    if (n < 0 || n + command->npaths > PLATEN_CONFINE_PATHS) {
        errno = E2BIG;
        return -1;
    }
    for (i = 0; i < command->npaths; i++) {
        out->paths[n++] = command->paths[i];
    }
    out->sandbox.npaths = (size_t) n;

    if (space == 0) {
        space = config->address_space;
    }
    if (policy->tmp && confine->layers & PLATEN_SANDBOX_NETWORK) {
        out->sandbox.tmp = out->tmp;
    }
    out->sandbox.layers = confine->layers;
    out->sandbox.parent = getpid();
    out->sandbox.paths = out->paths;
    out->sandbox.filter = confine->filters[policy->may % NFILTERS];
    out->sandbox.address_space = space;
    out->sandbox.file_size = config->output_size;
    out->sandbox.cpu_seconds = config->wall_clock * 2; /* a few threads' worth */
    out->sandbox.files = PLATEN_POLICY_FILES;
    out->sandbox.processes = platen_policy_processes(policy, confine->layers);

    return platen_confine_cgroup(confine, worker, out);
}

int
platen_confine_cgroup(const platen_confine_t *confine, unsigned worker,
                      platen_confinement_t *out)
{
    char name[32];

    out->sandbox.cgroup = NULL;
    if (!(confine->layers & PLATEN_SANDBOX_CGROUP)) {
        out->kills = platen_sandbox_kills();
        return 0;
    }
    snprintf(name, sizeof(name), "platen-%u", worker);
    if (platen_sandbox_cgroup_make(confine->cgroup, name, confine->config->memory, out->cgroup,
                                   sizeof(out->cgroup))
        != 0) {
        return -1;
    }
    out->sandbox.cgroup = out->cgroup;
    out->events = platen_sandbox_cgroup_events(out->cgroup); /* of one that was left over */
    return 0;
}

void
platen_confine_kill(const platen_confinement_t *confinement)
{
    if (confinement->sandbox.cgroup != NULL) {
        (void) platen_sandbox_cgroup_kill(confinement->sandbox.cgroup);
    }
}

platen_confine_short_t
platen_confine_short(const platen_confinement_t *confinement)
{
    platen_sandbox_events_t events;
    uint64_t                kills;

    if (confinement->sandbox.cgroup == NULL) {
        kills = platen_sandbox_kills();
        return kills != UINT64_MAX && kills > confinement->kills ? PLATEN_CONFINE_SHORT_MACHINE
                                                                 : PLATEN_CONFINE_SHORT_NONE;
    }
    events = platen_sandbox_cgroup_events(confinement->sandbox.cgroup);
    return events.kills <= confinement->events.kills    ? PLATEN_CONFINE_SHORT_NONE
           : events.limits > confinement->events.limits ? PLATEN_CONFINE_SHORT_OWN
                                                        : PLATEN_CONFINE_SHORT_MACHINE;
}

void
platen_confine_end(platen_confinement_t *confinement)
{
    if (confinement->sandbox.cgroup != NULL && rmdir(confinement->sandbox.cgroup) != 0
        && errno != ENOENT) {
        platen_log(
            PLATEN_LOG_WARN, "cannot remove a cgroup",
            json_pack("{s:s, s:s}", "path", confinement->cgroup, "error", strerror(errno)));
    }
    confinement->sandbox.cgroup = NULL;
}
