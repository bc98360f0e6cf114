/* Commands of engines; see sandbox/command.h.  Owns copies of what it is given. */

#include "sandbox/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Appends to a list of *n words; returns -1 if that cannot be. */
static int
append(char **words, int *n, const char *format, va_list args)
{
    char *word;

    if (*n == PLATEN_COMMAND_WORDS || vasprintf(&word, format, args) < 0) {
        return -1;
    }
    words[(*n)++] = word;
    words[*n] = NULL;
    return 0;
}

void
platen_command_arg(platen_command_t *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (append(command->argv, &command->argc, format, args) != 0) {
        command->failed = 1;
    }
    va_end(args);
}

void
platen_command_env(platen_command_t *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (append(command->envp, &command->envc, format, args) != 0) {
        command->failed = 1;
    }
    va_end(args);
}

void
platen_command_allow(platen_command_t *command, unsigned access, const char *format, ...)
{
    va_list args;
    char   *path;
    int     rc;

    if (command->npaths == PLATEN_COMMAND_PATHS) {
        command->failed = 1;
        return;
    }
    va_start(args, format);
    rc = vasprintf(&path, format, args);
    va_end(args);
    if (rc < 0) {
        command->failed = 1;
        return;
    }
    command->paths[command->npaths++] = (platen_sandbox_path_t){ path, access };
}

void
platen_command_clear(platen_command_t *command)
{
    while (command->npaths > 0) {
        free((char *) (uintptr_t) command->paths[--command->npaths].path);
    }

    while (command->argc > 0) {
        free(command->argv[--command->argc]);
    }
    while (command->envc > 0) {
        free(command->envp[--command->envc]);
    }
    memset(command, 0, sizeof(*command));
}
