/*
 * The command line of a subcommand; see ctl/ctl.h.  Its help is made from
 * the same table that its options are read with, so that neither lies.
 */

#include "ctl/ctl.h"

#include <getopt.h>
#include <stdio.h>

/* Values for getopt_long() of options without a letter: their place in the table. */
#define NO_LETTER 256

static void
show_option(char letter, const char *name, const char *argument, const char *help)
{
    char left[64];

    snprintf(left, sizeof(left), "%c%c%s--%s%s%s", letter == 0 ? ' ' : '-',
             letter == 0 ? ' ' : letter, letter == 0 ? "  " : ", ", name,
             argument == NULL ? "" : " ", argument == NULL ? "" : argument);
    printf("  %-24s %s\n", left, help);
}

static void
show_help(const platen_ctl_command_t *command, const platen_ctl_option_t *own, size_t nown)
{
    size_t i;

    printf("Usage: platenctl %s [OPTION...]%s%s\n\n%s\n\n", command->name,
           *command->operands == '\0' ? "" : " ", command->operands, command->text);
    for (i = 0; i < nown; i++) {
        show_option(own[i].letter, own[i].name, own[i].argument, own[i].help);
    }
    show_option('c', "config", "FILE", "the configuration (" PLATEN_CTL_CONFIG ")");
    show_option(0, "json", NULL, "print JSON");
    show_option('h', "help", NULL, "show this text");
}

int
platen_ctl_parse(platen_ctl_t *ctl, int argc, char **argv, const platen_ctl_option_t *own,
                 size_t nown, int *code)
{
    struct option names[PLATEN_CTL_OPTIONS + 4] = {
        { "config", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
    };
    char   letters[2 * PLATEN_CTL_OPTIONS + 4] = "c:h", *end = letters + 3;
    size_t i;
    int    option;

    for (i = 0; i < nown && i < PLATEN_CTL_OPTIONS; i++) {
        names[3 + i] = (struct option){
            .name = own[i].name,
            .has_arg = own[i].text != NULL ? required_argument : no_argument,
            .val = own[i].letter != 0 ? own[i].letter : NO_LETTER + (int) i,
        };
        if (own[i].letter != 0) {
            *end++ = own[i].letter;
            if (own[i].text != NULL) {
                *end++ = ':';
            }
        }
    }

    optind = 0; /* getopt has read the words before the command */
    while ((option = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        switch (option) {
        case 'c':
            ctl->file = optarg;
            continue;
        case 'j':
            ctl->json = 1;
            continue;
        case 'h':
            show_help(ctl->command, own, nown);
            *code = PLATEN_CTL_DONE;
            return -1;
        case '?':
            fprintf(stderr, "See: platenctl help %s\n", ctl->command->name);
            *code = PLATEN_CTL_USAGE;
            return -1;
        }
        for (i = 0; i < nown && names[3 + i].val != option; i++) {
        }
        if (i < nown && own[i].text != NULL) {
            *own[i].text = optarg;
        } else if (i < nown) {
            ++*own[i].flag;
        }
    }
    return optind;
}
