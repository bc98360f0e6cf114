/*
 * The command that an engine wants executed for one document: its words, its
 * environment, and what it may use in the sandbox beyond what all may.
 */

#ifndef PLATEN_COMMAND_H
#define PLATEN_COMMAND_H

#include "sandbox/policy.h"

#define PLATEN_COMMAND_WORDS 48
#define PLATEN_COMMAND_PATHS 16

/* A command to execute; argv[0] is the program's path.  Owns its strings. */
typedef struct {
    char *argv[PLATEN_COMMAND_WORDS + 1];
    char *envp[PLATEN_COMMAND_WORDS + 1];
    int   argc;
    int   envc;
    int   failed; /* a word did not fit, or no memory */

    /* The sandbox: its policy (NULL: that of any command), and what is added for this run. */
    const platen_policy_t *policy;
    platen_sandbox_path_t  paths[PLATEN_COMMAND_PATHS];
    int                    npaths;
    uint64_t               address_space; /* a limit of its own, 0: the configured one */
} platen_command_t;

/* Appends a word; a failure is kept in command->failed. */
void platen_command_arg(platen_command_t *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void platen_command_env(platen_command_t *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Lets it use a path beyond its policy; `access` is a mask of PLATEN_SANDBOX_R, _W
 * and _X.
 */
void platen_command_allow(platen_command_t *command, unsigned access, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void platen_command_clear(platen_command_t *command);

#endif
