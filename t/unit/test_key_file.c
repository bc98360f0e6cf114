/* Files of clients' keys; see ctl/key_file.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/key_file.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UPPER "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"

static char dir[64], path[128], link_path[128], err[4400];

static int
set_up(void **state)
{
    (void) state;
    snprintf(dir, sizeof(dir), "/tmp/platen-keys-XXXXXX");
    if (mkdtemp(dir) == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/keys", dir);
    snprintf(link_path, sizeof(link_path), "%s/link", dir);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    (void) unlink(path);
    (void) unlink(link_path);
    return rmdir(dir); /* which fails if anything was left in it */
}

static void
put(const char *text)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void
test_lines(void **state)
{
    platen_ctl_key_file_t f;
    platen_ctl_key_t      key;
    const char           *at = NULL;

    (void) state;
    put("# one\n\n  alice:" HEX "\r\n\t#two\nbob@x.y-z_1:" UPPER);
    assert_int_equal(platen_ctl_key_file_open(&f, path, 0, err, sizeof(err)), 0);
    assert_int_equal(platen_ctl_key_file_next(&f, &at, &key), 1);
    assert_int_equal(key.name.len, 5);
    assert_memory_equal(key.name.data, "alice", 5);
    assert_string_equal(key.digest, HEX);
    assert_int_equal(key.line, 3);
    assert_int_equal(platen_ctl_key_file_next(&f, &at, &key), 1);
    assert_string_equal(key.digest, HEX);
    assert_ptr_equal(key.end, f.text + f.len);
    assert_int_equal(platen_ctl_key_file_next(&f, &at, &key), 0);
    assert_int_equal(platen_ctl_key_file_next(&f, &at, &key), 0);
    platen_ctl_key_file_close(&f);
}

static void
test_bad_lines(void **state)
{
    static const char *const texts[] = { "alice",          "alice:",   ":" HEX,
                                         "alice:" HEX "0", "a b:" HEX, "alice:x" HEX,
                                         "alice: " HEX };
    platen_ctl_key_file_t    f;
    platen_ctl_key_t         key;
    const char              *at;
    size_t                   i;

    (void) state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        put(texts[i]);
        at = NULL;
        assert_int_equal(platen_ctl_key_file_open(&f, path, 0, err, sizeof(err)), 0);
        assert_int_equal(platen_ctl_key_file_next(&f, &at, &key), -1);
        assert_int_equal(f.line, 1);
        platen_ctl_key_file_close(&f);
    }
}

/* A link stays one, and the mode is as it was. */
static void
test_write(void **state)
{
    platen_ctl_key_file_t f;
    struct stat           st;

    (void) state;
    put("old\n");
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(symlink("keys", link_path), 0);
    assert_int_equal(platen_ctl_key_file_open(&f, link_path, 1, err, sizeof(err)), 0);
    assert_int_equal(platen_ctl_key_file_write(&f, "new\n", 4, err, sizeof(err)), 0);
    platen_ctl_key_file_close(&f);
    assert_int_equal(lstat(link_path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0604);
    assert_int_equal(st.st_size, 4);
}

/* One that is made and gets no key is none; one of another kind is refused. */
static void
test_open(void **state)
{
    platen_ctl_key_file_t f;

    (void) state;
    assert_int_equal(platen_ctl_key_file_open(&f, path, 0, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "No such file"));
    assert_int_equal(platen_ctl_key_file_open(&f, path, 1, err, sizeof(err)), 0);
    platen_ctl_key_file_close(&f);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(platen_ctl_key_file_open(&f, dir, 0, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "no regular file"));
}

static void
test_keys(void **state)
{
    char key[PLATEN_CTL_KEY_TEXT + 1], other[PLATEN_CTL_KEY_TEXT + 1];
    char digest[PLATEN_CTL_KEY_DIGEST + 1];
    char name[PLATEN_CTL_KEY_DIGEST + 8];

    (void) state;
    assert_int_equal(platen_ctl_key_make(key, digest), 0);
    assert_int_equal(platen_ctl_key_make(other, digest), 0);
    assert_int_equal(strlen(key), PLATEN_CTL_KEY_TEXT);
    assert_int_equal(strlen(digest), PLATEN_CTL_KEY_DIGEST);
    assert_string_not_equal(key, other);

    assert_true(platen_ctl_key_name("a.b-c_d@e"));
    assert_false(platen_ctl_key_name(""));
    assert_false(platen_ctl_key_name("a:b"));
    assert_false(platen_ctl_key_name("a\n"));
    memset(name, 'x', sizeof(name));
    name[65] = '\0';
    assert_false(platen_ctl_key_name(name));
    name[64] = '\0';
    assert_true(platen_ctl_key_name(name));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_open, set_up, tear_down),
        cmocka_unit_test(test_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
