/*
 * platenctl: the operator's command.  Here: the table of subcommands, and the
 * options before them.  A subcommand is written in a file of its own; see
 * ctl/ctl.h.
 */

#include <czmq.h>
#include <getopt.h>

#include "base/platen.h"
#include "ctl/ctl.h"

static const platen_ctl_command_t *const commands[] = {
    &platen_ctl_status,   &platen_ctl_top,     &platen_ctl_doctor, &platen_ctl_jobs,
    &platen_ctl_queue,    &platen_ctl_inspect, &platen_ctl_retry,  &platen_ctl_cancel,
    &platen_ctl_delete,   &platen_ctl_keys,    &platen_ctl_config, &platen_ctl_formats,
    &platen_ctl_webhooks, &platen_ctl_fsck,    &platen_ctl_backup, &platen_ctl_restore,
    &platen_ctl_sandbox,
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
usage(FILE *out)
{
    size_t i;

    fputs("Usage: platenctl [-c FILE] [--json] COMMAND [OPTION...]\n"
          "       platenctl help [COMMAND]\n"
          "\n",
          out);
    for (i = 0; i < NCOMMANDS; i++) {
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\n"
          "  -c, --config FILE  the configuration of platend (" PLATEN_CTL_CONFIG ")\n"
          "      --json         print JSON\n"
          "  -V, --version      show the version\n"
          "  -h, --help         show this text\n"
          "\n"
          "Exit status: 0 done and nothing is wrong, 1 something is wrong or could not be\n"
          "done, 2 a mistake in the command line or the configuration.\n",
          out);
}

static const platen_ctl_command_t *
find(const char *name)
{
    size_t i;

    for (i = 0; i < NCOMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    fprintf(stderr, "platenctl: there is no command \"%s\"\n", name);
    usage(stderr);
    return NULL;
}

/* The help of a command is made where its options are: it is asked for it. */
static int
help(platen_ctl_t *ctl, int argc, char **argv)
{
    char *words[] = { NULL, (char *) (uintptr_t) "--help", NULL };

    if (argc < 2) {
        usage(stdout);
        return PLATEN_CTL_DONE;
    }
    ctl->command = find(argv[1]);
    if (ctl->command == NULL) {
        return PLATEN_CTL_USAGE;
    }
    words[0] = argv[1];
    return ctl->command->run(ctl, 2, words);
}

/* Output that did not get through is a failure too: it may be what a script acts on. */
static int
end(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "platenctl: cannot write: %s\n", strerror(errno));
        return code == PLATEN_CTL_DONE ? PLATEN_CTL_FAILED : code;
    }
    return code;
}

int
main(int argc, char **argv)
{
    static const struct option names[] = {
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "version", no_argument, NULL, 'V' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    platen_ctl_t ctl = { .file = PLATEN_CTL_CONFIG };
    int          option;

    /* "+": what follows the command is the command's. */
    while ((option = getopt_long(argc, argv, "+c:Vh", names, NULL)) != -1) {
        switch (option) {
        case 'c':
            ctl.file = optarg;
            break;
        case 'j':
            ctl.json = 1;
            break;
        case 'V':
            puts("platenctl " PLATEN_VERSION);
            return end(PLATEN_CTL_DONE);
        case 'h':
            usage(stdout);
            return end(PLATEN_CTL_DONE);
        default:
            usage(stderr);
            return PLATEN_CTL_USAGE;
        }
    }
    if (optind == argc) {
        usage(stderr);
        return PLATEN_CTL_USAGE;
    }

    /* Signals end this program; czmq must not take them when it reads the configuration. */
    if (setenv("ZSYS_SIGHANDLER", "false", 1) != 0) {
        fprintf(stderr, "platenctl: %s\n", strerror(errno));
        return PLATEN_CTL_FAILED;
    }
    zsys_handler_set(NULL);

    argc -= optind;
    argv += optind;
    if (strcmp(argv[0], "help") == 0) {
        return end(help(&ctl, argc, argv));
    }
    ctl.command = find(argv[0]);
    return ctl.command == NULL ? PLATEN_CTL_USAGE : end(ctl.command->run(&ctl, argc, argv));
}
