/* Fault tests of platen_store: a full map, concurrent processes, and writers that are killed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"
#include "scratch.h"

#define MAP_SIZE ((size_t) 64 << 20)
#define TINY ((size_t) 256 << 10)
#define WAIT_MS 20000 /* for what takes milliseconds; a lock that stays would take for ever */

static char   scratch[SCRATCH_MAX], path[SCRATCH_MAX + 8];
static size_t map_size;

static int
setup(void **state)
{
    (void) state;
    map_size = MAP_SIZE;
    snprintf(path, sizeof(path), "store");
    if (scratch_make(scratch) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/store", scratch);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    scratch_remove(scratch);
    return 0;
}

/* Each process opens the store for itself, after its fork. */
static platen_store_t *
open_store(void)
{
    platen_store_t *store;
    char            err[256];

    if (platen_store_open(&store, path, map_size, err, sizeof(err)) != PLATEN_OK) {
        fprintf(stderr, "%s\n", err);
    }
    return store;
}

/* One PENDING job in a transaction of its own, its record of about `size` bytes. */
static int
submit(platen_store_t *store, const char *client, size_t size, platen_id_t *id)
{
    static char  filler[PLATEN_RECORD_MAX];
    platen_txn_t txn;
    platen_job_t job = { .client = platen_str(client),
                         .ttl = 60,
                         .request_id = { filler, size } };
    int          rc;

    if (platen_id_new(&job.id) != PLATEN_OK) {
        return PLATEN_ERROR;
    }
    *id = job.id;
    rc = platen_txn_write(store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, platen_now_us());
    }
    if (rc == PLATEN_OK) {
        return platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* Takes the first of the queue; PLATEN_NOT_FOUND if it is empty. */
static int
claim(platen_store_t *store)
{
    platen_txn_t txn;
    platen_job_t job;
    platen_id_t  id;
    int          rc;

    platen_queue_cursor_t at = { .turn_len = 0 };

    rc = platen_txn_write(store, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_store_queue_next(&txn, &at, 0, &id);
    if (rc == PLATEN_OK) {
        rc = platen_store_get(&txn, &id, &job);
        if (rc == PLATEN_OK) {
            rc = platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, 1);
        }
        if (rc == PLATEN_OK) {
            return platen_txn_commit(&txn);
        }
    }
    platen_txn_abort(&txn);
    return rc;
}

/* Numbers that must agree, whatever happened; returns how many jobs there are. */
static uint64_t
check_store(platen_store_t *store, const char *const *clients, int nclients)
{
    static platen_id_t    ids[20000];
    static platen_event_t events[40000];
    platen_txn_t          txn;
    platen_job_t          job;
    platen_list_t         query = { .state = PLATEN_STATE_NONE };
    platen_queue_cursor_t at = { .turn_len = 0 };
    platen_id_t           id;
    uint64_t              total = 0, count, length;
    int                   i, n, more, pending = 0, running = 0;

    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    for (i = 0; i < nclients; i++) {
        query.client = platen_str(clients[i]);
        assert_int_equal(platen_store_count(&txn, query.client, 0, &count), PLATEN_OK);
        n = platen_store_list(&txn, &query, ids, 20000, &more);
        assert_int_equal(n, count);
        total += count;
        while (n-- > 0) {
            assert_int_equal(platen_store_get(&txn, &ids[n], &job), PLATEN_OK);
            assert_true(platen_str_eq(job.client, query.client));
            pending += job.state == PLATEN_STATE_PENDING;
            running += job.state == PLATEN_STATE_PROCESSING;
        }
    }

    assert_int_equal(platen_store_queue_length(&txn, &length), PLATEN_OK);
    assert_int_equal(length, pending);
    while (platen_store_queue_next(&txn, &at, 0, &id) == PLATEN_OK) {
        assert_int_equal(platen_store_get(&txn, &id, &job), PLATEN_OK);
        assert_int_equal(job.state, PLATEN_STATE_PENDING);
        pending--;
    }
    assert_int_equal(pending, 0);
    assert_int_equal(platen_store_running(&txn, NULL, ids, 20000), running);

    n = platen_store_events(&txn, 0, events, 40000);
    assert_true(n >= 0);
    for (i = 1; i < n; i++) {
        assert_int_equal(events[i].seq, events[i - 1].seq + 1);
    }
    platen_txn_abort(&txn);
    return total;
}

/* Removes one, alone in its transaction. */
static int
remove_job(platen_store_t *store, const platen_id_t *id)
{
    platen_txn_t txn;
    int          rc;

    rc = platen_txn_write(store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_remove(&txn, id, NULL, 1, NULL);
    }
    if (rc == PLATEN_OK) {
        return platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

static int
trim(platen_store_t *store)
{
    platen_txn_t txn;
    int          rc;

    rc = platen_txn_write(store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_trim_events(&txn, UINT64_MAX, UINT64_MAX, 64);
    }
    if (rc >= 0) {
        return platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* fault 15: a full map refuses jobs; what is there stays, is readable, and can be removed. */
static void
test_full(void **state)
{
    static const char *const clients[] = { "c" };
    static platen_id_t       ids[4000];
    static const size_t      sizes[] = { 10, 500, 3000 };
    platen_store_t          *store;
    platen_txn_t             txn;
    platen_job_t             job;
    size_t                   i;
    int                      n, m, rc;

    (void) state;

    map_size = TINY;
    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        snprintf(path, sizeof(path), "%s/full%zu", scratch, i);
        store = open_store();
        assert_non_null(store);

        for (n = 0; n < 4000; n++) {
            rc = submit(store, "c", sizes[i], &ids[n]);
            if (rc != PLATEN_OK) {
                break;
            }
        }
        assert_int_equal(rc, PLATEN_STORE_FULL);
        assert_in_range(n, 5, 3999);
        assert_int_equal(check_store(store, clients, 1), n);

        /* Again, and again: nothing of it is visible, and nothing is used up. */
        for (m = 0; m < 20; m++) {
            assert_int_equal(submit(store, "c", PLATEN_RECORD_MAX / 2, &ids[n]),
                             PLATEN_STORE_FULL);
        }
        assert_int_equal(check_store(store, clients, 1), n);
        assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
        assert_int_equal(platen_store_get(&txn, &ids[n], &job), PLATEN_NOT_FOUND);
        assert_int_equal(platen_store_get(&txn, &ids[0], &job), PLATEN_OK);
        assert_int_equal(job.request_id.len, sizes[i]);
        platen_txn_abort(&txn);

        /*
         * Room comes back with removal.  That writes an event, and so may be refused
         * too: then the outbox has to become shorter first.
         */
        for (m = 0; m < n; m++) {
            rc = remove_job(store, &ids[m]);
            if (rc == PLATEN_STORE_FULL) {
                assert_int_equal(check_store(store, clients, 1), n - m);
                assert_int_equal(trim(store), PLATEN_OK);
                rc = remove_job(store, &ids[m]);
            }
            if (rc != PLATEN_OK) {
                fail_msg("size %zu: removal %d of %d: %s", sizes[i], m, n, platen_strerror(rc));
            }
        }
        assert_int_equal(check_store(store, clients, 1), 0);
        assert_int_equal(submit(store, "c", sizes[i], &ids[n]), PLATEN_OK);
        platen_store_close(&store);
    }
}

static pid_t
start(void (*run)(int to, const char *client), int to, const char *client)
{
    pid_t pid = fork();

    if (pid == 0) {
        alarm(60);
        run(to, client);
        _exit(1);
    }
    return pid;
}

static void
run_writer(int to, const char *client)
{
    platen_store_t *store = open_store();
    platen_id_t     id;
    int             i;

    (void) to;
    if (store == NULL) {
        _exit(2);
    }
    for (i = 0; i < 200; i++) {
        if (submit(store, client, 20, &id) != PLATEN_OK) {
            _exit(3);
        }
        if (i % 4 == 0 && claim(store) != PLATEN_OK) {
            _exit(4);
        }
    }
    _exit(0);
}

static void
test_two_processes(void **state)
{
    static const char *const clients[] = { "one", "two" };
    static platen_event_t    events[1000];
    platen_store_t          *store;
    platen_txn_t             txn;
    pid_t                    pids[2];
    int                      i, status;

    (void) state;

    for (i = 0; i < 2; i++) {
        pids[i] = start(run_writer, -1, clients[i]);
        assert_true(pids[i] > 0);
    }
    for (i = 0; i < 2; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }

    store = open_store();
    assert_non_null(store);
    assert_int_equal(check_store(store, clients, 2), 400);
    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_events(&txn, 0, events, 1000), 500);
    assert_int_equal(events[0].seq, 1);
    platen_txn_abort(&txn);
    platen_store_close(&store);
}

/* Commits for ever, and tells each id once its commit is done. */
static void
run_endless(int to, const char *client)
{
    platen_store_t *store = open_store();
    platen_id_t     id;
    int             i;

    for (i = 0; store != NULL && submit(store, client, (size_t) (i % 300), &id) == PLATEN_OK;
         i++) {
        if (write(to, id.b, 16) != 16 || (i % 3 == 0 && claim(store) != PLATEN_OK)) {
            break;
        }
    }
}

/* Commits one, tells its id, begins another, and stays in it until it is killed. */
static void
run_stuck(int to, const char *client)
{
    platen_store_t *store = open_store();
    platen_txn_t    txn;
    platen_job_t    job = { .client = platen_str(client) };
    platen_id_t     id;

    if (store == NULL || submit(store, client, 10, &id) != PLATEN_OK
        || platen_id_new(&job.id) != PLATEN_OK || platen_txn_write(store, &txn) != PLATEN_OK
        || platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, 1) != PLATEN_OK
        || write(to, id.b, 16) != 16 || write(to, job.id.b, 16) != 16) {
        return;
    }
    pause();
}

/* Reads one id; 0 if none came in time or the writer is gone. */
static int
read_id(int from, platen_id_t *id)
{
    struct pollfd p = { .fd = from, .events = POLLIN };

    return poll(&p, 1, WAIT_MS) == 1 && read(from, id->b, 16) == 16;
}

static void
kill_and_wait(pid_t pid)
{
    int status;

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* fault 2: killed inside a transaction: the lock is free, and nothing of it is left. */
static void
test_kill_inside(void **state)
{
    static const char *const clients[] = { "stuck", "other" };
    platen_store_t          *store;
    platen_txn_t             txn;
    platen_job_t             job;
    platen_id_t              done, undone, others;
    pid_t                    stuck, other;
    int                      to_us[2], from_other[2], round, i;

    (void) state;

    for (round = 0; round < 5; round++) {
        assert_int_equal(pipe(to_us), 0);
        assert_int_equal(pipe(from_other), 0);
        stuck = start(run_stuck, to_us[1], "stuck");
        assert_true(read_id(to_us[0], &done) && read_id(to_us[0], &undone));

        /* This one waits for the lock, in vain until the other is dead. */
        other = start(run_endless, from_other[1], "other");
        assert_int_equal(poll(&(struct pollfd){ .fd = from_other[0], .events = POLLIN }, 1, 50),
                         0);
        kill_and_wait(stuck);
        for (i = 0; i < 10; i++) {
            assert_true(read_id(from_other[0], &others));
        }
        kill_and_wait(other);

        store = open_store();
        assert_non_null(store);
        assert_true(check_store(store, clients, 2) >= 11);
        assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
        assert_int_equal(platen_store_get(&txn, &done, &job), PLATEN_OK);
        assert_int_equal(platen_store_get(&txn, &undone, &job), PLATEN_NOT_FOUND);
        assert_int_equal(platen_store_get(&txn, &others, &job), PLATEN_OK);
        platen_txn_abort(&txn);
        platen_store_close(&store);
        for (i = 0; i < 2; i++) {
            close(to_us[i]);
            close(from_other[i]);
        }
    }
}

/* fault 9: killed at any moment, the other writer going on: no committed job is lost. */
static void
test_kill_anywhere(void **state)
{
    static const char *const clients[] = { "one", "two" };
    static platen_id_t       committed[20000];
    struct timespec          nap = { 0, 0 };
    platen_store_t          *store;
    platen_txn_t             txn;
    platen_job_t             job;
    pid_t                    pids[2];
    int                      pipes[2][2], round, i, n = 0, got;

    (void) state;

    for (round = 0; round < 15; round++) {
        for (i = 0; i < 2; i++) {
            assert_int_equal(pipe(pipes[i]), 0);
            pids[i] = start(run_endless, pipes[i][1], clients[i]);
            close(pipes[i][1]);
        }
        for (i = 0; i < 2; i++) {
            assert_true(read_id(pipes[i][0], &committed[n++]));
        }

        nap.tv_nsec = (round * 1777777) % 19000000;
        nanosleep(&nap, NULL);
        kill_and_wait(pids[0]);
        /* More than the pipe may hold from before: it is not blocked. */
        for (i = 0; i < 20; i++) {
            assert_true(read_id(pipes[1][0], &committed[n++]));
        }
        nanosleep(&nap, NULL);
        kill_and_wait(pids[1]);
        for (i = 0; i < 2; i++) {
            while (n < 20000 && (got = (int) read(pipes[i][0], committed[n].b, 16)) > 0) {
                assert_int_equal(got, 16);
                n++;
            }
            close(pipes[i][0]);
        }

        store = open_store();
        assert_non_null(store);
        assert_true(check_store(store, clients, 2) >= (uint64_t) n);
        assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
        for (i = 0; i < n; i++) {
            assert_int_equal(platen_store_get(&txn, &committed[i], &job), PLATEN_OK);
        }
        platen_txn_abort(&txn);
        platen_store_close(&store);
    }
    assert_in_range(n, 15 * 22, 19999);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_full),
        TEST(test_two_processes),
        TEST(test_kill_inside),
        TEST(test_kill_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
