/*
 * Programs as engines; see engine/program.h.  Pure functions but for access(2);
 * they own nothing and run in the loop's thread.
 */

#include "engine/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
platen_program_probe(const char *engine, uint64_t enabled, const char *const *programs,
                     char *err, size_t errlen)
{
    if (!enabled) {
        snprintf(err, errlen, "switched off by engines/%s/enabled", engine);
        return PLATEN_NOT_FOUND;
    }
    for (; *programs != NULL; programs++) {
        if (access(*programs, X_OK) != 0) {
            snprintf(err, errlen, "%s: %s", *programs, strerror(errno));
            return PLATEN_NOT_FOUND;
        }
    }
    return PLATEN_OK;
}

const char *
platen_program_local(const platen_run_t *run, const char *path)
{
    size_t len = strlen(run->dir);

    return strncmp(path, run->dir, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

platen_exit_t
platen_program_exit(const platen_program_rule_t *rules, int code, const char *said)
{
    while ((rules->code != PLATEN_PROGRAM_ANY && rules->code != code)
           || (rules->said != NULL && strstr(said, rules->said) == NULL)) {
        rules++;
    }
    return rules->exit;
}
