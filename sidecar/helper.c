/* Helpers; see helper.h. */

#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#include "disk/layout.h"

static int
add_files(posix_spawn_file_actions_t *actions, int input, const int more[PLATEN_HELPER_MORE])
{
    int rc = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
    int i, next = STDERR_FILENO + 1;

    for (i = 0; rc == 0 && i < PLATEN_HELPER_MORE && more[i] >= 0; i++) {
        rc = posix_spawn_file_actions_adddup2(actions, more[i], next++);
    }
    return rc == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, next) : rc;
}

int
platen_helper_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, usual;
    int      rc = posix_spawnattr_init(attributes);

    if (rc != 0) {
        return rc;
    }
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    (void) posix_spawnattr_setsigmask(attributes, &none);
    (void) posix_spawnattr_setsigdefault(attributes, &usual);
    (void) posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    return 0;
}

int
platen_helper_spawn(const char *libexec, const char *name, int input,
                    const int more[PLATEN_HELPER_MORE], char *const environment[])
{
    char                       program[PLATEN_PATH_MAX];
    char                      *argv[] = { program, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t          attributes;
    pid_t                      pid;
    int                        rc;

    if (posix_spawn_file_actions_init(&actions) != 0) {
        return ENOMEM;
    }
    if (platen_helper_attributes(&attributes) != 0) {
        (void) posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    snprintf(program, sizeof(program), "%s/%s", libexec, name);
    rc = add_files(&actions, input, more);
    if (rc == 0) {
        rc = posix_spawn(&pid, program, &actions, &attributes, argv, environment);
    }
    (void) posix_spawnattr_destroy(&attributes);
    (void) posix_spawn_file_actions_destroy(&actions);
    return rc;
}
