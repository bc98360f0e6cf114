/*
 * platen_outcome: from a wait status, the last words and the files that are left to
 * one outcome.  That the pool hands all of these over is in test_pool.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "run/outcome.h"
#include "scratch.h"

#define FILE_SIZE 4096
#define BAD_ALLOC "terminate called after throwing an instance of 'std::bad_alloc'\n"

static char dir[SCRATCH_MAX];

/* The engine's exit code is its meaning. */
static platen_exit_t
exited(int code, const char *stderr_tail)
{
    (void) stderr_tail;
    return (platen_exit_t) code;
}

static const platen_engine_t engine = { .name = "engine", .exited = exited };
static platen_options_t      none, password, pages;

static int
setup_group(void **state)
{
    (void) state;
    return platen_options_set(&password, PLATEN_OPTION_PASSWORD, "x", 1) == PLATEN_OK
                   && platen_options_set(&pages, PLATEN_OPTION_PAGES, "1-2", 3) == PLATEN_OK
               ? 0
               : -1;
}

static int
setup(void **state)
{
    (void) state;
    return scratch_make(dir);
}

static int
teardown(void **state)
{
    (void) state;
    scratch_remove(dir);
    return 0;
}

static platen_run_outcome_t
judge(int wstatus, const char *stderr_tail, const platen_options_t *options)
{
    const platen_outcome_case_t of = { .engine = &engine,
                                       .options = options,
                                       .wstatus = wstatus,
                                       .stderr_tail = stderr_tail,
                                       .dir = dir,
                                       .file_size = FILE_SIZE };

    return platen_outcome(&of);
}

static platen_run_outcome_t
judge_exit(platen_exit_t exit, const char *stderr_tail, const platen_options_t *options)
{
    return judge(W_EXITCODE((int) exit, 0), stderr_tail, options);
}

static platen_run_outcome_t
judge_signal(int signal, const char *stderr_tail)
{
    return judge(W_EXITCODE(0, signal), stderr_tail, &none);
}

/* A file of that size in the run's directory. */
static void
leave(const char *name, off_t size)
{
    char  path[SCRATCH_MAX + 32];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    out = fopen(path, "we");
    assert_non_null(out);
    assert_int_equal(ftruncate(fileno(out), size), 0);
    assert_int_equal(fclose(out), 0);
}

/* Every meaning of an exit code, and what the options of the step make of it. */
static void
test_exits(void **state)
{
    static const struct {
        platen_exit_t           exit;
        const platen_options_t *options;
        platen_run_outcome_t    outcome;
    } cases[] = {
        { PLATEN_EXIT_DONE, &none, PLATEN_RUN_DONE },
        { PLATEN_EXIT_AGAIN, &none, PLATEN_RUN_CRASHED },
        { PLATEN_EXIT_CRASHED, &none, PLATEN_RUN_CRASHED },
        { PLATEN_EXIT_CORRUPT, &none, PLATEN_RUN_CORRUPT },
        { PLATEN_EXIT_ENCRYPTED, &none, PLATEN_RUN_ENCRYPTED },
        { PLATEN_EXIT_EMPTY, &none, PLATEN_RUN_EMPTY },
        { PLATEN_EXIT_FAILED, &none, PLATEN_RUN_FAILED },
        { PLATEN_EXIT_MEMORY, &none, PLATEN_RUN_MEMORY },
        { PLATEN_EXIT_TOO_LARGE, &none, PLATEN_RUN_TOO_LARGE },
        { PLATEN_EXIT_SETUP, &none, PLATEN_RUN_SETUP },
        /* Without a password there is no wrong one. */
        { PLATEN_EXIT_PASSWORD, &none, PLATEN_RUN_ENCRYPTED },
        { PLATEN_EXIT_PASSWORD, &pages, PLATEN_RUN_ENCRYPTED },
        { PLATEN_EXIT_PASSWORD, &password, PLATEN_RUN_PASSWORD },
        { PLATEN_EXIT_ENCRYPTED, &password, PLATEN_RUN_ENCRYPTED },
        /* Asked for, pages may not be there; a document may still be unreadable. */
        { PLATEN_EXIT_EMPTY, &pages, PLATEN_RUN_PAGES },
        { PLATEN_EXIT_FAILED, &pages, PLATEN_RUN_PAGES },
        { PLATEN_EXIT_CORRUPT, &pages, PLATEN_RUN_CORRUPT },
        { PLATEN_EXIT_FAILED, &password, PLATEN_RUN_FAILED },
        { PLATEN_EXIT_DONE, &pages, PLATEN_RUN_DONE },
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        platen_run_outcome_t outcome = judge_exit(cases[i].exit, "", cases[i].options);

        if (outcome != cases[i].outcome) {
            fail_msg("case %zu: outcome %d, not %d", i, outcome, cases[i].outcome);
        }
    }
}

static void
test_signals(void **state)
{
    (void) state;
    assert_int_equal(judge_signal(SIGSEGV, ""), PLATEN_RUN_CRASHED);
    assert_int_equal(judge_signal(SIGABRT, "assertion failed"), PLATEN_RUN_CRASHED);
    assert_int_equal(judge_signal(SIGKILL, ""), PLATEN_RUN_CRASHED);
    assert_int_equal(judge_signal(SIGXCPU, ""), PLATEN_RUN_TIMEOUT);
    assert_int_equal(judge_signal(SIGXFSZ, ""), PLATEN_RUN_TOO_LARGE);
    assert_int_equal(judge_signal(SIGABRT, BAD_ALLOC), PLATEN_RUN_MEMORY);
    /* A limit that was met says more than words. */
    assert_int_equal(judge_signal(SIGXFSZ, BAD_ALLOC), PLATEN_RUN_TOO_LARGE);
    assert_int_equal(judge_signal(SIGXCPU, BAD_ALLOC), PLATEN_RUN_TIMEOUT);
}

/* The kernel has killed for want of memory meanwhile: most likely this one. */
static void
test_starved(void **state)
{
    static const struct {
        int                  signal;
        const char          *stderr_tail;
        platen_run_outcome_t outcome;
    } cases[] = {
        { SIGKILL, "", PLATEN_RUN_STARVED },
        { SIGKILL, BAD_ALLOC, PLATEN_RUN_MEMORY },
        { SIGSEGV, "", PLATEN_RUN_CRASHED },
        { 0, "", PLATEN_RUN_DONE },
    };
    platen_outcome_case_t of = {
        .engine = &engine, .options = &none, .dir = dir, .file_size = FILE_SIZE
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        of.starved = 1;
        of.stderr_tail = cases[i].stderr_tail;
        of.wstatus = cases[i].signal;
        assert_int_equal(platen_outcome(&of), cases[i].outcome);
    }
}

/* fault 65: no memory, said in words. */
static void
test_memory(void **state)
{
    static const char *const words[] = { BAD_ALLOC,
                                         "x: out of memory",
                                         "Out of memory\n",
                                         "fork: Cannot allocate memory",
                                         "cannot allocate memory for a page\n",
                                         "x: memory exhausted",
                                         "first\nheap exhausted\nlast\n" };
    size_t                   i;

    (void) state;
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (judge_exit(PLATEN_EXIT_FAILED, words[i], &none) != PLATEN_RUN_MEMORY) {
            fail_msg("not understood: %s", words[i]);
        }
    }
    assert_int_equal(judge_exit(PLATEN_EXIT_CORRUPT, BAD_ALLOC, &none), PLATEN_RUN_MEMORY);
    assert_int_equal(judge_exit(PLATEN_EXIT_EMPTY, BAD_ALLOC, &none), PLATEN_RUN_MEMORY);
    assert_int_equal(judge_exit(PLATEN_EXIT_FAILED, BAD_ALLOC, &pages), PLATEN_RUN_MEMORY);

    /* Words are no end of a run that went well, nor of one that knows better. */
    assert_int_equal(judge_exit(PLATEN_EXIT_DONE, BAD_ALLOC, &none), PLATEN_RUN_DONE);
    assert_int_equal(judge_exit(PLATEN_EXIT_ENCRYPTED, BAD_ALLOC, &none), PLATEN_RUN_ENCRYPTED);
    assert_int_equal(judge_exit(PLATEN_EXIT_FAILED, "memory", &none), PLATEN_RUN_FAILED);
}

/* fault 66: a file of the full size is left, whatever the end looks like. */
static void
test_too_large(void **state)
{
    char path[SCRATCH_MAX + 32];

    (void) state;
    leave("in.pdf", FILE_SIZE - 1);
    assert_int_equal(judge_exit(PLATEN_EXIT_FAILED, "", &none), PLATEN_RUN_FAILED);
    assert_int_equal(judge_signal(SIGABRT, ""), PLATEN_RUN_CRASHED);

    snprintf(path, sizeof(path), "%s/out", dir);
    assert_int_equal(mkdir(path, 0700), 0);
    leave("out/in.pdf", FILE_SIZE);
    assert_int_equal(judge_exit(PLATEN_EXIT_FAILED, "", &none), PLATEN_RUN_TOO_LARGE);
    assert_int_equal(judge_exit(PLATEN_EXIT_CORRUPT, BAD_ALLOC, &none), PLATEN_RUN_TOO_LARGE);
    assert_int_equal(judge_exit(PLATEN_EXIT_EMPTY, "", &pages), PLATEN_RUN_TOO_LARGE);
    assert_int_equal(judge_signal(SIGABRT, BAD_ALLOC), PLATEN_RUN_TOO_LARGE);
    assert_int_equal(judge_signal(SIGXCPU, ""), PLATEN_RUN_TIMEOUT);

    /* One that has just fitted in is a result. */
    assert_int_equal(judge_exit(PLATEN_EXIT_DONE, "", &none), PLATEN_RUN_DONE);
}

/* Whatever keeps platen-zip from packing pages, they are not there. */
static void
test_zip(void **state)
{
    platen_outcome_case_t of = { .engine = &platen_engine_pages,
                                 .options = &none,
                                 .stderr_tail = "",
                                 .dir = dir,
                                 .file_size = FILE_SIZE };

    (void) state;
    of.wstatus = W_EXITCODE(0, 0);
    assert_int_equal(platen_outcome(&of), PLATEN_RUN_DONE);
    of.wstatus = W_EXITCODE(13, 0);
    assert_int_equal(platen_outcome(&of), PLATEN_RUN_FAILED);
    of.wstatus = W_EXITCODE(0, SIGSEGV);
    assert_int_equal(platen_outcome(&of), PLATEN_RUN_CRASHED);
}

static void
test_last_line(void **state)
{
    static const char *const cases[][2] = {
        { "", "" },
        { "\n \r\n", "" },
        { "one", "one" },
        { "one\n", "one" },
        { "one\ntwo", "two" },
        { "one\ntwo \r\n\n", "two" },
        { "\ntwo words\n", "two words" },
    };
    char   line[16];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        platen_outcome_last_line(cases[i][0], line, sizeof(line));
        assert_string_equal(line, cases[i][1]);
    }
    platen_outcome_last_line("short\nlonger than that\n", line, 7);
    assert_string_equal(line, "longer");
}

/* Each has one, and no two the same. */
static void
test_names(void **state)
{
    int i, j;

    (void) state;
    for (i = 0; i <= PLATEN_RUN_ERROR; i++) {
        assert_non_null(platen_outcome_name((platen_run_outcome_t) i));
        for (j = 0; j < i; j++) {
            assert_string_not_equal(platen_outcome_name((platen_run_outcome_t) i),
                                    platen_outcome_name((platen_run_outcome_t) j));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_exits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_starved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zip, setup, teardown),
        cmocka_unit_test(test_last_line),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, setup_group, NULL);
}
