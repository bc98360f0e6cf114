/*
 * Tasks; see run/task.h.  Used by the loop's thread alone; the only failure
 * is a lack of memory, which the caller sees as NULL.
 */

#include "run/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static platen_task_kind_t
kind_of(const platen_job_t *job)
{
    switch (job->batch) {
    case PLATEN_BATCH_NONE:
        return PLATEN_TASK_DOCUMENT;
    case PLATEN_BATCH_OPEN:
        return job->unpacked ? PLATEN_TASK_AGAIN : PLATEN_TASK_UNPACK;
    default:
        return PLATEN_TASK_PACK;
    }
}

/* The one step of a batch's own. */
static void
set_route(platen_task_t *task)
{
    const platen_engine_t *engine =
        task->kind == PLATEN_TASK_UNPACK ? &platen_engine_unpack : &platen_engine_pack;

    task->route = (platen_route_t){
        .steps = { { .engine = engine, .edge = engine->edges } },
        .nsteps = 1,
    };
}

platen_task_t *
platen_task_new(const platen_job_t *job)
{
    platen_task_t *task;

    task = calloc(1, sizeof(*task));
    if (task == NULL) {
        return NULL;
    }

    task->kind = kind_of(job);
    task->id = job->id;
    task->epoch = job->epoch;
    task->attempt = job->attempts;
    task->crashes = job->crashes;
    task->pending_at = job->updated_at;
    task->started_ms = platen_boottime_ms();
    task->claimed_at = platen_now_us();
    task->received_at =
        platen_job_is_file(job) && !platen_job_is_thumbnail(job) ? 0 : job->received_at;
    task->created_at = job->created_at;
    task->input_size = job->input_size;
    platen_trace_of(&task->trace, job);
    task->request_id = job->request_id.len == 0
                           ? strdup("")
                           : strndup(job->request_id.data, job->request_id.len);
    snprintf(task->trace_id, sizeof(task->trace_id), "%.*s", (int) job->trace_id.len,
             job->trace_id.len == 0 ? "" : job->trace_id.data);
    task->client =
        job->client.len == 0 ? strdup("") : strndup(job->client.data, job->client.len);
    task->sources =
        job->sources.len == 0 ? strdup("") : strndup(job->sources.data, job->sources.len);
    task->filename = job->input_filename.len == 0
                         ? strdup("")
                         : strndup(job->input_filename.data, job->input_filename.len);
    if (task->request_id == NULL || task->client == NULL || task->sources == NULL
        || task->filename == NULL) {
        platen_task_destroy(&task);
        return NULL;
    }

    if (job->source_format.len > 0) {
        task->from = platen_format_find(job->source_format.data, job->source_format.len);
    }
    if (job->target_format.len > 0) {
        task->to = platen_format_find(job->target_format.data, job->target_format.len);
    }
    if (platen_options_parse(&task->options, job->options.data, job->options.len) != PLATEN_OK
        || platen_options_parse(&task->options, job->secrets.data, job->secrets.len)
               != PLATEN_OK) {
        task->to = NULL; /* a newer version's: better no result than another one */
    }
    if (task->kind != PLATEN_TASK_DOCUMENT) {
        set_route(task);
    }
    return task;
}

void
platen_task_destroy(platen_task_t **task)
{
    if (*task == NULL) {
        return;
    }
    free((*task)->request_id);
    free((*task)->client);
    free((*task)->filename);
    free((*task)->sources);
    free((*task)->files_dir);
    explicit_bzero(*task, sizeof(**task));
    free(*task);
    *task = NULL;
}

int
platen_task_is(const platen_task_t *task, const platen_id_t *id, uint32_t epoch)
{
    return task != NULL && task->epoch == epoch && memcmp(&task->id, id, sizeof(*id)) == 0;
}

json_t *
platen_task_context(const platen_task_t *task)
{
    json_t *request_id, *client;
    char    text[PLATEN_ID_TEXT + 1], names[PLATEN_ROUTE_WORDS_MAX + 1];

    platen_route_names(&task->route, '+', names, sizeof(names));
    if (task->kind == PLATEN_TASK_CANARY) {
        return json_pack("{s:s, s:s, s:s}", "from", task->from->name, "to", task->to->name,
                         "engine", names);
    }
    request_id = platen_log_text(task->request_id, strlen(task->request_id));
    client = platen_log_text(task->client, strlen(task->client));
    platen_id_format(&task->id, text);
    return json_pack(
        "{s:s, s:o, s:s*, s:o, s:s*, s:s*, s:s*, s:i, s:i}", "job_id", text, "request_id",
        request_id, "trace_id", *task->trace_id == '\0' ? NULL : task->trace_id, "client",
        client, "from", task->from == NULL ? NULL : task->from->name, "to",
        task->to == NULL ? NULL : task->to->name, "engine", *names == '\0' ? NULL : names,
        "attempt", (int) task->attempt, "epoch", (int) task->epoch);
}

/* What spans of the task say besides. */
static json_t *
attributes(const platen_task_t *task)
{
    json_t *request_id = platen_log_text(task->request_id, strlen(task->request_id));
    json_t *client = platen_log_text(task->client, strlen(task->client));
    char    names[PLATEN_ROUTE_WORDS_MAX + 1];

    platen_route_names(&task->route, '+', names, sizeof(names));
    return json_pack("{s:o, s:o, s:i, s:s*, s:s*, s:s*}", "platen.request.id", request_id,
                     "platen.client", client, "platen.attempt", (int) task->attempt,
                     "platen.from", task->from == NULL ? NULL : task->from->name, "platen.to",
                     task->to == NULL ? NULL : task->to->name, "platen.engines",
                     *names == '\0' ? NULL : names);
}

void
platen_task_trace_wait(const platen_task_t *task)
{
    const platen_span_t request = {
        .kind = PLATEN_SPAN_REQUEST,
        .name = "accept",
        .start = task->received_at,
        .end = task->created_at,
    };
    const platen_span_t wait = {
        .kind = PLATEN_SPAN_WAIT,
        .name = "wait",
        .epoch = task->epoch,
        .start = task->pending_at,
        .end = task->claimed_at,
    };

    if (task->kind == PLATEN_TASK_CANARY || !platen_trace_on(&task->trace)) {
        return;
    }
    if (task->epoch == 1 && task->received_at != 0) {
        platen_trace_span(&task->trace, &request, attributes(task));
    }
    platen_trace_span(&task->trace, &wait, attributes(task));
}

void
platen_task_trace_run(const platen_task_t *task, const char *failed)
{
    static const char *const names[] = {
        [PLATEN_TASK_DOCUMENT] = "convert", [PLATEN_TASK_UNPACK] = "unpack",
        [PLATEN_TASK_AGAIN] = "put back",   [PLATEN_TASK_PACK] = "pack",
        [PLATEN_TASK_CANARY] = "canary",
    };
    const platen_span_t run = {
        .kind = PLATEN_SPAN_RUN,
        .name = names[task->kind],
        .epoch = task->epoch,
        .start = task->claimed_at,
        .end = platen_now_us(),
        .failed = failed,
    };

    if (task->kind != PLATEN_TASK_CANARY && platen_trace_on(&task->trace)) {
        platen_trace_span(&task->trace, &run, attributes(task));
    }
}

const char *
platen_task_exemplar(const platen_task_t *task)
{
    return task->kind == PLATEN_TASK_CANARY || task->trace.unwanted
                   || (*task->trace_id == '\0' && !platen_trace_on(&task->trace))
               ? NULL
               : task->trace.id;
}
