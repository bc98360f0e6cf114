/*
 * The doctor on the sandbox: every layer is tried as platend tries it when it
 * starts (sandbox/confine.c), with the same rules about which are required.
 */

#include "ctl/doctor.h"
#include "ctl/layers.h"
#include "sandbox/confine.h"
#include "sandbox/policy.h"

static void
check_layer(const platen_ctl_doctor_t *d, unsigned layer, unsigned holding, unsigned required,
            platen_ctl_report_t *report)
{
    const char *name = platen_sandbox_name(layer);
    char        check[64];

    snprintf(check, sizeof(check), "sandbox.%s", name);
    if (holding & layer) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, check, "sandbox layer %s holds", name);
        return;
    }
    if (layer == PLATEN_SANDBOX_CGROUP && *d->config->cgroup_path == '\0') {
        platen_ctl_report_add(report, PLATEN_CTL_OK, check,
                              "sandbox layer %s is not configured", name);
        return;
    }
    if (layer == PLATEN_SANDBOX_CGROUP && platen_ctl_layers_auto(d->config)) {
        platen_ctl_report_add(
            report, PLATEN_CTL_OK, check,
            platen_ctl_doctor_holder(d->config) == 0
                ? "sandbox layer %s is looked for when platend starts"
                : "sandbox layer %s is not there: none was delegated to platend, so"
                  " limits/address_space holds instead",
            name);
        return;
    }

    if (required & layer) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, check,
                              "sandbox layer %s does not hold, and platend does not start"
                              " without it",
                              name);
        platen_ctl_report_advice(report,
                                 "%s; or, for documents that you trust, set sandbox ="
                                 " available in %s",
                                 platen_sandbox_advice(layer), d->file);
    } else {
        platen_ctl_report_add(
            report, PLATEN_CTL_WARN, check, "sandbox layer %s does not hold%s", name,
            layer & PLATEN_SANDBOX_CORE ? ", and hostile documents are converted without it"
                                        : "");
        platen_ctl_report_advice(report, "%s", platen_sandbox_advice(layer));
    }
}

void
platen_ctl_doctor_sandbox(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    unsigned holding = platen_ctl_layers(d->config), i;
    unsigned required = platen_confine_required(d->config);

    static const char *const checks[PLATEN_POLICY_LIMITS] = {
        [PLATEN_POLICY_THREADS] = "sandbox.limit.threads",
        [PLATEN_POLICY_MEMORY] = "sandbox.limit.memory",
        [PLATEN_POLICY_DISK] = "sandbox.limit.disk",
        [PLATEN_POLICY_PROCESSES] = "sandbox.limit.processes",
    };

    for (i = 0; i < PLATEN_SANDBOX_LAYERS; i++) {
        /* platend has no privilege left to change users with, and so never asks for it. */
        if (1U << i != PLATEN_SANDBOX_USER) {
            check_layer(d, 1U << i, holding, required, report);
        }
    }
    for (i = 0; i < PLATEN_POLICY_LIMITS; i++) {
        platen_ctl_report_add(
            report, PLATEN_CTL_OK, checks[i], "limit of %s",
            platen_policy_limit((platen_policy_limit_t) i, holding, d->config->data_path));
    }
}
