/*
 * platen_pool: routes of several steps.  What is carried from one to the next, to
 * which of them an option and a failure belong, and pages that become an archive.
 *
 * Executed as "platen-zip" this program stands in for that one.
 */

#include "pool_fixture.h"

#include <dirent.h>
#include <libgen.h>

static char libexec[sizeof(fixture.root) + 16];

/* The pool's, with this program as platen-zip. */
static int
setup(void **state)
{
    char    self[PLATEN_PATH_MAX], path[sizeof(libexec) + 16];
    ssize_t n;

    if (pool_setup(state) != 0) {
        return -1;
    }
    n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0) {
        return -1;
    }
    self[n] = '\0';
    snprintf(libexec, sizeof(libexec), "%s/libexec", fixture.root);
    snprintf(path, sizeof(path), "%s/platen-zip", libexec);
    fixture.config.libexec_path = libexec;
    return mkdir(libexec, 0700) != 0 || symlink(self, path) != 0 ? -1 : 0;
}

/* The result of a step is the document of the next, and all else is gone. */
static void
test_steps(void **state)
{
    const char *const steps[][2] = {
        { "md", "echo $OPTIONS > $OUT/in.md; : > left; : > $OUT/left" },
        { "html", "read a < in.md; echo $a $OPTIONS > $OUT/in.html;"
                  "test -e left -o -e out/left -o -e in.txt && exit 107; exit 0" },
        { "txt", "read a < $IN; echo $a $OPTIONS > $OUT/in.txt" },
        { "pdf", "read a < $IN; echo $a $OPTIONS; echo '%PDF-1.4' > $OUT/in.pdf" },
        { NULL, NULL },
    };
    platen_route_t route = pool_route_of(steps);

    (void) state;
    route.steps[1].options = POOL_BIT(PAGES);
    route.steps[2].options = POOL_BIT(PDFA);
    pool_run_route(&route);
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DONE);
    assert_string_equal(fixture.ended.engine, "second");
    assert_string_equal(fixture.ended.last_line, "/ 1-2/ /2b /");
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
    assert_false(pool_exists("runs/0.held"));
}

/* The step at which a route ends is the one that is told of. */
static void
test_step_fails(void **state)
{
    const char *const bad[][2] = {
        { "md", "echo a > $OUT/in.md; echo fine" },
        { "pdf", "echo said; exit 103" },
        { NULL, NULL },
    };
    const char *const worse[][2] = {
        { "md", "echo said; kill -SEGV $$" },
        { "pdf", "echo '%PDF-1.4' > $OUT/in.pdf" },
        { NULL, NULL },
    };
    const char *const again[][2] = {
        { "md", "echo a > $OUT/in.md" },
        { "pdf", "test $START = 3 && { read a < $IN; test $a = a || exit 103;"
                 "echo '%PDF-1.4' > $OUT/in.pdf; exit 0; };"
                 "(echo b > $IN) 2>/dev/null; /bin/rm -f $IN; echo c > $IN; exit 81" },
        { NULL, NULL },
    };
    platen_route_t route = pool_route_of(bad);

    (void) state;
    pool_run_route(&route);
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_CORRUPT);
    assert_string_equal(fixture.ended.engine, "second");
    assert_string_equal(fixture.ended.last_line, "said");

    route = pool_route_of(worse);
    pool_run_route(&route);
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_CRASHED);
    assert_string_equal(fixture.ended.engine, "shell");
    assert_false(fixture.verdict.published);

    /* Started once more in the middle of a route, on the same document. */
    route = pool_route_of(again);
    pool_run_route(&route);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);

    /* The limit is that of all steps together. */
    fixture.config.wall_clock = 1;
    route =
        pool_route_of((const char *const[][2]){ { "md", "/bin/sleep 0.7; echo a > $OUT/in.md" },
                                                { "html", "/bin/sleep 0.7;"
                                                          "echo a > $OUT/in.html" },
                                                { "pdf", "/bin/sleep 20" },
                                                { NULL, NULL } });
    pool_run_route(&route);
    fixture.config.wall_clock = 60;
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TIMEOUT);
}

/* Whatever is no plain file between two steps goes no further. */
static void
test_hostile_steps(void **state)
{
    static const char *const scripts[] = {
        "exit 0",
        ": > $OUT/in.md",
        "ln -s /etc/passwd $OUT/in.md",
        "ln -s $IN $OUT/in.md",
        "mkdir $OUT/in.md",
        "mkfifo $OUT/in.md",
        "echo a > $OUT/x; ln $OUT/x $OUT/in.md",
        "rmdir $OUT; mkdir o; echo a > o/in.md; ln -s $PWD/o $OUT",
        "rmdir $OUT; echo a > $OUT",
    };
    char              script[256];
    const char *const steps[][2] = { { "md", script },
                                     { "pdf", "echo '%PDF-1.4' > $OUT/in.pdf" },
                                     { NULL, NULL } };
    platen_route_t    route;
    size_t            i;

    (void) state;
    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        snprintf(script, sizeof(script), "PATH=/usr/bin:/bin; %s", scripts[i]);
        route = pool_route_of(steps);
        pool_run_route(&route);
        if (fixture.ended.outcome != PLATEN_RUN_FAILED) {
            fail_msg("%s: outcome %d", script, fixture.ended.outcome);
        }
        assert_string_equal(fixture.verdict.error_code, "conversion_failed");
    }
}

static void
test_pages(void **state)
{
    static const char *const many = "for i in 1 2 10; do echo $i > $OUT/in-$i.md; done;"
                                    ": > $OUT/other.md; : > $OUT/in-3.txt";
    const char *const        none[][2] = { { "md", ": > $OUT/other.md" }, { NULL, NULL } };
    const char *const        one[][2] = { { "md", "echo a > $OUT/in-7.md" }, { NULL, NULL } };
    const char *const        both[][2] = { { "md", "echo a > $OUT/in.md; echo > $OUT/in-1.md" },
                                           { NULL, NULL } };
    const char *const        pages[][2] = { { "md", many }, { NULL, NULL } };
    platen_route_t           route = pool_route_of(none);

    (void) state;
    fixture.edges[0].rules = PLATEN_EDGE_PAGES;
    pool_run_route(&route);
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DONE);
    assert_string_equal(fixture.verdict.error_code, "conversion_failed");

    route = pool_route_of(one);
    fixture.edges[0].rules = PLATEN_EDGE_PAGES;
    pool_run_route(&route);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
    assert_null(fixture.verdict.output_format);

    route = pool_route_of(both);
    fixture.edges[0].rules = PLATEN_EDGE_PAGES;
    pool_run_route(&route);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
    assert_string_equal(fixture.ended.output, "in.md");

    route = pool_route_of(pages);
    fixture.edges[0].rules = PLATEN_EDGE_PAGES;
    pool_run_route(&route);
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DONE);
    assert_string_equal(fixture.ended.engine, "zip");
    assert_string_equal(fixture.ended.format->name, "zip");
    assert_string_equal(fixture.ended.last_line, "pages 5");
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
    assert_string_equal(fixture.verdict.output_format, "zip");

    /* An edge that does not promise pages is looked at for one result only. */
    route = pool_route_of(pages);
    pool_run_route(&route);
    assert_string_equal(fixture.verdict.error_code, "conversion_failed");
}

/* As platen-zip: counts the files of the directory, and writes an empty archive. */
static int
pretend_zip(char **argv)
{
    static const char end[22] = { 'P', 'K', 5, 6 };
    struct dirent    *entry;
    DIR              *dir;
    int               fd, n = 0;

    dir = opendir(argv[2]);
    fd = open(argv[1], O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (dir == NULL || fd < 0) {
        return 13;
    }
    while ((entry = readdir(dir)) != NULL) {
        n += entry->d_name[0] != '.';
    }
    printf("pages %d\n", n);
    fflush(stdout);
    return write(fd, end, sizeof(end)) == sizeof(end) ? 0 : 13;
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_step_fails),
        cmocka_unit_test(test_hostile_steps),
        cmocka_unit_test(test_pages),
    };

    if (argc == 3 && strcmp(basename(argv[0]), "platen-zip") == 0) {
        /* Without what a sanitizer would do at the end: the sandbox forbids it. */
        _exit(pretend_zip(argv));
    }
    return cmocka_run_group_tests(tests, setup, pool_teardown);
}
