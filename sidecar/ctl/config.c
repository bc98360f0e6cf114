/*
 * platenctl config check: nginx's configuration and platend's, before either is started with
 * them: each by itself (`nginx -T`, as platend -t), and whether they agree.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/doctor.h"
#include "ctl/limits.h"
#include "ctl/nginx.h"
#include "daemon.h"

static void
advise(platen_ctl_report_t *report, platen_ctl_status_t status, const char *check,
       const char *location, const char *what, uint64_t there, const char *key, uint64_t here,
       const char *advice)
{
    char a[32], b[32];

    platen_ctl_report_add(report, status, check, "location %s: %s is %s, and %s %s", location,
                          what, platen_ctl_doctor_size(there, a), key,
                          here == 0 ? "no limit" : platen_ctl_doctor_size(here, b));
    platen_ctl_report_advice(report, "%s", advice);
}

/* What a location lets in, beside what a conversion may have. */
static void
check_sizes(const platen_config_t *c, const platen_ctl_location_t *l,
            platen_ctl_report_t *report)
{
    uint64_t upload = l->upload_max == 0 ? l->max_file : l->upload_max;
    uint64_t most = upload > l->max_file ? upload : l->max_file;

    if (most > c->output_size) {
        advise(report, PLATEN_CTL_WARN, "limits.file", l->name,
               upload > l->max_file ? "platen_upload_max_size" : "platen_max_file_size", most,
               "limits/output_size in platend.cfg", c->output_size,
               "raise limits/output_size, or lower the other: no file of a conversion may be"
               " larger");
    }
    if (l->batch_file > c->output_size) {
        advise(report, PLATEN_CTL_WARN, "limits.batch", l->name, "file= of platen_batch",
               l->batch_file, "limits/output_size in platend.cfg", c->output_size,
               "raise limits/output_size, or lower file=: a larger one cannot be unpacked");
    }
    if (l->quota != c->client_size) {
        advise(report, PLATEN_CTL_WARN, "limits.quota", l->name, "platen_quota", l->quota,
               "limits/client_size in platend.cfg", c->client_size,
               l->quota == 0 ? "say platen_quota, or limits/client_size = 0: a result beyond it"
                               " fails, though its document was taken in"
                             : "let both be the same: results count for the quota, too");
    }
}

/* Realms are of locations: a key that is good in two of them is two clients. */
static void
check_realms(const platen_ctl_location_t *l, size_t n, platen_ctl_report_t *report)
{
    size_t i, k;

    for (i = 0; i < n; i++) {
        for (k = 0; k < i; k++) {
            if (*l[i].keys != '\0' && strcmp(l[i].keys, "off") != 0
                && strcmp(l[i].keys, l[k].keys) == 0 && strcmp(l[i].realm, l[k].realm) != 0) {
                platen_ctl_report_add(report, PLATEN_CTL_WARN, "nginx.realm",
                                      "the keys of %s are clients of %s%s in location %s, and"
                                      " of %s%s in location %s",
                                      l[i].keys, *l[k].realm == '\0' ? "no realm" : "realm ",
                                      l[k].realm, l[k].name,
                                      *l[i].realm == '\0' ? "no realm" : "realm ", l[i].realm,
                                      l[i].name);
                platen_ctl_report_advice(report,
                                         "give both the same platen_realm, or each a file of"
                                         " its own: their jobs are not the same");
                break;
            }
        }
    }
}

static void
check_locations(const platen_config_t *c, const char *text, platen_ctl_report_t *report)
{
    static platen_ctl_location_t locations[PLATEN_CTL_LOCATIONS];
    size_t n = platen_ctl_limits_parse(text, locations, PLATEN_CTL_LOCATIONS), i;
    size_t before;

    before = platen_ctl_report_count(report, PLATEN_CTL_WARN);
    for (i = 0; i < n; i++) {
        check_sizes(c, &locations[i], report);
        if (locations[i].webhooks && *c->webhook_secret == '\0' && !c->webhook_unsigned) {
            platen_ctl_report_add(report, PLATEN_CTL_FAIL, "webhook.secret",
                                  "location %s takes webhooks, and platend sends none without"
                                  " webhook/secret",
                                  locations[i].name);
            platen_ctl_report_advice(report, "set webhook/secret in platend.cfg, or"
                                             " platen_webhooks off");
        }
    }
    check_realms(locations, n, report);
    if (n > 0 && platen_ctl_report_count(report, PLATEN_CTL_WARN) == before) {
        platen_ctl_report_add(
            report, PLATEN_CTL_OK, "limits",
            "sizes, quotas and realms of %zu location%s agree with platend.cfg", n,
            n == 1 ? "" : "s");
    }
}

static void
check_both(platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    char       *said = NULL, error[512];
    const char *text =
        platen_ctl_nginx_dump(d->config, d->nginx, d->nginx_conf, &said, error, sizeof(error));

    if (text == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "nginx.conf", "nginx -T says: %s",
                              error);
        platen_ctl_report_advice(
            report, "%s",
            platen_ctl_nginx_advice(error,
                                    "correct it; or name another file: --nginx-conf FILE"));
        free(said);
        return;
    }
    platen_ctl_report_add(report, PLATEN_CTL_OK, "nginx.conf", "nginx takes its configuration");
    if (platen_ctl_doctor_conf_judge(d, said, text, PLATEN_CTL_FAIL, report)) {
        check_locations(d->config, text, report);
    }
    free(said);
}

static int
check(platen_ctl_doctor_t *d, unsigned how)
{
    platen_ctl_report_t *report = platen_ctl_report_new(-1);
    platen_config_t     *config;
    char                 err[1024];
    int                  code;

    if (report == NULL) {
        fputs("platenctl: no memory\n", stderr);
        return PLATEN_CTL_FAILED;
    }
    config = platen_config_load(d->file, err, sizeof(err));
    if (config != NULL && platen_process_check(config, d->file, err, sizeof(err)) != 0) {
        platen_config_destroy(&config);
    }
    d->config = config;
    if (config == NULL) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "platend.cfg", "%s", err);
        platen_ctl_report_advice(report, "correct it; platend -t -c %s tests it alone",
                                 d->file);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "platend.cfg", "platend takes %s",
                              d->file);
        platen_ctl_doctor_old_names(config, report);
    }
    if (d->nginx == NULL || access(d->nginx, X_OK) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "nginx", "there is no nginx here");
        platen_ctl_report_advice(report, "say where it is: --nginx PATH");
    } else if (config != NULL) {
        check_both(d, report);
    }
    platen_ctl_report_print(report, how, stdout);
    code = platen_ctl_report_count(report, PLATEN_CTL_FAIL) == 0 ? PLATEN_CTL_DONE
                                                                 : PLATEN_CTL_FAILED;
    platen_ctl_report_destroy(&report);
    platen_config_destroy(&config);
    return code;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    platen_ctl_doctor_t       d = { .file = NULL };
    int                       quiet = 0, first, code;
    const platen_ctl_option_t options[] = {
        { "quiet", 'q', NULL, NULL, &quiet, "only what is not ok" },
        { "nginx", 0, "PATH", &d.nginx, NULL, "if it is not where Debian has it" },
        { "nginx-conf", 0, "FILE", &d.nginx_conf, NULL,
          "nginx's configuration, if it is not that of the nginx that runs" },
    };

    first = platen_ctl_parse(ctl, argc, argv, options, 3, &code);
    if (first < 0) {
        return code;
    }
    if (argc - first != 1 || strcmp(argv[first], "check") != 0) {
        fputs("platenctl: config takes one word: check\n", stderr);
        return PLATEN_CTL_USAGE;
    }
    d.file = ctl->file;
    if (d.nginx == NULL) {
        d.nginx = platen_ctl_nginx_program();
    }
    return check(&d, (quiet ? PLATEN_CTL_REPORT_QUIET : 0)
                         | (ctl->json ? PLATEN_CTL_REPORT_JSON : 0)
                         | (isatty(STDOUT_FILENO) ? PLATEN_CTL_REPORT_COLOUR : 0));
}

const platen_ctl_command_t platen_ctl_config = {
    .name = "config",
    .operands = "check",
    .summary = "whether nginx's configuration and platend's agree",
    .text = "Asks nginx for its configuration and reads platend's: whether each is good, and\n"
            "whether both name the same directories, map, sockets, quotas and sizes, keys are\n"
            "in one realm, and webhooks that may be named are sent.  It changes nothing, and\n"
            "needs neither to run.\n"
            "\n"
            "Exit status: 0, or 1 if anything is FAIL.",
    .run = run,
};
