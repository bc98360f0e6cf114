/*
 * platenctl doctor: whether this machine can run Platen well, and what to do if
 * not.  The table below says which parts there are; the configuration and the
 * user come first, as the rest depends on them.  It never takes a lock that
 * platend or nginx use, writes to none of their files, and sends nothing to
 * their sockets; to try the sandbox it makes processes, and a control group
 * that it removes again.
 *
 * Exit code: 0 if nothing is FAIL.
 */

#include "ctl/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/section.h"
#include "daemon.h"

#define AS_PLATEND 1 /* as the user that platend runs as */
#define CONFIGURED 2 /* makes no sense without a configuration */
#define FILES 4      /* nor for who may not look at platend's files */

static const struct {
    const char        *name;
    platen_ctl_check_t check;
    unsigned           needs;
} sections[] = {
    { "host", platen_ctl_doctor_host, 0 },
    { "sandbox", platen_ctl_doctor_sandbox, AS_PLATEND | CONFIGURED },
    { "engine", platen_ctl_doctor_engine, AS_PLATEND | CONFIGURED },
    { "program", platen_ctl_doctor_program, AS_PLATEND | CONFIGURED },
    { "font", platen_ctl_doctor_font, AS_PLATEND },
    { "data", platen_ctl_doctor_data, AS_PLATEND | CONFIGURED | FILES },
    { "store", platen_ctl_doctor_store, AS_PLATEND | CONFIGURED | FILES },
    { "backup", platen_ctl_doctor_backup, AS_PLATEND | CONFIGURED | FILES },
    { "webhook", platen_ctl_doctor_webhook, AS_PLATEND | CONFIGURED | FILES },
    { "platend", platen_ctl_doctor_process, CONFIGURED },
    { "nginx", platen_ctl_doctor_web, 0 },
};

typedef struct {
    const platen_ctl_doctor_t *doctor;
    platen_ctl_check_t         check;
} bound_t;

static void
run_bound(const void *data, platen_ctl_report_t *report)
{
    const bound_t *bound = data;

    bound->check(bound->doctor, report);
}

/* Whom platend would run as if started by whoever runs this.  0, or -1: it cannot be told. */
static int
find_user(platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    const char *name = d->config->user;
    char        err[512];

    if (platen_process_check(d->config, d->file, err, sizeof(err)) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "user", "%s", err);
        platen_ctl_report_advice(
            report,
            strstr(err, "\"user\"") != NULL ? "adduser --system --group --no-create-home %s"
                                            : "addgroup --system %s",
            strstr(err, "\"user\"") != NULL ? name : d->config->queue_group);
        return -1;
    }
    if (geteuid() == 0 && *name != '\0') {
        if (platen_ctl_identity_named(&d->user, name, d->config->queue_group) != 0) {
            platen_ctl_report_add(report, PLATEN_CTL_FAIL, "user", "the groups of %s: %s", name,
                                  strerror(errno));
            platen_ctl_report_advice(report, "id %s", name);
            return -1;
        }
    } else if (platen_ctl_identity_self(&d->user) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "user", "cannot read my own groups: %s",
                              strerror(errno));
        platen_ctl_report_advice(report, "run it as root: sudo platenctl doctor");
        return -1;
    }

    if (d->user.uid == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "user",
                              "platend would run as root, and a document that breaks out of"
                              " its sandbox would be root");
        platen_ctl_report_advice(report, "set user = \"platen\" in %s", d->file);
    } else if (*name != '\0' && strcmp(name, d->user.name) != 0) {
        d->stranger = 1;
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "user",
                              "platend runs as %s, and you are %s: its files are not checked",
                              name, d->user.name);
        platen_ctl_report_advice(report, "sudo platenctl -c %s doctor", d->file);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "user", "platend runs as %s",
                              d->user.name);
    }
    return 0;
}

/* Returns the configuration, or NULL: then the report says why. */
static platen_config_t *
load(const char *file, platen_ctl_report_t *report)
{
    platen_config_t *config;
    char             err[1024];

    config = platen_config_load(file, err, sizeof(err));
    if (config == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "config", "configuration: %s", err);
        if (access(file, F_OK) != 0) {
            platen_ctl_report_advice(report, "name it: platenctl -c FILE doctor");
        } else if (access(file, R_OK) != 0) {
            platen_ctl_report_advice(report, "sudo platenctl -c %s doctor", file);
        } else {
            platen_ctl_report_advice(report, "correct it, and test it with: platend -t -c %s",
                                     file);
        }
        return NULL;
    }
    platen_ctl_report_add(report, PLATEN_CTL_OK, "config", "configuration: %s, %llu workers",
                          file, (unsigned long long) config->workers);
    platen_ctl_doctor_old_names(config, report);
    return config;
}

static void
examine(platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    const platen_ctl_identity_t *user;
    bound_t                      bound = { .doctor = d };
    size_t                       i;

    if (d->config == NULL) {
        if (platen_ctl_identity_self(&d->user) != 0) {
            return;
        }
    } else if (find_user(d, report) != 0) {
        return; /* what holds for another user would be of no use */
    }

    user = geteuid() == 0 && d->user.uid != 0 ? &d->user : NULL;
    for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if ((sections[i].needs & CONFIGURED && d->config == NULL)
            || (sections[i].needs & FILES && d->stranger)) {
            continue;
        }
        bound.check = sections[i].check;
        platen_ctl_section_run(sections[i].name, run_bound, &bound,
                               sections[i].needs & AS_PLATEND ? user : NULL,
                               PLATEN_CTL_SECTION_SECONDS, report);
    }
}

/* https://no-color.org */
static int
wants_colour(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && (no == NULL || *no == '\0')
           && (term == NULL || strcmp(term, "dumb") != 0);
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    platen_ctl_doctor_t       d = { 0 };
    int                       quiet = 0, first, code;
    const platen_ctl_option_t options[] = {
        { "quiet", 'q', NULL, NULL, &quiet, "only what is not ok" },
        { "nginx", 0, "PATH", &d.nginx, NULL, "nginx's program" },
        { "module", 0, "PATH", &d.module, NULL, "Platen's module for nginx" },
        { "nginx-conf", 0, "FILE", &d.nginx_conf, NULL, "nginx's configuration" },
        { "web-user", 0, "NAME", &d.web_user, NULL, "the user of nginx's workers" },
    };
    platen_ctl_report_t *report;
    platen_config_t     *config;

    first =
        platen_ctl_parse(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]), &code);
    if (first < 0) {
        return code;
    }
    if (first != argc) {
        fprintf(stderr, "platenctl: doctor takes no \"%s\"\n", argv[first]);
        return PLATEN_CTL_USAGE;
    }

    report = platen_ctl_report_new(-1);
    if (report == NULL) {
        fputs("platenctl: out of memory\n", stderr);
        return PLATEN_CTL_FAILED;
    }
    config = load(ctl->file, report);
    d.file = ctl->file;
    d.config = config;
    examine(&d, report);

    platen_ctl_report_print(report,
                            (ctl->json        ? PLATEN_CTL_REPORT_JSON
                             : wants_colour() ? PLATEN_CTL_REPORT_COLOUR
                                              : 0)
                                | (quiet ? PLATEN_CTL_REPORT_QUIET : 0),
                            stdout);
    code = platen_ctl_report_count(report, PLATEN_CTL_FAIL) == 0
                   && platen_ctl_report_flush(report) == 0
               ? PLATEN_CTL_DONE
               : PLATEN_CTL_FAILED;
    platen_ctl_report_destroy(&report);
    platen_config_destroy(&config);
    return code;
}

const platen_ctl_command_t platen_ctl_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "whether this machine can run Platen, and what to do if not",
    .text =
        "Checks configuration, user, sandbox, engines, fonts, directories, store, platend\n"
        "and nginx, and prints a line for each: ok, warn or FAIL, what is the case, and what\n"
        "to do about it.  It changes nothing.  As root it checks what platend's user can do.\n"
        "\n"
        "Exit status: 0 if nothing is FAIL, 1 otherwise.",
    .run = run,
};
