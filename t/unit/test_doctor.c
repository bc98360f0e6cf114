/* platenctl doctor: its findings, the processes they come from, and what it reads. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "ctl/ctl.h"
#include "ctl/capture.h"
#include "ctl/doctor.h"
#include "ctl/section.h"
#include "sandbox/sandbox.h"
#include "scratch.h"

/* What the report prints, in a buffer that lasts until the next call. */
static const char *
printed(const platen_ctl_report_t *report, unsigned how)
{
    static char text[65536];
    FILE       *out = fmemopen(text, sizeof(text), "w");

    assert_non_null(out);
    platen_ctl_report_print(report, how, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static platen_ctl_report_t *
sample(void)
{
    platen_ctl_report_t *report = platen_ctl_report_new(-1);

    assert_non_null(report);
    platen_ctl_report_add(report, PLATEN_CTL_OK, "a", "fine");
    platen_ctl_report_add(report, PLATEN_CTL_WARN, "b", "half %d", 2);
    platen_ctl_report_advice(report, "run %s", "this");
    platen_ctl_report_add(report, PLATEN_CTL_FAIL, "c", "broken");
    platen_ctl_report_advice(report, "mend it");
    return report;
}

static void
test_report_text(void **state)
{
    platen_ctl_report_t *report = sample();

    (void) state;
    assert_string_equal(printed(report, 0), "ok    fine\n"
                                            "warn  half 2 — run this\n"
                                            "FAIL  broken — mend it\n");
    assert_string_equal(printed(report, PLATEN_CTL_REPORT_QUIET), "warn  half 2 — run this\n"
                                                                  "FAIL  broken — mend it\n");
    assert_non_null(strstr(printed(report, PLATEN_CTL_REPORT_COLOUR), "\033[1;31mFAIL\033[0m"));
    assert_int_equal(platen_ctl_report_count(report, PLATEN_CTL_OK), 1);
    assert_int_equal(platen_ctl_report_count(report, PLATEN_CTL_FAIL), 1);
    platen_ctl_report_destroy(&report);
    assert_null(report);
}

static void
test_report_json(void **state)
{
    platen_ctl_report_t *report = sample(), *empty = platen_ctl_report_new(-1);
    json_t              *list;

    (void) state;
    list = json_loads(printed(report, PLATEN_CTL_REPORT_JSON), 0, NULL);
    assert_int_equal(json_array_size(list), 3);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "advice")),
                        "");
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 2), "status")),
                        "FAIL");
    json_decref(list);

    list =
        json_loads(printed(report, PLATEN_CTL_REPORT_JSON | PLATEN_CTL_REPORT_QUIET), 0, NULL);
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);

    assert_string_equal(printed(empty, PLATEN_CTL_REPORT_JSON), "[]\n");
    platen_ctl_report_destroy(&report);
    platen_ctl_report_destroy(&empty);
}

/* Names of files, and what other programs say, are anybody's bytes. */
static void
test_report_hostile(void **state)
{
    platen_ctl_report_t *report = platen_ctl_report_new(-1);
    json_t              *list;
    char                 longest[8192];

    (void) state;
    platen_ctl_report_add(report, PLATEN_CTL_OK, "a", "%s", "x\nok    forged\033[2J\x7f\n");
    assert_string_equal(printed(report, 0), "ok    x ok    forged [2J\n");
    platen_ctl_report_destroy(&report);
    report = platen_ctl_report_new(-1);
    platen_ctl_report_add(report, PLATEN_CTL_OK, "a", "%s",
                          "\xc3\xa4\xc2\x9b"
                          "2J\xe2\x80\xaetxt");
    assert_string_equal(printed(report, 0), "ok    \xc3\xa4 2J txt\n");
    platen_ctl_report_add(report, PLATEN_CTL_OK, "b", "%s", "\xff\xfe");
    list = json_loads(printed(report, PLATEN_CTL_REPORT_JSON), 0, NULL);
    assert_int_equal(json_array_size(list), 2);
    json_decref(list);

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    platen_ctl_report_add(report, PLATEN_CTL_OK, "c", "%s", longest);
    assert_int_equal(platen_ctl_report_flush(report), 0);

    assert_int_equal(platen_ctl_report_take(report, "nonsense", 8), -1);
    assert_int_equal(platen_ctl_report_take(report, "{\"check\":\"x\"}", 13), -1);
    platen_ctl_report_destroy(&report);
}

static void
check_three(const void *data, platen_ctl_report_t *report)
{
    assert_string_equal(data, "data");
    puts("what a library prints"); /* is not to be seen in the output */
    platen_ctl_report_add(report, PLATEN_CTL_OK, "one", "1");
    platen_ctl_report_add(report, PLATEN_CTL_WARN, "two", "2");
    platen_ctl_report_advice(report, "to do");
    platen_ctl_report_add(report, PLATEN_CTL_OK, "three", "as %u", (unsigned) getuid());
}

static void
test_section(void **state)
{
    platen_ctl_report_t  *report = platen_ctl_report_new(-1);
    platen_ctl_identity_t nobody = { .name = "nobody", .uid = 65534, .gid = 65534 };
    char                  wanted[64];

    (void) state;
    platen_ctl_section_run("s", check_three, "data", NULL, 10, report);
    snprintf(wanted, sizeof(wanted), "ok    1\nwarn  2 — to do\nok    as %u\n",
             (unsigned) getuid());
    assert_string_equal(printed(report, 0), wanted);
    platen_ctl_report_destroy(&report);

    report = platen_ctl_report_new(-1);
    platen_ctl_section_run("s", check_three, "data", &nobody, 10, report);
    if (geteuid() == 0) {
        assert_non_null(strstr(printed(report, 0), "ok    as 65534\n"));
    } else {
        assert_non_null(strstr(printed(report, 0), "FAIL  cannot become nobody"));
    }
    platen_ctl_report_destroy(&report);
}

static void
check_crash(const void *data, platen_ctl_report_t *report)
{
    (void) data;
    platen_ctl_report_add(report, PLATEN_CTL_OK, "before", "before");
    platen_ctl_report_add(report, PLATEN_CTL_OK, "last", "last");
    signal(SIGBUS, SIG_DFL); /* the sanitizer has a handler */
    raise(SIGBUS);
}

static void
check_hang(const void *data, platen_ctl_report_t *report)
{
    (void) data;
    (void) report;
    if (fork() == 0) {
        pause(); /* holds the pipe as well */
    }
    pause();
}

static void
check_exit(const void *data, platen_ctl_report_t *report)
{
    (void) data;
    (void) report;
    _exit(3);
}

static void
test_section_dies(void **state)
{
    platen_ctl_report_t *report = platen_ctl_report_new(-1);

    (void) state;
    platen_ctl_section_run("crash", check_crash, NULL, NULL, 10, report);
    assert_non_null(strstr(printed(report, 0), "ok    before\n"));
    assert_non_null(strstr(printed(report, 0), "FAIL  the check of crash was ended by: Bus"));

    platen_ctl_section_run("hang", check_hang, NULL, NULL, 1, report);
    assert_non_null(
        strstr(printed(report, 0), "FAIL  the check of hang took more than 1 seconds"));

    platen_ctl_section_run("exit", check_exit, NULL, NULL, 10, report);
    assert_non_null(strstr(printed(report, 0), "FAIL  the check of exit could not tell"));
    assert_int_equal(platen_ctl_report_count(report, PLATEN_CTL_FAIL), 3);
    platen_ctl_report_destroy(&report);
}

static void
test_capture(void **state)
{
    const char *const out[] = { "/bin/sh", "-c", "echo out; echo err >&2; exit 7", NULL };
    const char *const killed[] = { "/bin/sh", "-c", "kill -9 $$", NULL };
    const char *const missing[] = { "/nonexistent/program", NULL };
    const char *const much[] = { "/bin/sh", "-c", "head -c 20000000 /dev/zero", NULL };
    char             *text;

    (void) state;
    assert_int_equal(platen_ctl_capture(out, PLATEN_CTL_CAPTURE_OUT, &text), 7);
    assert_string_equal(text, "out\n");
    free(text);
    assert_int_equal(platen_ctl_capture(out, PLATEN_CTL_CAPTURE_ERR, &text), 7);
    assert_string_equal(text, "err\n");
    free(text);
    assert_int_equal(platen_ctl_capture(killed, PLATEN_CTL_CAPTURE_OUT, &text), 128 + SIGKILL);
    free(text);
    assert_int_equal(platen_ctl_capture(missing, PLATEN_CTL_CAPTURE_OUT, &text), 127);
    free(text);
    assert_int_equal(platen_ctl_capture(much, PLATEN_CTL_CAPTURE_OUT, &text), 0);
    free(text);
}

/* A program that is asked something writes nowhere. */
static void
test_capture_writes_nothing(void **state)
{
    const char *const argv[] = { "/bin/sh", "-c", "echo x > ./made 2>/dev/null", NULL };
    char              dir[SCRATCH_MAX], here[4096], *text;

    (void) state;
    if (!(platen_sandbox_probe(NULL) & PLATEN_SANDBOX_LANDLOCK)) {
        skip();
    }
    assert_int_equal(scratch_make(dir), 0);
    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chdir(dir), 0);
    assert_int_not_equal(platen_ctl_capture(argv, PLATEN_CTL_CAPTURE_OUT, &text), 0);
    free(text);
    assert_int_not_equal(access("made", F_OK), 0);
    assert_int_equal(chdir(here), 0);
    scratch_remove(dir);
}

static void
test_identity_parse(void **state)
{
    platen_ctl_identity_t who;

    (void) state;
    assert_int_equal(platen_ctl_identity_parse(&who, "Name:\tnginx\nUid:\t7\t8\t9\t33\n"
                                                     "Gid:\t1\t1\t1\t34\nFDSize:\t64\n"
                                                     "Groups:\t4 27 \nNStgid:\t1\n"),
                     0);
    assert_int_equal(who.uid, 33);
    assert_int_equal(who.gid, 34);
    assert_int_equal(who.ngroups, 3);
    assert_int_equal(who.groups[0], 4);
    assert_int_equal(who.groups[2], 34);

    assert_int_equal(platen_ctl_identity_parse(&who, ""), -1);
    assert_int_equal(platen_ctl_identity_parse(&who, "x\nUid:\t1\t1\n"), -1);
    assert_int_equal(platen_ctl_identity_parse(&who, "x\nUid:\t1 1 1 1\nGid:"), -1);
}

static void
test_identity_may(void **state)
{
    static const struct {
        mode_t mode;
        uid_t  owner;
        gid_t  group;
        int    want;
        int    may;
    } cases[] = {
        { S_IFREG | 0640, 33, 0, R_OK | W_OK, 1 }, { S_IFREG | 0640, 0, 5, R_OK, 1 },
        { S_IFREG | 0640, 0, 5, W_OK, 0 },         { S_IFREG | 0640, 0, 0, R_OK, 0 },
        { S_IFREG | 0644, 0, 0, R_OK, 1 },         { S_IFSOCK | 0660, 1, 33, W_OK, 1 },
        { S_IFREG | 0077, 33, 5, R_OK, 0 },        { S_IFREG | 0607, 0, 5, R_OK, 0 },
        { S_IFDIR | 0711, 0, 0, X_OK, 1 },         { S_IFDIR | 0700, 0, 0, X_OK, 0 },
    };
    const platen_ctl_identity_t www = {
        .uid = 33, .gid = 33, .groups = { 5, 33 }, .ngroups = 2
    };
    const platen_ctl_identity_t root = { .uid = 0 };
    struct stat                 st = { .st_mode = 0 };
    size_t                      i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        st.st_mode = cases[i].mode;
        st.st_uid = cases[i].owner;
        st.st_gid = cases[i].group;
        if (platen_ctl_identity_may(&www, &st, cases[i].want) != cases[i].may) {
            fail_msg("case %zu", i);
        }
    }

    st.st_mode = S_IFREG | 0600;
    st.st_uid = 33;
    assert_true(platen_ctl_identity_may(&root, &st, R_OK | W_OK));
    assert_false(platen_ctl_identity_may(&root, &st, X_OK));
}

static void
test_identity_reach(void **state)
{
    const platen_ctl_identity_t nobody = { .uid = 65534 };
    char                        dir[SCRATCH_MAX], path[SCRATCH_MAX + 32], where[4096];

    (void) state;
    assert_int_equal(scratch_make(dir), 0); /* mode 0700 */
    snprintf(path, sizeof(path), "%s/below/file", dir);

    assert_int_equal(platen_ctl_identity_reach(&nobody, path, R_OK, where, sizeof(where)), -1);
    assert_int_equal(errno, EACCES);
    assert_string_equal(where, dir);

    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(platen_ctl_identity_reach(&nobody, path, R_OK, where, sizeof(where)), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(platen_ctl_identity_reach(&nobody, "/", X_OK, where, sizeof(where)), 0);
    assert_int_equal(platen_ctl_identity_reach(&nobody, dir, R_OK | X_OK, where, sizeof(where)),
                     0);
    assert_int_equal(platen_ctl_identity_reach(&nobody, dir, W_OK, where, sizeof(where)), -1);
    scratch_remove(dir);
}

static void
test_numbers(void **state)
{
    char text[32];

    (void) state;
    assert_string_equal(platen_ctl_doctor_size(0, text), "0 B");
    assert_string_equal(platen_ctl_doctor_size(1023, text), "1023 B");
    assert_string_equal(platen_ctl_doctor_size(1536, text), "1.5 KiB");
    assert_string_equal(platen_ctl_doctor_size(UINT64_C(8) << 30, text), "8.0 GiB");
    assert_string_equal(platen_ctl_doctor_size(UINT64_MAX, text), "16.0 EiB");
    assert_string_equal(platen_ctl_doctor_duration(59, text), "59 s");
    assert_string_equal(platen_ctl_doctor_duration(61, text), "1 min 1 s");
    assert_string_equal(platen_ctl_doctor_duration(7260, text), "2 h 1 min");
    assert_string_equal(platen_ctl_doctor_duration(90000, text), "1 day 1 h");
    assert_string_equal(platen_ctl_doctor_duration(UINT64_MAX, text),
                        "213503982334601 days 7 h");
}

static void
test_packages(void **state)
{
    static const char *const cases[][2] = {
        { "/usr/bin/pandoc", "pandoc" },
        { "/usr/share/pandoc/data", "pandoc-data" },
        { "/usr/bin/pdftoppm", "poppler-utils" },
        { "/usr/bin/mutool", "mupdf-tools" },
        { "/usr/bin/rsvg-convert", "librsvg2-bin" },
        { "/usr/lib/platen/platen-tables", "platen" },
        { "/opt/lo/program/libswlo.so", "libreoffice-writer" },
    };
    char   path[64];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(platen_ctl_doctor_package(cases[i][0]), cases[i][1]);
    }
    assert_non_null(
        strstr(platen_ctl_doctor_package("/opt/soffice.bin"), "libreoffice-writer"));
    assert_null(platen_ctl_doctor_package("/usr/bin/mine"));
    assert_null(platen_ctl_doctor_package(""));

    platen_ctl_doctor_culprit("/usr/bin/qpdf: No such file", path, sizeof(path));
    assert_string_equal(path, "/usr/bin/qpdf");
    platen_ctl_doctor_culprit("switched off", path, sizeof(path));
    assert_string_equal(path, "");
    platen_ctl_doctor_culprit("no path: in it", path, sizeof(path));
    assert_string_equal(path, "");
}

static void
test_files(void **state)
{
    static const char ini[] = "[Version]\nxbuildid=no\nbuildid=40(Build:2)\r\nlast=1";
    static const char limits[] = "Limit                     Soft Limit           Hard Limit\n"
                                 "Max processes             96365                96365\n"
                                 "Max open files            1024                 524288\n"
                                 "Max address space         unlimited            unlimited\n";
    char              text[64], version[] = "\177ELF..@(#)platen 1.2.3~rc1\0more";

    (void) state;
    platen_ctl_doctor_ini(ini, "buildid", text, sizeof(text));
    assert_string_equal(text, "40(Build:2)");
    platen_ctl_doctor_ini(ini, "last", text, sizeof(text));
    assert_string_equal(text, "1");
    platen_ctl_doctor_ini(ini, "none", text, sizeof(text));
    assert_string_equal(text, "");

    assert_int_equal(platen_ctl_doctor_limit(limits, "\nMax open files"), 1024);
    assert_true(platen_ctl_doctor_limit(limits, "\nMax address space") == UINT64_MAX);
    assert_true(platen_ctl_doctor_limit(limits, "\nMax none") == UINT64_MAX);

    assert_int_equal(platen_ctl_doctor_stat("1 (a) b) 7 (x) S 2 3", 3), 0);
    assert_int_equal(platen_ctl_doctor_stat("1 (a) b) S 2 3 44", 4), 2);
    assert_int_equal(platen_ctl_doctor_stat("1 (a) b) S 2 3 44", 6), 44);
    assert_int_equal(platen_ctl_doctor_stat("1 (a) b) S 2 3 44", 22), 0);
    assert_int_equal(platen_ctl_doctor_stat("", 22), 0);

    platen_ctl_doctor_version_in(version, sizeof(version), text, sizeof(text));
    assert_string_equal(text, "1.2.3~rc1");
    platen_ctl_doctor_version_in(version, 20, text, sizeof(text)); /* cut off */
    assert_string_equal(text, "1.2");
    platen_ctl_doctor_version_in(version, 5, text, sizeof(text));
    assert_string_equal(text, "");
    assert_int_equal(platen_ctl_doctor_version("/dev/null", text, sizeof(text)), -1);
    assert_int_equal(platen_ctl_doctor_version("/nonexistent", text, sizeof(text)), -1);
}

static void
test_file_systems(void **state)
{
    const char *name;

    (void) state;
    assert_int_equal(platen_ctl_doctor_fs(0xef53, &name), PLATEN_CTL_FS_LOCAL);
    assert_string_equal(name, "ext4");
    assert_int_equal(platen_ctl_doctor_fs(0x6969, &name), PLATEN_CTL_FS_REMOTE);
    assert_string_equal(name, "nfs");
    /* statfs(2) may have extended the sign of the 32 bits */
    assert_int_equal(platen_ctl_doctor_fs((uint64_t) (int64_t) (int32_t) 0xff534d42u, &name),
                     PLATEN_CTL_FS_REMOTE);
    assert_int_equal(platen_ctl_doctor_fs(0x01021994, &name), PLATEN_CTL_FS_VOLATILE);
    assert_int_equal(platen_ctl_doctor_fs(12345, &name), PLATEN_CTL_FS_LOCAL);
}

static void
test_fonts(void **state)
{
    static const char list[] = "DejaVu Sans,DejaVu Sans Condensed\taa|ar|zu\n"
                               "Noto Sans CJK JP\tja|zh-cn|ko\n"
                               "Bare\n";

    (void) state;
    assert_true(platen_ctl_doctor_family(list, "DejaVu Sans"));
    assert_true(platen_ctl_doctor_family(list, "dejavu sans condensed"));
    assert_true(platen_ctl_doctor_family(list, "Bare"));
    assert_false(platen_ctl_doctor_family(list, "DejaVu"));
    assert_false(platen_ctl_doctor_family(list, "ja"));
    assert_false(platen_ctl_doctor_family("", "DejaVu"));
    assert_true(platen_ctl_doctor_language(list, "ja"));
    assert_true(platen_ctl_doctor_language(list, "ko"));
    assert_true(platen_ctl_doctor_language(list, "aa"));
    assert_false(platen_ctl_doctor_language(list, "zh"));
    assert_false(platen_ctl_doctor_language(list, "Bare"));
}

/* Options of a command before, after and between those that all have. */
static void
test_parse(void **state)
{
    static const platen_ctl_command_t command = { .name = "test", .operands = "" };
    platen_ctl_t                      ctl = { .command = &command };
    const char                       *to = NULL;
    int                               quiet = 0, code = -1;
    const platen_ctl_option_t         own[] = {
                { "quiet", 'q', NULL, NULL, &quiet, "" },
                { "to", 0, "X", &to, NULL, "" },
    };
    char *words[] = { (char *) (uintptr_t) "test",
                      (char *) (uintptr_t) "one",
                      (char *) (uintptr_t) "-q",
                      (char *) (uintptr_t) "--json",
                      (char *) (uintptr_t) "--to=7",
                      (char *) (uintptr_t) "-cfile",
                      (char *) (uintptr_t) "--",
                      (char *) (uintptr_t) "-two",
                      NULL };
    char *wrong[] = { (char *) (uintptr_t) "test", (char *) (uintptr_t) "--to", NULL };

    (void) state;
    assert_int_equal(platen_ctl_parse(&ctl, 8, words, own, 2, &code), 6);
    assert_string_equal(words[6], "one");
    assert_string_equal(words[7], "-two");
    assert_string_equal(to, "7");
    assert_string_equal(ctl.file, "file");
    assert_int_equal(quiet, 1);
    assert_int_equal(ctl.json, 1);

    assert_int_equal(platen_ctl_parse(&ctl, 2, wrong, own, 2, &code), -1);
    assert_int_equal(code, PLATEN_CTL_USAGE);
}

static void
test_nginx_conf(void **state)
{
    platen_ctl_doctor_conf_t conf;

    (void) state;
    platen_ctl_doctor_conf_parse("", &conf);
    assert_string_equal(conf.store, "/var/lib/platen/store");
    assert_string_equal(conf.data, "/var/lib/platen/data");
    assert_string_equal(conf.queue, "ipc:///run/platen/platend.sock");
    assert_string_equal(conf.events, "");
    assert_string_equal(conf.map_size, "");
    assert_int_equal(conf.api, 0);

    platen_ctl_doctor_conf_parse("# platen_data /a;\nhttp{platen_store '/b c'\tmap_size=1g;#\n"
                                 "log_format x 'platen_api; \\' platen_data /d';"
                                 "platen_data \"/e\\\"f\";location /{platen_api;}}",
                                 &conf);
    assert_string_equal(conf.store, "/b c");
    assert_string_equal(conf.map_size, "1g");
    assert_string_equal(conf.data, "/e\"f");
    assert_int_equal(conf.api, 1);

    /* Words without an end, and endless ones. */
    platen_ctl_doctor_conf_parse("platen_data 'a", &conf);
    assert_string_equal(conf.data, "a");
    platen_ctl_doctor_conf_parse("platen_queue \\", &conf);
    assert_string_equal(conf.queue, "\\");
    platen_ctl_doctor_conf_parse("platen_events \"\";}{{;;} x", &conf);
    assert_string_equal(conf.events, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_text),
        cmocka_unit_test(test_report_json),
        cmocka_unit_test(test_report_hostile),
        cmocka_unit_test(test_section),
        cmocka_unit_test(test_section_dies),
        cmocka_unit_test(test_capture),
        cmocka_unit_test(test_capture_writes_nothing),
        cmocka_unit_test(test_identity_parse),
        cmocka_unit_test(test_identity_may),
        cmocka_unit_test(test_identity_reach),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_packages),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_file_systems),
        cmocka_unit_test(test_fonts),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_nginx_conf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
