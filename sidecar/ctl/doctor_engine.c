/*
 * The doctor on the engines: each is asked by its own probe, as platend asks it.
 * What the operator wrote into the configuration must be there; LibreOffice
 * must be, as most of what Platen is for needs it; any other engine that is
 * missing only makes the list of conversions shorter.
 */

#include "ctl/doctor.h"
#include "engine/engine.h"

static void
check_engine(const platen_ctl_doctor_t *d, const platen_engine_t *engine,
             platen_ctl_report_t *report)
{
    const char *package;
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

    platen_ctl_report_add(report, engine->optional ? PLATEN_CTL_WARN : PLATEN_CTL_FAIL, check,
                          "engine %s: %s", engine->name, err);
    platen_ctl_doctor_culprit(err, path, sizeof(path));
    package = platen_ctl_doctor_package(path); /* of the file that is missing, if it is known */
    package = package != NULL ? package : engine->packages;
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

    for (i = 0; i < PLATEN_ENGINES; i++) {
        check_engine(d, platen_engine_table[i], report);
    }

    commands = platen_engine_commands_new(d->config, err, sizeof(err));
    if (commands == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "engine.commands",
                              "the configuration's engines are left out: %s", err);
        platen_ctl_report_advice(report, "correct it in %s and restart platend", d->file);
        return;
    }
    for (i = 0; commands[i] != NULL; i++) {
        check_engine(d, commands[i], report);
    }
    platen_engine_commands_free(&commands);
}
