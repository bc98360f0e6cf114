/*
 * What tests of the sidecar share: a store and a data directory that live as
 * long as a test, and jobs in them as the web server would make them.
 */

#ifndef SIDECAR_FIXTURE_H
#define SIDECAR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config.h"
#include "sandbox/confine.h"
#include "format/format.h"
#include "disk/layout.h"
#include "store/store.h"
#include "run/tree.h"

typedef struct {
    char            root[40];
    char            data[64];
    char            store_path[64];
    platen_config_t config; /* every engine is switched off */
    platen_store_t *store;
} fixture_t;

static char fixture_none[] = "", fixture_nowhere[] = "/nonexistent";

/* A configuration of that data directory; layers that this machine lacks are done without. */
static inline platen_config_t
fixture_config(char *data)
{
    return (platen_config_t){
        .data_path = data,
        .store_path = fixture_none,
        .libexec_path = fixture_nowhere,
        .soffice_path = fixture_nowhere,
        .lok_program = fixture_nowhere,
        .duckdb_path = fixture_nowhere,
        .cgroup_path = fixture_none,
        .sandbox = PLATEN_SANDBOX_AVAILABLE,
        .workers = 2,
        .nice = 3,
        .wall_clock = 60,
        .output_size = 1 << 20,
        .memory = 1 << 30,
        .attempts = 2,
        .lost_attempts = 10,
        .host_failures = 100,
        .reader_alarm = 60,
        .orphan_age = 3600,
        .orphan_interval = 3600,
        .outbox_keep = 3600,
    };
}

/* A format that must exist. */
static inline const platen_format_t *
fixture_format(const char *name)
{
    const platen_format_t *format = platen_format_find(name, strlen(name));

    assert_non_null(format);
    return format;
}

static inline int
fixture_open(fixture_t *f)
{
    char err[256];

    memset(f, 0, sizeof(*f));
    snprintf(f->root, sizeof(f->root), "/tmp/platen_test.XXXXXX");
    if (mkdtemp(f->root) == NULL) {
        return -1;
    }
    snprintf(f->data, sizeof(f->data), "%s/data", f->root);
    snprintf(f->store_path, sizeof(f->store_path), "%s/store", f->root);
    f->config = fixture_config(f->data);
    f->config.store_path = f->store_path;
    if (platen_layout_prepare(f->data) != 0
        || platen_store_open(&f->store, f->store_path, 16 << 20, err, sizeof(err))
               != PLATEN_OK) {
        return -1;
    }
    return 0;
}

static inline int
fixture_close(fixture_t *f)
{
    platen_store_close(&f->store);
    return platen_tree_clear(f->root) == 0 ? rmdir(f->root) : -1;
}

/* Moves a job on, in a transaction of its own; `job` NULL: the stored one. */
static inline void
fixture_move(fixture_t *f, const platen_id_t *id, platen_job_t *job, platen_state_t to,
             uint64_t now)
{
    platen_txn_t txn;
    platen_job_t stored;

    assert_int_equal(platen_txn_write(f->store, &txn), PLATEN_OK);
    if (job == NULL) {
        assert_int_equal(platen_store_get(&txn, id, &stored), PLATEN_OK);
        job = &stored;
    }
    assert_int_equal(platen_store_transition(&txn, job, to, now), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
}

/* A PENDING job, from txt, with its document; `job` has what else it says. */
static inline platen_id_t
fixture_submit_job(fixture_t *f, const char *document, platen_job_t *job)
{
    platen_tmp_t tmp;

    job->ttl = 60;
    job->client = PLATEN_STR("test");
    job->request_id = PLATEN_STR("request");
    job->source_format = PLATEN_STR("txt");
    assert_int_equal(platen_id_new(&job->id), PLATEN_OK);
    assert_int_equal(platen_layout_tmp(f->data, &tmp), 0);
    assert_int_equal(write(tmp.fd, document, strlen(document)), (int) strlen(document));
    close(tmp.fd);
    assert_int_equal(platen_layout_publish(f->data, tmp.path, PLATEN_DIR_INPUT, &job->id, 0),
                     0);
    fixture_move(f, &job->id, job, PLATEN_STATE_PENDING, platen_now_us());
    return job->id;
}

static inline platen_id_t
fixture_submit(fixture_t *f, const char *document, const char *to, uint32_t lost_attempts)
{
    platen_job_t job = { .lost_attempts = lost_attempts, .target_format = platen_str(to) };

    return fixture_submit_job(f, document, &job);
}

/* The numbers of a record; its error code is copied.  NONE if it is gone. */
static inline platen_job_t
fixture_get(fixture_t *f, const platen_id_t *id, char code[64])
{
    platen_txn_t txn;
    platen_job_t job;

    *code = '\0';
    assert_int_equal(platen_txn_read(f->store, &txn), PLATEN_OK);
    if (platen_store_get(&txn, id, &job) != PLATEN_OK) {
        job = (platen_job_t){ .state = PLATEN_STATE_NONE };
    } else {
        snprintf(code, 64, "%.*s", (int) job.error_code.len,
                 job.error_code.len == 0 ? "" : job.error_code.data);
    }
    platen_txn_abort(&txn);
    return job;
}

static inline int
fixture_has(fixture_t *f, platen_dir_t dir, const platen_id_t *id, uint32_t epoch)
{
    char path[PLATEN_PATH_MAX];

    platen_layout_path(f->data, dir, id, epoch, path);
    return access(path, F_OK) == 0;
}

#endif
