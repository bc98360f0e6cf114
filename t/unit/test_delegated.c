/*
 * platen_delegated: what has to be so that conversions get groups in the cgroup that
 * platend is in, and that all stays as it was where it is not so.  A directory of plain
 * files stands in for the cgroup file system; that a real one kills is in test_sandbox.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/delegated.h"
#include "scratch.h"

static char mount_point[SCRATCH_MAX], of[SCRATCH_MAX + 8], group[SCRATCH_MAX + 16];

static void
put(const char *dir, const char *name, const char *text)
{
    char  path[SCRATCH_MAX + 64];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void
assert_file(const char *name, const char *text)
{
    char  path[SCRATCH_MAX + 64], is[64] = "";
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s", group, name);
    in = fopen(path, "r");
    assert_non_null(in);
    (void) !fgets(is, sizeof(is), in);
    fclose(in);
    assert_string_equal(is, text);
}

/* As systemd leaves it: with that one process, and nothing given to groups within. */
static int
setup(void **state)
{
    char self[32];

    (void) state;
    if (scratch_make(mount_point) != 0) {
        return -1;
    }
    snprintf(of, sizeof(of), "%s/of", mount_point);
    snprintf(group, sizeof(group), "%s/x.service", mount_point);
    put(mount_point, "of", "3:memory:/elsewhere\n0::/x.service\n");
    mkdir(group, 0700);
    snprintf(self, sizeof(self), "%d\n", (int) getpid());
    put(group, "cgroup.controllers", "cpu memory pids\n");
    put(group, "cgroup.procs", self);
    put(group, "cgroup.subtree_control", "");
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    scratch_remove(mount_point);
    return 0;
}

static void
make_own(const char *to)
{
    char own[SCRATCH_MAX + 32];

    snprintf(own, sizeof(own), "%s/" PLATEN_DELEGATED_SELF, group);
    assert_int_equal(mkdir(own, 0700), 0);
    if (to != NULL) {
        put(own, "cgroup.procs", to);
    }
}

static void
assert_not(const char *word)
{
    char        path[4096];
    const char *why = NULL;

    assert_int_equal(platen_delegated_take(mount_point, of, path, sizeof(path), &why), -1);
    assert_non_null(why);
    if (strstr(why, word) == NULL) {
        fail_msg("\"%s\" has no \"%s\"", why, word);
    }
}

static void
test_taken(void **state)
{
    char        path[4096];
    const char *why;

    (void) state;
    make_own("");
    assert_int_equal(platen_delegated_take(mount_point, of, path, sizeof(path), &why), 0);
    assert_string_equal(path, group);
    assert_file(PLATEN_DELEGATED_SELF "/cgroup.procs", "0");
    assert_file("cgroup.subtree_control", "+memory");

    /* Who asks from a shell is told of the group in which those of the runs are. */
    put(group, "cgroup.subtree_control", "memory\n");
    put(mount_point, "of", "0::/x.service/" PLATEN_DELEGATED_SELF "\n");
    assert_int_equal(platen_delegated_taken(mount_point, of, path, sizeof(path)), 1);
    assert_string_equal(path, group);
    put(group, "cgroup.subtree_control", "pids\n");
    assert_int_equal(platen_delegated_taken(mount_point, of, path, sizeof(path)), 0);
    put(mount_point, "of", "0::/x.service\n");
    assert_int_equal(platen_delegated_taken(mount_point, of, path, sizeof(path)), 0);
}

static void
test_missing(void **state)
{
    char others[64];

    (void) state;
    /* Of another's processes none would be taken along. */
    snprintf(others, sizeof(others), "%d\n1\n", (int) getpid());
    put(group, "cgroup.procs", others);
    assert_not("only process");
    put(group, "cgroup.controllers", "cpu memory_more pids\n");
    assert_not("memory controller");
    put(mount_point, "of", "0::/not_here\n");
    assert_not("no cgroup of version 2");
    put(mount_point, "of", "3:memory:/x.service\n");
    assert_not("no cgroup of version 2");
    unlink(of);
    assert_not("no cgroup of version 2");
}

/* A group that cannot be entered: nothing is given to groups beside it. */
static void
test_not_entered(void **state)
{
    struct stat st;
    char        own[SCRATCH_MAX + 32];

    (void) state;
    snprintf(own, sizeof(own), "%s/" PLATEN_DELEGATED_SELF, group);
    assert_not("cannot go into");
    assert_file("cgroup.subtree_control", "");
    assert_int_not_equal(stat(own, &st), 0);
}

static void
test_memory(void **state)
{
    (void) state;
    assert_true(platen_delegated_memory("memory"));
    assert_true(platen_delegated_memory("cpu memory\n"));
    assert_true(platen_delegated_memory("xmemory memory pids\n"));
    assert_false(platen_delegated_memory("xmemory memoryx\n"));
    assert_false(platen_delegated_memory(""));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_entered, setup, teardown),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
