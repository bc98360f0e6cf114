/*
 * LibreOffice, warm: a child of the zygote for each document (platen-lok).
 *
 * Only says what to ask for; export_filter is the extension by which saveAs()
 * of LibreOfficeKit finds the filter.  What is here was tried with 7.4: what it
 * cannot do (PDF as input, CSV as input, other encodings than UTF-8) has no edge.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/lo_profile.h"
#include "engine/program.h"
#include "engine/uno.h"

#define BIT(o) PLATEN_OPTION_BIT(PLATEN_OPTION_##o)

/* Opens with a password; pages may be others; sheets may be one page each. */
#define SECRET BIT(PASSWORD)
#define PAGE (BIT(LANDSCAPE) | BIT(ORIENTATION) | BIT(PAPER) | BIT(MARGINS))
#define REVIEW (BIT(TRACK_CHANGES) | BIT(COMMENTS))
#define TEXT_PDF (PLATEN_UNO_PDF | PAGE | REVIEW)
#define SHEET_PDF (PLATEN_UNO_PDF | PAGE | BIT(FIT))

/*
 * Of sheets with a page to each LibreOffice writes all pages: qpdf takes some of them.
 * Such a page is as large as its sheet, however it is turned.
 */
#define ALL_SHEETS_PDF ((PLATEN_UNO_SHEETS | BIT(LANDSCAPE)) & ~BIT(PAGES))

/* Dearer than by way of DOCX: LibreOffice's layout of HTML is the poorer one. */
#define FROM_HTML 160

/* One line to an edge. */
/* clang-format off */
#define WRITER(from, secret, cost)                                             \
    { from, "pdf", cost, TEXT_PDF | secret, 0, "pdf", NULL },                  \
    { from, "docx", cost + 10, REVIEW | secret, 0, "docx", NULL },                      \
    { from, "odt", cost + 20, REVIEW | secret, 0, "odt", NULL },                        \
    { from, "rtf", cost + 10, REVIEW | secret, 0, "rtf", NULL },                        \
    { from, "doc", cost + 10, REVIEW | secret, 0, "doc", NULL },                        \
    { from, "html", cost + PLATEN_LOSS_WEB, REVIEW | secret, 0, "html", NULL },         \
    { from, "txt", cost + PLATEN_LOSS_TEXT, REVIEW | secret, 0, "txt", NULL }

#define CALC(from)                                                             \
    { from, "pdf", 130, SHEET_PDF | SECRET, 0, "pdf", NULL },                  \
    { from, "pdf", 131, ALL_SHEETS_PDF | SECRET, 0, "pdf", NULL },             \
    { from, "xlsx", 140, SECRET, 0, "xlsx", NULL },                            \
    { from, "ods", 160, SECRET, 0, "ods", NULL },                              \
    { from, "xls", 150, SECRET, 0, "xls", NULL },                              \
    { from, "csv", 400, SECRET | BIT(VALUES) | BIT(SHEET), PLATEN_EDGE_ASKED, "csv", NULL }, \
    { from, "html", 130 + PLATEN_LOSS_WEB, SECRET, 0, "html", NULL }

/* A page of tables as a spreadsheet; it is read by another filter than a page. */
#define TABLE(to, cost)                                                        \
    { "html", to, cost, 0, PLATEN_EDGE_FIRST, to, PLATEN_LO_PROFILE_HTML_TABLE }

#define IMPRESS(from)                                                          \
    { from, "pdf", 150, PLATEN_UNO_PDF | SECRET, 0, "pdf", NULL },             \
    { from, "pptx", 200, SECRET, 0, "pptx", NULL },                            \
    { from, "odp", 250, SECRET, 0, "odp", NULL },                              \
    { from, "ppt", 250, SECRET, 0, "ppt", NULL }
/* clang-format on */

static const platen_edge_t edges[] = {
    WRITER("docx", SECRET, 90),
    WRITER("doc", SECRET, 90),
    WRITER("odt", SECRET, 90),
    WRITER("rtf", 0, 90),
    WRITER("html", 0, FROM_HTML),
    WRITER("txt", 0, 90),
    CALC("xlsx"),
    CALC("xls"),
    CALC("ods"),
    CALC(PLATEN_LO_PROFILE_EXCEL_XML),
    TABLE("xlsx", 140),
    TABLE("ods", 160),
    TABLE("xls", 150),
    TABLE("csv", 130),
    IMPRESS("pptx"),
    IMPRESS("ppt"),
    IMPRESS("odp"),
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    char path[2 * 4096];

    (void) engine;
    if (!config->lok_enabled) {
        snprintf(err, errlen, "switched off by engines/lok/enabled");
        return PLATEN_NOT_FOUND;
    }
    snprintf(path, sizeof(path), "%s/platen-lok", config->libexec_path);
    if (access(path, X_OK) != 0) {
        snprintf(err, errlen, "%s: %s (engines/libexec says where to look)", path,
                 strerror(errno));
        return PLATEN_NOT_FOUND;
    }
    if (access(config->lok_program, X_OK) != 0) {
        snprintf(err, errlen,
                 "%s: %s; apt install libreoffice-writer libreoffice-calc"
                 " libreoffice-impress libreoffice-draw",
                 config->lok_program, strerror(errno));
        return PLATEN_NOT_FOUND;
    }
    return PLATEN_OK;
}

/* LibreOffice goes by the document's extension: one that says what to read it as. */
static int
rename_input(const platen_run_t *run, platen_lok_message_t *message, char *scratch, size_t size)
{
    size_t used = strlen(scratch) + 1;
    char  *path = scratch + used;

    if (snprintf(path, size - used, "%s/in.%s", run->dir, run->edge->import_filter)
        >= (int) (size - used)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    message->input = platen_str(path);
    return symlink(run->input, path);
}

static void
ask_for_pages(const platen_options_t *options, platen_lok_page_t *page)
{
    const char *orientation = platen_options_get(options, PLATEN_OPTION_ORIENTATION);
    const char *fit = platen_options_get(options, PLATEN_OPTION_FIT);
    unsigned    i;

    if (platen_options_get(options, PLATEN_OPTION_SINGLE_PAGE_SHEETS) != NULL) {
        return;
    }
    if (orientation != NULL) {
        page->orientation = strcmp(orientation, "portrait") == 0 ? PLATEN_LOK_PAGE_PORTRAIT
                                                                 : PLATEN_LOK_PAGE_LANDSCAPE;
    } else if (platen_options_get(options, PLATEN_OPTION_LANDSCAPE) != NULL) {
        page->orientation = PLATEN_LOK_PAGE_LANDSCAPE;
    }
    if (fit != NULL) {
        page->fit =
            strcmp(fit, "page") == 0 ? PLATEN_LOK_PAGE_FIT_PAGE : PLATEN_LOK_PAGE_FIT_WIDTH;
    }
    (void) platen_options_paper(options, &page->width, &page->height);
    if (platen_options_margins(options, page->margins) == 0) {
        for (i = 0; i < 4; i++) {
            page->margins[i]++;
        }
    }
}

static int
request(const platen_engine_t *engine, const platen_run_t *run, platen_lok_message_t *message,
        char *scratch, size_t size)
{
    const char *password = platen_options_get(run->options, PLATEN_OPTION_PASSWORD);
    const char *tracked = platen_options_get(run->options, PLATEN_OPTION_TRACK_CHANGES);
    const char *comments = platen_options_get(run->options, PLATEN_OPTION_COMMENTS);
    const char *sheet = platen_options_get(run->options, PLATEN_OPTION_SHEET);
    const char *to = run->edge->to;
    size_t      n;

    (void) engine;
    *scratch = '\0';
    if (strcmp(to, "pdf") == 0) {
        if (platen_uno_pdf(run->options, scratch, size) != 0) {
            return -1;
        }
    } else if (strcmp(to, "csv") == 0) {
        /* Comma, quote, UTF-8.  With more than three tokens 7.4 misreads those after the first.
         */
        snprintf(scratch, size, "44,34,76");
    } else if (strcmp(to, "html") == 0) {
        snprintf(scratch, size, "EmbedImages");
    }

    if (run->edge->import_filter != NULL && rename_input(run, message, scratch, size) != 0) {
        return -1;
    }
    n = strlen(scratch) + 1;
    if (run->edge->import_filter == NULL && run->first && n + NAME_MAX < size) {
        message->name = platen_str(platen_program_name(run, scratch + n, NAME_MAX + 1));
    }
    message->tracked = tracked == NULL                ? PLATEN_LOK_CHANGES_FINAL
                       : strcmp(tracked, "show") == 0 ? PLATEN_LOK_CHANGES_SHOW
                                                      : PLATEN_LOK_CHANGES_ORIGINAL;
    message->comments = comments == NULL               ? PLATEN_LOK_COMMENTS_NONE
                        : strcmp(comments, "end") == 0 ? PLATEN_LOK_COMMENTS_END
                                                       : PLATEN_LOK_COMMENTS_MARGIN;
    message->sheets =
        platen_options_get(run->options, PLATEN_OPTION_SINGLE_PAGE_SHEETS) != NULL;
    ask_for_pages(run->options, &message->page);
    if (sheet != NULL && strcmp(to, "csv") == 0) {
        message->sheet = platen_str(sheet);
    }
    message->export_filter = platen_str(run->edge->export_filter);
    message->export_options = platen_str(scratch);
    if (password != NULL) {
        message->password = platen_str(password);
    }
    return 0;
}

static platen_exit_t
exited(int code, const char *stderr_tail)
{
    (void) stderr_tail;
    switch (code) {
    case PLATEN_LOK_EXIT_DONE:
        return PLATEN_EXIT_DONE;
    case PLATEN_LOK_EXIT_LOAD:
        return PLATEN_EXIT_CORRUPT;
    case PLATEN_LOK_EXIT_ENCRYPTED:
        return PLATEN_EXIT_ENCRYPTED;
    case PLATEN_LOK_EXIT_PASSWORD:
        return PLATEN_EXIT_PASSWORD;
    case PLATEN_LOK_EXIT_SAVE:
        return PLATEN_EXIT_FAILED;
    case PLATEN_LOK_EXIT_MEMORY:
        return PLATEN_EXIT_MEMORY;
    case PLATEN_LOK_EXIT_TIME:
        return PLATEN_EXIT_TIMEOUT;
    case PLATEN_LOK_EXIT_LARGE:
        return PLATEN_EXIT_TOO_LARGE;
    case PLATEN_LOK_EXIT_SHEET:
        return PLATEN_EXIT_SHEET;
    case PLATEN_LOK_EXIT_SANDBOX:
    case PLATEN_LOK_EXIT_SETUP:
        return PLATEN_EXIT_SETUP;
    default:
        return PLATEN_EXIT_CRASHED; /* LibreOffice ended itself */
    }
}

const platen_engine_t platen_engine_lok = {
    .name = "lok",
    .packages = PLATEN_ENGINE_LIBREOFFICE,
    .mark = 1,
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .request = request,
    .exited = exited,
};
