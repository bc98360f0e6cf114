/*
 * The ends of tasks, from when they are decided until the store has them; see
 * schedule/scheduler.h.  Used by the loop's thread; the store is the crew's.  Ends that the
 * store did not take are kept and tried again, and nothing is claimed meanwhile.
 */

#include "schedule/internal.h"

#include <stdlib.h>
#include <string.h>

#include "metrics.h"

#define PAUSE_MS 5000 /* after a failure of this machine */

static void record_run(void *data);
static void record_done(void *data);

static void
endings_init(endings_t *list)
{
    list->first = NULL;
    list->last = &list->first;
    list->n = 0;
}

static void
endings_add(endings_t *list, ending_t *ending)
{
    ending->next = NULL;
    *list->last = ending;
    list->last = &ending->next;
    list->n++;
}

static ending_t *
endings_take(endings_t *list)
{
    ending_t *ending = list->first;

    if (ending != NULL) {
        list->first = ending->next;
        if (list->first == NULL) {
            list->last = &list->first;
        }
        list->n--;
    }
    return ending;
}

int
platen_endings_init(platen_scheduler_t *s)
{
    unsigned i;

    s->recording = (platen_work_t){ .run = record_run, .done = record_done, .data = s };
    endings_init(&s->due);
    endings_init(&s->unwritten);
    endings_init(&s->spare);
    s->endings = calloc(2 * s->most, sizeof(*s->endings));
    if (s->endings == NULL) {
        return -1;
    }
    s->nendings = 2 * s->most;
    for (i = 0; i < s->nendings; i++) {
        endings_add(&s->spare, &s->endings[i]);
    }
    return 0;
}

void
platen_endings_free(platen_scheduler_t *s)
{
    unsigned i;

    for (i = 0; i < s->nendings; i++) {
        platen_task_destroy(&s->endings[i].end.task);
    }
    free(s->endings);
}

int
platen_endings_holds(const platen_scheduler_t *s, const platen_id_t *id, uint32_t epoch)
{
    unsigned i;

    for (i = 0; i < s->nendings; i++) {
        if (platen_task_is(s->endings[i].end.task, id, epoch)) {
            return 1;
        }
    }
    return 0;
}

void
platen_scheduler_pause(platen_scheduler_t *s, const char *reason, const char *detail)
{
    s->paused_until = platen_boottime_ms() + PAUSE_MS;
    platen_metric_add(PLATEN_METRIC_PAUSES, 1, NULL, NULL, NULL);
    platen_log(
        PLATEN_LOG_ERROR, "claiming paused",
        json_pack("{s:s, s:s, s:i}", "reason", reason, "error", detail, "pause_ms", PAUSE_MS));
}

/* The same for GET /metrics. */
static void
count(const platen_task_t *task, const platen_verdict_t *v)
{
    static const char *const faults[] = {
        [PLATEN_BLAME_NONE] = "none",
        [PLATEN_BLAME_DOCUMENT] = "document",
        [PLATEN_BLAME_SIDECAR] = "sidecar",
        [PLATEN_BLAME_MACHINE] = "machine",
    };
    const char *from = task->from == NULL ? "unknown" : task->from->name;
    const char *to = task->to == NULL ? "unknown" : task->to->name;

    if (v->state == PLATEN_STATE_PENDING) {
        platen_metric_add(PLATEN_METRIC_RETRIES, 1, faults[v->blame], NULL, NULL);
        return;
    }
    platen_metric_add(PLATEN_METRIC_JOBS, 1, from, to,
                      v->state == PLATEN_STATE_SUCCESS ? "success" : "failed");
    if (v->state == PLATEN_STATE_FAILED && v->error_code != NULL) {
        platen_metric_add(PLATEN_METRIC_FAILURES, 1, v->error_code, NULL, NULL);
    } else if (v->state == PLATEN_STATE_SUCCESS) {
        platen_metric_traced(PLATEN_METRIC_CONVERSION,
                             (platen_boottime_ms() - task->started_ms) * 1000, to,
                             platen_task_exemplar(task));
    }
}

void
platen_endings_log(const platen_task_t *task, const platen_verdict_t *v)
{
    json_t *context;

    count(task, v);
    platen_task_trace_run(task, v->state == PLATEN_STATE_SUCCESS ? NULL
                                : v->error_code != NULL          ? v->error_code
                                                                 : "retried");
    context = platen_task_context(task);
    json_object_set_new(context, "duration_ms",
                        json_integer((json_int_t) (platen_boottime_ms() - task->started_ms)));

    if (v->state == PLATEN_STATE_SUCCESS) {
        json_object_set_new(context, "output_size", json_integer((json_int_t) v->output_size));
        platen_log(PLATEN_LOG_INFO, "job finished", context);
        return;
    }

    if (v->error_code != NULL) {
        json_object_set_new(context, "error_code", json_string(v->error_code));
    }
    if (*v->detail != '\0') {
        json_object_set_new(context, "detail", platen_log_text(v->detail, strlen(v->detail)));
    }
    json_object_set_new(context, "exit", json_integer(v->exit_code));
    json_object_set_new(context, "signal", json_integer(v->signal));
    json_object_set_new(context, "engine_said",
                        platen_log_text(v->last_line, strlen(v->last_line)));
    platen_log(PLATEN_LOG_WARN, v->state == PLATEN_STATE_FAILED ? "job failed" : "job retried",
               context);
}

static void
log_discarded(const platen_task_t *task)
{
    platen_log(PLATEN_LOG_INFO, "job discarded: it was removed", platen_task_context(task));
}

/* Whether its end is written and its directory empty: then the place is free. */
static void
leave_place(place_t *place)
{
    platen_scheduler_t *s = place->scheduler;

    if (place->written && place->cleared) {
        platen_pool_free(s->pool, place->n);
        s->again = 1;
    }
}

void
platen_endings_cleared(place_t *place)
{
    place->cleared = 1;
    leave_place(place);
}

void
platen_endings_written(platen_scheduler_t *s, int place)
{
    if (place >= 0) {
        s->places[place].written = 1;
        leave_place(&s->places[place]);
    }
}

/* Writes the ends that are due, unless others are being written. */
static void
record(platen_scheduler_t *s)
{
    if (s->nrecord > 0) {
        return;
    }
    while (s->nrecord < RECORDS && s->due.first != NULL) {
        s->record[s->nrecord++] = endings_take(&s->due);
    }
    if (s->nrecord > 0) {
        platen_crew_do(s->crew, PLATEN_CREW_STORE, &s->recording);
    }
}

static void
record_run(void *data)
{
    platen_scheduler_t *s = data;
    platen_ending_t    *ends[RECORDS];
    unsigned            i;

    for (i = 0; i < s->nrecord; i++) {
        ends[i] = &s->record[i]->end;
    }
    platen_finish_record(s->config, s->store, ends, s->nrecord);
}

/* Keeps an ending that the store did not take, says so once, and claims nothing meanwhile. */
static void
keep(platen_scheduler_t *s, ending_t *ending)
{
    json_t *context;

    if (!ending->kept) {
        ending->kept = 1;
        s->nkept++;
        context = platen_task_context(ending->end.task);
        json_object_set_new(context, "error", json_string(platen_strerror(ending->end.rc)));
        platen_log(PLATEN_LOG_ERROR, "the end of a job is not written yet", context);
        platen_endings_written(s, ending->place);
        ending->place = -1;
    }
    endings_add(&s->unwritten, ending);
}

static void
record_done(void *data)
{
    platen_scheduler_t *s = data;
    ending_t           *ending;
    unsigned            i, n = s->nrecord;
    int                 told = 0;

    for (i = 0; i < n; i++) {
        ending = s->record[i];
        if (ending->end.rc == PLATEN_OK) {
            platen_endings_log(ending->end.task, &ending->end.verdict);
            told = 1;
        } else if (ending->end.rc == PLATEN_NOT_FOUND) {
            log_discarded(ending->end.task);
        } else {
            keep(s, ending);
            continue;
        }
        platen_task_destroy(&ending->end.task);
        s->nkept -= (unsigned) ending->kept;
        platen_endings_written(s, ending->place);
        endings_add(&s->spare, ending);
        s->again = 1;
    }
    s->nrecord = 0;
    /* Who waits for it hears of it before anything else is done. */
    if (told && s->changed != NULL) {
        s->changed(s->changed_data);
    }
    record(s);
}

void
platen_endings_add(platen_scheduler_t *s, platen_task_t *task, const platen_verdict_t *verdict,
                   int place)
{
    ending_t *ending;

    if (verdict->state == PLATEN_STATE_NONE) {
        log_discarded(task);
        platen_task_destroy(&task);
        platen_endings_written(s, place);
        return;
    }
    if (verdict->pause) {
        platen_scheduler_pause(s, "this machine failed a job", verdict->detail);
    }
    /* There is one: see platen_scheduler_may_claim(). */
    ending = endings_take(&s->spare);
    *ending = (ending_t){ .end = { .task = task, .verdict = *verdict }, .place = place };
    endings_add(&s->due, ending);
    record(s);
}

void
platen_scheduler_retry(platen_scheduler_t *s)
{
    ending_t *ending;

    while ((ending = endings_take(&s->unwritten)) != NULL) {
        endings_add(&s->due, ending);
    }
    record(s);
}
