/*
 * platenctl cancel: jobs that have not ended, which their clients wait for in vain from then
 * on, as with DELETE /jobs/{id}.  platenctl delete: jobs in any state.  Record first, files
 * then: what a crash leaves between the two is swept by platend.
 */

#include <stdio.h>

#include "ctl/audit.h"
#include "ctl/store.h"
#include "disk/layout.h"

/* What a job was, when its record is gone. */
typedef struct {
    uint32_t       epoch;
    platen_state_t state;
    char           client[PLATEN_CLIENT_MAX + 1];
} gone_t;

/* Removes the record.  PLATEN_OK, with *why set if this job was refused; or a code. */
static int
remove_record(const platen_ctl_store_t *s, const platen_id_t *id, int ended, gone_t *gone,
              const char **why)
{
    platen_txn_t txn;
    platen_job_t job, removed;
    int          rc;

    *why = NULL;
    rc = platen_txn_write(s->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_get(&txn, id, &job);
    }
    if (rc == PLATEN_NOT_FOUND || rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW) {
        *why = platen_strerror(rc);
        rc = PLATEN_OK;
    } else if (rc == PLATEN_OK && platen_job_is_file(&job)) {
        *why = "it is a file of a batch: name the batch";
    } else if (rc == PLATEN_OK && !ended && platen_state_final((platen_state_t) job.state)) {
        *why = "it has ended: platenctl delete removes it";
    } else if (rc == PLATEN_OK) {
        gone->state = (platen_state_t) job.state;
        snprintf(gone->client, sizeof(gone->client), "%.*s", (int) job.client.len,
                 job.client.len == 0 ? "" : job.client.data);
        rc = platen_store_remove(&txn, id, NULL, platen_now_us(), &removed);
        if (rc == PLATEN_OK) {
            gone->epoch = removed.epoch;
            rc = platen_txn_commit(&txn);
        }
    }
    platen_txn_abort(&txn);
    return rc;
}

static void
tell(const platen_ctl_t *ctl, const char *id, const char *word, const char *why, int before)
{
    if (ctl->json) {
        printf("%s{\"job_id\": \"%s\", \"%s\": %s, \"reason\": \"%s\"}",
               before == 0 ? "[\n" : ",\n", id, word, why == NULL ? "true" : "false",
               why == NULL ? "" : why);
    } else if (why == NULL) {
        printf("%s  %s\n", id, word);
    } else {
        fprintf(stderr, "platenctl: %s is not %s: %s\n", id, word, why);
    }
}

static int
run(platen_ctl_t *ctl, int argc, char **argv, int ended)
{
    const char        *word = ended ? "deleted" : "cancelled", *why;
    platen_ctl_store_t s;
    platen_id_t        id;
    gone_t             gone;
    char               text[PLATEN_ID_TEXT + 1];
    int                first, code, rc, i, refused = 0;

    first = platen_ctl_parse(ctl, argc, argv, NULL, 0, &code);
    if (first < 0) {
        return code;
    }
    if (first == argc) {
        fprintf(stderr, "platenctl: %s takes ids of jobs\n", ctl->command->name);
        return PLATEN_CTL_USAGE;
    }
    for (i = first; i < argc; i++) {
        if (platen_ctl_store_id(argv[i], &id) != 0) {
            return PLATEN_CTL_USAGE;
        }
    }
    code = platen_ctl_store_open(ctl, &s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    for (rc = PLATEN_OK, i = first; rc == PLATEN_OK && i < argc; i++) {
        (void) platen_id_parse(argv[i], strlen(argv[i]), &id); /* looked at before */
        platen_id_format(&id, text);
        rc = remove_record(&s, &id, ended, &gone, &why);
        if (rc != PLATEN_OK) {
            break;
        }
        tell(ctl, text, word, why, i - first);
        if (why != NULL) {
            refused++;
            continue;
        }
        platen_layout_remove(s.config->data_path, &id, gone.epoch);
        platen_ctl_store_hint(&s, PLATEN_HINT_REMOVED, &id);
        platen_ctl_audit(ended ? "job deleted" : "job cancelled",
                         json_pack("{s:s, s:o, s:s}", "job_id", text, "client",
                                   platen_log_text(gone.client, strlen(gone.client)), "status",
                                   platen_state_name(gone.state)));
    }
    if (ctl->json) {
        fputs(i == first ? "[]\n" : "\n]\n", stdout);
    }
    platen_ctl_store_close(&s);
    if (rc != PLATEN_OK) {
        return platen_ctl_store_failed("cannot remove the job", rc);
    }
    return refused == 0 ? PLATEN_CTL_DONE : PLATEN_CTL_FAILED;
}

static int
run_cancel(platen_ctl_t *ctl, int argc, char **argv)
{
    return run(ctl, argc, argv, 0);
}

static int
run_delete(platen_ctl_t *ctl, int argc, char **argv)
{
    return run(ctl, argc, argv, 1);
}

const platen_ctl_command_t platen_ctl_cancel = {
    .name = "cancel",
    .operands = "ID...",
    .summary = "jobs that wait or run, away",
    .text =
        "Removes jobs that have not ended, with their documents, as DELETE /jobs/{id} does.\n"
        "A conversion that runs is killed within a second; platend is told.\n"
        "\n"
        "Exit status: 0 if all were cancelled, 1 if one was not.",
    .run = run_cancel,
};

const platen_ctl_command_t platen_ctl_delete = {
    .name = "delete",
    .operands = "ID...",
    .summary = "jobs in any state, with their files, away",
    .text = "Removes jobs with their documents and results, as DELETE /jobs/{id} does.  In\n"
            "backups they stay until those go.\n"
            "\n"
            "Exit status: 0 if all were deleted, 1 if one was not.",
    .run = run_delete,
};
