/*
 * platenctl jobs: the jobs of all clients, newest first.  platenctl queue: who
 * waits.  Both read the store, SLICE records in a transaction, and change nothing.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/store.h"

#define SLICE 256
#define LIMIT "50"

typedef struct {
    platen_state_t state;  /* PLATEN_STATE_NONE: all */
    platen_str_t   client; /* length 0: all */
    long           left;   /* rows that may still be shown */
    int            json;
    size_t         rows;
} query_t;

static void
show_json(query_t *q, const platen_job_t *job, const char *id)
{
    json_t *row;

    row = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "job_id",
                    id, "status", platen_state_name((platen_state_t) job->state), "client",
                    platen_ctl_store_json_text(job->client), "input_file",
                    platen_ctl_store_json_text(job->input_filename), "source_format",
                    platen_ctl_store_json_text(job->source_format), "target_format",
                    platen_ctl_store_json_text(job->target_format), "input_size",
                    (json_int_t) job->input_size, "attempts", (json_int_t) job->attempts,
                    "created_at", platen_ctl_store_json_time(job->created_at), "completed_at",
                    platen_ctl_store_json_time(job->completed_at), "error_code",
                    platen_ctl_store_json_text(job->error_code), "error",
                    platen_ctl_store_json_text(job->error));
    platen_ctl_store_json_row(row, q->rows);
}

static void
show(query_t *q, const platen_job_t *job)
{
    char id[PLATEN_ID_TEXT + 1], created[32], client[24], formats[24], from[12], to[12];
    char last[128];

    platen_id_format(&job->id, id);
    if (q->json) {
        show_json(q, job, id);
    } else {
        if (q->rows == 0) {
            printf("%-36s  %-15s  %-20s  %-16s  %-12s  %12s  %s\n", "ID", "STATE", "CREATED",
                   "CLIENT", "FORMATS", "BYTES", "ERROR, OR FILE");
        }
        snprintf(formats, sizeof(formats), "%s>%s",
                 platen_ctl_store_text(job->source_format, from, sizeof(from)),
                 platen_ctl_store_text(job->target_format, to, sizeof(to)));
        printf("%-36s  %-15s  %-20s  %-16s  %-12s  %12llu  %s\n", id,
               platen_state_name((platen_state_t) job->state),
               platen_ctl_store_time(job->created_at, created),
               platen_ctl_store_text(job->client, client, sizeof(client)), formats,
               (unsigned long long) job->input_size,
               platen_ctl_store_text(job->error_code.len != 0 ? job->error_code
                                                              : job->input_filename,
                                     last, sizeof(last)));
    }
    q->rows++;
    q->left--;
}

/* The next ids, newest first: from the client's index if one is asked for. */
static int
next_ids(platen_txn_t *txn, const query_t *q, const platen_id_t *before, platen_id_t *ids)
{
    const platen_list_t list = { .client = q->client, .state = q->state, .before = before };
    int                 more;

    return q->client.len == 0 ? platen_store_jobs(txn, before, 1, ids, SLICE)
                              : platen_store_list(txn, &list, ids, SLICE, &more);
}

static int
list(platen_ctl_store_t *s, query_t *q)
{
    platen_txn_t txn;
    platen_id_t  ids[SLICE], before;
    platen_job_t job;
    int          rc, i, n, first = 1;

    do {
        rc = platen_txn_read(s->store, &txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
        n = next_ids(&txn, q, first ? NULL : &before, ids);
        for (i = 0; i < n && q->left > 0; i++) {
            rc = platen_store_get(&txn, &ids[i], &job);
            if (rc == PLATEN_OK && !platen_job_is_file(&job)
                && (q->state == PLATEN_STATE_NONE || q->state == (platen_state_t) job.state)) {
                show(q, &job);
            } else if (rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW) {
                fprintf(stderr, "platenctl: a record cannot be read: see platenctl fsck\n");
            }
        }
        platen_txn_abort(&txn);
        if (n > 0) {
            before = ids[n - 1];
            first = 0;
        }
    } while (n == SLICE && q->left > 0);
    return n < 0 ? n : PLATEN_OK;
}

static int
run_jobs(platen_ctl_t *ctl, int argc, char **argv)
{
    const char               *state = NULL, *client = NULL, *limit = LIMIT;
    int                       failed = 0, first, code, rc;
    const platen_ctl_option_t options[] = {
        { "failed", 'f', NULL, NULL, &failed, "those that have failed: --state FAILED" },
        { "state", 's', "STATE", &state, NULL, "those in that state" },
        { "client", 0, "NAME", &client, NULL, "those of that client" },
        { "limit", 'n', "NUMBER", &limit, NULL, "at most so many (" LIMIT "); 0: all" },
    };
    platen_ctl_store_t s;
    query_t            q = { .json = 0 };
    char              *end;

    first =
        platen_ctl_parse(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]), &code);
    if (first < 0) {
        return code;
    }
    q.json = ctl->json;
    if (client != NULL) {
        q.client = platen_str(client);
    }
    if (failed) {
        state = "FAILED";
    }
    if (state != NULL) {
        q.state = platen_state_parse(state, strlen(state));
    }
    errno = 0;
    q.left = strtol(limit, &end, 10);
    if (first != argc || (state != NULL && q.state == PLATEN_STATE_NONE) || errno != 0
        || *end != '\0' || end == limit || q.left < 0
        || (client != NULL && (q.client.len == 0 || q.client.len > PLATEN_CLIENT_MAX))) {
        fputs("platenctl: jobs takes a state such as FAILED, a client's name, and a number\n"
              "See: platenctl help jobs\n",
              stderr);
        return PLATEN_CTL_USAGE;
    }
    q.left = q.left == 0 ? LONG_MAX : q.left;

    code = platen_ctl_store_open(ctl, &s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    rc = list(&s, &q);
    if (q.json) {
        fputs(q.rows == 0 ? "[]\n" : "\n]\n", stdout);
    }
    platen_ctl_store_close(&s);
    return rc == PLATEN_OK ? PLATEN_CTL_DONE : platen_ctl_store_failed("cannot list jobs", rc);
}

typedef struct {
    uint64_t pending, running, bytes, oldest;
} waiting_t;

/* One client's row; `oldest` is when the oldest of its PENDING jobs was submitted. */
static int
read_client(platen_txn_t *txn, platen_str_t client, waiting_t *w)
{
    platen_list_t list = { .client = client, .state = PLATEN_STATE_PENDING };
    platen_job_t  job;
    platen_id_t   id;
    int           rc, more;

    w->oldest = 0;
    rc = platen_store_count(txn, client, PLATEN_STATE_PENDING, &w->pending);
    if (rc == PLATEN_OK) {
        rc = platen_store_count(txn, client, PLATEN_STATE_PROCESSING, &w->running);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_usage(txn, client, &w->bytes);
    }
    if (rc != PLATEN_OK || w->pending == 0) {
        return rc;
    }
    list.offset = w->pending - 1;
    rc = platen_store_list(txn, &list, &id, 1, &more);
    if (rc == 1 && platen_store_get(txn, &id, &job) == PLATEN_OK) {
        w->oldest = job.created_at;
    }
    return rc < 0 ? rc : PLATEN_OK;
}

static void
show_client(platen_str_t client, const waiting_t *w, int json, size_t row)
{
    char    name[PLATEN_CLIENT_MAX + 1], oldest[32], *line;
    json_t *object;

    if (!json) {
        if (row == 0) {
            printf("%-32s  %10s  %10s  %-20s  %14s\n", "CLIENT", "WAITING", "RUNNING",
                   "OLDEST WAITS SINCE", "BYTES STORED");
        }
        printf("%-32s  %10llu  %10llu  %-20s  %14llu\n",
               platen_ctl_store_text(client, name, sizeof(name)),
               (unsigned long long) w->pending, (unsigned long long) w->running,
               platen_ctl_store_time(w->oldest, oldest), (unsigned long long) w->bytes);
        return;
    }
    object =
        json_pack("{s:o, s:I, s:I, s:o, s:I}", "client",
                  platen_log_text(client.data, client.len), "waiting", (json_int_t) w->pending,
                  "running", (json_int_t) w->running, "oldest_waits_since",
                  platen_ctl_store_json_time(w->oldest), "bytes", (json_int_t) w->bytes);
    line = object == NULL ? NULL : json_dumps(object, 0);
    printf("%s%s", row == 0 ? "[\n" : ",\n", line == NULL ? "null" : line);
    free(line);
    json_decref(object);
}

/* A transaction to a client: none is open for long, however many there are. */
static int
list_clients(platen_ctl_store_t *s, int all, int json)
{
    platen_client_t client = { .len = 0 };
    platen_txn_t    txn;
    waiting_t       w;
    size_t          rows = 0;
    int             rc;

    for (;;) {
        rc = platen_txn_read(s->store, &txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
        rc = platen_store_next_client(&txn, &client);
        if (rc == PLATEN_OK) {
            rc = read_client(&txn, (platen_str_t){ client.name, client.len }, &w);
        }
        platen_txn_abort(&txn);
        if (rc != PLATEN_OK) {
            break;
        }
        if (all || w.pending != 0 || w.running != 0) {
            show_client((platen_str_t){ client.name, client.len }, &w, json, rows++);
        }
    }
    if (json) {
        fputs(rows == 0 ? "[]\n" : "\n]\n", stdout);
    } else if (rows == 0) {
        puts("nobody waits");
    }
    return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
}

static int
run_queue(platen_ctl_t *ctl, int argc, char **argv)
{
    int                       all = 0, first, code, rc;
    const platen_ctl_option_t options[] = {
        { "all", 'a', NULL, NULL, &all, "clients without waiting or running jobs as well" },
    };
    platen_ctl_store_t s;

    first = platen_ctl_parse(ctl, argc, argv, options, 1, &code);
    if (first < 0) {
        return code;
    }
    if (first != argc) {
        fprintf(stderr, "platenctl: queue takes no \"%s\"\n", argv[first]);
        return PLATEN_CTL_USAGE;
    }
    code = platen_ctl_store_open(ctl, &s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    rc = list_clients(&s, all, ctl->json);
    platen_ctl_store_close(&s);
    return rc == PLATEN_OK ? PLATEN_CTL_DONE
                           : platen_ctl_store_failed("cannot read the queue", rc);
}

const platen_ctl_command_t platen_ctl_jobs = {
    .name = "jobs",
    .operands = "",
    .summary = "the jobs of all clients, newest first",
    .text =
        "A line to a job: id, state, when it came, client, formats, bytes of the document,\n"
        "and the error's code or else the file's name.  It changes nothing.",
    .run = run_jobs,
};

const platen_ctl_command_t platen_ctl_queue = {
    .name = "queue",
    .operands = "",
    .summary = "who waits, and how long already",
    .text = "A line to a client that has jobs waiting or running.  It changes nothing.",
    .run = run_queue,
};
