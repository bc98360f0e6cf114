/*
 * platen: a client for the command line.  What its commands share.  It knows of the server
 * what the HTTP contract says, and of this project's sources proto/base alone.
 */

#ifndef PLATEN_CLI_H
#define PLATEN_CLI_H

#include <signal.h>
#include <stddef.h>

#include "settings.h"

/* Exit codes; platen(1) has them. */
enum {
    PLATEN_CLI_DONE = 0,      /* all was done */
    PLATEN_CLI_FAILED = 1,    /* a document was not converted, or a job is not there */
    PLATEN_CLI_USAGE = 2,     /* a mistake in the command line or the settings */
    PLATEN_CLI_AWAY = 3,      /* the server cannot be reached, or cannot take it now */
    PLATEN_CLI_REFUSED = 4,   /* the key is missing, or not good */
    PLATEN_CLI_OUTPUT = 5,    /* a result cannot be written, or would overwrite a file */
    PLATEN_CLI_STOPPED = 130, /* SIGINT, SIGTERM */
};

typedef struct {
    const char *name;
    const char *operands;
    const char *summary;
    int (*run)(const platen_settings_t *settings, int argc, char **argv);
} platen_cli_command_t;

/* Set by a signal: what is under way ends soon. */
extern volatile sig_atomic_t platen_cli_stopped;

int platen_cli_convert(const platen_settings_t *settings, int argc, char **argv);
int platen_cli_status(const platen_settings_t *settings, int argc, char **argv);
int platen_cli_jobs(const platen_settings_t *settings, int argc, char **argv);
int platen_cli_formats(const platen_settings_t *settings, int argc, char **argv);
int platen_cli_download(const platen_settings_t *settings, int argc, char **argv);
int platen_cli_delete(const platen_settings_t *settings, int argc, char **argv);
int platen_cli_cancel(const platen_settings_t *settings, int argc, char **argv);
int platen_cli_retry(const platen_settings_t *settings, int argc, char **argv);

#endif
