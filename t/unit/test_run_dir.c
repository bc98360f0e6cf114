/*
 * platen_run_dir: what is carried from step to step, and that whatever a hostile
 * engine has left in between goes no further.
 */

#include "sidecar_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>

#include "run/run_dir.h"

#define NOBODY 65534

static char             root[] = "/tmp/test_run_dir.XXXXXX";
static char             document[64], outside[64];
static platen_run_dir_t run_dir;

static void
spew(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (int) strlen(text));
    close(fd);
}

/* What a file holds; "-" if it cannot be read. */
static const char *
slurp(const char *path)
{
    static char text[64];
    ssize_t     n;
    int         fd = open(path, O_RDONLY | O_NONBLOCK);

    snprintf(text, sizeof(text), "-");
    if (fd >= 0) {
        n = read(fd, text, sizeof(text) - 1);
        text[n < 0 ? 0 : n] = '\0';
        close(fd);
    }
    return text;
}

static int
setup(void **state)
{
    (void) state;
    if (mkdtemp(root) == NULL || platen_layout_prepare(root) != 0) {
        return -1;
    }
    snprintf(document, sizeof(document), "%s/document", root);
    snprintf(outside, sizeof(outside), "%s/outside", root);
    spew(document, "document");
    spew(outside, "outside");
    platen_run_dir_init(&run_dir, root, 3);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    return platen_tree_clear(root) == 0 ? rmdir(root) : -1;
}

static int
exists(const char *format, const char *name)
{
    char        path[PLATEN_PATH_MAX + 64];
    struct stat st;

    snprintf(path, sizeof(path), format, run_dir.dir, name);
    return lstat(path, &st) == 0;
}

/* Executes a line of shell in the run directory, as an engine may. */
static void
engine(const char *line)
{
    char command[PLATEN_PATH_MAX + 512];

    snprintf(command, sizeof(command), "cd %s; OUTSIDE=%s; %s", run_dir.dir, outside, line);
    assert_int_equal(system(command), 0);
}

static void
test_open(void **state)
{
    struct stat st;

    (void) state;
    assert_int_equal(platen_run_dir_open(&run_dir, document, "docx", "pdf"), 0);
    assert_string_equal(run_dir.output_name, "in.pdf");
    assert_string_equal(slurp(run_dir.input), "document");
    assert_int_equal(stat(run_dir.dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_true(exists("%s/%s", "out") && exists("%s/%s", "tmp"));

    /* A link: an engine that takes it away takes nothing away. */
    assert_int_equal(lstat(run_dir.input, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    engine("rm in.docx; echo other > in.docx; echo x > left; echo x > out/left");
    assert_string_equal(slurp(document), "document");

    /* Nothing of the last run is there in the next. */
    assert_int_equal(platen_run_dir_open(&run_dir, document, "odt", "txt"), 0);
    assert_false(exists("%s/%s", "left") || exists("%s/%s", "out/left"));
    assert_false(exists("%s/%s", "in.docx"));

    assert_int_equal(platen_run_dir_open(&run_dir, "/nonexistent", "odt", "txt"), -1);
    assert_int_equal(errno, ENOENT);
}

static void
test_close(void **state)
{
    (void) state;
    assert_int_equal(platen_run_dir_open(&run_dir, document, "docx", "pdf"), 0);
    engine("mkdir -p a/b; echo x > a/b/c; ln -s $OUTSIDE l; echo x > ../3.held");
    assert_int_equal(platen_run_dir_close(&run_dir), 0);
    assert_false(exists("%s/%s", "a") || exists("%s/%s", "in.docx") || exists("%s/%s", "l"));
    assert_false(exists("%s.held%s", ""));
    assert_string_equal(slurp(outside), "outside");
    assert_string_equal(slurp(document), "document");
}

static void
test_advance(void **state)
{
    struct stat st;

    (void) state;
    assert_int_equal(platen_run_dir_open(&run_dir, document, "md", "html"), 0);
    engine("echo result > out/in.html; echo x > out/other; echo x > left");
    assert_int_equal(platen_run_dir_advance(&run_dir, "html", "pdf"), 0);
    assert_string_equal(run_dir.output_name, "in.pdf");
    assert_string_equal(slurp(run_dir.input), "result\n");
    assert_int_equal(lstat(run_dir.input, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_false(exists("%s/%s", "left") || exists("%s/%s", "out/other")
                 || exists("%s/%s", "in.md"));

    /* Once more, as it was. */
    engine("rm in.html; ln -s $OUTSIDE in.html; rmdir tmp; ln -s .. tmp; echo x > log");
    assert_int_equal(platen_run_dir_again(&run_dir, "html", "pdf"), 0);
    assert_string_equal(slurp(run_dir.input), "result\n");
    assert_int_equal(lstat(run_dir.dir, &st), 0);
    assert_false(exists("%s/%s", "log"));
    assert_true(exists("%s/%s", "tmp"));

    /* And on, from there. */
    engine("echo again > out/in.pdf");
    assert_int_equal(platen_run_dir_advance(&run_dir, "pdf", "txt"), 0);
    assert_string_equal(slurp(run_dir.input), "again\n");
    assert_string_equal(slurp(document), "document");
}

static void
test_hostile(void **state)
{
    static const char *const leaves[] = {
        "true",
        ": > out/in.html",
        "ln -s $OUTSIDE out/in.html",
        "ln -s nowhere out/in.html",
        "ln $OUTSIDE out/in.html",
        "echo a > out/x; ln out/x out/in.html",
        "mkfifo out/in.html",
        "mkdir out/in.html; echo a > out/in.html/in.html",
        "ln -s /dev/zero out/in.html",
        "ln -s ../in.md out/in.html",
        "rmdir out; mkdir o; echo a > o/in.html; ln -s o out",
        "rmdir out; mkdir o; echo a > o/in.html; ln -s \"$PWD\"/o out",
        "rmdir out; ln -s $OUTSIDE out",
        "rmdir out; echo a > out",
        "rmdir out; mkfifo out",
        "rmdir out",
        "cd ..; rm -r 3/*; rmdir 3 2>&1 | true",
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        assert_int_equal(platen_run_dir_open(&run_dir, document, "md", "html"), 0);
        engine(leaves[i]);
        if (platen_run_dir_advance(&run_dir, "html", "pdf") != 1) {
            fail_msg("carried over: %s", leaves[i]);
        }
        assert_string_equal(slurp(outside), "outside");
        assert_string_equal(slurp(document), "document");
    }
}

/* What an engine has closed is opened again: that would not be this machine's fault. */
static void
test_closed(void **state)
{
    static const char *const closes[] = { "chmod 0 out", "chmod 0500 out", "chmod 0 .",
                                          "chmod 0500 .", "chmod 0 out ." };
    char                     line[128];
    size_t                   i;

    (void) state;
    for (i = 0; i < sizeof(closes) / sizeof(closes[0]); i++) {
        assert_int_equal(platen_run_dir_open(&run_dir, document, "md", "html"), 0);
        snprintf(line, sizeof(line), "echo new > out/in.html; %s", closes[i]);
        engine(line);
        assert_int_equal(platen_run_dir_advance(&run_dir, "html", "png"), 0);
        assert_string_equal(slurp(run_dir.input), "new\n");

        snprintf(line, sizeof(line), "echo 1 > out/in-1.png; echo 2 > out/in-2.png; %s",
                 closes[i]);
        engine(line);
        assert_int_equal(platen_run_dir_pages(&run_dir, "png"), 2);
        engine(closes[i]);
        assert_int_equal(platen_run_dir_pack(&run_dir), 0);
        assert_true(exists("%s/%s", "pages/in-1.png"));
    }
}

/* Directories that the engine closes, or that are deep, hide nothing from the measure. */
static void
test_measure(void **state)
{
    static const char *const hides[] = {
        "mkdir d; head -c 300000 /dev/zero > d/x; chmod 0300 d",
        "mkdir -p a/b; head -c 300000 /dev/zero > a/b/x; chmod 0 a/b; chmod 0300 a",
        "head -c 300000 /dev/zero > out/x; chmod 0300 out; chmod 0300 .",
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(hides) / sizeof(hides[0]); i++) {
        assert_int_equal(platen_run_dir_open(&run_dir, document, "md", "html"), 0);
        engine(hides[i]);
        assert_true(platen_tree_total(run_dir.dir) >= 300000);
        assert_true(platen_tree_largest(run_dir.dir) == 300000);
    }
    assert_int_equal(platen_run_dir_open(&run_dir, document, "md", "html"), 0);
    engine(
        "p=d; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do p=$p/d/d; done;"
        "mkdir -p $p; head -c 300000 /dev/zero > $p/x");
    assert_true(platen_tree_total(run_dir.dir) == UINT64_MAX);
}

/* What a run that ended half-way has left beside the run directory is in nobody's way. */
static void
test_held(void **state)
{
    static const char *const leaves[] = { "echo old > ../3.held",
                                          "mkdir -p ../3.held/a/b; echo x > ../3.held/a/b/c",
                                          "ln -s $OUTSIDE ../3.held", "mkdir ../3.held" };
    size_t                   i;

    (void) state;
    for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        assert_int_equal(platen_run_dir_open(&run_dir, document, "md", "html"), 0);
        engine(leaves[i]);
        engine("echo new > out/in.html");
        assert_int_equal(platen_run_dir_advance(&run_dir, "html", "png"), 0);
        assert_string_equal(slurp(run_dir.input), "new\n");

        engine("rm ../3.held");
        engine(leaves[i]);
        engine("echo 1 > out/in-1.png; echo 2 > out/in-2.png");
        assert_int_equal(platen_run_dir_pack(&run_dir), 0);
        assert_true(exists("%s/%s", "pages/in-2.png"));
        assert_false(exists("%s.held%s", ""));
        assert_string_equal(slurp(outside), "outside");
    }
}

static void
test_pages(void **state)
{
    static const struct {
        const char *leaves;
        int         pages;
        const char *result; /* what is in out/in.png then */
    } cases[] = {
        { "true", 0, "-" },
        { "echo x > out/page.png; echo x > out/in-1.jpeg; echo x > out/in-.png", 0, "-" },
        { "echo x > out/in-1png; echo x > out/in-1.png.txt; echo x > out/In-1.png", 0, "-" },
        { "echo one > out/in-1.png", 1, "one\n" },
        { "echo one > out/in-0007.png; echo x > out/other", 1, "one\n" },
        { "echo whole > out/in.png; echo x > out/in-1.png; echo x > out/in-2.png", 1,
          "whole\n" },
        { "for i in 1 2 3 10 11; do echo $i > out/in-$i.png; done", 5, "-" },
        { "rmdir out", 0, "-" },
        { "rmdir out; mkdir o; echo x > o/in-1.png; ln -s o out", 0, "-" },
        { "rmdir out; echo x > out", 0, "-" },
        /* Counted, or moved, and never followed: whoever opens it sees what it is. */
        { "ln -s $OUTSIDE out/in.png", 1, "outside" },
        { "ln -s $OUTSIDE out/in-1.png", 1, "outside" },
        { "mkdir out/in-1.png out/in-2.png", 2, "-" },
    };
    char   long_name[PLATEN_PATH_MAX + 300], name[256];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
        engine(cases[i].leaves);
        if (platen_run_dir_pages(&run_dir, "png") != cases[i].pages
            || strcmp(slurp(run_dir.output), cases[i].result) != 0) {
            fail_msg("%s: %s", cases[i].leaves, slurp(run_dir.output));
        }
    }

    /* The longest name that a directory takes. */
    assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
    memset(name, '1', sizeof(name));
    memcpy(name, "in-", 3);
    memcpy(name + 251, ".png", 5);
    snprintf(long_name, sizeof(long_name), "%s/%s", run_dir.output_dir, name);
    spew(long_name, "long");
    assert_int_equal(platen_run_dir_pages(&run_dir, "png"), 1);
    assert_string_equal(slurp(run_dir.output), "long");
}

/* A result that its engine has called after the document. */
static void
test_adopt(void **state)
{
    static const struct {
        const char *leaves, *result;
    } cases[] = {
        { "echo r > 'out/a b%.png'", "r\n" },
        { "echo r > out/in.png", "r\n" },
        { "echo r > out/a.png; chmod 0 out; chmod 0 .", "r\n" },
        { "echo r > out/a.png; echo r > out/b.png", "-" },
        { "echo r > out/lu1.tmp", "-" },
        { "echo r > out/png", "-" },
        { "true", "-" },
    };
    static const char *const links[] = { "mkdir out/a.png", "ln -s ../in.pdf out/a.png",
                                         "ln in.x out/a.png",
                                         "rmdir out; ln -s . out; echo r > a.png" };
    size_t                   i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
        engine(cases[i].leaves);
        assert_int_equal(platen_run_dir_adopt(&run_dir), 0);
        if (strcmp(slurp(run_dir.output), cases[i].result) != 0) {
            fail_msg("%s: %s", cases[i].leaves, slurp(run_dir.output));
        }
    }
    for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
        engine("echo x > in.x");
        engine(links[i]);
        assert_int_equal(platen_run_dir_adopt(&run_dir), 0);
        assert_int_equal(platen_run_dir_advance(&run_dir, "png", "pdf"), 1);
    }
}

static void
test_pack(void **state)
{
    struct stat st;

    (void) state;
    assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
    engine("echo 1 > out/in-1.png; echo 2 > out/in-2.png; echo x > left; chmod 0 out");
    assert_int_equal(platen_run_dir_pack(&run_dir), 0);
    assert_string_equal(run_dir.output_name, "in.zip");
    assert_int_equal(stat(run_dir.pages_dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_true(exists("%s/%s", "pages/in-1.png") && exists("%s/%s", "pages/in-2.png"));
    assert_false(exists("%s/%s", "left") || exists("%s/%s", "out/in-1.png"));
    assert_true(exists("%s/%s", "out"));

    assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
    engine("rmdir out; ln -s / out");
    assert_int_equal(platen_run_dir_pack(&run_dir), 1);
    assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
    engine("rmdir out; echo x > out");
    assert_int_equal(platen_run_dir_pack(&run_dir), 1);
}

static void
test_read(void **state)
{
    char text[8];

    (void) state;
    assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
    memset(text, 'x', sizeof(text));
    platen_run_dir_read(&run_dir, "log", text, sizeof(text));
    assert_string_equal(text, "");
    engine("printf 1234567 > log");
    platen_run_dir_read(&run_dir, "log", text, sizeof(text));
    assert_string_equal(text, "1234567");
    /* The end of it. */
    engine("printf 8 >> log");
    platen_run_dir_read(&run_dir, "log", text, sizeof(text));
    assert_string_equal(text, "2345678");

    engine("rm log; ln -s $OUTSIDE log");
    platen_run_dir_read(&run_dir, "log", text, sizeof(text));
    assert_string_equal(text, "");
    engine("rm log; mkfifo log");
    platen_run_dir_read(&run_dir, "log", text, sizeof(text));
    assert_string_equal(text, "");
    engine("rm log; mkdir log");
    platen_run_dir_read(&run_dir, "log", text, sizeof(text));
    assert_string_equal(text, "");
}

/* Wherever in the file it is, and also where it is cut by what is read at once. */
static void
test_says(void **state)
{
    static const char *const phrases[] = { "no such words", "error:", NULL };
    static const char *const files[] = {
        "printf error: > log",
        "{ printf error:; head -c 100000 /dev/zero; } > log",
        "{ head -c 8253 /dev/zero; printf error:; head -c 9000 /dev/zero; } > log",
        "{ head -c 100000 /dev/zero; printf error:; } > log",
    };
    size_t i;

    (void) state;
    assert_int_equal(platen_run_dir_open(&run_dir, document, "pdf", "png"), 0);
    assert_false(platen_run_dir_says(&run_dir, "log", phrases));
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        engine(files[i]);
        assert_true(platen_run_dir_says(&run_dir, "log", phrases));
        assert_false(platen_run_dir_says(&run_dir, "log", phrases + 2));
    }
    engine("head -c 100000 /dev/zero > log");
    assert_false(platen_run_dir_says(&run_dir, "log", phrases));
    engine("rm log; mkfifo log");
    assert_false(platen_run_dir_says(&run_dir, "log", phrases));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),    cmocka_unit_test(test_close),
        cmocka_unit_test(test_advance), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_closed),  cmocka_unit_test(test_measure),
        cmocka_unit_test(test_held),    cmocka_unit_test(test_pages),
        cmocka_unit_test(test_adopt),   cmocka_unit_test(test_pack),
        cmocka_unit_test(test_read),    cmocka_unit_test(test_says),
    };

    /* Root could open everything, and would prove nothing. */
    if (geteuid() == 0
        && (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0
            || setresuid(NOBODY, NOBODY, NOBODY) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)) {
        return 1;
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
