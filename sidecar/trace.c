/* Spans; see trace.h.  Set up once, before there are other threads; then read alone. */

#include "trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define FLAG_SAMPLED 1

static int                    socket_fd = -1;
static int                    shared_fd = -1;
static platen_trace_counts_t *counts;

int
platen_trace_open(int fd, int counts_fd)
{
    void *shared =
        mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, counts_fd, 0);

    if (shared == MAP_FAILED) {
        return -1;
    }
    counts = shared;
    socket_fd = fd;
    shared_fd = counts_fd;
    return 0;
}

void
platen_trace_fds(int fds[2])
{
    fds[0] = socket_fd;
    fds[1] = shared_fd;
}

platen_trace_counts_t *
platen_trace_counts(void)
{
    return counts;
}

/* The record's "parent-id", "-", "trace-flags", as the request's traceparent had them. */
static void
take_caller(platen_trace_t *trace, const platen_job_t *job)
{
    char flags[3] = ""; /* as a string of a record has no NUL behind it */

    if (job->trace_id.len != 32) {
        return;
    }
    memcpy(trace->id, job->trace_id.data, 32);
    if (job->trace_parent.len != 19) {
        return;
    }
    memcpy(trace->caller, job->trace_parent.data, 16);
    memcpy(flags, job->trace_parent.data + 17, 2);
    trace->unwanted = !(strtoul(flags, NULL, 16) & FLAG_SAMPLED);
}

void
platen_trace_of(platen_trace_t *trace, const platen_job_t *job)
{
    size_t i;

    *trace = (platen_trace_t){ .job = job->id, .root = job->id };
    if (platen_job_is_file(job) && !platen_job_is_thumbnail(job)) {
        memcpy(trace->root.b, job->parent.data, sizeof(trace->root.b));
    }
    take_caller(trace, job);
    if (*trace->id == '\0') {
        for (i = 0; i < sizeof(trace->root.b); i++) {
            snprintf(trace->id + 2 * i, 3, "%02x", trace->root.b[i]);
        }
    }
}

int
platen_trace_on(const platen_trace_t *trace)
{
    return counts != NULL && *trace->id != '\0' && !trace->unwanted;
}

/* FNV-1a of what the span is, mixed once more, as neighbours differ in few bits. */
static void
number(const platen_id_t *job, platen_span_kind_t kind, uint32_t epoch, uint64_t n,
       char text[17])
{
    const uint64_t of[] = { kind, epoch, n };
    uint64_t       h = UINT64_C(0xcbf29ce484222325);
    size_t         i;

    for (i = 0; i < sizeof(job->b); i++) {
        h = (h ^ job->b[i]) * UINT64_C(0x100000001b3);
    }
    for (i = 0; i < 8 * sizeof(of) / sizeof(of[0]); i++) {
        h = (h ^ (of[i / 8] >> 8 * (i % 8) & 0xff)) * UINT64_C(0x100000001b3);
    }
    h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    snprintf(text, 17, "%016" PRIx64, h == 0 ? 1 : h);
}

/* The OTLP number of the kind: a server's, a client's, or of our own. */
static int
role(platen_span_kind_t kind)
{
    return kind == PLATEN_SPAN_REQUEST ? 2 : kind == PLATEN_SPAN_WEBHOOK ? 3 : 1;
}

static void
name_parent(const platen_trace_t *trace, const platen_span_t *span, char text[17])
{
    if (span->kind == PLATEN_SPAN_REQUEST) {
        memcpy(text, trace->caller, sizeof(trace->caller));
    } else if (span->kind == PLATEN_SPAN_STEP) {
        number(&trace->job, PLATEN_SPAN_RUN, span->epoch, 0, text);
    } else {
        number(&trace->root, PLATEN_SPAN_REQUEST, 0, 0, text);
    }
}

/* As OTLP writes a KeyValue: 64 bits of a number are text in JSON. */
static json_t *
key_value(const char *key, const json_t *value)
{
    char text[24];

    if (json_is_integer(value)) {
        snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return json_pack("{s:s, s:{s:s}}", "key", key, "value", "intValue", text);
    }
    return json_pack("{s:s, s:{s:s}}", "key", key, "value", "stringValue",
                     json_string_value(value));
}

static json_t *
compose(const platen_trace_t *trace, const platen_span_t *span, const json_t *attributes)
{
    char        id[17], parent[17], start[24], end[24], job[PLATEN_ID_TEXT + 1];
    const char *key;
    json_t     *list = json_array(), *value, *all;

    platen_id_format(&trace->job, job);
    json_array_append_new(
        list, json_pack("{s:s, s:{s:s}}", "key", "platen.job.id", "value", "stringValue", job));
    if (span->failed != NULL) {
        json_array_append_new(list, json_pack("{s:s, s:{s:s}}", "key", "error.type", "value",
                                              "stringValue", span->failed));
    }
    json_object_foreach((json_t *) (uintptr_t) attributes, key, value)
    {
        json_array_append_new(list, key_value(key, value));
    }

    number(&trace->job, span->kind, span->kind == PLATEN_SPAN_REQUEST ? 0 : span->epoch,
           span->n, id);
    name_parent(trace, span, parent);
    snprintf(start, sizeof(start), "%" PRIu64 "000", span->start);
    snprintf(end, sizeof(end), "%" PRIu64 "000",
             span->end < span->start ? span->start : span->end);
    all = json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:o}", "traceId", trace->id, "spanId", id,
                    "name", span->name, "kind", role(span->kind), "startTimeUnixNano", start,
                    "endTimeUnixNano", end, "attributes", list);
    if (all == NULL) {
        return NULL;
    }
    if (*parent != '\0') {
        json_object_set_new(all, "parentSpanId", json_string(parent));
    }
    if (span->failed != NULL) {
        json_object_set_new(all, "status",
                            json_pack("{s:i, s:s}", "code", 2, "message", span->failed));
    }
    return all;
}

void
platen_trace_span(const platen_trace_t *trace, const platen_span_t *span, json_t *attributes)
{
    json_t *all;
    char   *text = NULL;

    if (platen_trace_on(trace)) {
        all = compose(trace, span, attributes);
        text = all == NULL ? NULL : json_dumps(all, JSON_COMPACT);
        json_decref(all);
        if (text == NULL
            || send(socket_fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
            __atomic_fetch_add(&counts->unsent, 1, __ATOMIC_RELAXED);
        }
        free(text);
    }
    json_decref(attributes);
}
