/*
 * The service in a screen; see ctl/overview.h.  Numbers come from the store, from what
 * platend writes beside its socket, and from the file system.  One thread.
 */

#include "ctl/overview.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup/backup.h"
#include "ctl/capture.h"
#include "ctl/doctor.h"
#include "disk/layout.h"

#define SLICE 256
#define BELIEVED 10                     /* seconds that what platend says of itself holds */
#define FULL_FAIL 80                    /* from there on nginx takes nothing in */
#define DISK_FAIL (UINT64_C(256) << 20) /* platen_min_free's default */
#define WAIT_WARN 600                   /* seconds, as conf/alerts.yml has it */

static void tell(json_t *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
tell(json_t *list, const char *format, ...)
{
    char    text[PLATEN_SERVICE_SENTENCE + 256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    json_array_append_new(list, platen_log_text(text, strlen(text)));
}

/* The sample without labels of that name in platend's page; 0 if it is not there. */
static uint64_t
sample(const char *page, const char *name)
{
    size_t      n = strlen(name);
    const char *p = page;

    while (p != NULL && *p != '\0') {
        if (strncmp(p, name, n) == 0 && p[n] == ' ') {
            return strtoull(p + n, NULL, 10);
        }
        p = strchr(p, '\n');
        p = p == NULL ? NULL : p + 1;
    }
    return 0;
}

static void
read_page(const platen_config_t *config, platen_ctl_overview_t *o)
{
    char        path[PATH_MAX], *page;
    struct stat st;

    snprintf(path, sizeof(path), "%s" PLATEN_METRICS_SUFFIX, platen_config_socket(config));
    if (stat(path, &st) != 0) {
        return;
    }
    o->silent = o->platend == -1 ? 0 : platen_ctl_doctor_silent(o->platend, &st);
    if (o->silent != 0 || st.st_mtime + BELIEVED < time(NULL)) {
        return;
    }
    page = platen_ctl_capture_file(path, PLATEN_METRICS_MAX, NULL);
    if (page == NULL) {
        return;
    }
    o->page = 1;
    o->warm = sample(page, "platen_libreoffice_warm");
    o->workers = sample(page, "platen_workers");
    o->busy = sample(page, "platen_workers_busy");
    free(page);
}

static void
read_text(platen_txn_t *txn, const char *name, char out[PLATEN_SERVICE_SENTENCE])
{
    platen_str_t text;

    *out = '\0';
    if (platen_store_meta_get(txn, name, &text) == PLATEN_OK) {
        snprintf(out, PLATEN_SERVICE_SENTENCE, "%.*s", (int) text.len,
                 text.len == 0 ? "" : text.data);
    }
}

static void
count_failure(platen_ctl_overview_t *o, platen_str_t code)
{
    size_t i;

    o->failures++;
    for (i = 0; i + 1 < PLATEN_CTL_OVERVIEW_CODES && *o->codes[i].code != '\0'; i++) {
        if (platen_str_eq(platen_str(o->codes[i].code), code)) {
            break;
        }
    }
    if (*o->codes[i].code == '\0' && i + 1 < PLATEN_CTL_OVERVIEW_CODES) {
        snprintf(o->codes[i].code, sizeof(o->codes[i].code), "%.*s", (int) code.len,
                 code.len == 0 ? "" : code.data);
    } else if (i + 1 == PLATEN_CTL_OVERVIEW_CODES) {
        snprintf(o->codes[i].code, sizeof(o->codes[i].code), "others");
    }
    o->codes[i].n++;
}

/* Events of the last hour, newest first, SLICE in a transaction. */
static int
count_failures(const platen_ctl_store_t *s, platen_ctl_overview_t *o)
{
    platen_event_t events[SLICE];
    platen_txn_t   txn;
    uint64_t from = o->at > PLATEN_CTL_OVERVIEW_HOUR ? o->at - PLATEN_CTL_OVERVIEW_HOUR : 0;
    uint64_t first, last, seq, seen = 0;
    int      rc, i, n, old = 0;

    rc = platen_txn_read(s->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_events_span(&txn, &first, &last);
        platen_txn_abort(&txn);
    }
    while (rc == PLATEN_OK && !old && last >= first && last > 0) {
        seq = last > SLICE ? last - SLICE : 0; /* those after it */
        rc = platen_txn_read(s->store, &txn);
        if (rc != PLATEN_OK) {
            break;
        }
        n = platen_store_events(&txn, seq, events, (int) (last - seq));
        for (i = n - 1; i >= 0; i--) {
            if (events[i].time < from) {
                old = 1;
                break;
            }
            if (events[i].state == PLATEN_STATE_FAILED && events[i].file == 0) {
                count_failure(o, events[i].error_code);
            }
        }
        platen_txn_abort(&txn);
        rc = n < 0 ? n : PLATEN_OK;
        seen += SLICE;
        if (seen >= PLATEN_CTL_OVERVIEW_EVENTS && !old) {
            o->failures_more = 1;
            break;
        }
        last = seq;
    }
    return rc;
}

static int
read_store(const platen_ctl_store_t *s, platen_ctl_overview_t *o)
{
    platen_txn_t txn;
    platen_str_t text;
    int          rc;

    rc = platen_txn_read(s->store, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_store_measure(&txn, &o->store);
    if (rc == PLATEN_OK) {
        rc = platen_store_fullness(&txn, &o->percent);
    }
    if (rc == PLATEN_OK) {
        read_text(&txn, PLATEN_CONDITION_META, o->condition);
        read_text(&txn, PLATEN_NOTES_META, o->notes);
        o->has_canary = s->config->canary_interval != 0
                        && platen_store_meta_get(&txn, PLATEN_CANARY_META, &text) == PLATEN_OK
                        && platen_canary_parse(&o->canary, text.data, text.len) == PLATEN_OK;
    }
    platen_txn_abort(&txn);
    return rc;
}

static uint64_t
waited(const platen_ctl_overview_t *o)
{
    return o->store.waiting_since == 0 || o->store.waiting_since > o->at
               ? 0
               : (o->at - o->store.waiting_since) / 1000000;
}

static int
hangs(const platen_ctl_overview_t *o)
{
    return o->stopped || o->silent != 0;
}

static void
judge(const platen_config_t *config, platen_ctl_overview_t *o)
{
    char  size[32], *line, *next;
    char  notes[PLATEN_SERVICE_SENTENCE];
    char *rest = notes;

    if (o->platend == 0) {
        tell(o->problems, "platend does not run: systemctl start platend");
    } else if (o->stopped) {
        tell(o->problems,
             "platend (pid %ld) was stopped by a signal, and does nothing: kill -CONT %ld",
             (long) o->platend, (long) o->platend);
    } else if (o->silent != 0) {
        tell(o->problems,
             "platend runs, and has told nothing for %s: it hangs, or a disk does; systemctl"
             " restart platend",
             platen_ctl_doctor_duration(o->silent, size));
    } else if (*o->condition != '\0') {
        tell(o->problems, "%s", o->condition);
    }
    if (o->nginx == 0) {
        tell(o->warnings, "no nginx is seen that has this store open%s",
             geteuid() == 0 ? "" : " (root, or its user, sees it)");
    }
    if (o->percent >= FULL_FAIL) {
        tell(o->problems,
             "the store is full to %u %%: raise map_size, or keep jobs for a"
             " shorter time",
             o->percent);
    } else if (o->percent >= PLATEN_CTL_FULL_WARN) {
        tell(o->warnings, "the store is full to %u %%", o->percent);
    }
    if (o->disk < DISK_FAIL) {
        tell(o->problems, "the disk of %s has %s free: make room", config->data_path,
             platen_ctl_doctor_size(o->disk, size));
    }
    if (o->platend != 0 && o->has_canary && !o->canary.ok) {
        tell(o->warnings, "platend's own conversion (%s to %s) failed: %s", o->canary.from,
             o->canary.to, o->canary.why);
    }
    if (waited(o) > WAIT_WARN) {
        tell(o->warnings, "a job has waited for %s: see platenctl queue",
             platen_ctl_doctor_duration(waited(o), size));
    }
    if (o->backups && o->backup == UINT64_MAX) {
        tell(o->warnings, "there is no backup in %s", config->backup_path);
    } else if (o->backups && o->backup > 2 * config->backup_interval) {
        tell(o->warnings,
             "the newest backup is %s old: look for \"no backup\" in platend's log",
             platen_ctl_doctor_duration(o->backup, size));
    }
    if (o->store.webhooks_dead > 0) {
        tell(o->warnings, "%llu webhooks were given up: see platenctl webhooks --dead",
             (unsigned long long) o->store.webhooks_dead);
    }
    snprintf(notes, sizeof(notes), "%s", o->platend == 0 ? "" : o->notes);
    while ((line = strtok_r(rest, "\n", &next)) != NULL) {
        tell(o->warnings, "%s", line);
        rest = NULL;
    }
}

int
platen_ctl_overview_take(const platen_ctl_store_t *s, pid_t nginx, platen_ctl_overview_t *o)
{
    const platen_config_t *config = s->config;
    char                   name[PLATEN_BACKUP_NAME + 1];
    time_t                 made;
    int                    rc;

    *o = (platen_ctl_overview_t){ .at = platen_now_us(), .nginx = nginx };
    o->problems = json_array();
    o->warnings = json_array();
    o->platend = platen_ctl_doctor_holder(config);
    o->uptime = o->platend > 0 ? platen_ctl_doctor_uptime(o->platend) : 0;
    o->stopped = o->platend > 0 && platen_ctl_doctor_stopped(o->platend);
    if (o->platend != 0) {
        read_page(config, o);
    }
    rc = read_store(s, o);
    if (rc == PLATEN_OK) {
        rc = count_failures(s, o);
    }
    o->disk = platen_layout_space(config->data_path);
    o->backups = *config->backup_path != '\0';
    o->backup = UINT64_MAX;
    if (o->backups) {
        made = platen_backup_newest(config->backup_path, name);
        if (made != 0) {
            o->backup = time(NULL) > made ? (uint64_t) (time(NULL) - made) : 0;
        }
    }
    if (rc == PLATEN_OK) {
        judge(config, o);
    } else {
        platen_ctl_overview_free(o);
    }
    return rc;
}

void
platen_ctl_overview_free(platen_ctl_overview_t *o)
{
    json_decref(o->problems);
    json_decref(o->warnings);
    o->problems = o->warnings = NULL;
}

static void
print_list(const char *head, const json_t *list, const char *end)
{
    size_t  i;
    json_t *text;

    json_array_foreach((json_t *) (uintptr_t) list, i, text)
    {
        printf("%-10s%s%s", head, json_string_value(text), end);
    }
}

void
platen_ctl_overview_print(const platen_ctl_overview_t *o, const char *end)
{
    const platen_measure_t *m = &o->store;
    char                    a[32], b[32];
    size_t                  i;

    printf("%-10s%s%s%s%s", "platend",
           o->platend == 0         ? "DOWN"
           : hangs(o)              ? "HANGS"
           : *o->condition != '\0' ? "up, OUT OF ORDER"
           : json_array_size(o->problems) + json_array_size(o->warnings) > 0
               ? "up"
               : "up, and all is well",
           o->uptime == 0 ? "" : ", for ",
           o->uptime == 0 ? "" : platen_ctl_doctor_duration(o->uptime, a), end);
    if (o->page) {
        printf("%-10s%s, %llu of %llu workers busy%s", "pool",
               o->warm ? "LibreOffice is warm" : "LibreOffice is not warm",
               (unsigned long long) o->busy, (unsigned long long) o->workers, end);
    }
    if (o->nginx > 0) {
        printf("%-10sup (pid %ld)%s", "nginx", (long) o->nginx, end);
    } else {
        printf("%-10snot seen%s", "nginx", end);
    }
    printf("%-10s%llu waiting, %llu for a later try, %llu running; ", "queue",
           (unsigned long long) m->due, (unsigned long long) m->later,
           (unsigned long long) m->processing);
    if (m->waiting_since == 0) {
        printf("nobody waits%s", end);
    } else {
        printf("the oldest waits for %s%s", platen_ctl_doctor_duration(waited(o), a), end);
    }
    printf("%-10s%s%llu in the last hour", "failures", o->failures_more ? "more than " : "",
           (unsigned long long) o->failures);
    for (i = 0; i < PLATEN_CTL_OVERVIEW_CODES && o->codes[i].n > 0; i++) {
        printf("%s%llu %s", i == 0 ? ": " : ", ", (unsigned long long) o->codes[i].n,
               *o->codes[i].code == '\0' ? "without a code" : o->codes[i].code);
    }
    printf("%s", end);
    printf("%-10s%llu jobs, %u %% of %s%s", "store", (unsigned long long) m->jobs, o->percent,
           platen_ctl_doctor_size(m->map, a), end);
    printf("%-10s%s free%s", "disk", platen_ctl_doctor_size(o->disk, a), end);
    printf("%-10s%s%s%s", "backups",
           !o->backups               ? "not configured"
           : o->backup == UINT64_MAX ? "none"
                                     : "the newest is of ",
           !o->backups || o->backup == UINT64_MAX ? ""
                                                  : platen_ctl_doctor_duration(o->backup, b),
           end);
    if (m->webhooks + m->webhooks_dead > 0) {
        printf("%-10s%llu to be made, %llu given up%s", "webhooks",
               (unsigned long long) m->webhooks, (unsigned long long) m->webhooks_dead, end);
    }
    print_list("PROBLEM", o->problems, end);
    print_list("warning", o->warnings, end);
}

static json_t *
count(uint64_t n)
{
    return json_integer((json_int_t) n);
}

static json_t *
known(int is, uint64_t n)
{
    return is ? count(n) : json_null();
}

json_t *
platen_ctl_overview_json(const platen_ctl_overview_t *o)
{
    const platen_measure_t *m = &o->store;
    json_t                 *codes = json_object();
    size_t                  i;

    for (i = 0; i < PLATEN_CTL_OVERVIEW_CODES && o->codes[i].n > 0; i++) {
        json_object_set_new(codes, o->codes[i].code, count(o->codes[i].n));
    }
    return json_pack(
        "{s:b, s:o, s:{s:b, s:o, s:o, s:b}, s:{s:o}, s:{s:o, s:o, s:o},"
        " s:{s:o, s:o, s:o, s:o}, s:{s:o, s:b, s:o}, s:{s:o, s:o, s:o}, s:{s:o},"
        " s:{s:b, s:o}, s:{s:o, s:o}, s:O, s:O}",
        "healthy", json_array_size(o->problems) == 0, "at", platen_ctl_store_json_time(o->at),
        "platend", "up", o->platend != 0, "pid", known(o->platend > 0, (uint64_t) o->platend),
        "uptime_seconds", known(o->uptime > 0, o->uptime), "converts",
        o->platend != 0 && !hangs(o) && *o->condition == '\0', "nginx", "pid",
        known(o->nginx > 0, (uint64_t) o->nginx), "pool", "warm",
        o->page ? json_boolean(o->warm) : json_null(), "workers", known(o->page, o->workers),
        "busy", known(o->page, o->busy), "queue", "waiting", count(m->due), "later",
        count(m->later), "running", count(m->processing), "oldest_wait_seconds",
        known(m->waiting_since != 0, waited(o)), "failures_last_hour", "jobs",
        count(o->failures), "more", o->failures_more, "codes", codes, "store", "jobs",
        count(m->jobs), "map_bytes", count(m->map), "used_percent", count(o->percent), "disk",
        "free_bytes", count(o->disk), "backup", "configured", o->backups, "age_seconds",
        known(o->backup != UINT64_MAX, o->backup), "webhooks", "waiting", count(m->webhooks),
        "given_up", count(m->webhooks_dead), "problems", o->problems, "warnings", o->warnings);
}
