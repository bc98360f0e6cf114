/*
 * pandoc: between formats that say what a text means rather than how it looks.
 * Prepares in the loop's thread: the run's directory gets a link, which is
 * removed with it.  What is done to a document on the way is in the filter
 * pandoc/platen_pandoc.lua.
 *
 * A DOCX it reads as platen-docx has written it, which becomes pandoc then: it passes
 * over text boxes and tables without a grid, and has hidden text in its results; an EPUB
 * as platen-text has, which becomes pandoc in the same way.
 *
 * It runs with --sandbox: its readers and writers then see no file but the
 * document, and fetch nothing, whatever the document refers to; an image that
 * is not in the document is left as a reference, or as its description where
 * the result carries its images.  Debian's pandoc keeps the parts of an empty
 * DOCX, ODT and EPUB in files and, in its own sandbox, does not find those
 * either.  What is named to it as a font of an EPUB it may read: so a directory
 * with those of the writer is named as one, by the path at which it looks.
 */

#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include <errno.h>
#include <sys/stat.h>

#include "engine/exit_code.h"
#include "engine/program.h"

#define PANDOC "/usr/bin/pandoc"
#define DATA "/usr/share/pandoc/data"
#define FILTER "platen-pandoc.lua" /* sidecar/pandoc/platen_pandoc.lua */
#define READY "ready.docx"         /* what platen-docx (docx/main.c) has pandoc read */
#define READY_BOOK "ready.epub"    /* the same of platen-text (text/main.c) */

#define PLAIN "commonmark" /* a text without markup */

#define CHANGES                                                                                \
    (PLATEN_OPTION_BIT(PLATEN_OPTION_TRACK_CHANGES) | PLATEN_OPTION_BIT(PLATEN_OPTION_COMMENTS))
#define FLAVOUR PLATEN_OPTION_BIT(PLATEN_OPTION_MARKDOWN_FLAVOUR)

/* LibreOffice, which reads more of them, writes those anew that are declined or not read. */
#define DOCX (PLATEN_EDGE_DECLINES | PLATEN_EDGE_REPAIRED)

/*
 * Import and export filter: pandoc's reader and writer; "" for Markdown: by the
 * flavour.
 *
 * A cost has what it loses in it.  LibreOffice's HTML of a document keeps boxes,
 * fields and looks, which pandoc leaves out; and pandoc reads DOCX best, so that
 * ODT and RTF had better become that first, by LibreOffice.  Text goes to PDF by
 * way of DOCX and not of HTML, which LibreOffice lays out worse.
 */
static const platen_edge_t edges[] = {
    { "md", "html", 70 + PLATEN_LOSS_WEB, FLAVOUR, PLATEN_EDGE_INPUT, "html", "" },
    { "md", "docx", 60, FLAVOUR, PLATEN_EDGE_INPUT, "docx", "" },
    { "md", "odt", 60, FLAVOUR, PLATEN_EDGE_INPUT, "odt", "" },
    { "md", "epub", 60 + PLATEN_LOSS_BOOK, FLAVOUR, PLATEN_EDGE_INPUT, "epub", "" },
    { "md", "rst", 50 + PLATEN_LOSS_MARKUP, FLAVOUR, PLATEN_EDGE_INPUT, "rst", "" },
    { "md", "txt", 50 + PLATEN_LOSS_TEXT, FLAVOUR, PLATEN_EDGE_INPUT, "plain", "" },

    { "html", "md", 50 + PLATEN_LOSS_MARKUP, FLAVOUR, 0, "", "html" },
    { "html", "docx", 150, 0, 0, "docx", "html" },
    { "html", "odt", 150, 0, 0, "odt", "html" },
    { "html", "epub", 80 + PLATEN_LOSS_BOOK, 0, 0, "epub", "html" },
    { "html", "rst", 60 + PLATEN_LOSS_MARKUP, 0, 0, "rst", "html" },
    { "html", "txt", 50 + PLATEN_LOSS_TEXT, 0, 0, "plain", "html" },

    { "docx", "md", 60 + PLATEN_LOSS_MARKUP, FLAVOUR | CHANGES, DOCX, "", "docx" },
    { "docx", "html", 110 + PLATEN_LOSS_WEB, CHANGES, DOCX, "html", "docx" },
    { "docx", "epub", 80 + PLATEN_LOSS_BOOK, CHANGES, DOCX, "epub", "docx" },
    { "docx", "rst", 70 + PLATEN_LOSS_MARKUP, CHANGES, DOCX, "rst", "docx" },

    { "odt", "md", 250 + PLATEN_LOSS_MARKUP, FLAVOUR, 0, "", "odt" },
    { "odt", "html", 130 + PLATEN_LOSS_WEB, 0, 0, "html", "odt" },
    { "odt", "epub", 250 + PLATEN_LOSS_BOOK, 0, 0, "epub", "odt" },
    { "odt", "rst", 250 + PLATEN_LOSS_MARKUP, 0, 0, "rst", "odt" },

    { "epub", "md", 60 + PLATEN_LOSS_MARKUP, FLAVOUR, 0, "", "epub" },
    { "epub", "html", 70 + PLATEN_LOSS_WEB, 0, 0, "html", "epub" },
    { "epub", "docx", 90, 0, 0, "docx", "epub" },
    { "epub", "odt", 90, 0, 0, "odt", "epub" },
    { "epub", "rst", 70 + PLATEN_LOSS_MARKUP, 0, 0, "rst", "epub" },
    { "epub", "txt", 60 + PLATEN_LOSS_TEXT, 0, 0, "plain", "epub" },

    { "rst", "md", 50 + PLATEN_LOSS_MARKUP, FLAVOUR, 0, "", "rst" },
    { "rst", "html", 70 + PLATEN_LOSS_WEB, 0, 0, "html", "rst" },
    { "rst", "docx", 60, 0, 0, "docx", "rst" },
    { "rst", "odt", 60, 0, 0, "odt", "rst" },
    { "rst", "epub", 60 + PLATEN_LOSS_BOOK, 0, 0, "epub", "rst" },
    { "rst", "txt", 50 + PLATEN_LOSS_TEXT, 0, 0, "plain", "rst" },

    /* The filter reads the text itself: pandoc has no reader for one, and its input is empty.
     */
    { "txt", "md", 60 + PLATEN_LOSS_MARKUP, FLAVOUR, 0, "", PLAIN },
    { "txt", "epub", 80 + PLATEN_LOSS_BOOK, 0, 0, "epub", PLAIN },
    { "txt", "rst", 60 + PLATEN_LOSS_MARKUP, 0, 0, "rst", PLAIN },

    { "rtf", "md", 600 + PLATEN_LOSS_MARKUP, FLAVOUR, 0, "", "rtf" },
    { "rtf", "html", 600 + PLATEN_LOSS_WEB, 0, 0, "html", "rtf" },
    { "rtf", "epub", 600 + PLATEN_LOSS_BOOK, 0, 0, "epub", "rtf" },
    { "rtf", "rst", 600 + PLATEN_LOSS_MARKUP, 0, 0, "rst", "rtf" },
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    static const char *const programs[] = { PANDOC, DATA, NULL };
    static const char *const own[] = { "platen-docx", "platen-text" };
    char                     path[PATH_MAX];
    size_t                   i;
    int                      rc;

    rc = platen_program_probe(engine->name, config->pandoc_enabled, programs, err, errlen);
    if (rc != PLATEN_OK) {
        return rc;
    }
    for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", config->libexec_path, own[i]);
        if (access(path, X_OK) != 0) {
            snprintf(err, errlen, "%s: %s", path, strerror(errno));
            return PLATEN_NOT_FOUND;
        }
    }
    snprintf(path, sizeof(path), "%s/" FILTER, config->libexec_path);
    if (access(path, R_OK) != 0) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        return PLATEN_NOT_FOUND;
    }
    return PLATEN_OK;
}

/* What of the data directory a writer needs; NULL: nothing. */
static const char *
parts(const char *writer)
{
    return strcmp(writer, "epub") == 0                                 ? "epub.css"
           : strcmp(writer, "docx") == 0 || strcmp(writer, "odt") == 0 ? writer
                                                                       : NULL;
}

/*
 * That, in data/data below the run's directory: a document could name what is in there, and
 * so nothing is that is not in each result.
 */
static int
link_data(const platen_run_t *run, const char *part)
{
    char path[PATH_MAX], target[PATH_MAX];

    snprintf(path, sizeof(path), "%s/data", run->dir);
    if (mkdir(path, 0700) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/data/data", run->dir);
    if (mkdir(path, 0700) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/data/data/%s", run->dir, part);
    snprintf(target, sizeof(target), DATA "/%s", part);
    return symlink(target, path);
}

/* Markdown as a reader or a writer understands it. */
static const char *
markdown(const platen_run_t *run, int reads)
{
    const char *flavour = platen_options_get(run->options, PLATEN_OPTION_MARKDOWN_FLAVOUR);

    if (flavour == NULL || strcmp(flavour, "gfm") == 0) {
        return reads ? "gfm+yaml_metadata_block" : "gfm+tex_math_dollars";
    }
    return reads || strcmp(flavour, "commonmark") != 0 ? flavour
                                                       : "commonmark+tex_math_dollars";
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    const char *from = run->edge->import_filter, *to = run->edge->export_filter;
    const char *part = parts(to);
    const char *tracked = platen_options_get(run->options, PLATEN_OPTION_TRACK_CHANGES);
    uint64_t    memory = config->memory != 0 ? config->memory : config->address_space;
    int         docx = strcmp(from, "docx") == 0, book = strcmp(from, "epub") == 0;

    (void) engine;

    if (part != NULL && link_data(run, part) != 0) {
        return -1;
    }

    if (docx) {
        platen_command_arg(command, "%s/platen-docx", config->libexec_path);
        if (run->settled) {
            platen_command_arg(command, "--settled");
        }
        if (platen_options_get(run->options, PLATEN_OPTION_COMMENTS) != NULL) {
            platen_command_arg(command, "--comments");
        }
        if (part == NULL && strcmp(to, "html") != 0) {
            platen_command_arg(command, "--pictures");
        }
        platen_command_arg(command, "%s", platen_program_local(run, run->input));
        platen_command_arg(command, READY);
    } else if (book) {
        platen_command_arg(command, "%s/platen-text", config->libexec_path);
        platen_command_arg(command, "--book");
        platen_command_arg(command, "%s", platen_program_local(run, run->input));
        platen_command_arg(command, READY_BOOK);
    }
    platen_command_arg(command, PANDOC);
    if (memory != 0) {
        /* Of the heap, so that it can say that there is no more. */
        platen_command_arg(command, "+RTS");
        platen_command_arg(command, "-M%llu", (unsigned long long) (memory - memory / 4));
        platen_command_arg(command, "-RTS");
    }
    platen_command_arg(command, "--sandbox");
    if (tracked != NULL) {
        platen_command_arg(command, "--track-changes=%s",
                           strcmp(tracked, "show") == 0 ? "all" : "reject");
    }
    if (part != NULL) {
        platen_command_arg(command, "--epub-embed-font=data");
    }
    platen_command_arg(command, "--quiet");
    if (strcmp(to, "html") == 0) {
        platen_command_arg(command, "--standalone");
    }
    platen_command_arg(command, "--wrap=none");
    platen_command_arg(command, "--mathml");
    platen_command_arg(command, "--lua-filter=%s/" FILTER, config->libexec_path);
    platen_command_arg(command, "--from=%s", from[0] != '\0' ? from : markdown(run, 1));
    platen_command_arg(command, "--to=%s", to[0] != '\0' ? to : markdown(run, 0));
    platen_command_arg(command, "--output=%s", platen_program_local(run, run->output));
    if (strcmp(run->edge->from, "txt") != 0) {
        platen_command_arg(command, "%s",
                           docx   ? READY
                           : book ? READY_BOOK
                                  : platen_program_local(run, run->input));
    }
    return 0;
}

static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { 251, NULL, PLATEN_EXIT_MEMORY }, /* the heap */
    { 2, NULL, PLATEN_EXIT_MEMORY },   /* the stack */
    { 63, NULL, PLATEN_EXIT_CORRUPT }, /* not a DOCX */
    { 64, NULL, PLATEN_EXIT_CORRUPT }, /* does not parse */
    { 91, NULL, PLATEN_EXIT_CORRUPT }, /* endless macros */
    { 92, NULL, PLATEN_EXIT_CORRUPT }, /* not in UTF-8 */
    /* 83 and 84 are the filter's: as it reads the document, that may be behind it. */
    { 97, NULL, PLATEN_EXIT_SETUP }, /* a file of its own is missing */
    { PLATEN_DOCX_DECLINED, NULL, PLATEN_EXIT_DECLINED },
    { PLATEN_DOCX_SETUP, NULL, PLATEN_EXIT_SETUP }, /* and PLATEN_TEXT_SETUP */
    { PLATEN_TEXT_LOCKED, NULL, PLATEN_EXIT_ENCRYPTED },
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_FAILED },
};

const platen_engine_t platen_engine_pandoc = {
    .name = "pandoc",
    .packages = "pandoc pandoc-data",
    .optional = 1,
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .prepare = prepare,
    .rules = rules,
};
