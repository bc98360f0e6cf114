/*
 * LibreOffice as a process per document: soffice.bin --convert-to.
 *
 * Its user profile lies in the run's directory, made anew before every start:
 * what a document has written there is never read by another one's LibreOffice.
 * With the settings that keep a document from fetching links and running macros
 * there is the installation's build id; LibreOffice would otherwise make its
 * catalogue of extensions and ask to be started again (exit code 81).
 *
 * Runs in the loop's thread and only prepares: the pool executes.  What fails
 * here is returned with errno; what fails in LibreOffice is seen by what it
 * leaves behind, as it exits with 0 even when it could not read its input.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine.h"
#include "disk/layout.h"
#include "engine/lo_profile.h"
#include "engine/lo_url.h"
#include "engine/program.h"
#include "engine/uno.h"

#define EXIT_CRASHED 79 /* desktop/source/app/exithelper: crash with restart */
#define EXIT_RESTART 81 /* the same: normal restart */

/* Without it links in documents would lead to files: lok/soffice.c. */
#define LINKS "platen-soffice.so"

/* Dearer than any other good way: a process start of a second or so. */
#define COST 600

/* No byte-order mark, and images inside the page. */
#define TXT "txt:Text (encoded):UTF8,LF,,,false"
#define HTML "html:HTML (StarWriter):EmbedImages"

/* Comma, double quote, UTF-8, from line 1; cells as shown; the first sheet. */
#define CSV_OUT "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"

/* As a text document: as a web document, 7.4 loses what is on the first page. */
#define HTML_IN "HTML (StarWriter)"

#define PDF(from, filter, options, import)                                                     \
    {                                                                                          \
        from, "pdf", COST, options, 0, "pdf:" filter, import                                   \
    }
#define EDGE(from, to, filter, import)                                                         \
    {                                                                                          \
        from, to, COST, 0, 0, filter, import                                                   \
    }

#define WRITER(from, import)                                                                   \
    PDF(from, "writer_pdf_Export", PLATEN_UNO_PDF, import),                                    \
        EDGE(from, "docx", "docx:MS Word 2007 XML", import),                                   \
        EDGE(from, "doc", "doc:MS Word 97", import), EDGE(from, "odt", "odt:writer8", import), \
        EDGE(from, "rtf", "rtf:Rich Text Format", import), EDGE(from, "html", HTML, import),   \
        EDGE(from, "txt", TXT, import)

#define CALC(from)                                                                             \
    PDF(from, "calc_pdf_Export", PLATEN_UNO_SHEETS, NULL),                                     \
        EDGE(from, "xlsx", "xlsx:Calc Office Open XML", NULL),                                 \
        EDGE(from, "xls", "xls:MS Excel 97", NULL), EDGE(from, "ods", "ods:calc8", NULL),      \
        EDGE(from, "csv", CSV_OUT, NULL)

#define IMPRESS(from)                                                                          \
    PDF(from, "impress_pdf_Export", PLATEN_UNO_PDF, NULL),                                     \
        EDGE(from, "pptx", "pptx:Impress MS PowerPoint 2007 XML", NULL),                       \
        EDGE(from, "ppt", "ppt:MS PowerPoint 97", NULL),                                       \
        EDGE(from, "odp", "odp:impress8", NULL)

static const platen_edge_t edges[] = {
    WRITER("docx", NULL),
    WRITER("doc", NULL),
    WRITER("odt", NULL),
    WRITER("rtf", NULL),
    WRITER("html", HTML_IN),
    WRITER("txt", NULL),
    CALC("xlsx"),
    CALC("xls"),
    CALC("ods"),
    IMPRESS("pptx"),
    IMPRESS("ppt"),
    IMPRESS("odp"),

    /* Every line in a frame of its own, where it was on the page. */
    { "pdf", "docx", COST + PLATEN_LOSS_PAGES, PLATEN_OPTION_BIT(PLATEN_OPTION_LAYOUT), 0,
      "docx:MS Word 2007 XML", "writer_pdf_import" },
};

/* Besides what every profile has (engine/lo_profile.c). */
static platen_setting_t settings[] = {
    { "org.openoffice.Office.Common/Misc", "ShowTipOfTheDay", "false" },
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    char path[PLATEN_PATH_MAX];

    (void) engine;
    if (!config->soffice_enabled) {
        snprintf(err, errlen, "switched off by engines/soffice/enabled");
        return PLATEN_NOT_FOUND;
    }
    if (access(config->soffice_path, X_OK) != 0) {
        snprintf(err, errlen, "%s: %s", config->soffice_path, strerror(errno));
        return PLATEN_NOT_FOUND;
    }
    snprintf(path, sizeof(path), "%s/" LINKS, config->libexec_path);
    if (access(path, R_OK) != 0) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        return PLATEN_NOT_FOUND;
    }
    if (strncmp(config->data_path, "/tmp/", 5) == 0) {
        snprintf(err, errlen, "data/path is below /tmp, in whose place it gets one of its own");
        return PLATEN_NOT_FOUND;
    }
    return PLATEN_OK;
}

static FILE *
create(const char *path)
{
    FILE *out;
    int   fd;

    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return NULL;
    }
    out = fdopen(fd, "w");
    if (out == NULL) {
        close(fd);
    }
    return out;
}

static int
write_settings(const char *path, const char *program)
{
    FILE *out = create(path);

    if (out == NULL) {
        return -1;
    }
    platen_lo_profile_write(out, program, settings, sizeof(settings) / sizeof(settings[0]));

    return ferror(out) != 0 ? (fclose(out), errno = EIO, -1) : fclose(out);
}

/* The value of "buildid" in LibreOffice's own versionrc; "" if it is not there. */
static void
read_build(const char *program, char *build, size_t size)
{
    static const char key[] = "buildid=";
    char              path[PLATEN_PATH_MAX], line[256];
    FILE             *in;

    *build = '\0';
    snprintf(path, sizeof(path), "%.*s/versionrc", PLATEN_ROOT_MAX, program);
    in = fopen(path, "re");
    if (in == NULL) {
        return;
    }
    while (fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, key, sizeof(key) - 1) == 0) {
            line[strcspn(line, "\r\n")] = '\0';
            snprintf(build, size, "%.*s", (int) size - 1, line + sizeof(key) - 1);
        }
    }
    fclose(in);
}

static int
write_build(const char *path, const char *program)
{
    char  build[128];
    FILE *out;

    read_build(program, build, sizeof(build));
    out = create(path);
    if (out == NULL) {
        return -1;
    }
    fputs(build, out);
    return ferror(out) != 0 ? (fclose(out), errno = EIO, -1) : fclose(out);
}

/* A new profile: nothing of it may be there. */
static int
make_profile(const char *profile, const char *program)
{
    static const char *const dirs[] = { "", "/user", "/user/extensions" };
    char                     path[PLATEN_PATH_MAX + 64];
    size_t                   i;

    for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", profile, dirs[i]);
        if (mkdir(path, 0700) != 0) {
            return -1;
        }
    }
    snprintf(path, sizeof(path), "%s/user/extensions/buildid", profile);
    if (write_build(path, program) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/user/registrymodifications.xcu", profile);
    return write_settings(path, program);
}

/*
 * The document as its fields and formulas (FILENAME, CELL) show it: in full, and where this
 * machine has its files is nobody's business.  So it has its client's name, by way of the
 * working directory, and the result is called after it.  As a URL, as LibreOffice takes what
 * is in a path for escapes.
 */
static int
name_document(const platen_run_t *run, char *url, size_t size)
{
    char name[NAME_MAX + 1], dir[PLATEN_PATH_MAX + 16], path[PLATEN_PATH_MAX + 32 + NAME_MAX];

    if (strcmp(run->edge->from, "pdf") == 0) {
        return platen_lo_url(run->input, url,
                             size); /* it has no fields, and another program reads it */
    }
    if (!run->first || *platen_program_name(run, name, sizeof(name)) == '\0') {
        snprintf(path, sizeof(path), "/proc/self/cwd/%s",
                 platen_program_local(run, run->input));
        return platen_lo_url(path, url, size);
    }
    snprintf(dir, sizeof(dir), "%s/named", run->dir);
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (mkdir(dir, 0700) != 0 || symlink(run->input, path) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/self/cwd/named/%s", name);
    return platen_lo_url(path, url, size);
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    char dir[PLATEN_PATH_MAX + 16], profile[3 * PLATEN_PATH_MAX], options[1024];
    char document[3 * PLATEN_PATH_MAX];

    (void) engine;
    snprintf(dir, sizeof(dir), "%s/profile", run->dir);
    if (make_profile(dir, config->lok_program) != 0
        || platen_lo_url(dir, profile, sizeof(profile)) != 0
        || name_document(run, document, sizeof(document)) != 0
        || platen_uno_pdf(run->options, options, sizeof(options)) != 0) {
        return -1;
    }

    platen_command_arg(command, "%s", config->soffice_path);
    platen_command_arg(command, "-env:UserInstallation=%s", profile);
    /* Not the machine's: there may be one there that only root can look into. */
    platen_command_arg(command, "-env:UNO_SHARED_PACKAGES_CACHE=%s/shared", profile);
    platen_command_arg(command, "--headless");
    platen_command_arg(command, "--norestore");
    platen_command_arg(command, "--nologo");
    platen_command_arg(command, "--nodefault");
    platen_command_arg(command, "--nolockcheck");
    if (run->edge->import_filter != NULL) {
        platen_command_arg(command, "--infilter=%s", run->edge->import_filter);
    }
    platen_command_arg(command, "--convert-to");
    platen_command_arg(command, "%s%s%s", run->edge->export_filter, *options == '\0' ? "" : ":",
                       options);
    platen_command_arg(command, "--outdir");
    platen_command_arg(command, "%s", run->output_dir);
    platen_command_arg(command, "%s", document);

    platen_command_env(command, "SAL_USE_VCLPLUGIN=svp");
    platen_command_env(command, "LD_PRELOAD=%s/" LINKS, config->libexec_path);
    platen_command_env(command, "PLATEN_ROOM=%s", run->dir);
    platen_command_env(command, "PLATEN_DOCUMENT=%s", run->input);

    if (strcmp(run->edge->from, "pdf") == 0) {
        command->policy = platen_policy_find("soffice-pdf");
    }
    return 0;
}

static platen_exit_t
exited(int code, const char *stderr_tail)
{
    (void) stderr_tail;
    return code == EXIT_RESTART   ? PLATEN_EXIT_AGAIN
           : code == EXIT_CRASHED ? PLATEN_EXIT_CRASHED
                                  : PLATEN_EXIT_DONE;
}

const platen_engine_t platen_engine_soffice = {
    .name = "soffice",
    .packages = PLATEN_ENGINE_LIBREOFFICE,
    .mark = 1,
    .own = 1,
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .prepare = prepare,
    .exited = exited,
};
