/*
 * platen_pool with cgroups: which end of a run is for want of memory, and what becomes
 * of the rest of it.  A directory of plain files stands in for the cgroup file system,
 * so that what the kernel would write there is written here; that a real one kills is
 * in test_sandbox.c.
 */

#include "pool_fixture.h"

#include <signal.h>

static char parent[64], group[80];

static void
put(const char *dir, const char *name, const char *text)
{
    char path[160];
    int  fd;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int) strlen(text));
    close(fd);
}

static void
assert_file(const char *name, const char *text)
{
    char    path[160], is[64] = "";
    int     fd;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/%s", group, name);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    n = read(fd, is, sizeof(is) - 1);
    assert_true(n >= 0);
    close(fd);
    assert_string_equal(is, text);
}

static void
make_group(const char *name)
{
    snprintf(group, sizeof(group), "%s/%s", parent, name);
    assert_int_equal(mkdir(group, 0700), 0);
    put(group, "memory.max", "");
    put(group, "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n");
    put(group, "cgroup.procs", "");
    put(group, "cgroup.kill", "");
}

static int
setup(void **state)
{
    char err[512];

    if (pool_setup(state) != 0) {
        return -1;
    }
    platen_pool_destroy(&fixture.pool);
    platen_confine_destroy(&fixture.confine);
    snprintf(parent, sizeof(parent), "%s/cgroup", fixture.root);
    if (mkdir(parent, 0700) != 0) {
        return -1;
    }
    make_group("platen-probe");
    make_group("platen-0");
    fixture.config.cgroup_path = parent;
    fixture.confine = platen_confine_new(&fixture.config, err, sizeof(err));
    fixture.pool =
        platen_pool_new(&fixture.config, fixture.confine, fixture.crew, pool_on_done, NULL);
    return platen_confine_layers(fixture.confine) & PLATEN_SANDBOX_CGROUP ? 0 : -1;
}

/* A run that kills itself, after the kernel has counted that many kills in its cgroup. */
static void
run_with(const char *events)
{
    const char *script = ": > $OUT/ready; while [ ! -e $OUT/go ]; do /bin/sleep 0.02; done;"
                         " kill -9 $$";
    char        path[PLATEN_PATH_MAX];
    int         i;

    assert_int_equal(pool_start(&pool_shell, script, 1), 0);
    for (i = 0; i < 500 && !pool_exists("runs/0/out/ready"); i++) {
        usleep(10000);
    }
    put(group, "memory.events", events);
    snprintf(path, sizeof(path), "%s/runs/0/out", fixture.root);
    put(path, "go", "");
    pool_wait_for_end();
}

/* Killed for its memory, and not crashed; what was counted before is of another run. */
static void
test_memory(void **state)
{
    (void) state;
    run_with("oom 1\noom_kill 1\n");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_MEMORY);
    assert_int_equal(fixture.ended.signal, SIGKILL);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_FAILED);
    assert_string_equal(fixture.verdict.error_code, "out_of_memory");
    assert_non_null(strstr(fixture.verdict.error, "(limits/memory, 1024 MiB)"));

    run_with("oom 1\noom_kill 1\n");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_CRASHED);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);

    /* It has not come to its own limit: the machine had no more, and may have later. */
    run_with("oom 1\noom_kill 2\n");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_STARVED);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture.verdict.blame, PLATEN_BLAME_DOCUMENT); /* so that it ends */
    assert_string_equal(fixture.verdict.error_code, "out_of_memory");
    assert_null(strstr(fixture.verdict.error, "limits/"));

    /* Without a word of the kernel, it is the address space that was too small. */
    pool_run("echo 'out of memory' >&2; kill -9 $$");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_MEMORY);
    assert_non_null(strstr(fixture.verdict.error, "(limits/address_space, "));
}

/* What is ended is ended by its cgroup as well, which it has entered. */
static void
test_killed(void **state)
{
    (void) state;
    put(group, "cgroup.procs", "");
    assert_int_equal(pool_start(&pool_shell, ": > $OUT/ready; exec /bin/sleep 100", 1), 0);
    while (!pool_exists("runs/0/out/ready")) {
        usleep(10000);
    }
    assert_file("cgroup.procs", "0");
    assert_file("cgroup.kill", "");
    platen_pool_kill(fixture.pool, 0, PLATEN_RUN_DISCARDED);
    pool_wait_for_end();
    assert_file("cgroup.kill", "1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_killed),
    };

    return cmocka_run_group_tests(tests, setup, pool_teardown);
}
