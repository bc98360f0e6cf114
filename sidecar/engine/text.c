/*
 * Texts: platen-text, a program of Platen's own, which makes a text UTF-8 before
 * any engine sees it, and a result what the option charset says.  Prepares in
 * the loop's thread and owns nothing.
 *
 * The first of the two is no edge of the graph: it stands before the first step
 * of every route that begins with a text (engine/engine.c).
 */

#include <limits.h>
#include <stdio.h>

#include "engine/exit_code.h"
#include "engine/program.h"

#define CHARSET PLATEN_OPTION_BIT(PLATEN_OPTION_CHARSET)

/* Import filter: "in" or "out". */
#define IN(format)                                                                             \
    {                                                                                          \
        format, format, 5, CHARSET, PLATEN_EDGE_INPUT, NULL, "in"                              \
    }
#define OUT(format)                                                                            \
    {                                                                                          \
        format, format, 5, CHARSET, 0, NULL, "out"                                             \
    }

static const platen_edge_t inputs[] = {
    IN("txt"), IN("html"), IN("md"),    IN("rst"), IN("csv"),
    IN("tsv"), IN("json"), IN("jsonl"), IN("rtf"),
};

static const platen_edge_t edges[] = {
    OUT("txt"), OUT("html"), OUT("md"), OUT("csv"), OUT("tsv"),
};

const platen_edge_t *
platen_engine_text_input(const platen_format_t *format)
{
    size_t i;

    for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
        if (strcmp(inputs[i].from, format->name) == 0) {
            return &inputs[i];
        }
    }
    return NULL;
}

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    char              path[PATH_MAX];
    const char *const programs[] = { path, NULL };

    snprintf(path, sizeof(path), "%s/platen-text", config->libexec_path);
    return platen_program_probe(engine->name, 1, programs, err, errlen);
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    const char *charset = platen_options_get(run->options, PLATEN_OPTION_CHARSET);
    int         in = strcmp(run->edge->import_filter, "in") == 0;

    (void) engine;

    platen_command_arg(command, "%s/platen-text", config->libexec_path);
    platen_command_arg(command, "--format");
    platen_command_arg(command, "%s", run->edge->from);
    if (charset != NULL) {
        platen_command_arg(command, "%s", in ? "--charset" : "--to-charset");
        platen_command_arg(command, "%s", charset);
    }
    if (run->mark) {
        platen_command_arg(command, "--mark");
    }
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
    return 0;
}

static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { PLATEN_TEXT_WRITE, NULL, PLATEN_EXIT_FAILED },
    { PLATEN_TEXT_MEMORY, NULL, PLATEN_EXIT_MEMORY },
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_SETUP },
};

const platen_engine_t platen_engine_text = {
    .name = "text",
    .packages = "platen",
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .prepare = prepare,
    .rules = rules,
};
