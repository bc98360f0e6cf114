/* Judging a run's end; see run/outcome.h.  Owns nothing; looks at the run's directory. */

#include "run/outcome.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "run/tree.h"

const char *
platen_outcome_name(platen_run_outcome_t outcome)
{
    static const char *const names[] = {
        [PLATEN_RUN_DONE] = "done",
        [PLATEN_RUN_CORRUPT] = "corrupt",
        [PLATEN_RUN_ENCRYPTED] = "encrypted",
        [PLATEN_RUN_PASSWORD] = "wrong_password",
        [PLATEN_RUN_EMPTY] = "empty",
        [PLATEN_RUN_PAGES] = "pages",
        [PLATEN_RUN_SHEET] = "sheet",
        [PLATEN_RUN_DECLINED] = "declined",
        [PLATEN_RUN_FAILED] = "failed",
        [PLATEN_RUN_CRASHED] = "crashed",
        [PLATEN_RUN_TIMEOUT] = "timeout",
        [PLATEN_RUN_MEMORY] = "memory",
        [PLATEN_RUN_STARVED] = "starved",
        [PLATEN_RUN_TOO_LARGE] = "too_large",
        [PLATEN_RUN_DISK] = "disk",
        [PLATEN_RUN_THREADS] = "threads",
        [PLATEN_RUN_DISCARDED] = "discarded",
        [PLATEN_RUN_INTERRUPTED] = "interrupted",
        [PLATEN_RUN_LOST] = "lost",
        [PLATEN_RUN_SETUP] = "setup",
        [PLATEN_RUN_INPUT_MISSING] = "input_missing",
        [PLATEN_RUN_ERROR] = "not_started",
    };

    return names[outcome];
}

void
platen_outcome_last_line(const char *stderr_tail, char *out, size_t size)
{
    size_t      n = strlen(stderr_tail);
    const char *line;

    while (n > 0
           && (stderr_tail[n - 1] == '\n' || stderr_tail[n - 1] == '\r'
               || stderr_tail[n - 1] == ' ')) {
        n--;
    }
    line = n == 0 ? NULL : memrchr(stderr_tail, '\n', n);
    line = line == NULL ? stderr_tail : line + 1;
    snprintf(out, size, "%.*s", (int) (stderr_tail + n - line), line);
}

static platen_run_outcome_t
outcome_of(platen_exit_t exit)
{
    static const platen_run_outcome_t outcomes[] = {
        [PLATEN_EXIT_DONE] = PLATEN_RUN_DONE,
        [PLATEN_EXIT_AGAIN] = PLATEN_RUN_CRASHED, /* it was started again already */
        [PLATEN_EXIT_CRASHED] = PLATEN_RUN_CRASHED,
        [PLATEN_EXIT_CORRUPT] = PLATEN_RUN_CORRUPT,
        [PLATEN_EXIT_ENCRYPTED] = PLATEN_RUN_ENCRYPTED,
        [PLATEN_EXIT_PASSWORD] = PLATEN_RUN_PASSWORD,
        [PLATEN_EXIT_EMPTY] = PLATEN_RUN_EMPTY,
        [PLATEN_EXIT_SHEET] = PLATEN_RUN_SHEET,
        [PLATEN_EXIT_DECLINED] = PLATEN_RUN_DECLINED,
        [PLATEN_EXIT_FAILED] = PLATEN_RUN_FAILED,
        [PLATEN_EXIT_MEMORY] = PLATEN_RUN_MEMORY,
        [PLATEN_EXIT_TIMEOUT] = PLATEN_RUN_TIMEOUT,
        [PLATEN_EXIT_TOO_LARGE] = PLATEN_RUN_TOO_LARGE,
        [PLATEN_EXIT_SETUP] = PLATEN_RUN_SETUP,
    };

    return outcomes[exit];
}

/* Programs that look at what malloc() returns say so and end; C++ ones abort. */
static int
says_memory(const char *stderr_tail)
{
    static const char *const words[] = { "bad_alloc",        "out of memory",
                                         "Out of memory",    "annot allocate memory",
                                         "memory exhausted", "heap exhausted" };
    size_t                   i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(stderr_tail, words[i]) != NULL) {
            return 1;
        }
    }
    return 0;
}

/*
 * Whether the file size limit ended the run.  The signal may be caught or be
 * no signal at all: then it looks like something else, but a file of the full
 * size is left.
 */
static int
was_too_large(const platen_outcome_case_t *of, int signal)
{
    return signal == SIGXFSZ || platen_tree_largest(of->dir) >= of->file_size;
}

/*
 * What an engine cannot tell by itself: without a password there is no wrong
 * one, and where pages were asked for, they are what was not found.
 */
static platen_run_outcome_t
refine(const platen_outcome_case_t *of, platen_run_outcome_t outcome)
{
    int pages = platen_options_get(of->options, PLATEN_OPTION_PAGES) != NULL;

    switch (outcome) {
    case PLATEN_RUN_PASSWORD:
        return platen_options_get(of->options, PLATEN_OPTION_PASSWORD) == NULL
                   ? PLATEN_RUN_ENCRYPTED
                   : outcome;
    case PLATEN_RUN_CORRUPT:
        return says_memory(of->stderr_tail) ? PLATEN_RUN_MEMORY : outcome;
    case PLATEN_RUN_FAILED:
    case PLATEN_RUN_EMPTY:
        return says_memory(of->stderr_tail) ? PLATEN_RUN_MEMORY
               : pages                      ? PLATEN_RUN_PAGES
                                            : outcome;
    default:
        return outcome;
    }
}

platen_run_outcome_t
platen_outcome(const platen_outcome_case_t *of)
{
    platen_run_outcome_t outcome;
    int                  signal = WIFSIGNALED(of->wstatus) ? WTERMSIG(of->wstatus) : 0;

    if (of->memory && of->wstatus != 0) {
        return PLATEN_RUN_MEMORY; /* be it a process that it had started */
    }
    if (signal == SIGXCPU) {
        return PLATEN_RUN_TIMEOUT;
    }
    if (signal != 0) {
        return was_too_large(of, signal)          ? PLATEN_RUN_TOO_LARGE
               : says_memory(of->stderr_tail)     ? PLATEN_RUN_MEMORY
               : signal == SIGKILL && of->starved ? PLATEN_RUN_STARVED
                                                  : PLATEN_RUN_CRASHED;
    }
    outcome =
        outcome_of(platen_engine_exit(of->engine, WEXITSTATUS(of->wstatus), of->stderr_tail));
    if (outcome != PLATEN_RUN_DONE && was_too_large(of, 0)) {
        return PLATEN_RUN_TOO_LARGE;
    }
    return refine(of, outcome);
}
