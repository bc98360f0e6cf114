/*
 * The doctor on the engines: each is asked by its own probe, as platend asks it.
 * What the operator wrote into the configuration must be there; LibreOffice
 * must be, as most of what Platen is for needs it; any other engine that is
 * missing only makes the list of conversions shorter.
 */

#include "ctl/doctor.h"
#include "engine/engine.h"

#define LIBREOFFICE                                                                            \
    "libreoffice-core libreoffice-writer libreoffice-calc libreoffice-impress "                \
    "libreoffice-draw"

static const struct {
    const platen_engine_t *engine;
    platen_ctl_status_t    missing;
    const char            *package; /* if the reason names no file that says it better */
} engines[] = {
    { &platen_engine_lok, PLATEN_CTL_FAIL, LIBREOFFICE },
    { &platen_engine_soffice, PLATEN_CTL_FAIL, LIBREOFFICE },
    { &platen_engine_tables, PLATEN_CTL_FAIL, "platen" },
    { &platen_engine_pandoc, PLATEN_CTL_WARN, "pandoc pandoc-data" },
    { &platen_engine_poppler, PLATEN_CTL_WARN, "poppler-utils" },
    { &platen_engine_mupdf, PLATEN_CTL_WARN, "mupdf-tools" },
    { &platen_engine_qpdf, PLATEN_CTL_WARN, "qpdf" },
    { &platen_engine_image, PLATEN_CTL_WARN, "mupdf-tools librsvg2-bin" },
};

static void
check_engine(const platen_ctl_doctor_t *d, const platen_engine_t *engine,
             platen_ctl_status_t missing, const char *package, platen_ctl_report_t *report)
{
    const char *better;
    char        check[64], err[512] = "", path[512];
    size_t      i, can = 0;

    snprintf(check, sizeof(check), "engine.%s", engine->name);
    if (engine->probe(engine, d->config, err, sizeof(err)) == PLATEN_OK) {
        for (i = 0; i < engine->nedges; i++) {
            can += engine->can == NULL || engine->can(engine, d->config, &engine->edges[i]);
        }
        platen_ctl_report_add(report, PLATEN_CTL_OK, check, "engine %s: %zu conversion%s",
                              engine->name, can, can == 1 ? "" : "s");
        return;
    }
    if (strncmp(err, "switched off", strlen("switched off")) == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, check, "engine %s: %s", engine->name, err);
        return;
    }

    platen_ctl_report_add(report, missing, check, "engine %s: %s", engine->name, err);
    platen_ctl_doctor_culprit(err, path, sizeof(path));
    better = platen_ctl_doctor_package(path);
    package = better != NULL ? better : package;
    if (package == NULL) {
        platen_ctl_report_advice(report, "install that program, or correct engine/%s in %s",
                                 engine->name, d->file);
    } else if (strcmp(package, "platen") == 0) {
        platen_ctl_report_advice(
            report, "install Platen again, or correct engines/libexec in %s", d->file);
    } else {
        platen_ctl_report_advice(report,
                                 "apt install %s (and restart platend); or set"
                                 " engines/%s/enabled = 0 in %s",
                                 package, engine->name, d->file);
    }
}

void
platen_ctl_doctor_engine(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    platen_engine_t **commands;
    char              err[512] = "out of memory";
    size_t            i;

    for (i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        check_engine(d, engines[i].engine, engines[i].missing, engines[i].package, report);
    }

    commands = platen_engine_commands_new(d->config, err, sizeof(err));
    if (commands == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "engine.commands",
                              "the configuration's engines are left out: %s", err);
        platen_ctl_report_advice(report, "correct it in %s and restart platend", d->file);
        return;
    }
    for (i = 0; commands[i] != NULL; i++) {
        check_engine(d, commands[i], PLATEN_CTL_FAIL, NULL, report);
    }
    platen_engine_commands_free(&commands);
}
