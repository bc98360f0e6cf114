/*
 * platend: the sidecar that converts what the web server has taken in.  Its command line:
 * what is asked for is served (serve.c), a backup, or a test of the configuration.
 *
 * Exit codes: 0 stopped as asked, 1 could not start or go on, 2 a mistake in
 * the command line or the configuration, 3 another sidecar has the store.
 */

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup/backups.h"
#include "config.h"
#include "daemon.h"
#include "engine/engine.h"
#include "serve.h"
#include "supervisor.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

/* One backup and no more; runs beside another platend, or without. */
static int
back_up(const platen_config_t *config)
{
    char err[1024];

    platen_log_set_level((platen_log_level_t) config->log_level);
    platen_supervisor_open();
    if (platen_process_become(config, err, sizeof(err)) != 0) {
        return platen_refuse("no backup", err, PLATEN_SERVE_FAILED);
    }
    return platen_backups_make(config) == 0 ? PLATEN_SERVE_STOPPED : PLATEN_SERVE_FAILED;
}

static void
usage(FILE *out)
{
    fputs("Usage: platend -c FILE [-b | -t]\n"
          "  -c, --config FILE\n"
          "                 the configuration\n"
          "  -b, --backup   make the backup that it asks for now, and exit\n"
          "  -t, --test     test the configuration and exit\n"
          "  -V, --version  show the version and exit\n"
          "  -h, --help     show this text and exit\n",
          out);
}

/* Whether what the configuration names exists, and its engines can be made. */
static int
check(const platen_config_t *config, const char *file, char *err, size_t errlen)
{
    platen_engine_t **commands;
    char              why[512];

    if (platen_process_check(config, file, err, errlen) != 0) {
        return -1;
    }
    commands = platen_engine_commands_new(config, why, sizeof(why));
    if (commands == NULL) {
        snprintf(err, errlen, "%s: %s", file, *why == '\0' ? "out of memory" : why);
        return -1;
    }
    platen_engine_commands_free(&commands);
    return 0;
}

/* A closed standard descriptor would be taken by the first file opened. */
static int
hold_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    return fd < 0 ? -1 : close(fd);
}

int
main(int argc, char **argv)
{
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' }, { "backup", no_argument, NULL, 'b' },
        { "test", no_argument, NULL, 't' },         { "version", no_argument, NULL, 'V' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
    };
    platen_config_t *config;
    const char      *file = NULL;
    char             err[1024];
    int              option, rc, test = 0, backup = 0;

    if (hold_descriptors() != 0) {
        return PLATEN_SERVE_FAILED;
    }

    while ((option = getopt_long(argc, argv, "bc:tVh", names, NULL)) != -1) {
        switch (option) {
        case 'c':
            file = optarg;
            break;
        case 'b':
            backup = 1;
            break;
        case 't':
            test = 1;
            break;
        case 'V':
            puts("platend " PLATEN_VERSION);
            return PLATEN_SERVE_STOPPED;
        case 'h':
            usage(stdout);
            return PLATEN_SERVE_STOPPED;
        default:
            usage(stderr);
            return PLATEN_SERVE_USAGE;
        }
    }
    if (file == NULL || (backup && test) || optind != argc) {
        usage(stderr);
        return PLATEN_SERVE_USAGE;
    }

    /* Signals are ours: czmq must not take them when it starts. */
    if (setenv("ZSYS_SIGHANDLER", "false", 1) != 0) {
        return platen_refuse("cannot start", strerror(errno), PLATEN_SERVE_FAILED);
    }
    zsys_handler_set(NULL);

    config = platen_config_load(file, err, sizeof(err));
    if (config == NULL || check(config, file, err, sizeof(err)) != 0) {
        if (test) {
            fprintf(stderr, "platend: %s\n", err);
            rc = PLATEN_SERVE_USAGE;
        } else {
            rc = platen_refuse("the configuration is wrong", err, PLATEN_SERVE_USAGE);
        }
    } else if (test) {
        platen_config_warn(config);
        fprintf(stderr, "platend: %s: the configuration is valid\n", file);
        rc = PLATEN_SERVE_STOPPED;
    } else if (backup) {
        rc = back_up(config);
    } else {
        rc = platen_serve(config, file);
    }

    platen_config_destroy(&config);
    return rc;
}
