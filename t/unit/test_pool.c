/*
 * platen_pool and platen_child: how runs end, seen through an engine that is a
 * shell in the sandbox.  Also that a group dies whole, and that a run gets at
 * nothing but its own.  Routes of several steps are in test_pool_steps.c.
 */

#include "pool_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#define EVIL "/tmp/test_pool.evil"

static int
prepare_missing(const platen_engine_t *engine, const platen_config_t *c,
                const platen_run_t *run, platen_command_t *command)
{
    (void) engine;
    (void) c;
    (void) run;
    platen_command_arg(command, "/nonexistent/engine");
    return 0;
}

/* A command of more words than there may be. */
static int
prepare_too_long(const platen_engine_t *engine, const platen_config_t *c,
                 const platen_run_t *run, platen_command_t *command)
{
    int i;

    (void) engine;
    (void) c;
    (void) run;
    for (i = 0; i <= PLATEN_COMMAND_WORDS; i++) {
        platen_command_arg(command, "/bin/true");
    }
    return 0;
}

static int
prepare_nothing(const platen_engine_t *engine, const platen_config_t *c,
                const platen_run_t *run, platen_command_t *command)
{
    (void) engine;
    (void) c;
    (void) run;
    platen_command_arg(command, "/bin/true");
    errno = ENOSPC;
    return -1;
}

static const platen_engine_t missing = { .name = "missing",
                                         .prepare = prepare_missing,
                                         .exited = pool_exited };
static const platen_engine_t too_long = { .name = "long",
                                          .prepare = prepare_too_long,
                                          .exited = pool_exited };
static const platen_engine_t broken = { .name = "broken",
                                        .prepare = prepare_nothing,
                                        .exited = pool_exited };

static void
test_success(void **state)
{
    (void) state;
    pool_run("read x < in.txt; echo said $x; echo '%PDF-1.4' > $OUT/in.pdf");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DONE);
    assert_int_equal(fixture.ended.exit_code, 0);
    assert_string_equal(fixture.ended.engine, "shell");
    assert_string_equal(fixture.ended.format->name, "pdf");
    assert_string_equal(fixture.ended.last_line, "said document");
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
    assert_int_equal(fixture.verdict.output_size, 9);
    assert_true(fixture.verdict.published);
    assert_false(pool_exists("runs/0/out"));
}

static void
test_no_result(void **state)
{
    static const char *const scripts[] = {
        "exit 0",
        "exit 3",
        ": > $OUT/in.pdf",
        "echo hello > $OUT/in.pdf",
        "ln -s /etc/passwd $OUT/in.pdf",
        "ln -s $IN $OUT/in.pdf",
        "mkfifo $OUT/in.pdf",
        "mkdir $OUT/in.pdf",
        "echo '%PDF-1.4' > $OUT/x; ln $OUT/x $OUT/in.pdf",
        "rmdir $OUT; mkdir other; echo '%PDF-1.4' > other/in.pdf; ln -s $PWD/other $OUT",
    };
    char   script[256];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        snprintf(script, sizeof(script), "PATH=/usr/bin:/bin; %s", scripts[i]);
        pool_run(script);
        assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DONE);
        if (fixture.verdict.state != PLATEN_STATE_FAILED) {
            fail_msg("%s: %s", script, platen_state_name(fixture.verdict.state));
        }
        assert_string_equal(fixture.verdict.error_code, "conversion_failed");
        assert_false(fixture.verdict.published);
    }
}

/* What an engine says of the document with its exit code. */
static void
test_exit_codes(void **state)
{
    static const struct {
        platen_exit_t        exit;
        uint32_t             options; /* that the step has to honour */
        platen_run_outcome_t outcome;
        const char          *code;
    } cases[] = {
        { PLATEN_EXIT_CORRUPT, 0, PLATEN_RUN_CORRUPT, "corrupt_document" },
        { PLATEN_EXIT_ENCRYPTED, 0, PLATEN_RUN_ENCRYPTED, "password_required" },
        { PLATEN_EXIT_PASSWORD, POOL_BIT(PASSWORD), PLATEN_RUN_PASSWORD, "wrong_password" },
        { PLATEN_EXIT_EMPTY, 0, PLATEN_RUN_EMPTY, "empty_document" },
        { PLATEN_EXIT_FAILED, POOL_BIT(PDFA), PLATEN_RUN_FAILED, "conversion_failed" },
        { PLATEN_EXIT_MEMORY, 0, PLATEN_RUN_MEMORY, "out_of_memory" },
        { PLATEN_EXIT_TOO_LARGE, 0, PLATEN_RUN_TOO_LARGE, "too_large_output" },
        /* Without a password there is no wrong one; asked for, pages may not be there. */
        { PLATEN_EXIT_PASSWORD, POOL_BIT(PAGES), PLATEN_RUN_ENCRYPTED, "password_required" },
        { PLATEN_EXIT_EMPTY, POOL_BIT(PAGES), PLATEN_RUN_PAGES, "pages_out_of_range" },
        { PLATEN_EXIT_FAILED, POOL_BIT(PAGES), PLATEN_RUN_PAGES, "pages_out_of_range" },
    };
    char              script[128], path[PLATEN_PATH_MAX];
    const char *const steps[][2] = { { "pdf", script }, { NULL, NULL } };
    platen_route_t    route;
    size_t            i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        snprintf(script, sizeof(script), "echo '%%PDF-1.4' > $OUT/in.pdf; exit %d",
                 100 + (int) cases[i].exit);
        route = pool_route_of(steps);
        route.steps[0].options = cases[i].options;
        assert_int_equal(pool_start_route(&route, 1, path), 0);
        pool_wait_for_end();
        assert_int_equal(fixture.ended.outcome, cases[i].outcome);
        assert_int_equal(fixture.ended.exit_code, 100 + (int) cases[i].exit);
        assert_int_equal(fixture.verdict.state, PLATEN_STATE_FAILED);
        assert_string_equal(fixture.verdict.error_code, cases[i].code);
        assert_false(fixture.verdict.published);
    }
}

/* fault 62: a crash costs its own run, and nothing else. */
static void
test_crash(void **state)
{
    (void) state;
    pool_run("kill -SEGV $$");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_CRASHED);
    assert_int_equal(fixture.ended.signal, SIGSEGV);
    assert_int_equal(fixture.ended.exit_code, -1);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture.verdict.blame, PLATEN_BLAME_DOCUMENT);

    pool_run("exit 79");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_CRASHED);
    assert_string_equal(fixture.verdict.error_code, "converter_crashed");
}

static void
test_again(void **state)
{
    (void) state;
    pool_run("test $START = 2 && { echo '%PDF-1.4' > $OUT/in.pdf; exit 0; }; exit 81");
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);

    /* Once only. */
    pool_run("exit 81");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_CRASHED);
}

/*
 * A second start finds what the first one found, whatever that has left: its document,
 * and no link that would become what it may read or write.
 */
static void
test_again_hostile(void **state)
{
    static const char *const leaves[] = {
        "/bin/rm in.txt; /bin/ln -s $SECRET in.txt",
        "/bin/rm -r tmp; /bin/ln -s ${SECRET%/*} tmp",
        "/bin/rm -r out; /bin/ln -s ${SECRET%/*} out",
        "/bin/rm log; /bin/ln -s $SECRET log",
        "/bin/rm -r *; /bin/mkdir in.txt",
        "/bin/mkdir -p a/b; /bin/chmod 0 a; /bin/chmod 0 .",
        "echo x > left; /bin/rm in.txt",
    };
    char   script[1024], secret[sizeof(fixture.root) + 16], text[64];
    FILE  *file;
    size_t i;

    (void) state;
    snprintf(secret, sizeof(secret), "%s/secret", fixture.root);
    file = fopen(secret, "w");
    assert_non_null(file);
    fputs("secret\n", file);
    assert_int_equal(fclose(file), 0);

    for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
        snprintf(script, sizeof(script),
                 "SECRET=%s; if test $START = 1; then %s; exit 81; fi;"
                 "(read a < $SECRET && echo read $a); (echo x >> $SECRET) 2>&-;"
                 "(: > ${SECRET%%/*}/made) 2>&-;"
                 "test -e left && echo left; read a < $IN; echo $a;"
                 "test -d tmp -a ! -L tmp || exit 103; echo '%%PDF-1.4' > $OUT/in.pdf",
                 secret, leaves[i]);
        pool_run(script);
        if (fixture.verdict.state != PLATEN_STATE_SUCCESS
            || strcmp(fixture.ended.last_line, "document") != 0 || fixture.starts != 2) {
            fail_msg("%s: %s, started %d times: %s", leaves[i],
                     platen_state_name(fixture.verdict.state), fixture.starts,
                     fixture.ended.last_line);
        }
        file = fopen(secret, "r");
        assert_non_null(file);
        assert_non_null(fgets(text, sizeof(text), file));
        assert_null(fgets(text + 32, 32, file));
        fclose(file);
        assert_string_equal(text, "secret\n");
        assert_false(pool_exists("made"));
    }
}

/* fault 66: a result over the limit, and a limit that looks like something else. */
static void
test_too_large(void **state)
{
    (void) state;
    pool_run("exec /bin/dd if=/dev/zero of=$OUT/in.pdf bs=1k count=128");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TOO_LARGE);
    assert_int_equal(fixture.ended.signal, SIGXFSZ);
    assert_string_equal(fixture.verdict.error_code, "too_large_output");

    /* Caught, and turned into a crash, or into a refusal. */
    pool_run("/bin/dd if=/dev/zero of=tmp/x bs=1k count=128; kill -ABRT $$");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TOO_LARGE);
    pool_run("/bin/dd if=/dev/zero of=tmp/x bs=1k count=128; exit 107");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TOO_LARGE);
}

/* fault 65: no memory, said in words or in a code. */
static void
test_memory(void **state)
{
    (void) state;
    pool_run("echo \"terminate called after throwing an instance of 'std::bad_alloc'\" >&2;"
             "kill -ABRT $$");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_MEMORY);
    assert_string_equal(fixture.verdict.error_code, "out_of_memory");
    pool_run("echo 'x: memory exhausted' >&2; exit 107");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_MEMORY);
    /* Words are no end of a run that went well. */
    pool_run("echo 'out of memory' >&2; echo '%PDF-1.4' > $OUT/in.pdf");
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
}

/* How many processes have that among their words; its id is the sandbox's own. */
static unsigned
count(const char *word)
{
    struct dirent *entry;
    char           path[300], words[1024];
    unsigned       n = 0;
    ssize_t        len, i;
    DIR           *proc = opendir("/proc");
    int            fd;

    assert_non_null(proc);
    while ((entry = readdir(proc)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        fd = open(path, O_RDONLY);
        if (fd < 0) {
            continue;
        }
        len = read(fd, words, sizeof(words) - 1);
        close(fd);
        words[len < 0 ? 0 : len] = '\0';
        for (i = 0; i < len; i += (ssize_t) strlen(words + i) + 1) {
            if (strcmp(words + i, word) == 0) {
                n++;
                break;
            }
        }
    }
    closedir(proc);
    return n;
}

/* They were killed, and may take a moment to go. */
static void
assert_gone(const char *word)
{
    int i;

    for (i = 0; i < 500 && count(word) != 0; i++) {
        usleep(10000);
    }
    assert_int_equal(count(word), 0);
}

/* Fault 67: each file is small, and there is no end of them. */
static void
test_fills_the_disk(void **state)
{
    (void) state;
    pool_run("i=0; while :; do i=$((i+1)); /bin/dd if=/dev/zero of=tmp/$i bs=4k count=4 "
             "2>/dev/null; done");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TOO_LARGE);
    assert_string_equal(fixture.verdict.error_code, "too_large_output");
}

/* fault 63: killed at the limit, with everything that it has started. */
static void
test_timeout(void **state)
{
    char script[256], word[32];

    (void) state;
    snprintf(word, sizeof(word), "100.%d", (int) getpid());
    snprintf(script, sizeof(script),
             "/bin/sleep %s & (/bin/sleep %s & echo started); wait; /bin/sleep %s", word, word,
             word);
    fixture.config.wall_clock = 1;
    pool_run(script);
    fixture.config.wall_clock = 60;

    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TIMEOUT);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
    assert_string_equal(fixture.verdict.error_code, "conversion_timeout");
    assert_string_equal(fixture.ended.last_line, "started");
    assert_gone(word);

    /* What it has left running dies at its end, too. */
    snprintf(script, sizeof(script), "/bin/sleep %s & echo '%%PDF-1.4' > $OUT/in.pdf", word);
    pool_run(script);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
    assert_gone(word);
}

/* Open, and without a name: the disk is as full. */
static void
test_unlinked(void **state)
{
    (void) state;
    pool_run("for n in 6 7 8; do eval \"exec $n> tmp/$n\"; /bin/rm tmp/$n;"
             " /bin/dd if=/dev/zero bs=1k count=60 >&$n; done; exec /bin/sleep 100");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TOO_LARGE);
    assert_string_equal(fixture.verdict.error_code, "too_large_output");

    /* Nor does it help to give up the right to look into a directory. */
    pool_run("/bin/mkdir tmp/a tmp/b; cd tmp; for n in 1 2 3; do /bin/dd if=/dev/zero of=a/$n"
             " bs=1k count=60; done; /usr/bin/perl -e 'opendir my $d, \"a\"; chmod 0400, $d;"
             " sleep 100'");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_TOO_LARGE);
}

/* Processes, threads among them: by the kernel where it counts a run's, else by a look. */
static void
test_threads(void **state)
{
    (void) state;
    pool_run("i=0; while [ $i -lt 300 ]; do /bin/sleep 100 & i=$((i+1)); done; exec /bin/sleep"
             " 100");
    if (platen_policy_counts(platen_confine_layers(fixture.confine))) {
        assert_non_null(strstr(fixture.ended.last_line, "fork"));
    } else {
        assert_int_equal(fixture.ended.outcome, PLATEN_RUN_THREADS);
        assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
        assert_string_equal(fixture.verdict.error_code, "too_many_threads");
    }
}

static int
put_word(const char *path, const char *word)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC), rc;

    if (fd < 0) {
        return -1;
    }
    rc = write(fd, word, strlen(word)) == (ssize_t) strlen(word) ? 0 : -1;
    close(fd);
    return rc;
}

/* A cgroup of the machine's with that much memory, which this process has entered; 0 or -1. */
static int
enter_cgroup(char dir[96], const char *memory)
{
    static const char *const limits[][2] = {
        { "/sys/fs/cgroup/memory", "memory.limit_in_bytes" },
        { "/sys/fs/cgroup", "memory.max" },
    };
    char   path[160], pid[32];
    size_t i;

    snprintf(pid, sizeof(pid), "%d", (int) getpid());
    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        snprintf(dir, 96, "%s/platen-test-%s", limits[i][0], pid);
        if (mkdir(dir, 0700) != 0) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", dir, limits[i][1]);
        if (put_word(path, memory) == 0) {
            snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
            if (put_word(path, pid) == 0) {
                return 0;
            }
        }
        (void) rmdir(dir);
    }
    return -1;
}

/*
 * The kernel has killed it, and no cgroup of its own has counted that: the machine was out
 * of memory, as /proc/vmstat tells.  It is tried again, as often as what crashes.
 */
static void
test_starved(void **state)
{
    char dir[96], path[160], pid[32];
    int  rc;

    (void) state;
    if (platen_sandbox_kills() == UINT64_MAX || enter_cgroup(dir, "268435456") != 0) {
        skip();
    }
    rc = pool_start(&pool_shell, "exec /usr/bin/perl -e 'my $x = q(x) x 400000000'", 1);
    if (rc == 0) {
        pool_wait_for_end();
    }
    snprintf(pid, sizeof(pid), "%d", (int) getpid());
    snprintf(path, sizeof(path), "%s/../cgroup.procs", dir);
    assert_int_equal(put_word(path, pid), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(rc, 0);
    assert_int_equal(fixture.ended.signal, SIGKILL);
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_STARVED);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture.verdict.blame, PLATEN_BLAME_DOCUMENT);
    assert_int_equal(fixture.verdict.pause, 0);
    assert_string_equal(fixture.verdict.error_code, "out_of_memory");

    /* One that kills itself has no part in what was before it. */
    pool_run("kill -9 $$");
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_CRASHED);
}

/* What leaves the group would outlive the run, and write into the next one's. */
static void
test_no_escape(void **state)
{
    (void) state;
    pool_run("/usr/bin/setsid /bin/true 2>/dev/null || echo refused");
    assert_string_equal(fixture.ended.last_line, "refused");
}

static void
test_kill(void **state)
{
    (void) state;
    assert_int_equal(pool_start(&pool_shell, "/bin/sleep 100", 1), 0);
    assert_non_null(platen_pool_task(fixture.pool, 0));
    platen_pool_kill(fixture.pool, 0, PLATEN_RUN_DISCARDED);
    assert_null(platen_pool_task(fixture.pool, 0));
    /* The first reason counts. */
    platen_pool_kill(fixture.pool, 0, PLATEN_RUN_INTERRUPTED);
    pool_wait_for_end();
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_DISCARDED);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_NONE);

    assert_int_equal(pool_start(&pool_shell, "/bin/sleep 100", 1), 0);
    platen_pool_kill(fixture.pool, 0, PLATEN_RUN_INTERRUPTED);
    pool_wait_for_end();
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture.verdict.blame, PLATEN_BLAME_NONE);
}

/* This machine's fault, not the document's. */
static void
assert_machine(int error)
{
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_ERROR);
    assert_int_equal(fixture.ended.error, error);
    assert_non_null(fixture.ended.step);
    assert_int_equal(platen_pool_idle(fixture.pool), 1);
}

static void
test_cannot_start(void **state)
{
    (void) state;
    assert_int_equal(pool_start(&pool_shell, "exit 0", 0), -1);
    assert_int_equal(fixture.ended.outcome, PLATEN_RUN_INPUT_MISSING);
    assert_int_equal(platen_pool_idle(fixture.pool), 1);

    assert_int_equal(pool_start(&too_long, "", 1), -1);
    assert_machine(E2BIG);
    assert_false(fixture.ended.everyones);
    assert_int_equal(pool_start(&broken, "", 1), -1);
    assert_machine(ENOSPC);
    assert_true(fixture.ended.everyones);

    /* No program to execute. */
    assert_int_equal(pool_start(&missing, "", 1), 0);
    pool_wait_for_end();
    assert_machine(ENOENT);
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture.verdict.blame, PLATEN_BLAME_MACHINE);
    assert_false(fixture.verdict.pause); /* others have other programs */

    /* Nor a zygote to ask. */
    assert_int_equal(pool_start(&platen_engine_lok, "pdf", 1), -1);
    assert_machine(ENOTCONN);
    assert_false(fixture.ended.everyones);
}

static void
test_descriptors_and_limits(void **state)
{
    (void) state;
    pool_run(
        "PATH=/bin; for f in /proc/self/fd/*; do echo -n ${f##*/}; done; echo -n \" $(umask)"
        " $(ulimit -c) $PATH $LANG\"");
    /* 3 is the shell's own, to list the directory. */
    assert_int_equal(strncmp(fixture.ended.last_line, "0123 ", 5), 0);
    assert_non_null(strstr(fixture.ended.last_line, " 0077 0 "));
}

/* It stands back behind the sidecar, whatever that has itself. */
static void
test_nice(void **state)
{
    char expected[16];
    int  own = getpriority(PRIO_PROCESS, 0);

    (void) state;
    snprintf(expected, sizeof(expected), "%d", own > 16 ? 19 : own + 3);
    pool_run("/usr/bin/nice");
    assert_string_equal(fixture.ended.last_line, expected);
}

/* The document is not the engine's to change, nor is anything beside its directory. */
static void
test_document(void **state)
{
    const char *const steps[][2] = {
        { "pdf", "echo x >> $IN; echo x > $IN; echo x > in.txt; echo > ../beside;"
                 "echo x >> " EVIL "; /bin/rm in.txt; echo '%PDF-1.4' > $OUT/in.pdf" },
        { NULL, NULL },
    };
    platen_route_t route = pool_route_of(steps);
    char           path[PLATEN_PATH_MAX], bytes[16] = "";
    int            fd;

    (void) state;
    if (!(platen_confine_layers(fixture.confine) & PLATEN_SANDBOX_LANDLOCK)) {
        return;
    }
    assert_int_equal(pool_start_route(&route, 1, path), 0);
    pool_wait_for_end();
    assert_int_equal(fixture.verdict.state, PLATEN_STATE_SUCCESS);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(read(fd, bytes, sizeof(bytes)), 8);
    assert_memory_equal(bytes, "document", 8);
    close(fd);
    assert_false(pool_exists("runs/beside"));
    assert_int_equal(access(EVIL, F_OK), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success),        cmocka_unit_test(test_no_result),
        cmocka_unit_test(test_exit_codes),     cmocka_unit_test(test_crash),
        cmocka_unit_test(test_again),          cmocka_unit_test(test_again_hostile),
        cmocka_unit_test(test_too_large),      cmocka_unit_test(test_memory),
        cmocka_unit_test(test_fills_the_disk), cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_no_escape),      cmocka_unit_test(test_kill),
        cmocka_unit_test(test_cannot_start),   cmocka_unit_test(test_descriptors_and_limits),
        cmocka_unit_test(test_nice),           cmocka_unit_test(test_document),
        cmocka_unit_test(test_unlinked),       cmocka_unit_test(test_threads),
        cmocka_unit_test(test_starved),
    };

    return cmocka_run_group_tests(tests, pool_setup, pool_teardown);
}
