/*
 * The doctor on what nginx and platend have written of themselves into the store
 * (store/service.h): whether both use the same, what platend says that is out of
 * order, and how its last conversion of its own ended.
 */

#include "ctl/doctor.h"

#include <lmdb.h>
#include <string.h>

#include "store/service.h"
#include "store/store.h"

typedef struct {
    MDB_txn *txn;
    MDB_dbi  meta;
    char     told[2][PLATEN_SERVICE_SENTENCE]; /* about what is not the same */
} service_t;

/* A text of the store's; empty if there is none. */
static platen_str_t
text_of(const service_t *s, const char *name)
{
    MDB_val key = { strlen(name), (void *) (uintptr_t) name }, val;

    return mdb_get(s->txn, s->meta, &key, &val) == MDB_SUCCESS
               ? (platen_str_t){ val.mv_data, val.mv_size }
               : (platen_str_t){ NULL, 0 };
}

/* What this configuration would use, and what nginx does. */
static void
check_uses(const platen_ctl_doctor_t *d, service_t *s, platen_ctl_report_t *report)
{
    platen_str_t  text = text_of(s, PLATEN_USES_NGINX_META);
    platen_uses_t nginx, own;
    unsigned      differ;

    if (text.len == 0 || platen_uses_parse(&nginx, text.data, text.len) != PLATEN_OK) {
        return; /* no nginx of this version has used it */
    }
    platen_uses_look(&own, d->config->store_path, d->config->data_path, d->config->map_size);
    differ = platen_uses_differ(&nginx, &own);
    if (differ & PLATEN_USES_DATA) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "service.data", "%s",
                              platen_uses_tell(&nginx, &own, PLATEN_USES_DATA, s->told[0]));
        platen_ctl_report_advice(report,
                                 "set data/path in %s or platen_data in nginx.conf, and"
                                 " restart both",
                                 d->file);
    }
    if (differ & PLATEN_USES_MAP) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "service.map", "%s",
                              platen_uses_tell(&nginx, &own, PLATEN_USES_MAP, s->told[1]));
        platen_ctl_report_advice(report,
                                 "set store/map_size in %s and map_size= of platen_store in"
                                 " nginx.conf to the larger, and restart both",
                                 d->file);
    }
    if ((differ & (PLATEN_USES_DATA | PLATEN_USES_MAP)) == 0
        && strcmp(nginx.boot, own.boot) == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "service.data",
                              "nginx and platend use the same data and the same map");
    }
}

/* What platend says of itself, a finding for each line. */
static void
check_said(const service_t *s, const char *name, platen_ctl_status_t status, const char *check,
           platen_ctl_report_t *report)
{
    platen_str_t text = text_of(s, name);
    const char  *p = text.data, *end = text.len == 0 ? p : p + text.len, *eol;
    size_t       n;

    for (; p < end; p = eol + 1) {
        eol = memchr(p, '\n', (size_t) (end - p));
        eol = eol == NULL ? end : eol;
        n = (size_t) (eol - p);
        if ((strlen(s->told[0]) == n && memcmp(s->told[0], p, n) == 0)
            || (strlen(s->told[1]) == n && memcmp(s->told[1], p, n) == 0)) {
            continue;
        }
        platen_ctl_report_add(report, status, check, "%.*s", (int) n, p);
        platen_ctl_report_advice(report,
                                 "platend's log has more: look for \"LibreOffice does not get"
                                 " ready\", \"canary\" and \"not ready\"");
    }
}

static void
check_canary(const platen_ctl_doctor_t *d, const service_t *s, platen_ctl_report_t *report)
{
    platen_str_t           text = text_of(s, PLATEN_CANARY_META);
    platen_canary_record_t canary;
    uint64_t               now = platen_now_us();
    char                   age[32];

    if (d->config->canary_interval == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "service.canary",
                              "platend converts nothing of its own (canary/interval = 0)");
        return;
    }
    if (text.len == 0 || platen_canary_parse(&canary, text.data, text.len) != PLATEN_OK) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "service.canary",
                              "platend has converted nothing of its own yet");
        return;
    }
    platen_ctl_doctor_duration(now > canary.at ? (now - canary.at) / 1000000 : 0, age);
    if (canary.ok) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "service.canary",
                              "platend's own conversion of %s ago (%s to %s by %s) took %u ms",
                              age, canary.from, canary.to, canary.engines,
                              (unsigned) canary.took);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "service.canary",
                              "platend's own conversion of %s ago (%s to %s by %s) failed: %s",
                              age, canary.from, canary.to, canary.engines, canary.why);
        platen_ctl_report_advice(report, "platend's log has more: look for \"canary\"");
    }
}

void
platen_ctl_doctor_service(const platen_ctl_doctor_t *d, struct MDB_txn *txn,
                          platen_ctl_report_t *report)
{
    service_t s = { .txn = txn };

    if (mdb_dbi_open(txn, "meta", 0, &s.meta) != MDB_SUCCESS) {
        return; /* which has been told */
    }
    check_uses(d, &s, report);
    if (platen_ctl_doctor_holder(d->config) == 0) {
        return; /* the rest is of a platend that has ended */
    }
    check_said(&s, PLATEN_CONDITION_META, PLATEN_CTL_FAIL, "service.ready", report);
    check_said(&s, PLATEN_NOTES_META, PLATEN_CTL_WARN, "service.note", report);
    check_canary(d, &s, report);
}
