/*
 * platen_pool on a small file system, a tmpfs of its own at /tmp: the run that fills it
 * is ended, and not the one that is there at the time.
 */

#include "pool_fixture.h"

#include <sched.h>
#include <sys/mount.h>

static int
write_map(const char *path, const char *text)
{
    ssize_t n;
    int     fd = open(path, O_WRONLY | O_CLOEXEC);

    n = fd < 0 ? -1 : write(fd, text, strlen(text));
    close(fd);
    return n == (ssize_t) strlen(text) ? 0 : -1;
}

/* In a mount namespace, by a user namespace if it has to be. */
static int
have_small_tmp(void)
{
    char users[64], groups[64];

    snprintf(users, sizeof(users), "%u %u 1", geteuid(), geteuid());
    snprintf(groups, sizeof(groups), "%u %u 1", getegid(), getegid());
    if (unshare(CLONE_NEWNS) != 0
        && (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0
            || write_map("/proc/self/setgroups", "deny") != 0
            || write_map("/proc/self/uid_map", users) != 0
            || write_map("/proc/self/gid_map", groups) != 0)) {
        return -1;
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
                   || mount("none", "/tmp", "tmpfs", 0, "size=96m") != 0
               ? -1
               : 0;
}

static void
test_full(void **state)
{
    (void) state;
    fixture.config.output_size = 64 << 20;

    pool_run("/bin/dd if=/dev/zero of=tmp/x bs=1M count=60; exec /bin/sleep 100");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DISK);
    assert_string_equal(fixture.verdict.error_code, "out_of_disk");
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture.verdict.blame, PLATEN_BLAME_DOCUMENT);

    pool_run("exec 5> tmp/x; /bin/rm tmp/x; /bin/dd if=/dev/zero bs=1M count=60 >&5;"
             " exec /bin/sleep 100");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DISK);
}

/* Others have filled it: whoever runs meanwhile is not to blame. */
static void
test_filled_by_others(void **state)
{
    char path[PLATEN_PATH_MAX];
    int  fd;

    (void) state;
    snprintf(path, sizeof(path), "%s/filler", fixture.root);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(posix_fallocate(fd, 0, 60 << 20), 0);
    close(fd);
    pool_run("echo '%PDF-1.4' > $OUT/in.pdf; exec /bin/sleep 0.7");
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_filled_by_others),
    };

    if (have_small_tmp() != 0) {
        puts("1..0 # SKIP no file system of its own");
        return 0;
    }
    return cmocka_run_group_tests(tests, pool_setup, pool_teardown);
}
