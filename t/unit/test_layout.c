/* Tests of platen_layout: the forms of paths, and the steps of a file's life. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "disk/layout.h"
#include "scratch.h"

static const platen_id_t id = { { 0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98, 0xc4,
                                  0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f } };

#define ID_TEXT "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

/* What the kernel "drew": set by a test, in place of chance. */
static enum { RANDOM, FIXED, BROKEN } chance;
static uint64_t fixed_number;

ssize_t
getrandom(void *buf, size_t len, unsigned flags)
{
    if (chance == BROKEN) {
        errno = ENOSYS;
        return -1;
    }
    if (chance == FIXED && len == sizeof(fixed_number)) {
        memcpy(buf, &fixed_number, len);
        return (ssize_t) len;
    }
    return syscall(SYS_getrandom, buf, len, flags);
}

typedef struct {
    char scratch[SCRATCH_MAX];
    char root[SCRATCH_MAX + 8];
} fixture_t;

static fixture_t fixture;

static int
setup(void **state)
{
    chance = RANDOM;
    if (scratch_make(fixture.scratch) != 0) {
        return -1;
    }
    snprintf(fixture.root, sizeof(fixture.root), "%s/data", fixture.scratch);
    *state = &fixture;
    return platen_layout_prepare(fixture.root);
}

static int
teardown(void **state)
{
    (void) state;
    chance = RANDOM;
    scratch_remove(fixture.scratch);
    return 0;
}

static int
mode_of(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 ? (int) (st.st_mode & 07777) : -1;
}

static int
exists(const char *path)
{
    return mode_of(path) != -1;
}

/* A temporary file with that text, synced. */
static void
make_tmp(const char *root, platen_tmp_t *tmp, const char *text)
{
    assert_int_equal(platen_layout_tmp(root, tmp), 0);
    assert_int_equal(write(tmp->fd, text, strlen(text)), strlen(text));
    assert_int_equal(fdatasync(tmp->fd), 0);
}

static void
assert_contents(const char *path, const char *text)
{
    char    buf[64];
    int     fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    assert_true(fd >= 0);
    n = read(fd, buf, sizeof(buf) - 1);
    close(fd);
    assert_true(n >= 0);
    buf[n] = '\0';
    assert_string_equal(buf, text);
}

static void
test_paths(void **state)
{
    char   path[PLATEN_PATH_MAX];
    size_t n;

    (void) state;

    n = platen_layout_path("/srv/p", PLATEN_DIR_INPUT, &id, 0, path);
    assert_string_equal(path, "/srv/p/input/017f22e/" ID_TEXT);
    assert_int_equal(n, strlen(path));
    n = platen_layout_path("/srv/p", PLATEN_DIR_INPUT, &id, 7, path);
    assert_string_equal(path, "/srv/p/input/017f22e/" ID_TEXT);
    assert_int_equal(n, strlen(path));
    n = platen_layout_path("/srv/p", PLATEN_DIR_OUTPUT, &id, 1, path);
    assert_string_equal(path, "/srv/p/output/017f22e/" ID_TEXT ".1");
    assert_int_equal(n, strlen(path));
    n = platen_layout_path("r", PLATEN_DIR_OUTPUT, &id, UINT32_MAX, path);
    assert_string_equal(path, "r/output/017f22e/" ID_TEXT ".4294967295");
    assert_int_equal(n, strlen(path));
}

static void
test_longest_root(void **state)
{
    char   root[PLATEN_ROOT_MAX + 2], path[PLATEN_PATH_MAX];
    size_t n;

    (void) state;

    memset(root, 'r', sizeof(root));
    root[PLATEN_ROOT_MAX] = '\0';
    n = platen_layout_path(root, PLATEN_DIR_OUTPUT, &id, UINT32_MAX, path);
    assert_int_equal(n, strlen(path));
    assert_string_equal(path + PLATEN_ROOT_MAX, "/output/017f22e/" ID_TEXT ".4294967295");

    root[PLATEN_ROOT_MAX] = 'r';
    root[PLATEN_ROOT_MAX + 1] = '\0';
    errno = 0;
    assert_int_equal(platen_layout_prepare(root), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_false(exists(root));
}

static void
test_prepare(void **state)
{
    static const char *const names[] = { "", "/tmp", "/input", "/output", "/uploads", "/runs" };
    fixture_t               *f = *state;
    char                     path[SCRATCH_MAX + 32];
    mode_t                   mask;
    size_t                   i;
    int                      fd;

    mask = umask(0);
    snprintf(path, sizeof(path), "%s/other", f->scratch);
    assert_int_equal(platen_layout_prepare(path), 0);
    for (i = 0; i < 5; i++) {
        snprintf(path, sizeof(path), "%s/other%s", f->scratch, names[i]);
        assert_int_equal(mode_of(path), 0750);
    }
    umask(mask);

    /* Once more changes nothing. */
    assert_int_equal(platen_layout_prepare(f->root), 0);

    snprintf(path, sizeof(path), "%s/missing/data", f->scratch);
    assert_int_equal(platen_layout_prepare(path), -1);
    assert_int_equal(errno, ENOENT);

    snprintf(path, sizeof(path), "%s/file", f->scratch);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(platen_layout_prepare(path), -1);
    assert_int_equal(errno, ENOTDIR);
}

static void
test_tmp(void **state)
{
    fixture_t   *f = *state;
    platen_tmp_t a, b;
    mode_t       mask = umask(0);
    char         prefix[SCRATCH_MAX + 16];

    make_tmp(f->root, &a, "a");
    umask(mask);
    make_tmp(f->root, &b, "b");
    assert_int_equal(mode_of(a.path), 0640);
    assert_string_not_equal(a.path, b.path);
    assert_int_equal(fcntl(a.fd, F_GETFL) & O_ACCMODE, O_RDWR);
    assert_int_equal(fcntl(a.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);

    snprintf(prefix, sizeof(prefix), "%s/tmp/", f->root);
    assert_memory_equal(a.path, prefix, strlen(prefix));
    assert_int_equal(strlen(a.path), strlen(prefix) + 16);
    assert_int_equal(strspn(a.path + strlen(prefix), "0123456789abcdef"), 16);

    platen_layout_tmp_discard(&a);
    assert_int_equal(a.fd, -1);
    platen_layout_tmp_discard(&a);
    assert_contents(b.path, "b");
    assert_int_equal(unlink(b.path), 0);
    platen_layout_tmp_discard(&b);
    assert_int_equal(b.fd, -1);
}

/* O_EXCL: a name that is taken, be it by a link, is neither opened nor removed. */
static void
test_tmp_taken(void **state)
{
    fixture_t   *f = *state;
    platen_tmp_t tmp;
    char         taken[SCRATCH_MAX + 64], target[SCRATCH_MAX + 64];
    int          fd;

    chance = FIXED;
    fixed_number = 0xabc;
    snprintf(taken, sizeof(taken), "%s/tmp/0000000000000abc", f->root);

    fd = open(taken, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    memset(&tmp, 'x', sizeof(tmp));
    assert_int_equal(platen_layout_tmp(f->root, &tmp), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(tmp.fd, -1);
    platen_layout_tmp_discard(&tmp);
    assert_true(exists(taken));

    assert_int_equal(unlink(taken), 0);
    snprintf(target, sizeof(target), "%s/target", f->scratch);
    assert_int_equal(symlink(target, taken), 0);
    assert_int_equal(platen_layout_tmp(f->root, &tmp), -1);
    assert_int_equal(errno, EEXIST);
    assert_false(exists(target));

    fixed_number = UINT64_MAX;
    assert_int_equal(platen_layout_tmp(f->root, &tmp), 0);
    assert_non_null(strstr(tmp.path, "/tmp/ffffffffffffffff"));
    platen_layout_tmp_discard(&tmp);
}

static void
test_tmp_fails(void **state)
{
    fixture_t   *f = *state;
    platen_tmp_t tmp;
    char         bystander[SCRATCH_MAX + 32];
    int          fd;

    /* What lies in the struct from an earlier use is not removed. */
    snprintf(bystander, sizeof(bystander), "%s/bystander", f->scratch);
    fd = open(bystander, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    snprintf(tmp.path, sizeof(tmp.path), "%s", bystander);
    chance = BROKEN;
    assert_int_equal(platen_layout_tmp(f->root, &tmp), -1);
    assert_int_equal(errno, ENOSYS);
    assert_int_equal(tmp.fd, -1);
    platen_layout_tmp_discard(&tmp);
    assert_true(exists(bystander));

    chance = RANDOM;
    assert_int_equal(platen_layout_tmp(f->scratch, &tmp), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(tmp.fd, -1);
    platen_layout_tmp_discard(&tmp);
}

static void
test_publish(void **state)
{
    fixture_t   *f = *state;
    platen_tmp_t tmp;
    char         in[PLATEN_PATH_MAX], out1[PLATEN_PATH_MAX], out2[PLATEN_PATH_MAX];
    char         bucket[SCRATCH_MAX + 32];

    platen_layout_path(f->root, PLATEN_DIR_INPUT, &id, 0, in);
    platen_layout_path(f->root, PLATEN_DIR_OUTPUT, &id, 1, out1);
    platen_layout_path(f->root, PLATEN_DIR_OUTPUT, &id, 2, out2);
    snprintf(bucket, sizeof(bucket), "%s/input/017f22e", f->root);

    /* No bucket yet, and so nothing to sync. */
    assert_int_equal(platen_layout_sync(f->root, PLATEN_DIR_INPUT, &id), -1);
    assert_int_equal(errno, ENOENT);

    make_tmp(f->root, &tmp, "input");
    assert_false(exists(bucket));
    assert_int_equal(platen_layout_publish(f->root, tmp.path, PLATEN_DIR_INPUT, &id, 0), 0);
    assert_true(exists(bucket));
    assert_int_equal(platen_layout_sync(f->root, PLATEN_DIR_INPUT, &id), 0);
    assert_false(exists(tmp.path));
    assert_contents(in, "input");
    platen_layout_tmp_discard(&tmp); /* closes, and leaves what is published */
    assert_contents(in, "input");

    make_tmp(f->root, &tmp, "first");
    assert_int_equal(platen_layout_publish(f->root, tmp.path, PLATEN_DIR_OUTPUT, &id, 1), 0);
    platen_layout_tmp_discard(&tmp);
    make_tmp(f->root, &tmp, "second");
    assert_int_equal(platen_layout_publish(f->root, tmp.path, PLATEN_DIR_OUTPUT, &id, 2), 0);
    platen_layout_tmp_discard(&tmp);
    assert_int_equal(platen_layout_sync(f->root, PLATEN_DIR_OUTPUT, &id), 0);
    assert_contents(out1, "first");
    assert_contents(out2, "second");

    platen_layout_remove(f->root, &id, 0);
    assert_false(exists(in));
    assert_true(exists(out1));
    platen_layout_remove(f->root, &id, 2);
    assert_true(exists(out1));
    assert_false(exists(out2));
    platen_layout_remove(f->root, &id, 2);
    platen_layout_remove(f->root, &id, 1);
    assert_false(exists(out1));

    /* A bucket that was removed when it was empty comes back. */
    assert_int_equal(rmdir(bucket), 0);
    make_tmp(f->root, &tmp, "again");
    assert_int_equal(platen_layout_publish(f->root, tmp.path, PLATEN_DIR_INPUT, &id, 0), 0);
    platen_layout_tmp_discard(&tmp);
    assert_contents(in, "again");
}

static void
test_publish_fails(void **state)
{
    fixture_t   *f = *state;
    platen_tmp_t tmp;
    char         path[PLATEN_PATH_MAX];
    int          fd;

    snprintf(path, sizeof(path), "%s/tmp/missing", f->root);
    assert_int_equal(platen_layout_publish(f->root, path, PLATEN_DIR_INPUT, &id, 0), -1);
    assert_int_equal(errno, ENOENT);

    /* A file where the bucket should be. */
    snprintf(path, sizeof(path), "%s/output/017f22e", f->root);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    make_tmp(f->root, &tmp, "x");
    assert_int_equal(platen_layout_publish(f->root, tmp.path, PLATEN_DIR_OUTPUT, &id, 1), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_contents(tmp.path, "x");
    assert_int_equal(platen_layout_sync(f->root, PLATEN_DIR_OUTPUT, &id), -1);
    assert_int_equal(errno, ENOTDIR);

    assert_int_equal(platen_layout_publish(f->scratch, tmp.path, PLATEN_DIR_OUTPUT, &id, 1),
                     -1);
    assert_int_equal(errno, ENOENT);
    assert_contents(tmp.path, "x");
    platen_layout_tmp_discard(&tmp);
}

static int asked;

/* Whether it is free; an answer that `data` has. */
static int
is_free(void *data)
{
    asked++;
    return *(int *) data;
}

/* The first has the place, while it holds it and after; what nobody has is replaced. */
static void
test_claim(void **state)
{
    fixture_t   *f = *state;
    platen_tmp_t tmp;
    char         in[PLATEN_PATH_MAX], path[PLATEN_PATH_MAX];
    int          lock, other, no = 0, yes = 1;

    asked = 0;
    platen_layout_path(f->root, PLATEN_DIR_INPUT, &id, 0, in);
    make_tmp(f->root, &tmp, "first");
    assert_int_equal(platen_layout_claim(f->root, tmp.path, &id, is_free, &no, &lock), 0);
    assert_true(lock >= 0);
    assert_false(exists(tmp.path));
    platen_layout_tmp_discard(&tmp);
    assert_contents(in, "first");

    make_tmp(f->root, &tmp, "second");
    assert_int_equal(platen_layout_claim(f->root, tmp.path, &id, is_free, &yes, &other), -1);
    assert_int_equal(errno, EBUSY);
    assert_int_equal(other, -1);
    assert_int_equal(asked, 0);
    assert_contents(in, "first");
    assert_contents(tmp.path, "second");

    close(lock);
    assert_int_equal(platen_layout_claim(f->root, tmp.path, &id, is_free, &no, &other), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(other, -1);
    assert_int_equal(asked, 1);
    assert_contents(in, "first");
    assert_contents(tmp.path, "second");

    assert_int_equal(platen_layout_claim(f->root, tmp.path, &id, is_free, &yes, &lock), 0);
    assert_int_equal(asked, 2);
    assert_contents(in, "second");
    assert_false(exists(tmp.path));
    platen_layout_tmp_discard(&tmp);

    /* It is as locked as one that was there first. */
    make_tmp(f->root, &tmp, "third");
    assert_int_equal(platen_layout_claim(f->root, tmp.path, &id, is_free, &yes, &other), -1);
    assert_int_equal(errno, EBUSY);
    close(lock);
    platen_layout_tmp_discard(&tmp);

    snprintf(path, sizeof(path), "%s/tmp/missing", f->root);
    assert_int_equal(platen_layout_claim(f->root, path, &id, is_free, &yes, &other), -1);
    assert_int_equal(errno, ENOENT);
}

/* Two ids share a bucket exactly if the names of their buckets are equal. */
static void
test_same_bucket(void **state)
{
    platen_id_t other;
    char        a[PLATEN_PATH_MAX], b[PLATEN_PATH_MAX];
    int         bit, same;

    (void) state;

    platen_layout_path("", PLATEN_DIR_INPUT, &id, 0, a);
    for (bit = 0; bit < 128; bit++) {
        other = id;
        other.b[bit / 8] ^= (uint8_t) (0x80 >> bit % 8);
        platen_layout_path("", PLATEN_DIR_INPUT, &other, 0, b);
        same = strncmp(a, b, strlen("/input/017f22e/")) == 0;
        assert_int_equal(!!platen_layout_same_bucket(&id, &other), same);
        assert_int_equal(same, bit >= 28);
    }
    assert_true(platen_layout_same_bucket(&id, &id));
}

static void
set_age(const char *path, time_t seconds)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = 0 } };

    times[1].tv_sec = time(NULL) - seconds;
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void
test_sweep(void **state)
{
    fixture_t   *f = *state;
    platen_tmp_t fresh, young, old, older;
    char         dir[SCRATCH_MAX + 32], link[SCRATCH_MAX + 32];

    make_tmp(f->root, &fresh, "fresh");
    make_tmp(f->root, &young, "young");
    make_tmp(f->root, &old, "old");
    make_tmp(f->root, &older, "older");
    set_age(fresh.path, -3600); /* the clock was set back */
    set_age(young.path, 3500);
    set_age(old.path, 3700);
    set_age(older.path, 1000000);

    /* Neither directories nor links are an upload of ours. */
    snprintf(dir, sizeof(dir), "%s/tmp/dir", f->root);
    snprintf(link, sizeof(link), "%s/tmp/link", f->root);
    assert_int_equal(mkdir(dir, 0750), 0);
    assert_int_equal(symlink(older.path, link), 0);
    set_age(dir, 1000000);
    set_age(link, 1000000);

    assert_int_equal(platen_layout_sweep_tmp(f->root, 3600), 2);
    assert_true(exists(fresh.path));
    assert_true(exists(young.path));
    assert_false(exists(old.path));
    assert_false(exists(older.path));
    assert_true(exists(dir));
    assert_true(exists(link));
    assert_int_equal(platen_layout_sweep_tmp(f->root, 3600), 0);
    assert_int_equal(platen_layout_sweep_tmp(f->root, 3400), 1);
    assert_false(exists(young.path));

    assert_int_equal(platen_layout_sweep_tmp("/nonexistent", 0), 0);

    platen_layout_tmp_discard(&fresh);
    platen_layout_tmp_discard(&young);
    platen_layout_tmp_discard(&old);
    platen_layout_tmp_discard(&older);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_longest_root),
        cmocka_unit_test_setup_teardown(test_prepare, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tmp, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tmp_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tmp_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_publish, setup, teardown),
        cmocka_unit_test_setup_teardown(test_publish_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_claim, setup, teardown),
        cmocka_unit_test(test_same_bucket),
        cmocka_unit_test_setup_teardown(test_sweep, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
