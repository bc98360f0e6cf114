/*
 * store_driver: does to a store what a sidecar would, so that a test can have
 * any conversion matrix and any outcome without an engine.
 *
 *   store_driver STORE matrix < TEXT       what is converted, in its text form
 *   store_driver STORE options ID          prints both texts of the record
 *   store_driver STORE claim ID            PENDING to PROCESSING
 *   store_driver STORE put-back ID         PROCESSING to PENDING
 *   store_driver STORE jobs CLIENT         all of a client's: "ID STATE EPOCH INPUT OUTPUT",
 *                                          the last two digests, or "-"
 *   store_driver STORE events              the outbox: "SEQ ID STATE", "SEQ ID/FILE STATE"
 *   store_driver STORE records             every record, of files of batches, too: "ID EPOCH",
 *                                          and "-" behind it where no bytes have come yet
 *   store_driver STORE trim                drops every event but the newest
 *   store_driver STORE storm ID N          claims it and puts it back, N times
 *   store_driver STORE spoil ID            makes its record one that cannot be read
 *   store_driver STORE empty DATABASE      removes all that is in that index
 *   store_driver STORE finish ID STATE [DATA RESULT] [NAME=VALUE...]
 *
 * "finish" takes a job that is PROCESSING; with SUCCESS and PARTIAL_SUCCESS the
 * bytes RESULT become its result.  Names: warnings, output_format, engines, cached, error,
 * error_code, webhook_url.  Runs beside a running nginx.  Exits 1 with a sentence if it fails.
 */

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platen.h"
#include "base/id.h"
#include "disk/layout.h"
#include "job/matrix.h"
#include "storeadmin/check.h"
#include "store/internal.h"

static void
fail(const char *what, const char *why)
{
    fprintf(stderr, "store_driver: %s: %s\n", what, why);
    exit(1);
}

static void
check(int rc, const char *what)
{
    if (rc != PLATEN_OK) {
        fail(what, platen_strerror(rc));
    }
}

static void
put_matrix(platen_txn_t *txn)
{
    static platen_matrix_t matrix;
    static char            text[1 << 20];
    size_t                 len = fread(text, 1, sizeof(text), stdin);

    check(platen_matrix_parse(&matrix, text, len), "the matrix");
    check(platen_store_meta_put(txn, PLATEN_MATRIX_META, (platen_str_t){ text, len }),
          "storing the matrix");
}

static void
write_result(const char *data, platen_job_t *job, const char *result, uint8_t *sha256)
{
    platen_tmp_t tmp;
    size_t       len = strlen(result);

    if (platen_layout_tmp(data, &tmp) != 0 || write(tmp.fd, result, len) != (ssize_t) len
        || EVP_Digest(result, len, sha256, NULL, EVP_sha256(), NULL) != 1) {
        perror("store_driver: writing the result");
        exit(1);
    }
    close(tmp.fd);
    if (platen_layout_publish(data, tmp.path, PLATEN_DIR_OUTPUT, &job->id, job->epoch) != 0) {
        perror("store_driver: moving the result into place");
        exit(1);
    }
    job->output_size = len;
    job->output_sha256 = (platen_str_t){ (const char *) sha256, PLATEN_SHA256_LEN };
}

static void
set_field(platen_job_t *job, const char *arg)
{
    static const struct {
        const char *name;
        size_t      offset;
    } fields[] = {
        { "warnings", offsetof(platen_job_t, warnings) },
        { "output_format", offsetof(platen_job_t, output_format) },
        { "engines", offsetof(platen_job_t, engines) },
        { "error", offsetof(platen_job_t, error) },
        { "error_code", offsetof(platen_job_t, error_code) },
        { "webhook_url", offsetof(platen_job_t, webhook_url) },
    };
    const char  *value = strchr(arg, '=');
    platen_str_t text;
    size_t       i;

    if (value == NULL) {
        fail(arg, "is no NAME=VALUE");
    }
    if (strncmp(arg, "cached=", 7) == 0) {
        job->cached = value[1] == '1';
        return;
    }
    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (strlen(fields[i].name) == (size_t) (value - arg)
            && strncmp(fields[i].name, arg, (size_t) (value - arg)) == 0) {
            text = platen_str(value + 1);
            memcpy((char *) job + fields[i].offset, &text, sizeof(text));
            return;
        }
    }
    fail(arg, "is no field that can be set");
}

/* What is behind "finish ID". */
static void
finish(platen_txn_t *txn, platen_job_t *job, int argc, char **argv)
{
    uint8_t        sha256[PLATEN_SHA256_LEN];
    platen_state_t state;
    int            i = 1;

    state = argc > 0 ? platen_state_parse(argv[0], strlen(argv[0])) : PLATEN_STATE_NONE;
    if (state == PLATEN_STATE_SUCCESS || state == PLATEN_STATE_PARTIAL_SUCCESS) {
        if (argc < 3) {
            fail("finish", "takes DATA and RESULT");
        }
        write_result(argv[1], job, argv[2], sha256);
        i = 3;
    }
    for (; i < argc; i++) {
        set_field(job, argv[i]);
    }
    check(platen_store_transition(txn, job, state, platen_now_us()), "finishing");
}

/* Two events each time. */
static void
storm(platen_txn_t *txn, platen_job_t *job, long n)
{
    platen_id_t id = job->id;

    while (n-- > 0) {
        check(platen_store_get(txn, &id, job), "the job");
        job->owner = PLATEN_STR("store_driver");
        check(platen_store_transition(txn, job, PLATEN_STATE_PROCESSING, platen_now_us()),
              "claiming");
        check(platen_store_get(txn, &id, job), "the job");
        check(platen_store_transition(txn, job, PLATEN_STATE_PENDING, platen_now_us()),
              "putting it back");
    }
}

static void
spoil(platen_txn_t *txn, const platen_id_t *id)
{
    check(platen_store_put(txn, PLATEN_DB_JOBS, id->b, sizeof(id->b), "\xff\xff", 2, 0),
          "spoiling the record");
}

static void
empty(platen_txn_t *txn, const char *database)
{
    MDB_dbi dbi;

    if (mdb_dbi_open(txn->mdb, database, 0, &dbi) != MDB_SUCCESS
        || mdb_drop(txn->mdb, dbi, 0) != MDB_SUCCESS) {
        fail(database, "cannot be emptied");
    }
}

static void
print_digest(platen_str_t digest, char end)
{
    size_t i;

    for (i = 0; i < digest.len; i++) {
        printf("%02x", (unsigned char) digest.data[i]);
    }
    printf("%s%c", digest.len == 0 ? "-" : "", end);
}

static void
print_jobs(platen_txn_t *txn, const char *client)
{
    platen_list_t query = { .client = platen_str(client) };
    platen_id_t   ids[256], last;
    platen_job_t  job;
    char          text[PLATEN_ID_TEXT + 1];
    int           i, n, more;

    do {
        n = platen_store_list(txn, &query, ids, 256, &more);
        check(n < 0 ? n : PLATEN_OK, "the list");
        for (i = 0; i < n; i++) {
            check(platen_store_get(txn, &ids[i], &job), "a job of the list");
            platen_id_format(&ids[i], text);
            printf("%s %s %u ", text, platen_state_name((platen_state_t) job.state), job.epoch);
            print_digest(job.input_sha256, ' ');
            print_digest(job.output_sha256, '\n');
            last = ids[i];
        }
        query.before = &last;
    } while (more);
}

static void
print_records(platen_txn_t *txn)
{
    platen_id_t  ids[256];
    platen_job_t job;
    char         text[PLATEN_ID_TEXT + 1];
    int          i, n = 0;

    do {
        n = platen_store_jobs(txn, n == 0 ? NULL : &ids[255], 0, ids, 256);
        check(n < 0 ? n : PLATEN_OK, "the records");
        for (i = 0; i < n; i++) {
            check(platen_store_get(txn, &ids[i], &job), "a record");
            platen_id_format(&ids[i], text);
            printf("%s %u%s\n", text, job.epoch,
                   job.state == PLATEN_STATE_INITIATED && job.input_sha256.len == 0 ? " -"
                                                                                    : "");
        }
    } while (n == 256);
}

static void
print_events(platen_txn_t *txn)
{
    platen_event_t events[256];
    platen_id_t    id;
    uint64_t       seq = 0;
    char           text[PLATEN_ID_TEXT + 1];
    int            i, n;

    do {
        n = platen_store_events(txn, seq, events, 256);
        check(n < 0 ? n : PLATEN_OK, "the events");
        for (i = 0; i < n; i++) {
            memcpy(id.b, events[i].id.data, sizeof(id.b));
            platen_id_format(&id, text);
            seq = events[i].seq;
            printf("%llu %s", (unsigned long long) seq, text);
            if (events[i].file != 0) {
                printf("/%u", events[i].file - 1);
            }
            printf(" %s\n", platen_state_name((platen_state_t) events[i].state));
        }
    } while (n == 256);
}

/* Room for an upload: CLIENT ID BYTES, or CLIENT ID for none; without them, what there is. */
static void
room(platen_txn_t *txn, int argc, char **argv)
{
    platen_reservation_t kept[256];
    platen_str_t         client = platen_str(argc > 0 ? argv[0] : "");
    platen_id_t          id;
    char                 text[PLATEN_ID_TEXT + 1];
    int                  i, n;

    if (argc >= 2 && platen_id_parse(argv[1], strlen(argv[1]), &id) == PLATEN_OK) {
        check(argc > 2 ? platen_store_reserve(txn, client, &id, strtoull(argv[2], NULL, 10))
                       : platen_store_unreserve(txn, client, &id),
              "the room");
        return;
    }
    n = platen_store_reservations(txn, NULL, kept, 256);
    check(n < 0 ? n : PLATEN_OK, "the room");
    for (i = 0; i < n; i++) {
        platen_id_format(&kept[i].id, text);
        printf("%.*s %s %llu\n", (int) kept[i].client_len, kept[i].client, text,
               (unsigned long long) kept[i].bytes);
    }
}

static void
with_job(platen_txn_t *txn, const char *command, int argc, char **argv)
{
    char         secrets[PLATEN_OPTIONS_TEXT_MAX];
    size_t       len;
    platen_id_t  id;
    platen_job_t job;

    if (argc < 1 || platen_id_parse(argv[0], strlen(argv[0]), &id) != PLATEN_OK) {
        fail(command, "takes an id");
    }
    if (strcmp(command, "spoil") == 0) {
        spoil(txn, &id);
        return;
    }
    check(platen_store_get(txn, &id, &job), "the job");

    if (strcmp(command, "options") == 0) {
        fwrite(job.options.data, 1, job.options.len, stdout);
        check(platen_store_secrets(txn, &job, secrets, &len), "its secrets");
        fwrite(secrets, 1, len, stdout);
    } else if (strcmp(command, "claim") == 0) {
        job.owner = PLATEN_STR("store_driver");
        check(platen_store_transition(txn, &job, PLATEN_STATE_PROCESSING, platen_now_us()),
              "claiming");
    } else if (strcmp(command, "put-back") == 0) {
        check(platen_store_transition(txn, &job, PLATEN_STATE_PENDING, platen_now_us()),
              "putting it back");
    } else if (strcmp(command, "storm") == 0 && argc == 2) {
        storm(txn, &job, strtol(argv[1], NULL, 10));
    } else if (strcmp(command, "finish") == 0) {
        finish(txn, &job, argc - 1, argv + 1);
    } else {
        fail(command, "is no command");
    }
}

/* What another version of Platen would have written there: the store is not opened as one. */
static void
set_schema(const char *path, uint64_t schema)
{
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi  dbi;
    uint8_t  value[8];
    MDB_val  key = { 6, "schema" }, val = { sizeof(value), value };

    platen_put_be64(value, schema);
    if (mdb_env_create(&env) != 0 || mdb_env_set_maxdbs(env, 1) != 0
        || mdb_env_open(env, path, 0, 0600) != 0 || mdb_txn_begin(env, NULL, 0, &txn) != 0
        || mdb_dbi_open(txn, "meta", 0, &dbi) != 0 || mdb_put(txn, dbi, &key, &val, 0) != 0
        || mdb_txn_commit(txn) != 0) {
        fail("the schema", "cannot be written");
    }
    mdb_env_close(env);
}

int
main(int argc, char **argv)
{
    platen_store_t *store;
    platen_txn_t    txn;
    char            err[256];

    if (argc < 3) {
        fprintf(stderr, "usage: store_driver STORE COMMAND [ID ...]\n");
        return 2;
    }
    if (strcmp(argv[2], "schema") == 0 && argc == 4) {
        set_schema(argv[1], strtoull(argv[3], NULL, 10));
        return 0;
    }
    if (platen_store_open(&store, argv[1], 0, err, sizeof(err)) != PLATEN_OK) {
        fail("the store", err);
    }
    check(platen_txn_write(store, &txn), "beginning a transaction");
    if (strcmp(argv[2], "matrix") == 0) {
        put_matrix(&txn);
    } else if (strcmp(argv[2], "jobs") == 0) {
        print_jobs(&txn, argc > 3 ? argv[3] : "");
    } else if (strcmp(argv[2], "records") == 0) {
        print_records(&txn);
    } else if (strcmp(argv[2], "events") == 0) {
        print_events(&txn);
    } else if (strcmp(argv[2], "trim") == 0) {
        check(platen_store_trim_events(&txn, UINT64_MAX, UINT64_MAX, INT32_MAX) < 0
                  ? PLATEN_ERROR
                  : PLATEN_OK,
              "dropping events");
    } else if (strcmp(argv[2], "room") == 0) {
        room(&txn, argc - 3, argv + 3);
    } else if (strcmp(argv[2], "empty") == 0 && argc == 4) {
        empty(&txn, argv[3]);
    } else {
        with_job(&txn, argv[2], argc - 3, argv + 3);
    }
    check(platen_txn_commit(&txn), "committing");
    platen_store_close(&store);
    return 0;
}
