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

const char *
platen_program_name(const platen_run_t *run, char *name, size_t size)
{
    const char *dot = strrchr(run->name, '.');
    int         n = (int) (dot == NULL ? strlen(run->name) : (size_t) (dot - run->name));

    if (*run->name == '.' || n == 0 || strchr(run->name, '/') != NULL
        || snprintf(name, size, "%.*s.%s", n, run->name, run->edge->from) >= (int) size) {
        *name = '\0';
    }
    return name;
}

static platen_exit_t
exit_by(const platen_program_rule_t *rules, int code, const char *stderr_tail)
{
    while ((rules->code != PLATEN_PROGRAM_ANY && rules->code != code)
           || (rules->stderr_has != NULL && strstr(stderr_tail, rules->stderr_has) == NULL)) {
        rules++;
    }
    return rules->exit;
}

platen_exit_t
platen_engine_exit(const platen_engine_t *engine, int code, const char *stderr_tail)
{
    return engine->exited != NULL ? engine->exited(code, stderr_tail)
                                  : exit_by(engine->rules, code, stderr_tail);
}
