/* Names and settings of the client for the command line; see cli/output.h, cli/settings.h. */

#include <errno.h>
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

#include "output.h"
#include "settings.h"

static void
name_is(const char *sent, const char *want)
{
    char out[PLATEN_OUTPUT_NAME];

    assert_string_equal(platen_output_name(sent, out), want);
}

static void
test_names(void **state)
{
    char long_name[1000], out[PLATEN_OUTPUT_NAME];

    (void) state;
    name_is("a.pdf", "a.pdf");
    name_is("../../etc/passwd", "passwd");
    name_is("/etc/shadow", "shadow");
    name_is("C:\\x\\y.pdf", "y.pdf");
    name_is(".bashrc", "_bashrc");
    name_is("..", "_.");
    name_is("", "result");
    name_is("a/", "result");
    name_is("a\nb\x1b[31m\x7f.pdf", "a?b?[31m?.pdf");
    name_is("a\xc2\x9b"
            "1m.pdf",
            "a?1m.pdf");
    name_is("\xc3\xa4.pdf", "\xc3\xa4.pdf");
    name_is("a\xe2\x80\xae"
            "fdp.exe",
            "a?fdp.exe");
    name_is("\xff\xc3.pdf", "??.pdf");

    /* Cut, and not within a character. */
    memset(long_name, 'x', sizeof(long_name));
    memcpy(long_name + PLATEN_OUTPUT_NAME - 18, "\xc3\xa4", 2);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_int_equal(strlen(platen_output_name(long_name, out)), PLATEN_OUTPUT_NAME - 18);
}

static void
test_files(void **state)
{
    char            dir[] = "/tmp/platen-output-XXXXXX", path[128];
    platen_output_t o;

    (void) state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(platen_output_open(&o, dir), 0);
    assert_int_equal(write(o.fd, "1", 1), 1);
    assert_int_equal(platen_output_keep(&o, dir, "a.pdf", 0), 0);

    /* The same name once more in this run, and one that somebody else has made. */
    assert_int_equal(platen_output_open(&o, dir), 0);
    assert_int_equal(platen_output_keep(&o, dir, "a.pdf", 0), 0);
    assert_non_null(strstr(o.path, "/a (2).pdf"));
    snprintf(path, sizeof(path), "%s/b.pdf", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(platen_output_open(&o, dir), 0);
    assert_int_equal(platen_output_keep(&o, dir, "b.pdf", 0), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(rmdir(path), 0);
    platen_output_drop(&o);

    snprintf(path, sizeof(path), "%s/a.pdf", dir);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/a (2).pdf", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */
    assert_int_equal(platen_output_open(&o, dir), -1);
}

static void
test_settings(void **state)
{
    char              path[] = "/tmp/platen-config-XXXXXX", err[512];
    platen_settings_t s;
    FILE             *out;
    int               fd = mkstemp(path);

    (void) state;
    unsetenv("PLATEN_URL");
    unsetenv("PLATEN_KEY");
    assert_true(fd >= 0);
    out = fdopen(fd, "w");
    assert_non_null(out);
    fputs("# mine\n url=https://x.example/api// \nkey = k e y\njobs = 7\n\n", out);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(platen_settings_load(&s, path, err, sizeof(err)), 0);
    assert_string_equal(s.url, "https://x.example/api");
    assert_string_equal(s.key, "k e y");
    assert_int_equal(s.jobs, 7);

    setenv("PLATEN_URL", "http://y", 1);
    setenv("PLATEN_KEY", "other", 1);
    assert_int_equal(platen_settings_load(&s, path, err, sizeof(err)), 0);
    assert_string_equal(s.url, "http://y");
    assert_string_equal(s.key, "other");
    setenv("PLATEN_URL", "file:///etc/passwd", 1);
    assert_int_equal(platen_settings_load(&s, path, err, sizeof(err)), -1);
    unsetenv("PLATEN_URL");
    setenv("PLATEN_KEY", "a\r\nX-Evil: 1", 1);
    assert_int_equal(platen_settings_load(&s, path, err, sizeof(err)), -1);
    unsetenv("PLATEN_KEY");

    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(platen_settings_load(&s, path, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "chmod 600"));
    assert_int_equal(platen_settings_key_file(&s, path, err, sizeof(err)), -1);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(platen_settings_key_file(&s, path, err, sizeof(err)), 0);
    assert_string_equal(s.key, "# mine");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(platen_settings_load(&s, path, err, sizeof(err)), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
