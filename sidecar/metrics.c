/*
 * The numbers of platend; see metrics.h.  A series is made when it is first needed and stays;
 * there are at most SERIES_MAX of them, and what would be one more is counted as "other", so
 * that no configuration makes the page, or the memory, grow without end.
 */

#include "metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/exposition.h"

#define SERIES_MAX 2000
#define LABELS_MAX 3

typedef enum { COUNTER, GAUGE, GAUGE_OF_TIME, HISTOGRAM } kind_t;

static const struct {
    const char *name;
    kind_t      kind;
    const char *labels[LABELS_MAX];
    const char *help;
} families[PLATEN_METRIC_NONE] = {
    [PLATEN_METRIC_JOBS] = { "platen_jobs_ended_total",
                             COUNTER,
                             { "from", "to", "result" },
                             "Jobs, and files of batches, that have come to their end." },
    [PLATEN_METRIC_FAILURES] = { "platen_job_failures_total",
                                 COUNTER,
                                 { "code" },
                                 "Jobs that have failed, by the code that their client "
                                 "reads." },
    [PLATEN_METRIC_RETRIES] = { "platen_job_retries_total",
                                COUNTER,
                                { "fault" },
                                "Attempts after which a job waits for another one." },
    [PLATEN_METRIC_WAIT] = { "platen_job_wait_seconds",
                             HISTOGRAM,
                             { NULL },
                             "From a job's submission, or retry by its client, to its first "
                             "attempt." },
    [PLATEN_METRIC_CONVERSION] = { "platen_job_conversion_seconds",
                                   HISTOGRAM,
                                   { "to" },
                                   "From the claim of a job to its end, of those that "
                                   "succeed." },
    [PLATEN_METRIC_STEPS] = { "platen_engine_steps_total",
                              COUNTER,
                              { "engine", "outcome" },
                              "Processes of engines that have ended." },
    [PLATEN_METRIC_STEP_TIME] = { "platen_engine_step_seconds",
                                  HISTOGRAM,
                                  { "engine" },
                                  "How long processes of engines have run." },
    [PLATEN_METRIC_WORKERS] = { "platen_workers",
                                GAUGE,
                                { NULL },
                                "Conversions that may run at the same time." },
    [PLATEN_METRIC_BUSY] = { "platen_workers_busy",
                             GAUGE,
                             { NULL },
                             "Places for conversions that are taken." },
    [PLATEN_METRIC_OFFICE] = { "platen_libreoffice_warm",
                               GAUGE,
                               { NULL },
                               "1 if a warm LibreOffice serves, else 0." },
    [PLATEN_METRIC_OFFICE_STARTS] = { "platen_libreoffice_starts_total",
                                      COUNTER,
                                      { "result" },
                                      "Warm LibreOffices: that got warm for the first time, "
                                      "that took another one's place, and that have died." },
    [PLATEN_METRIC_PAUSES] = { "platen_claim_pauses_total",
                               COUNTER,
                               { NULL },
                               "How often claiming was paused for a fault of this machine." },
    [PLATEN_METRIC_HINTS] = { "platen_hints_total",
                              COUNTER,
                              { NULL },
                              "Hints of nginx's workers." },
    [PLATEN_METRIC_EXPIRED] = { "platen_jobs_expired_total",
                                COUNTER,
                                { NULL },
                                "Jobs that were removed as their time was over." },
    [PLATEN_METRIC_ORPHANS] = { "platen_orphans_removed_total",
                                COUNTER,
                                { NULL },
                                "Files that no job named, and that were removed." },
    [PLATEN_METRIC_DISORDER] = { "platen_out_of_order",
                                 GAUGE,
                                 { NULL },
                                 "1 if GET /health/ready says that documents are not "
                                 "converted, else 0." },
    [PLATEN_METRIC_CANARY] = { "platen_canary_age_seconds",
                               GAUGE_OF_TIME,
                               { NULL },
                               "Since the last document of platend's own was converted." },
    [PLATEN_METRIC_BACKUP] = { "platen_backup_age_seconds",
                               GAUGE_OF_TIME,
                               { NULL },
                               "Age of the newest backup." },
    [PLATEN_METRIC_DISK_FREE] = { "platen_disk_free_bytes",
                                  GAUGE,
                                  { NULL },
                                  "Free on the file system of uploads and results." },
    [PLATEN_METRIC_TURN] = { "platen_sidecar_turn_seconds",
                             HISTOGRAM,
                             { "turn" },
                             "How long turns of platend's loop take." },
    [PLATEN_METRIC_LONGEST_TURN] = { "platen_sidecar_longest_turn_seconds",
                                     GAUGE_OF_TIME,
                                     { NULL },
                                     "The longest of them." },
    [PLATEN_METRIC_MEMORY] = { "platen_sidecar_memory_bytes",
                               GAUGE,
                               { NULL },
                               "Resident memory of platend, without its children." },
    [PLATEN_METRIC_SPANS] = { "platen_trace_spans_total",
                              COUNTER,
                              { "result" },
                              "Spans of traces that the collector has taken, that were dropped "
                              "as there was no room or no answer, and that it has refused." },
};

typedef struct series_s series_t;

struct series_s {
    series_t          *next;
    uint64_t           value;
    platen_histogram_t times;
    platen_exemplar_t  exemplars[PLATEN_HISTOGRAM_BUCKETS + 1]; /* under the mutex */
    char               labels[PLATEN_EXPOSITION_LABELS];
};

static struct {
    pthread_mutex_t mutex; /* of the lists and the exemplars; numbers are atomic */
    series_t       *first[PLATEN_METRIC_NONE];
    unsigned        n;
} all = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static series_t *
find(platen_metric_t metric, const char labels[PLATEN_EXPOSITION_LABELS])
{
    series_t *s;

    for (s = all.first[metric]; s != NULL && strcmp(s->labels, labels) != 0; s = s->next) {
    }
    return s;
}

static void
write_labels(platen_metric_t metric, const char *const values[LABELS_MAX],
             char labels[PLATEN_EXPOSITION_LABELS])
{
    int i;

    *labels = '\0';
    for (i = 0; i < LABELS_MAX && families[metric].labels[i] != NULL; i++) {
        platen_exposition_label(labels, families[metric].labels[i],
                                platen_str(values[i] == NULL ? "" : values[i]));
    }
}

/* Of those labels; NULL: no memory. */
static series_t *
series(platen_metric_t metric, const char *const values[LABELS_MAX])
{
    static const char *const others[LABELS_MAX] = { "other", "other", "other" };
    char                     labels[PLATEN_EXPOSITION_LABELS];
    series_t                *s;

    write_labels(metric, values, labels);
    pthread_mutex_lock(&all.mutex);
    s = find(metric, labels);
    if (s == NULL && all.n >= SERIES_MAX) {
        write_labels(metric, others, labels);
        s = find(metric, labels);
    }
    if (s == NULL && (s = calloc(1, sizeof(*s))) != NULL) {
        memcpy(s->labels, labels, sizeof(labels));
        s->next = all.first[metric];
        all.first[metric] = s;
        all.n++;
    }
    pthread_mutex_unlock(&all.mutex);
    return s;
}

void
platen_metric_add(platen_metric_t metric, uint64_t n, const char *first, const char *second,
                  const char *third)
{
    const char *const values[LABELS_MAX] = { first, second, third };
    series_t         *s = series(metric, values);

    if (s != NULL) {
        __atomic_fetch_add(&s->value, n, __ATOMIC_RELAXED);
    }
}

void
platen_metric_traced(platen_metric_t metric, uint64_t us, const char *label, const char *trace)
{
    const char *const  values[LABELS_MAX] = { label, NULL, NULL };
    series_t          *s = series(metric, values);
    platen_exemplar_t *e;

    if (s == NULL) {
        return;
    }
    platen_histogram_add(&s->times, us);
    if (trace != NULL) {
        e = &s->exemplars[platen_histogram_bucket(us)];
        pthread_mutex_lock(&all.mutex);
        snprintf(e->trace, sizeof(e->trace), "%s", trace);
        e->us = us;
        e->at = platen_now_us();
        pthread_mutex_unlock(&all.mutex);
    }
}

void
platen_metric_time(platen_metric_t metric, uint64_t us, const char *label)
{
    platen_metric_traced(metric, us, label, NULL);
}

void
platen_metric_set(platen_metric_t metric, uint64_t value)
{
    static const char *const none[LABELS_MAX];
    series_t                *s = series(metric, none);

    if (s != NULL) {
        __atomic_store_n(&s->value, value, __ATOMIC_RELAXED);
    }
}

void
platen_metric_clear(platen_metric_t metric)
{
    platen_metric_set(metric, UINT64_MAX);
}

static void
write_series(platen_exposition_t *x, kind_t kind, const series_t *s)
{
    platen_exemplar_t exemplars[PLATEN_HISTOGRAM_BUCKETS + 1];
    uint64_t          value = __atomic_load_n(&s->value, __ATOMIC_RELAXED);

    if (kind == HISTOGRAM) {
        pthread_mutex_lock(&all.mutex);
        memcpy(exemplars, s->exemplars, sizeof(exemplars));
        pthread_mutex_unlock(&all.mutex);
        platen_exposition_exemplified(x, s->labels, &s->times, exemplars);
    } else if (kind == GAUGE_OF_TIME && value != UINT64_MAX) {
        platen_exposition_seconds(x, s->labels, value);
    } else if (value != UINT64_MAX) {
        platen_exposition_number(x, s->labels, value);
    }
}

size_t
platen_metrics_write(char *page, size_t size)
{
    static const char *const types[] = { "counter", "gauge", "gauge", "histogram" };
    platen_exposition_t      x;
    const series_t          *s;
    platen_metric_t          m;

    platen_exposition_init(&x, page, size);
    for (m = 0; m < PLATEN_METRIC_NONE; m++) {
        platen_exposition_family(&x, families[m].name, types[families[m].kind],
                                 families[m].help);
        /* More are put before the first; those that are there stay. */
        pthread_mutex_lock(&all.mutex);
        s = all.first[m];
        pthread_mutex_unlock(&all.mutex);
        for (; s != NULL; s = s->next) {
            write_series(&x, families[m].kind, s);
        }
    }
    return (size_t) (x.at - x.start);
}
