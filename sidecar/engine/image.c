/*
 * Images: MuPDF puts pictures on PDF pages as large as they say they are, a page
 * for each image of a TIFF; librsvg draws SVG.  Prepares in the loop's thread
 * and owns nothing.
 *
 * librsvg reads no file outside the document's directory and fetches nothing; and it
 * passes over HTML in a drawing.  platen-text looks for that, says so, and becomes it.
 */

#include <limits.h>
#include <stdio.h>

#include "engine/exit_code.h"
#include "engine/program.h"

#define MUTOOL "/usr/bin/mutool"
#define RSVG "/usr/bin/rsvg-convert"

#define WIDTH PLATEN_OPTION_BIT(PLATEN_OPTION_WIDTH)

static const platen_edge_t edges[] = {
    { "png", "pdf", 40, 0, PLATEN_EDGE_PICTURE, NULL, NULL },
    { "jpeg", "pdf", 40, 0, PLATEN_EDGE_PICTURE, NULL, NULL },
    { "tiff", "pdf", 40, 0, PLATEN_EDGE_PICTURE, NULL, NULL },
    { "svg", "pdf", 40, 0, PLATEN_EDGE_PICTURE, "pdf", NULL },
    { "svg", "png", 40, WIDTH, PLATEN_EDGE_PICTURE, "png", NULL },
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    char              path[PATH_MAX];
    const char *const programs[] = { MUTOOL, RSVG, path, NULL };

    snprintf(path, sizeof(path), "%s/platen-text", config->libexec_path);

    return platen_program_probe(engine->name, config->image_enabled, programs, err, errlen);
}

static void
draw(const platen_config_t *config, const platen_run_t *run, platen_command_t *command)
{
    const char *width = platen_options_get(run->options, PLATEN_OPTION_WIDTH);

    platen_command_arg(command, "%s/platen-text", config->libexec_path);
    platen_command_arg(command, "--look");
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    platen_command_arg(command, RSVG);
    platen_command_arg(command, "-f");
    platen_command_arg(command, "%s", run->edge->export_filter);
    if (width != NULL) {
        platen_command_arg(command, "-a");
        platen_command_arg(command, "-w");
        platen_command_arg(command, "%s", width);
    }
    platen_command_arg(command, "-o");
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    (void) engine;

    if (strcmp(run->edge->from, "svg") == 0) {
        draw(config, run, command);
        return 0;
    }
    platen_command_arg(command, MUTOOL);
    platen_command_arg(command, "convert");
    platen_command_arg(command, "-F");
    platen_command_arg(command, "pdf");
    platen_command_arg(command, "-O");
    platen_command_arg(command, "compress,compress-images"); /* a JPEG stays as it is */
    platen_command_arg(command, "-o");
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    return 0;
}

static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { PLATEN_TEXT_SETUP, NULL, PLATEN_EXIT_SETUP },
    { PLATEN_PROGRAM_ANY, "image dimensions might overflow", PLATEN_EXIT_TOO_LARGE },
    { PLATEN_PROGRAM_ANY, "larger than 32767 pixels", PLATEN_EXIT_TOO_LARGE },
    { PLATEN_PROGRAM_ANY, "has no dimensions", PLATEN_EXIT_EMPTY },
    { PLATEN_PROGRAM_ANY, "No Memory", PLATEN_EXIT_MEMORY }, /* cairo */
    { PLATEN_PROGRAM_ANY, "alloc", PLATEN_EXIT_MEMORY },     /* mutool: malloc of ... */
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_CORRUPT },
};

const platen_engine_t platen_engine_image = {
    .name = "image",
    .packages = "mupdf-tools librsvg2-bin",
    .optional = 1,
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .prepare = prepare,
    .rules = rules,
};
