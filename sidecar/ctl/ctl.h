/*
 * platenctl: what its subcommands share.  A subcommand is one entry of the
 * table in ctl/main.c and one file, platen_ctl_<name>.c; it reads its command
 * line with platen_ctl_parse(), and returns one of the exit codes below.
 *
 * One process and one thread, which ends with the command.
 */

#ifndef PLATEN_CTL_H
#define PLATEN_CTL_H

#include <stddef.h>

#define PLATEN_CTL_CONFIG "/etc/platen/platend.cfg"

/* Exit codes of all subcommands; `platenctl help` documents them. */
enum {
    PLATEN_CTL_DONE = 0,   /* done, and nothing is wrong */
    PLATEN_CTL_FAILED = 1, /* something is wrong, or could not be done */
    PLATEN_CTL_USAGE = 2   /* a mistake in the command line or the configuration */
};

typedef struct platen_ctl_command_s platen_ctl_command_t;

/* What the options say that every subcommand has. */
typedef struct {
    const char                 *file;     /* the configuration */
    int                         json;     /* for programs, on standard output */
    int                         restored; /* for fsck: it is the end of a restore */
    const platen_ctl_command_t *command;
} platen_ctl_t;

struct platen_ctl_command_s {
    const char *name;
    const char *operands; /* for the usage line: "ID...", or "" */
    const char *summary;  /* a few words */
    const char *text;     /* the rest of its help: lines */

    /* argv[0] is the command's name.  Returns an exit code. */
    int (*run)(platen_ctl_t *ctl, int argc, char **argv);
};

/* An option of one subcommand; it has an argument if `text` is set, else `flag` counts it. */
typedef struct {
    const char  *name;   /* "module" for --module */
    char         letter; /* 'm' for -m; 0: none */
    const char  *argument;
    const char **text;
    int         *flag;
    const char  *help;
} platen_ctl_option_t;

#define PLATEN_CTL_OPTIONS 16 /* at most, of one subcommand */

/*
 * Reads the options of a subcommand, those of all of them included, wherever
 * they stand.  Returns the index in argv of the first operand; or -1 if the
 * command is to end here with *code: help was asked for, or a mistake was told.
 */
int platen_ctl_parse(platen_ctl_t *ctl, int argc, char **argv, const platen_ctl_option_t *own,
                     size_t nown, int *code);

extern const platen_ctl_command_t platen_ctl_status;
extern const platen_ctl_command_t platen_ctl_top;
extern const platen_ctl_command_t platen_ctl_doctor;
extern const platen_ctl_command_t platen_ctl_jobs;
extern const platen_ctl_command_t platen_ctl_queue;
extern const platen_ctl_command_t platen_ctl_inspect;
extern const platen_ctl_command_t platen_ctl_retry;
extern const platen_ctl_command_t platen_ctl_cancel;
extern const platen_ctl_command_t platen_ctl_delete;
extern const platen_ctl_command_t platen_ctl_keys;
extern const platen_ctl_command_t platen_ctl_config;
extern const platen_ctl_command_t platen_ctl_formats;
extern const platen_ctl_command_t platen_ctl_fsck;
extern const platen_ctl_command_t platen_ctl_backup;
extern const platen_ctl_command_t platen_ctl_restore;
extern const platen_ctl_command_t platen_ctl_webhooks;
extern const platen_ctl_command_t platen_ctl_sandbox;

#endif
