/*
 * Engines of the operator's: each "engine/<name>" block of platend.cfg becomes
 * one, with an edge for each pair of its formats.  Made once, before the loop,
 * by platen_engine_commands_new(), and constant afterwards; they prepare in the
 * loop's thread.
 *
 * The command is split at blanks when it is read, quotes keep a word together,
 * and no shell ever sees it: a value that a client sends is part of one word,
 * or a word, and never more.  A mistake in a block is an error that names it,
 * since platend does not start with half of what it was told.
 *
 * Programs are asked to exit as sysexits.h says, and with 0 if the result is
 * there.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "engine/program.h"

#define BLANKS " \t"

typedef struct {
    platen_engine_t                engine; /* first: what everyone else sees */
    const platen_config_command_t *config;
    platen_edge_t                 *edges;
    uint32_t                       options;
    char                          *words[PLATEN_COMMAND_WORDS];
    size_t                         nwords;
    char                          *read; /* the paths, NUL-separated */
    const char                    *paths[PLATEN_COMMAND_PATHS];
    size_t                         npaths;
} command_t;

/* Where an error goes, and of which engine. */
typedef struct {
    const char *name;
    char       *err;
    size_t      errlen;
} report_t;

static int
wrong(const report_t *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
wrong(const report_t *report, const char *format, ...)
{
    va_list args;
    int     n;

    n = snprintf(report->err, report->errlen, "engine/%s: ", report->name);
    if (n >= 0 && (size_t) n < report->errlen) {
        va_start(args, format);
        vsnprintf(report->err + n, report->errlen - (size_t) n, format, args);
        va_end(args);
    }
    return -1;
}

/* The next of words that blanks separate; its length, 0 at the end. */
static size_t
next_word(const char **list, const char **word)
{
    size_t len;

    *word = *list + strspn(*list, BLANKS);
    len = strcspn(*word, BLANKS);
    *list = *word + len;
    return len;
}

/*
 * One word of the command, without its quotes, to `out`, which has room.  1; 0
 * at the end; -1 if a quote is not closed.
 */
static int
next_quoted(const char **text, char *out)
{
    const char *p = *text + strspn(*text, BLANKS);
    char        quote = '\0';

    if (*p == '\0') {
        return 0;
    }
    for (; *p != '\0' && (quote != '\0' || strchr(BLANKS, *p) == NULL); p++) {
        if (quote == '\0' && (*p == '"' || *p == '\'')) {
            quote = *p;
        } else if (quote != '\0' && *p == quote) {
            quote = '\0';
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
    *text = p;
    return quote == '\0' ? 1 : -1;
}

/* What stands between braces: in a word, from `p` on. */
typedef struct {
    const char *start; /* its opening brace; NULL: there is none */
    const char *name;
    size_t      len;
    const char *end; /* after its closing brace */
} placeholder_t;

static placeholder_t
next_placeholder(const char *p)
{
    placeholder_t found = { .start = strchr(p, '{') };
    const char   *close;

    if (found.start == NULL) {
        return found;
    }
    close = strchr(found.start, '}');
    if (close == NULL) {
        found.start = NULL;
        return found;
    }
    found.name = found.start + 1;
    found.len = (size_t) (close - found.name);
    found.end = close + 1;
    return found;
}

static int
is(const placeholder_t *placeholder, const char *name)
{
    return strlen(name) == placeholder->len
           && strncmp(placeholder->name, name, placeholder->len) == 0;
}

/* Checks the placeholders of a word, and adds the options that it has to *used. */
static int
check_word(const command_t *c, const report_t *report, const char *word, uint32_t *used)
{
    placeholder_t at;
    int           option;

    for (at = next_placeholder(word); at.start != NULL; at = next_placeholder(at.end)) {
        if (is(&at, "input") || is(&at, "output") || is(&at, "dir")) {
            continue;
        }
        option = platen_option_find(at.name, at.len);
        if (option < 0) {
            return wrong(report,
                         "command: {%.*s} is neither an option nor input, output or dir",
                         (int) at.len, at.name);
        }
        if ((c->options & PLATEN_OPTION_BIT(option)) == 0) {
            return wrong(report, "command: {%.*s} is not among its options", (int) at.len,
                         at.name);
        }
        *used |= PLATEN_OPTION_BIT(option);
    }
    return 0;
}

static int
read_options(command_t *c, const report_t *report)
{
    const char *list = c->config->options, *word;
    size_t      len;
    int         option;

    while (list != NULL && (len = next_word(&list, &word)) > 0) {
        option = platen_option_find(word, len);
        if (option < 0) {
            return wrong(report, "options: there is no option \"%.*s\"", (int) len, word);
        }
        if (platen_option_secrets() & PLATEN_OPTION_BIT(option)) {
            return wrong(report,
                         "options: \"%.*s\" cannot be part of a command, which every "
                         "user of this machine can read",
                         (int) len, word);
        }
        c->options |= PLATEN_OPTION_BIT(option);
    }
    return 0;
}

static int
read_command(command_t *c, const report_t *report)
{
    const char *text = c->config->command == NULL ? "" : c->config->command;
    char       *word;
    uint32_t    used = 0;
    int         rc, option;

    for (;;) {
        word = malloc(strlen(text) + 1);
        if (word == NULL) {
            return -1;
        }
        rc = next_quoted(&text, word);
        if (rc <= 0) {
            free(word);
            break;
        }
        if (c->nwords == PLATEN_COMMAND_WORDS) {
            free(word);
            return wrong(report, "command: has more than %d words", PLATEN_COMMAND_WORDS);
        }
        c->words[c->nwords++] = word;
        if (check_word(c, report, word, &used) != 0) {
            return -1;
        }
    }
    if (rc < 0) {
        return wrong(report, "command: a quote is not closed");
    }
    if (c->nwords == 0 || c->words[0][0] != '/' || strchr(c->words[0], '{') != NULL) {
        return wrong(report, "command: has to begin with the absolute path of a program");
    }
    for (option = 0; option < PLATEN_OPTIONS; option++) {
        if (c->options & ~used & PLATEN_OPTION_BIT(option)) {
            return wrong(report, "options: its command has no {%s}",
                         platen_option_name((platen_option_t) option));
        }
    }
    return 0;
}

static int
read_paths(command_t *c, const report_t *report)
{
    const char *list, *word;
    size_t      len;

    if (c->config->read == NULL) {
        return 0;
    }
    c->read = strdup(c->config->read);
    if (c->read == NULL) {
        return -1;
    }
    for (list = c->read; (len = next_word(&list, &word)) > 0;) {
        if (*word != '/') {
            return wrong(report, "read: \"%.*s\" is not an absolute path", (int) len, word);
        }
        /* Room is left for what every command and one that forks is given. */
        if (c->npaths == PLATEN_COMMAND_PATHS / 2) {
            return wrong(report, "read: has more than %d paths", PLATEN_COMMAND_PATHS / 2);
        }
        c->paths[c->npaths++] = word;
        if (*list != '\0') {
            c->read[list - c->read] = '\0';
            list++;
        }
    }
    return 0;
}

/* The formats of a list, as pointers to their names; `names` has room.  Their number, or -1. */
static int
read_formats(const char *list, const char *key, const report_t *report, const char **names)
{
    const platen_format_t *format;
    const char            *word;
    size_t                 len;
    int                    i, n = 0;

    while (list != NULL && (len = next_word(&list, &word)) > 0) {
        format = platen_format_find(word, len);
        if (format == NULL) {
            return wrong(report, "%s: there is no format \"%.*s\"", key, (int) len, word);
        }
        for (i = 0; i < n && names[i] != format->name; i++) {
        }
        if (i == n) {
            names[n++] = format->name;
        }
    }
    return n == 0 ? wrong(report, "%s: names no format", key) : n;
}

/*
 * An edge for each pair.  From a format to itself only if it has options, which
 * are then all that it is for.
 */
static int
read_edges(command_t *c, const report_t *report)
{
    const char *from[PLATEN_FORMATS_MAX], *to[PLATEN_FORMATS_MAX];
    int         i, j, nfrom, nto;

    nfrom = read_formats(c->config->from, "from", report, from);
    nto = nfrom < 0 ? -1 : read_formats(c->config->to, "to", report, to);
    if (nto < 0) {
        return -1;
    }
    c->edges = calloc((size_t) nfrom * (size_t) nto, sizeof(c->edges[0]));
    if (c->edges == NULL) {
        return -1;
    }
    for (i = 0; i < nfrom; i++) {
        for (j = 0; j < nto; j++) {
            if (from[i] != to[j] || c->options != 0) {
                c->edges[c->engine.nedges++] = (platen_edge_t){
                    .from = from[i],
                    .to = to[j],
                    .cost = c->config->cost > UINT32_MAX / 8 ? UINT32_MAX / 8
                                                             : (uint32_t) c->config->cost,
                    .options = c->options,
                };
            }
        }
    }
    c->engine.edges = c->edges;
    return c->engine.nedges == 0 ? wrong(report, "from and to: no conversion is left") : 0;
}

static int
check_name(const platen_config_t *config, const report_t *report)
{
    size_t i, len = strlen(report->name), same = 0;

    if (len == 0 || len > PLATEN_ENGINE_NAME_MAX
        || strspn(report->name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != len) {
        return wrong(report, "a name has 1 to %d of the characters a-z, 0-9, _ and -",
                     PLATEN_ENGINE_NAME_MAX);
    }
    if (platen_engine_is_built_in(report->name)) {
        return wrong(report, "is the name of a built-in engine");
    }
    for (i = 0; i < config->ncommands; i++) {
        same += strcmp(report->name, config->commands[i].name) == 0;
    }
    return same > 1 ? wrong(report, "is there more than once") : 0;
}

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    const command_t  *c = engine->data;
    const char *const programs[] = { c->words[0], NULL };

    (void) config;
    return platen_program_probe(engine->name, 1, programs, err, errlen);
}

/* What stands for a placeholder; NULL: its option is not given. */
static const char *
value(const placeholder_t *at, const platen_run_t *run)
{
    int option;

    if (is(at, "input")) {
        return run->input;
    }
    if (is(at, "output")) {
        return run->output;
    }
    if (is(at, "dir")) {
        return run->dir;
    }
    option = platen_option_find(at->name, at->len);
    return option < 0 ? NULL : platen_options_get(run->options, (platen_option_t) option);
}

/* Adds a word of the command, or leaves it out.  Returns 0, or -1 with errno. */
static int
add_word(platen_command_t *command, const platen_run_t *run, const char *word)
{
    placeholder_t at;
    const char   *text;
    char         *out;
    size_t        size;
    FILE         *stream;

    stream = open_memstream(&out, &size);
    if (stream == NULL) {
        return -1;
    }
    text = "";
    for (at = next_placeholder(word); at.start != NULL; at = next_placeholder(word)) {
        text = value(&at, run);
        if (text == NULL) {
            break;
        }
        fprintf(stream, "%.*s%s", (int) (at.start - word), word, text);
        word = at.end;
    }
    fputs(word, stream);
    if (fclose(stream) != 0) {
        free(out);
        return -1;
    }
    if (text != NULL) {
        platen_command_arg(command, "%s", out);
    }
    free(out);
    return 0;
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    const command_t *c = engine->data;
    size_t           i;

    (void) config;

    for (i = 0; i < c->nwords; i++) {
        if (add_word(command, run, c->words[i]) != 0) {
            return -1;
        }
    }
    for (i = 0; i < c->npaths; i++) {
        platen_command_allow(command, PLATEN_SANDBOX_R, "%s", c->paths[i]);
    }
    command->policy = platen_policy_find(c->config->fork ? "command-fork" : "command");
    command->address_space = c->config->address_space;
    return 0;
}

static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { EX_DATAERR, NULL, PLATEN_EXIT_CORRUPT },
    { EX_NOINPUT, NULL, PLATEN_EXIT_EMPTY },
    { EX_NOPERM, NULL, PLATEN_EXIT_ENCRYPTED },
    { EX_TEMPFAIL, NULL, PLATEN_EXIT_AGAIN },
    { EX_USAGE, NULL, PLATEN_EXIT_SETUP },
    { EX_UNAVAILABLE, NULL, PLATEN_EXIT_SETUP },
    { EX_OSERR, NULL, PLATEN_EXIT_SETUP },
    { EX_OSFILE, NULL, PLATEN_EXIT_SETUP },
    { EX_CONFIG, NULL, PLATEN_EXIT_SETUP },
    { 126, NULL, PLATEN_EXIT_SETUP }, /* a shell that could not execute what it is told */
    { 127, NULL, PLATEN_EXIT_SETUP }, /* or did not find it */
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_FAILED },
};

static void
command_destroy(command_t *c)
{
    while (c->nwords > 0) {
        free(c->words[--c->nwords]);
    }
    free(c->read);
    free(c->edges);
    free(c);
}

static command_t *
command_new(const platen_config_t *config, const platen_config_command_t *block, char *err,
            size_t errlen)
{
    report_t   report = { .name = block->name, .err = err, .errlen = errlen };
    command_t *c;

    c = calloc(1, sizeof(*c));
    if (c == NULL) {
        return NULL;
    }
    c->config = block;
    c->engine = (platen_engine_t){
        .name = block->name,
        .data = c,
        .probe = probe,
        .prepare = prepare,
        .rules = rules,
    };
    if (check_name(config, &report) != 0 || read_options(c, &report) != 0
        || read_command(c, &report) != 0 || read_paths(c, &report) != 0
        || read_edges(c, &report) != 0) {
        command_destroy(c);
        return NULL;
    }
    return c;
}

platen_engine_t **
platen_engine_commands_new(const platen_config_t *config, char *err, size_t errlen)
{
    platen_engine_t **commands;
    command_t        *c;
    size_t            i;

    if (errlen > 0) {
        *err = '\0';
    }
    commands = calloc(config->ncommands + 1, sizeof(commands[0]));
    if (commands == NULL) {
        return NULL;
    }
    for (i = 0; i < config->ncommands; i++) {
        c = command_new(config, &config->commands[i], err, errlen);
        if (c == NULL) {
            platen_engine_commands_free(&commands);
            return NULL;
        }
        commands[i] = &c->engine;
    }
    return commands;
}

void
platen_engine_commands_free(platen_engine_t ***commands)
{
    size_t i;

    for (i = 0; *commands != NULL && (*commands)[i] != NULL; i++) {
        /* Each is the first member of its command_t. */
        command_destroy((command_t *) (*commands)[i]);
    }
    free(*commands);
    *commands = NULL;
}
