/*
 * MuPDF's mutool: what a PDF says, as a document that can be edited or read:
 * paragraphs, headings by the size of their letters, tables as far as they have
 * lines.  It also sets EPUB, and reads damaged PDF that poppler and qpdf do not.
 * Prepares in the loop's thread and owns nothing.
 *
 * HTML it writes as a script tells it to, mupdf/platen_mupdf.js, which knows columns.
 *
 * It takes a password as a word of the command only, which every user of the
 * machine can read; so qpdf takes the password off in a step before.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/exit_code.h"
#include "engine/program.h"

#define MUTOOL "/usr/bin/mutool"
#define SCRIPT "platen-mupdf.js" /* sidecar/mupdf/platen_mupdf.js */
#define READY "ready.epub"       /* what platen-text (text/main.c) has mutool read */

/*
 * mutool takes letters of 12, 15 and 20 points for headings.  Drawn at 61 dots
 * per inch these are 14.2, 17.7 and 23.6, and text of 12 points is text.
 */
#define RESOLUTION "61" /* DRAWN_AT of pandoc/platen_pandoc.lua */

/* export_filter: mutool's format; import_filter: which of its programs. */
static const platen_edge_t edges[] = {
    /*
     * It keeps tables and loses images, which it writes without a size or not as
     * images; and it parts words at ligatures.  HTML and then pandoc, 70 less, lose
     * the tables' lines and no content; so that is the first choice.
     */
    { "pdf", "docx", 300 + PLATEN_LOSS_PAGES, 0, 0, "docx", "convert" },
    { "pdf", "html", 80 + PLATEN_LOSS_PAGES, 0, 0, "xhtml", "run" },
    { "epub", "pdf", 150, 0, 0, "pdf", "convert" },

    /* On no way of the graph, as it honours nothing: platen_engines_renewal() has it. */
    { "pdf", "pdf", 20, 0, PLATEN_EDGE_FIRST, "pdf", "clean" },
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    char              path[PATH_MAX];
    const char *const programs[] = { MUTOOL, path, NULL };
    int               rc;

    snprintf(path, sizeof(path), "%s/platen-text", config->libexec_path);
    rc = platen_program_probe(engine->name, config->mupdf_enabled, programs, err, errlen);
    if (rc != PLATEN_OK) {
        return rc;
    }
    snprintf(path, sizeof(path), "%s/" SCRIPT, config->libexec_path);
    if (access(path, R_OK) != 0) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        return PLATEN_NOT_FOUND;
    }
    return PLATEN_OK;
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    int book = strcmp(run->edge->from, "epub") == 0;

    (void) engine;

    if (book) {
        platen_command_arg(command, "%s/platen-text", config->libexec_path);
        platen_command_arg(command, "--book");
        platen_command_arg(command, "%s", platen_program_local(run, run->input));
        platen_command_arg(command, READY);
    }
    platen_command_arg(command, MUTOOL);
    platen_command_arg(command, "%s", run->edge->import_filter);
    if (strcmp(run->edge->import_filter, "clean") == 0) {
        platen_command_arg(command, "%s", platen_program_local(run, run->input));
        platen_command_arg(command, "%s", platen_program_local(run, run->output));
        return 0;
    }
    if (strcmp(run->edge->import_filter, "run") == 0) {
        platen_command_arg(command, "%s/" SCRIPT, config->libexec_path);
        platen_command_arg(command, RESOLUTION);
        platen_command_arg(command, "%s", platen_program_local(run, run->input));
        platen_command_arg(command, "%s", platen_program_local(run, run->output));
        return 0;
    }
    if (book) {
        platen_command_arg(command, "-W595"); /* A4, in points */
        platen_command_arg(command, "-H842");
        platen_command_arg(command, "-S11");
    }
    platen_command_arg(command, "-F");
    platen_command_arg(command, "%s", run->edge->export_filter);
    platen_command_arg(command, "-o");
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
    platen_command_arg(command, "%s", book ? READY : platen_program_local(run, run->input));
    return 0;
}

static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { PLATEN_TEXT_LOCKED, NULL, PLATEN_EXIT_ENCRYPTED },
    { PLATEN_TEXT_SETUP, NULL, PLATEN_EXIT_SETUP },
    { PLATEN_PROGRAM_ANY, "locked by DRM", PLATEN_EXIT_ENCRYPTED },
    { PLATEN_PROGRAM_ANY, "cannot authenticate password", PLATEN_EXIT_ENCRYPTED },
    /* Of no pages: by 1.21, and by 1.25. */
    { PLATEN_PROGRAM_ANY, "malformed page tree", PLATEN_EXIT_EMPTY },
    { PLATEN_PROGRAM_ANY, "invalid page number: -1", PLATEN_EXIT_EMPTY },
    { PLATEN_PROGRAM_ANY, "alloc", PLATEN_EXIT_MEMORY },         /* malloc of ... */
    { PLATEN_PROGRAM_ANY, "out of memory", PLATEN_EXIT_MEMORY }, /* of the script */
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_CORRUPT },
};

/* It goes on after any error of a page's content; what it could not go on after has failed. */
static const char *const repairs[] = { "repairing PDF document", "trying to repair",
                                       "error:", NULL };

const platen_engine_t platen_engine_mupdf = {
    .name = "mupdf",
    .packages = "mupdf-tools",
    .optional = 1,
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .prepare = prepare,
    .rules = rules,
    .repairs = repairs,
};
