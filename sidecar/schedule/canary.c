/*
 * See schedule/canary.h.  Used by the loop's thread alone.  One failure may have
 * many causes that are gone a moment later: what is told is the second in a row.
 */

#include "schedule/canary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECOND_LOOK_MS 3000 /* from a first failure to the next try */
#define MEND_LOOK_MS 30000  /* between tries while it fails */

/* The first that this machine has a way for is taken. */
static const struct {
    const char *from;
    const char *to;
    const char *document;
} kinds[] = {
    { "rtf", "pdf", "{\\rtf1\\ansi{\\fonttbl\\f0 Liberation Serif;}\\f0 Platen\\par}\n" },
    { "txt", "pdf", "Platen\n" },
    { "csv", "json", "name,number\nPlaten,1\n" },
    { "md", "html", "# Platen\n" },
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

struct platen_canary_s {
    const platen_config_t *config;
    platen_engines_t      *engines;
    uint64_t               due_ms;   /* CLOCK_BOOTTIME; UINT64_MAX: it runs, or never does */
    unsigned               failures; /* in a row */
    size_t                 kind;
    platen_canary_record_t last;
    char                   condition[512];
};

platen_canary_t *
platen_canary_new(const platen_config_t *config, platen_engines_t *engines)
{
    platen_canary_t *c = calloc(1, sizeof(*c));

    if (c != NULL) {
        c->config = config;
        c->engines = engines;
        c->due_ms = config->canary_interval == 0 ? UINT64_MAX : 0;
    }
    return c;
}

void
platen_canary_destroy(platen_canary_t **canary)
{
    free(*canary);
    *canary = NULL;
}

/* The way of that kind now; PLATEN_LATER: there is one, which is out of order. */
static int
find_way(platen_canary_t *c, size_t kind, platen_route_t *route)
{
    const platen_format_t *from =
        platen_format_find(kinds[kind].from, strlen(kinds[kind].from));
    const platen_format_t *to = platen_format_find(kinds[kind].to, strlen(kinds[kind].to));

    return from == NULL || to == NULL ? PLATEN_NOT_FOUND
                                      : platen_engines_route(c->engines, from, to, 0, route);
}

platen_task_t *
platen_canary_due(platen_canary_t *c)
{
    platen_route_t route;
    platen_task_t *task;
    platen_job_t   job = { .priority = 0 };
    int            rc = PLATEN_NOT_FOUND;
    size_t         i;

    if (platen_boottime_ms() < c->due_ms) {
        return NULL;
    }
    for (i = 0; rc == PLATEN_NOT_FOUND && i < NKINDS; i++) {
        rc = find_way(c, i, &route);
        c->kind = i;
    }
    if (rc != PLATEN_OK) {
        return NULL;
    }
    job.source_format = platen_str(kinds[c->kind].from);
    job.target_format = platen_str(kinds[c->kind].to);
    task = platen_task_new(&job);
    if (task != NULL) {
        task->kind = PLATEN_TASK_CANARY;
        task->route = route;
    }
    return task;
}

int
platen_canary_begin(platen_canary_t *c, const platen_task_t *task, char path[PLATEN_PATH_MAX])
{
    size_t len = strlen(kinds[c->kind].document);
    int    fd, rc;

    c->due_ms = UINT64_MAX;
    snprintf(path, PLATEN_PATH_MAX, "%.*s/runs/canary.%s", PLATEN_ROOT_MAX,
             c->config->data_path, task->from->name);
    if (unlink(path) != 0 && errno != ENOENT) {
        return -1;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    errno = EIO;
    rc = write(fd, kinds[c->kind].document, len) == (ssize_t) len ? 0 : -1;
    return close(fd) == 0 ? rc : -1;
}

static void
note(platen_canary_t *c, const platen_task_t *task, const platen_verdict_t *v, int ok)
{
    c->last = (platen_canary_record_t){
        .at = platen_now_us(),
        .ok = ok,
        .took = (uint32_t) (platen_boottime_ms() - task->started_ms),
    };
    snprintf(c->last.from, sizeof(c->last.from), "%s", task->from->name);
    snprintf(c->last.to, sizeof(c->last.to), "%s", task->to->name);
    platen_route_names(&task->route, '+', c->last.engines, sizeof(c->last.engines));
    if (!ok) {
        snprintf(c->last.why, sizeof(c->last.why), "%s",
                 v->error_code != NULL ? v->error_code : "server_failed");
    }
}

static json_t *
context(const platen_canary_t *c)
{
    return json_pack("{s:s, s:s, s:s, s:i}", "from", c->last.from, "to", c->last.to, "engine",
                     c->last.engines, "duration_ms", (int) c->last.took);
}

static void
succeed(platen_canary_t *c, const platen_task_t *task, const platen_verdict_t *v)
{
    int news = c->last.at == 0 || !c->last.ok;

    note(c, task, v, 1);
    c->failures = 0;
    *c->condition = '\0';
    c->due_ms = platen_boottime_ms() + c->config->canary_interval * 1000;
    platen_log(news ? PLATEN_LOG_INFO : PLATEN_LOG_DEBUG, "canary converted", context(c));
}

static void
fail(platen_canary_t *c, const platen_task_t *task, const platen_verdict_t *v)
{
    uint64_t wait = c->config->canary_interval * 1000;
    json_t  *what;

    c->failures++;
    if (c->failures == 1) {
        c->due_ms = platen_boottime_ms() + SECOND_LOOK_MS;
        return;
    }
    what = json_pack("{s:s*, s:o, s:o, s:i, s:i}", "error_code", v->error_code, "detail",
                     platen_log_text(v->detail, strlen(v->detail)), "engine_said",
                     platen_log_text(v->last_line, strlen(v->last_line)), "exit", v->exit_code,
                     "signal", v->signal);
    note(c, task, v, 0);
    if (c->failures == 2) {
        if (what != NULL) {
            (void) json_object_update_missing_new(what, context(c));
        }
        platen_log(PLATEN_LOG_ERROR, "canary failed", what);
    } else {
        json_decref(what);
    }
    snprintf(c->condition, sizeof(c->condition),
             "Documents are not converted: platend's own small one (%s to %s, by %s) fails with"
             " %s; look for \"canary failed\" in platend's log.",
             c->last.from, c->last.to, c->last.engines, c->last.why);
    c->due_ms = platen_boottime_ms() + (wait < MEND_LOOK_MS ? wait : MEND_LOOK_MS);
}

void
platen_canary_end(platen_canary_t *c, const platen_task_t *task, const platen_verdict_t *v)
{
    if (v->state == PLATEN_STATE_SUCCESS) {
        succeed(c, task, v);
    } else {
        fail(c, task, v);
    }
}

const platen_canary_record_t *
platen_canary_last(const platen_canary_t *c)
{
    return &c->last;
}

const char *
platen_canary_condition(const platen_canary_t *c)
{
    return c->condition;
}
