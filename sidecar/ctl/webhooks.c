/*
 * platenctl webhooks: deliveries that are to be made, were made, and were given
 * up; and the last of these once more.  Reads SLICE of them in a transaction, and
 * writes as many in one.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/store.h"
#include "job/event.h"
#include "store/hook.h"
#include "job/webhook_url.h"
#include "webhook/event.h"

#define SLICE 256
#define LIMIT "50"

typedef struct {
    int          kinds[PLATEN_HOOK_KINDS]; /* asked for */
    platen_str_t client;                   /* length 0: all */
    long         left;                     /* rows that may still be shown */
    int          json;
    size_t       rows;
} query_t;

static void
show_json(query_t *q, platen_hook_kind_t kind, const platen_hook_t *hook,
          const platen_job_t *job, const char *id)
{
    char    delivery[PLATEN_WEBHOOK_DELIVERY_TEXT];
    json_t *row;

    platen_webhook_event_delivery(hook, delivery);
    row = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "delivery",
        delivery, "state", platen_hook_kind_name(kind), "job_id", id, "event",
        platen_event_name(hook->state), "client", platen_ctl_store_json_text(job->client),
        "request_id", platen_ctl_store_json_text(job->request_id), "url",
        platen_ctl_store_json_text(job->webhook_url), "tries", (json_int_t) hook->tries,
        "status", hook->status == 0 ? json_null() : json_integer(hook->status), "error",
        platen_ctl_store_json_text(hook->failure), "time",
        platen_ctl_store_json_time(hook->time), "tried_at",
        platen_ctl_store_json_time(hook->tried_at), "next_at",
        platen_ctl_store_json_time(hook->due), "ended_at",
        platen_ctl_store_json_time(hook->ended_at));
    platen_ctl_store_json_row(row, q->rows);
}

/* The path of a URL is often a secret: people are shown where it leads. */
static void
show_text(const query_t *q, platen_hook_kind_t kind, const platen_hook_t *hook,
          const platen_job_t *job, const char *id)
{
    char origin[PLATEN_WEBHOOK_ORIGIN_MAX], when[32], failure[160], status[12] = "-";

    if (q->rows == 0) {
        printf("%-36s  %-15s  %-9s  %5s  %6s  %-20s  %-30s  %s\n", "JOB", "EVENT", "STATE",
               "TRIES", "STATUS", "NEXT TRY, OR END", "TO", "ERROR");
    }
    if (hook->status != 0) {
        snprintf(status, sizeof(status), "%u", hook->status);
    }
    platen_webhook_origin(job->webhook_url.data, job->webhook_url.len, origin);
    printf(
        "%-36s  %-15s  %-9s  %5u  %6s  %-20s  %-30s  %s\n", id, platen_event_name(hook->state),
        platen_hook_kind_name(kind), hook->tries, status,
        platen_ctl_store_time(kind == PLATEN_HOOK_PENDING ? hook->due : hook->ended_at, when),
        origin, platen_ctl_store_text(hook->failure, failure, sizeof(failure)));
}

static void
show(query_t *q, platen_hook_kind_t kind, const platen_hook_t *hook)
{
    platen_job_t job = { .id = hook->id };
    char         id[PLATEN_ID_TEXT + 1];

    if (platen_codec_decode(platen_job_fields, platen_job_nfields, &job,
                            (const uint8_t *) hook->job.data, hook->job.len)
        != PLATEN_OK) {
        memset(&job, 0, sizeof(job));
    }
    if (q->client.len != 0 && !platen_str_eq(q->client, job.client)) {
        return;
    }
    platen_id_format(&hook->id, id);
    if (q->json) {
        show_json(q, kind, hook, &job, id);
    } else {
        show_text(q, kind, hook, &job, id);
    }
    q->rows++;
    q->left--;
}

static int
list_kind(platen_ctl_store_t *s, query_t *q, platen_hook_kind_t kind)
{
    platen_hook_at_t at = { .len = 0 };
    platen_hook_t    hook;
    platen_txn_t     txn;
    int              rc, n;

    do {
        rc = platen_txn_read(s->store, &txn);
        for (n = 0; rc == PLATEN_OK && n < SLICE && q->left > 0; n++) {
            rc = platen_store_hook_list(&txn, kind, &at, &hook);
            if (rc == PLATEN_OK) {
                show(q, kind, &hook);
            } else if (rc == PLATEN_CORRUPT) {
                fputs("platenctl: a delivery cannot be read: see platenctl fsck\n", stderr);
                rc = PLATEN_OK;
            }
        }
        platen_txn_abort(&txn);
    } while (rc == PLATEN_OK && q->left > 0);
    return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
}

static int
list(platen_ctl_store_t *s, query_t *q)
{
    int rc = PLATEN_OK, i, all = 1;

    static const platen_hook_kind_t order[] = { PLATEN_HOOK_DEAD, PLATEN_HOOK_PENDING,
                                                PLATEN_HOOK_DELIVERED };

    for (i = 0; i < PLATEN_HOOK_KINDS; i++) {
        all &= !q->kinds[i];
    }
    for (i = 0; rc == PLATEN_OK && i < PLATEN_HOOK_KINDS; i++) {
        if (all || q->kinds[order[i]]) {
            rc = list_kind(s, q, order[i]);
        }
    }
    if (q->json) {
        fputs(q->rows == 0 ? "[]\n" : "\n]\n", stdout);
    }
    return rc;
}

/* --- once more -------------------------------------------------------------- */

typedef struct {
    platen_ctl_store_t s;
    int                n; /* ids, 0: all */
    char             **words;
    size_t             retried;
} retry_t;

static int
is_named(const retry_t *r, const platen_id_t *id)
{
    platen_id_t named;
    int         i;

    for (i = 0; i < r->n; i++) {
        if (platen_id_parse(r->words[i], strlen(r->words[i]), &named) == PLATEN_OK
            && memcmp(named.b, id->b, sizeof(id->b)) == 0) {
            return 1;
        }
    }
    return r->n == 0;
}

/* At most SLICE in one transaction.  1: there may be more; 0, or a negative code. */
static int
retry_slice(retry_t *r, platen_hook_at_t *at)
{
    platen_hook_t hook;
    platen_txn_t  txn;
    size_t        retried = 0;
    int           rc, i;

    rc = platen_txn_write(r->s.store, &txn);
    for (i = 0; rc == PLATEN_OK && i < SLICE; i++) {
        rc = platen_store_hook_list(&txn, PLATEN_HOOK_DEAD, at, &hook);
        if (rc == PLATEN_CORRUPT) {
            rc = PLATEN_OK;
        } else if (rc == PLATEN_OK && is_named(r, &hook.id)) {
            rc = platen_store_hook_revive(&txn, &hook.id, hook.seq, platen_now_us());
            retried++;
        }
    }
    if (rc == PLATEN_OK || rc == PLATEN_NOT_FOUND) {
        i = platen_txn_commit(&txn);
        rc = i != PLATEN_OK ? i : rc == PLATEN_OK;
    }
    platen_txn_abort(&txn);
    r->retried += rc >= 0 ? retried : 0;
    return rc;
}

static int
retry(platen_ctl_t *ctl, int n, char **words)
{
    platen_hook_at_t at = { .len = 0 };
    retry_t          r = { .n = n, .words = words };
    platen_id_t      id;
    int              code, rc, i;

    for (i = 0; i < n; i++) {
        if (platen_ctl_store_id(words[i], &id) != 0) {
            return PLATEN_CTL_USAGE;
        }
    }
    code = platen_ctl_store_open(ctl, &r.s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    do {
        rc = retry_slice(&r, &at);
    } while (rc == 1);
    platen_ctl_store_close(&r.s);
    if (rc != PLATEN_OK) {
        return platen_ctl_store_failed("cannot retry", rc);
    }
    printf(ctl->json ? "{\"retried\": %zu}\n" : "%zu retried\n", r.retried);
    if (n > 0 && r.retried == 0) {
        fputs("platenctl: none of these jobs has a delivery that was given up\n", stderr);
        return PLATEN_CTL_FAILED;
    }
    return PLATEN_CTL_DONE;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    const char               *client = NULL, *limit = LIMIT;
    query_t                   q = { .json = 0 };
    int                       again = 0, all = 0, first, code, rc;
    const platen_ctl_option_t options[] = {
        { "pending", 0, NULL, NULL, &q.kinds[PLATEN_HOOK_PENDING], "those to be made" },
        { "delivered", 0, NULL, NULL, &q.kinds[PLATEN_HOOK_DELIVERED], "those that were made" },
        { "dead", 'd', NULL, NULL, &q.kinds[PLATEN_HOOK_DEAD], "those that were given up" },
        { "client", 0, "NAME", &client, NULL, "those of that client's jobs" },
        { "limit", 'n', "NUMBER", &limit, NULL, "at most so many (" LIMIT "); 0: all" },
        { "retry", 'r', NULL, NULL, &again, "make those of jobs ID..., given up, after all" },
        { "all", 'a', NULL, NULL, &all, "with --retry: all that were given up" },
    };
    platen_ctl_store_t s;
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
    errno = 0;
    q.left = strtol(limit, &end, 10);
    if ((again ? (first == argc) != (all != 0) : first != argc || all) || errno != 0
        || *end != '\0' || end == limit || q.left < 0
        || (client != NULL
            && (again || q.client.len == 0 || q.client.len > PLATEN_CLIENT_MAX))) {
        fputs("platenctl: webhooks takes a client's name and a number; or --retry with ids of"
              " jobs, or --retry --all\n"
              "See: platenctl help webhooks\n",
              stderr);
        return PLATEN_CTL_USAGE;
    }
    if (again) {
        return retry(ctl, argc - first, argv + first);
    }
    q.left = q.left == 0 ? LONG_MAX : q.left;

    code = platen_ctl_store_open(ctl, &s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    rc = list(&s, &q);
    platen_ctl_store_close(&s);
    return rc == PLATEN_OK ? PLATEN_CTL_DONE
                           : platen_ctl_store_failed("cannot list webhooks", rc);
}

const platen_ctl_command_t platen_ctl_webhooks = {
    .name = "webhooks",
    .operands = "[ID...]",
    .summary = "what was told to webhooks, is to be, and could not be",
    .text =
        "A line to a delivery: those that were given up, those to be made, those that were\n"
        "made.  For people without the paths of URLs, which may be secrets; --json has all.\n"
        "With --retry, those that were given up are made after all; platend may run.\n"
        "\n"
        "Exit status: 0, or 1 if none of the named jobs had anything to be made again.",
    .run = run,
};
