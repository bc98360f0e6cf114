/* platen_tree: hostile trees are emptied, and nothing outside is touched. */

#include "sidecar_fixture.h"

#include <errno.h>
#include <fcntl.h>

static char root[] = "/tmp/test_tree.XXXXXX";

static int
setup(void **state)
{
    (void) state;
    return mkdtemp(root) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void) state;
    return rmdir(root);
}

static void
make_file(const char *path, off_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

static void
test_deep(void **state)
{
    char work[64], name[201];
    int  fd, next, i;

    (void) state;
    snprintf(work, sizeof(work), "%s/work", root);
    assert_int_equal(platen_tree_reset(work), 0);
    memset(name, 'd', 200);
    name[200] = '\0';

    /* Far beyond PATH_MAX and the number of descriptors one would spend. */
    fd = open(work, O_RDONLY | O_DIRECTORY);
    for (i = 0; i < 300; i++) {
        assert_int_equal(mkdirat(fd, name, 0700), 0);
        next = openat(fd, name, O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(fd);
        fd = next;
    }
    close(fd);

    assert_int_equal(platen_tree_clear(work), 0);
    assert_int_equal(rmdir(work), 0);
}

/* Whoever fills it knows how it is emptied: the names are taken, and what is deep is closed. */
static void
test_deep_and_closed(void **state)
{
    char work[64], path[128];
    int  fd, next, i, j;

    (void) state;
    snprintf(work, sizeof(work), "%s/work", root);
    assert_int_equal(platen_tree_reset(work), 0);
    for (i = 0; i < 8; i++) {
        snprintf(path, sizeof(path), "%s/.platen-deep-%d", work, i);
        if (i % 2 == 0) {
            make_file(path, 1);
        } else {
            assert_int_equal(mkdir(path, 0700), 0);
            snprintf(path, sizeof(path), "%s/.platen-deep-%d/file", work, i);
            make_file(path, 1);
        }
    }
    for (j = 0; j < 4; j++) {
        snprintf(path, sizeof(path), "d%d", j);
        fd = open(work, O_RDONLY | O_DIRECTORY);
        for (i = 0; i < 100; i++) {
            assert_int_equal(mkdirat(fd, path, 0700), 0);
            next = openat(fd, path, O_RDONLY | O_DIRECTORY);
            assert_true(next >= 0);
            assert_int_equal(i == 0 ? 0 : fchmod(fd, 0), 0);
            close(fd);
            fd = next;
        }
        close(fd);
    }
    assert_int_equal(chmod(work, 0500), 0);

    assert_int_equal(platen_tree_clear(work), 0);
    assert_int_equal(rmdir(work), 0);
}

static void
test_links_and_modes(void **state)
{
    char        work[64], path[128], outside[64];
    struct stat st;

    (void) state;
    snprintf(work, sizeof(work), "%s/work", root);
    snprintf(outside, sizeof(outside), "%s/outside", root);
    make_file(outside, 1);
    assert_int_equal(platen_tree_reset(work), 0);

    snprintf(path, sizeof(path), "%s/link", work);
    assert_int_equal(symlink(root, path), 0);
    snprintf(path, sizeof(path), "%s/closed", work);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/closed/file", work);
    make_file(path, 1);
    snprintf(path, sizeof(path), "%s/closed", work);
    assert_int_equal(chmod(path, 0), 0);
    snprintf(path, sizeof(path), "%s/fifo", work);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(chmod(work, 0755), 0);

    assert_int_equal(platen_tree_reset(work), 0);
    assert_int_equal(stat(work, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(rmdir(work), 0);
    assert_int_equal(unlink(outside), 0);
}

static void
test_absent_and_wrong(void **state)
{
    char path[64];

    (void) state;
    snprintf(path, sizeof(path), "%s/none", root);
    assert_int_equal(platen_tree_clear(path), 0);

    /* A link in its place is not what the sidecar made. */
    assert_int_equal(symlink("/tmp", path), 0);
    assert_int_equal(platen_tree_clear(path), -1);
    assert_int_equal(platen_tree_reset(path), -1);
    assert_int_equal(unlink(path), 0);
}

static void
test_largest(void **state)
{
    char work[64], path[128];

    (void) state;
    snprintf(work, sizeof(work), "%s/work", root);
    assert_int_equal(platen_tree_reset(work), 0);
    assert_true(platen_tree_largest(work) == 0);
    snprintf(path, sizeof(path), "%s/a", work);
    make_file(path, 5);
    snprintf(path, sizeof(path), "%s/b", work);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/b/c", work);
    make_file(path, 70000);
    snprintf(path, sizeof(path), "%s/link", work);
    assert_int_equal(symlink("/usr/bin", path), 0);
    assert_true(platen_tree_largest(work) == 70000);
    assert_int_equal(platen_tree_clear(work), 0);
    assert_int_equal(rmdir(work), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_deep_and_closed),
        cmocka_unit_test(test_links_and_modes),
        cmocka_unit_test(test_absent_and_wrong),
        cmocka_unit_test(test_largest),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
