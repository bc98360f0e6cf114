/*
 * platen: a client for the command line.  Here: its commands, the options before them, and
 * signals.  A command is written in convert.c or jobs.c; see cli.h.
 */

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/platen.h"
#include "cli.h"

volatile sig_atomic_t platen_cli_stopped;

static const platen_cli_command_t commands[] = {
    { "convert", "FILE...", "documents to another format", platen_cli_convert },
    { "status", "", "whether the server is there, and can convert", platen_cli_status },
    { "jobs", "", "your jobs, newest first", platen_cli_jobs },
    { "formats", "[FROM]", "what the server converts", platen_cli_formats },
    { "download", "ID", "the result of a job", platen_cli_download },
    { "cancel", "ID...", "jobs that have not ended, away", platen_cli_cancel },
    { "delete", "ID...", "jobs with their documents and results, away", platen_cli_delete },
    { "retry", "ID...", "jobs that have failed, once more", platen_cli_retry },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
usage(FILE *out)
{
    size_t i;

    fputs("Usage: platen [OPTION...] COMMAND ...\n"
          "       platen COMMAND --help\n"
          "\n",
          out);
    for (i = 0; i < NCOMMANDS; i++) {
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n"
          "  -u, --url URL        the server (PLATEN_URL; " PLATEN_SETTINGS_URL ")\n"
          "      --key-file FILE  a file with the key in its first line (PLATEN_KEY)\n"
          "  -c, --config FILE    settings (~/.config/platen/config)\n"
          "      --json           print what the server says\n"
          "  -V, --version        show the version\n"
          "  -h, --help           show this text\n"
          "\n"
          "Exit status: 0 done, 1 a document was not converted or a job is not there, 2 a\n"
          "mistake in the command line or the settings, 3 the server is away or full, 4 it\n"
          "does not take the key, 5 a result cannot be written, 130 stopped by a signal.\n",
          out);
}

static void
on_signal(int signal)
{
    (void) signal;
    platen_cli_stopped = 1;
}

static const platen_cli_command_t *
find(const char *name)
{
    size_t i;

    for (i = 0; i < NCOMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    fprintf(stderr, "platen: there is no command \"%s\"\n", name);
    usage(stderr);
    return NULL;
}

/* Output that did not get through is a failure, too. */
static int
end(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "platen: cannot write: %s\n", strerror(errno));
        return code == PLATEN_CLI_DONE ? PLATEN_CLI_OUTPUT : code;
    }
    return code;
}

int
main(int argc, char **argv)
{
    static const struct option names[] = {
        { "url", required_argument, NULL, 'u' },
        { "key-file", required_argument, NULL, 'k' },
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "version", no_argument, NULL, 'V' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct sigaction            action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    const platen_cli_command_t *command;
    platen_settings_t           settings;
    const char                 *url = NULL, *key_file = NULL, *config = NULL;
    char                        err[4352];
    int                         option, json = 0, rc;

    /* A descriptor of ours is none of the three that everyone has. */
    do {
        rc = open("/dev/null", O_RDWR);
    } while (rc >= 0 && rc <= STDERR_FILENO);
    if (rc > STDERR_FILENO) {
        close(rc);
    }

    /* "+": what follows the command is the command's. */
    while ((option = getopt_long(argc, argv, "+u:c:Vh", names, NULL)) != -1) {
        switch (option) {
        case 'u':
            url = optarg;
            break;
        case 'k':
            key_file = optarg;
            break;
        case 'c':
            config = optarg;
            break;
        case 'j':
            json = 1;
            break;
        case 'V':
            puts("platen " PLATEN_VERSION);
            return end(PLATEN_CLI_DONE);
        case 'h':
            usage(stdout);
            return end(PLATEN_CLI_DONE);
        default:
            usage(stderr);
            return PLATEN_CLI_USAGE;
        }
    }
    if (optind == argc) {
        usage(stderr);
        return PLATEN_CLI_USAGE;
    }
    command = find(argv[optind]);
    if (command == NULL) {
        return PLATEN_CLI_USAGE;
    }
    rc = platen_settings_load(&settings, config, err, sizeof(err));
    if (rc == 0 && url != NULL) {
        rc = platen_settings_url(&settings, url, err, sizeof(err));
    }
    if (rc == 0 && key_file != NULL) {
        rc = platen_settings_key_file(&settings, key_file, err, sizeof(err));
    }
    if (rc != 0) {
        fprintf(stderr, "platen: %s\n", err);
        return PLATEN_CLI_USAGE;
    }
    settings.json = json;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* What they say is said by write(2), too. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
        fputs("platen: libcurl cannot be used\n", stderr);
        return PLATEN_CLI_FAILED;
    }
    rc = command->run(&settings, argc - optind, argv + optind);
    curl_global_cleanup();
    return end(rc);
}
