/*
 * platenctl retry: jobs that have failed go back to the queue, as with POST
 * /jobs/{id}/retry.  SLICE jobs to a transaction, so that the web server's
 * writers do not wait for long.
 */

#include <stdio.h>

#include "ctl/audit.h"
#include "ctl/file.h"
#include "ctl/store.h"

#define SLICE 64

typedef struct {
    platen_ctl_store_t s;
    size_t             retried, refused;
    platen_id_t        last;
    int                json;
} retry_t;

/* Why the job cannot be retried; NULL if it can. */
static const char *
obstacle(const retry_t *r, const platen_job_t *job)
{
    platen_ctl_file_found_t input;

    if (job->state != PLATEN_STATE_FAILED) {
        return "it has not failed";
    }
    /* Without its password the result might be open to everyone. */
    if (job->withheld != 0) {
        return "it was submitted with a password, which is not kept: only its client can"
               " retry it, with POST /jobs/{id}/retry";
    }
    platen_ctl_file_look(r->s.config->data_path, PLATEN_DIR_INPUT, job, 0, &input);
    return input.is == PLATEN_CTL_FILE_SAME ? NULL : "its document is not there any more";
}

/* In a write transaction.  *why is set if this job was refused. */
static int
retry_one(const retry_t *r, platen_txn_t *txn, const platen_id_t *id, const char **why)
{
    platen_job_t job;
    int          rc;

    *why = NULL;
    rc = platen_store_get(txn, id, &job);
    if (rc == PLATEN_NOT_FOUND || rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW) {
        *why = platen_strerror(rc);
        return PLATEN_OK;
    }
    if (rc == PLATEN_OK) {
        *why = obstacle(r, &job);
    }
    return rc == PLATEN_OK && *why == NULL
               ? platen_store_transition(txn, &job, PLATEN_STATE_PENDING, platen_now_us())
               : rc;
}

static void
tell(retry_t *r, const platen_id_t *id, const char *why)
{
    char    text[PLATEN_ID_TEXT + 1];
    size_t *n = why == NULL ? &r->retried : &r->refused;

    platen_id_format(id, text);
    if (why == NULL) {
        r->last = *id;
        platen_ctl_audit("job retried", json_pack("{s:s}", "job_id", text));
    }
    if (r->json) {
        printf("%s{\"job_id\": \"%s\", \"retried\": %s, \"reason\": \"%s\"}",
               r->retried + r->refused == 0 ? "[\n" : ",\n", text,
               why == NULL ? "true" : "false", why == NULL ? "" : why);
    } else if (why == NULL) {
        printf("%s  PENDING\n", text);
    } else {
        fprintf(stderr, "platenctl: %s is not retried: %s\n", text, why);
    }
    (*n)++;
}

/* At most SLICE jobs, in one transaction; told when it is durable. */
static int
retry_slice(retry_t *r, const platen_id_t *ids, int n)
{
    const char  *why[SLICE];
    platen_txn_t txn;
    int          rc, i;

    rc = platen_txn_write(r->s.store, &txn);
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        rc = retry_one(r, &txn, &ids[i], &why[i]);
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        tell(r, &ids[i], why[i]);
    }
    return rc;
}

/* The next FAILED jobs among SLICE records.  Returns how many records it has seen. */
static int
find_failed(retry_t *r, int first, platen_id_t *after, platen_id_t *failed, int *nfailed)
{
    platen_txn_t txn;
    platen_id_t  ids[SLICE];
    platen_job_t job;
    int          rc, i, n;

    *nfailed = 0;
    rc = platen_txn_read(r->s.store, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    n = platen_store_jobs(&txn, first ? NULL : after, 0, ids, SLICE);
    for (i = 0; i < n; i++) {
        if (platen_store_get(&txn, &ids[i], &job) == PLATEN_OK
            && job.state == PLATEN_STATE_FAILED && !platen_job_is_file(&job)) {
            failed[(*nfailed)++] = ids[i];
        }
    }
    platen_txn_abort(&txn);
    if (n > 0) {
        *after = ids[n - 1];
    }
    return n;
}

static int
retry_failed(retry_t *r)
{
    platen_id_t after, failed[SLICE];
    int         rc = PLATEN_OK, n, nfailed, first = 1;

    do {
        n = find_failed(r, first, &after, failed, &nfailed);
        if (n < 0) {
            return n;
        }
        first = 0;
        if (nfailed > 0) {
            rc = retry_slice(r, failed, nfailed);
        }
    } while (rc == PLATEN_OK && n == SLICE);
    return rc;
}

static int
retry_named(retry_t *r, int n, char **words)
{
    platen_id_t ids[SLICE];
    int         rc = PLATEN_OK, i, some = 0;

    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        (void) platen_id_parse(words[i], strlen(words[i]), &ids[some++]); /* looked at before */
        if (some == SLICE || i + 1 == n) {
            rc = retry_slice(r, ids, some);
            some = 0;
        }
    }
    return rc;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    int                       failed = 0, first, code, rc, i;
    const platen_ctl_option_t options[] = {
        { "failed", 'f', NULL, NULL, &failed, "all jobs that have failed" },
    };
    retry_t     r = { .retried = 0 };
    platen_id_t id;

    first = platen_ctl_parse(ctl, argc, argv, options, 1, &code);
    if (first < 0) {
        return code;
    }
    if ((first == argc) != (failed != 0)) {
        fputs("platenctl: retry takes ids of jobs, or --failed\n", stderr);
        return PLATEN_CTL_USAGE;
    }
    for (i = first; i < argc; i++) {
        if (platen_ctl_store_id(argv[i], &id) != 0) {
            return PLATEN_CTL_USAGE;
        }
    }
    code = platen_ctl_store_open(ctl, &r.s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    r.json = ctl->json;
    rc = failed ? retry_failed(&r) : retry_named(&r, argc - first, argv + first);
    if (r.json) {
        fputs(r.retried + r.refused == 0 ? "[]\n" : "\n]\n", stdout);
    } else if (failed) {
        printf("%zu retried, %zu refused\n", r.retried, r.refused);
    }
    if (r.retried > 0) {
        platen_ctl_store_hint(&r.s, PLATEN_HINT_SUBMITTED, &r.last);
    }
    platen_ctl_store_close(&r.s);
    if (rc != PLATEN_OK) {
        return platen_ctl_store_failed("cannot retry", rc);
    }
    return r.refused == 0 ? PLATEN_CTL_DONE : PLATEN_CTL_FAILED;
}

const platen_ctl_command_t platen_ctl_retry = {
    .name = "retry",
    .operands = "ID...",
    .summary = "jobs that have failed, once more",
    .text =
        "Puts FAILED jobs back into the queue, as if they were new.  Those that were given\n"
        "a password are refused, as it is not kept.  platend may run, and is told.\n"
        "\n"
        "Exit status: 0 if all were retried, 1 if one was not.",
    .run = run,
};
