/*
 * The doctor on what engines are made of: LibreOffice and its parts, Platen's
 * own programs, DuckDB's library.  See ctl/doctor.h.
 */

#include "ctl/doctor.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/capture.h"

#define INI_MAX 65536

/* The value of a key in a file of LibreOffice's program directory. */
static void
read_key(const char *dir, const char *name, const char *key, char *out, size_t size)
{
    char  path[PATH_MAX];
    char *text;

    *out = '\0';
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    text = platen_ctl_capture_file(path, INI_MAX, NULL);
    if (text != NULL) {
        platen_ctl_doctor_ini(text, key, out, size);
    }
    free(text);
}

/* Debian packs a library for each kind of document: without it, loading fails late. */
static void
check_parts(const char *dir, platen_ctl_report_t *report)
{
    static const char *const parts[][2] = {
        { "libswlo.so", "text documents" },
        { "libsclo.so", "spreadsheets" },
        { "libsdlo.so", "presentations and drawings" },
    };
    char   path[PATH_MAX];
    size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, parts[i][0]);
        if (access(path, R_OK) != 0) {
            platen_ctl_report_add(report, PLATEN_CTL_FAIL, "libreoffice.parts",
                                  "LibreOffice has nothing for %s: %s: %s", parts[i][1], path,
                                  strerror(errno));
            platen_ctl_report_advice(report, "apt install %s", platen_ctl_doctor_package(path));
        }
    }
}

static void
check_libreoffice(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    const platen_config_t *config = d->config;
    const char            *dir = config->lok_program;
    char                   product[128], build[128];
    size_t                 n = strlen(dir);

    if (!config->lok_enabled && !config->soffice_enabled) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "libreoffice",
                              "LibreOffice is switched off");
        return;
    }
    if (access(dir, R_OK | X_OK) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "libreoffice", "LibreOffice: %s: %s",
                              dir, strerror(errno));
        platen_ctl_report_advice(report, "apt install %s; or correct engines/lok/program in %s",
                                 platen_ctl_doctor_package("soffice.bin"), d->file);
        return;
    }

    read_key(dir, "bootstraprc", "ProductKey", product, sizeof(product));
    read_key(dir, "versionrc", "buildid", build, sizeof(build));
    if (*build == '\0') {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "libreoffice",
                              "LibreOffice in %s is incomplete: it has no versionrc", dir);
        platen_ctl_report_advice(report, "apt install --reinstall libreoffice-common"
                                         " libreoffice-core");
        return;
    }
    platen_ctl_report_add(report, PLATEN_CTL_OK, "libreoffice", "%s, build %s, in %s",
                          *product == '\0' ? "LibreOffice" : product, build, dir);
    check_parts(dir, report);

    if (config->lok_enabled && config->soffice_enabled
        && (strncmp(config->soffice_path, dir, n) != 0 || config->soffice_path[n] != '/')) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "libreoffice.same",
                              "the warm LibreOffice is in %s, the other one is %s", dir,
                              config->soffice_path);
        platen_ctl_report_advice(report,
                                 "let engines/lok/program and engines/soffice/path of %s"
                                 " name the same one",
                                 d->file);
    }
}

/* Programs that platend executes, of the version that it expects. */
static void
check_libexec(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    static const char *const names[] = { "platen-docx", "platen-lok",       "platen-tables",
                                         "platen-otlp", "platen-text",      "platen-webhook",
                                         "platen-zip",  "platen-soffice.so" };
    char                     path[PATH_MAX], check[64], version[64];
    size_t                   i;
    int                      library;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", d->config->libexec_path, names[i]);
        snprintf(check, sizeof(check), "libexec.%s", names[i]);
        library = strstr(names[i], ".so") != NULL;
        if (access(path, library ? R_OK : X_OK) != 0) {
            platen_ctl_report_add(report, PLATEN_CTL_FAIL, check, "%s: %s", path,
                                  strerror(errno));
            platen_ctl_report_advice(
                report, "install Platen again, or correct engines/libexec in %s", d->file);
            continue;
        }
        if (platen_ctl_doctor_version(path, version, sizeof(version)) != 0
            || *version == '\0') {
            platen_ctl_report_add(report, PLATEN_CTL_OK, check, "%s", path);
        } else if (strcmp(version, PLATEN_VERSION) == 0) {
            platen_ctl_report_add(report, PLATEN_CTL_OK, check, "%s, version %s", path,
                                  version);
        } else {
            platen_ctl_report_add(report, PLATEN_CTL_FAIL, check,
                                  "%s is of version %s, and this is Platen " PLATEN_VERSION,
                                  path, version);
            platen_ctl_report_advice(report, "install Platen again, and restart platend");
        }
    }
}

static void
check_duckdb(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    const char *path = d->config->duckdb_path;
    const char *(*version)(void);
    void *library, *symbol;

    if (!d->config->tables_enabled) {
        return;
    }
    if (access(path, R_OK) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "duckdb", "Parquet is off: %s: %s", path,
                              strerror(errno));
        platen_ctl_report_advice(report,
                                 "in Platen's source: make duckdb && install -m 644"
                                 " build/duckdb/libduckdb.so %s (and restart platend)",
                                 path);
        return;
    }

    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    symbol = library == NULL ? NULL : dlsym(library, "duckdb_library_version");
    if (symbol == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "duckdb",
                              "DuckDB's library cannot be loaded: %s", dlerror());
        platen_ctl_report_advice(report,
                                 "replace it (make duckdb), or remove %s: only Parquet"
                                 " needs it",
                                 path);
        return;
    }
    memcpy(&version, &symbol, sizeof(version)); /* ISO C has no such cast */
    platen_ctl_report_add(report, PLATEN_CTL_OK, "duckdb", "DuckDB %s, for Parquet: %s",
                          version(), path);
}

void
platen_ctl_doctor_program(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    check_libreoffice(d, report);
    check_libexec(d, report);
    check_duckdb(d, report);
}
