/*
 * Poppler's programs: the text of a PDF, its pages as images, and its pages as
 * HTML that looks like them.  Prepares in the loop's thread and owns nothing.
 *
 * They take a password as a word of the command only, which every user of the
 * machine can read, and a single range of pages.  So neither option is here:
 * qpdf takes the password off and the pages out in a step before.  What they
 * still find encrypted was sent without a password.
 *
 * They exit with 0 or 1 and little else; the kind of failure is in their words,
 * and so they are not told to be quiet.
 */

#include "engine/program.h"

#define BIN "/usr/bin/"

#define LAYOUT PLATEN_OPTION_BIT(PLATEN_OPTION_LAYOUT)
#define SIZE                                                                                   \
    (PLATEN_OPTION_BIT(PLATEN_OPTION_WIDTH) | PLATEN_OPTION_BIT(PLATEN_OPTION_RESOLUTION))

#define RESOLUTION 150 /* dots per inch: A4 gets 1240 x 1754 pixels */

static const platen_edge_t edges[] = {
    { "pdf", "txt", 80 + PLATEN_LOSS_PAGES + PLATEN_LOSS_TEXT, 0, PLATEN_EDGE_REPAIRED, NULL,
      NULL },
    { "pdf", "png", 120, SIZE, PLATEN_EDGE_RASTER | PLATEN_EDGE_PAGES | PLATEN_EDGE_REPAIRED,
      NULL, NULL },

    /* Positioned lines over an image of the rest: mupdf's has paragraphs. */
    { "pdf", "html", 1000 + PLATEN_LOSS_PAGES, LAYOUT, PLATEN_EDGE_REPAIRED, NULL, NULL },
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    static const char *const programs[] = { BIN "pdftotext", BIN "pdftoppm", BIN "pdftohtml",
                                            NULL };

    return platen_program_probe(engine->name, config->poppler_enabled, programs, err, errlen);
}

/* Lines in reading order; no form feeds between pages, which few editors show. */
static void
to_text(const platen_run_t *run, platen_command_t *command)
{
    platen_command_arg(command, BIN "pdftotext");
    platen_command_arg(command, "-enc");
    platen_command_arg(command, "UTF-8");
    platen_command_arg(command, "-eol");
    platen_command_arg(command, "unix");
    platen_command_arg(command, "-nopgbrk");
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
}

/*
 * Every page of the document: out/in-<n>.png, with as many digits as the last
 * one needs, and with one page too.  A width scales each page to it and keeps
 * its proportions; then the resolution does not matter.
 */
static void
to_images(const platen_run_t *run, platen_command_t *command)
{
    const char *width = platen_options_get(run->options, PLATEN_OPTION_WIDTH);

    platen_command_arg(command, BIN "pdftoppm");
    platen_command_arg(command, "-png");
    if (width != NULL) {
        platen_command_arg(command, "-scale-to-x");
        platen_command_arg(command, "%s", width);
        platen_command_arg(command, "-scale-to-y");
        platen_command_arg(command, "-1");
    } else {
        platen_command_arg(command, "-r");
        platen_command_arg(
            command, "%lu",
            platen_options_number(run->options, PLATEN_OPTION_RESOLUTION, RESOLUTION));
    }
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    platen_command_arg(command, "%s/in", platen_program_local(run, run->output_dir));
}

/* One file with its images inside. */
static void
to_html(const platen_run_t *run, platen_command_t *command)
{
    platen_command_arg(command, BIN "pdftohtml");
    platen_command_arg(command, "-s");
    platen_command_arg(command, "-noframes");
    platen_command_arg(command, "-dataurls");
    platen_command_arg(command, "-enc");
    platen_command_arg(command, "UTF-8");
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    (void) engine;
    (void) config;

    if (strcmp(run->edge->to, "txt") == 0) {
        to_text(run, command);
    } else if (strcmp(run->edge->to, "html") == 0) {
        to_html(run, command);
    } else {
        to_images(run, command);
    }
    return 0;
}

static const platen_program_rule_t rules[] = {
    /* It goes on after that, with a page of one pixel. */
    { PLATEN_PROGRAM_ANY, "Bogus memory allocation", PLATEN_EXIT_TOO_LARGE },
    { 0, NULL, PLATEN_EXIT_DONE },
    { PLATEN_PROGRAM_ANY, "Incorrect password", PLATEN_EXIT_ENCRYPTED },
    { PLATEN_PROGRAM_ANY, "Copying of text from this document is not allowed",
      PLATEN_EXIT_ENCRYPTED },
    { PLATEN_PROGRAM_ANY, "Wrong page range given", PLATEN_EXIT_EMPTY },
    { PLATEN_PROGRAM_ANY, "Out of memory", PLATEN_EXIT_MEMORY },
    { PLATEN_PROGRAM_ANY, "bad_alloc", PLATEN_EXIT_MEMORY },
    { 2, NULL, PLATEN_EXIT_FAILED }, /* cannot open the output */
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_CORRUPT },
};

static const char *const repairs[] = { "find trailer dictionary", "End of file inside",
                                       "Unterminated ", NULL };

const platen_engine_t platen_engine_poppler = {
    .name = "poppler",
    .packages = "poppler-utils",
    .optional = 1,
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .prepare = prepare,
    .rules = rules,
    .repairs = repairs,
};
