/* Children before they have a document, and those forked ahead; for t/lok_driver.c. */

#ifndef PLATEN_TEST_LOK_AHEAD_H
#define PLATEN_TEST_LOK_AHEAD_H

#include <sched.h>
#include <sys/syscall.h>

#include "lok/leave.h"
#include "lok_hostile.h"

static const char *program; /* platen-lok */

static inline int
start(zygote_t *s, const char *ahead)
{
    if (zygote_start(s, program, at("state"), ahead) != 0) {
        printf("Bail out! %s does not start\n", program);
        exit(1);
    }
    return 0;
}

#define PLAIN                                                                                  \
    TEXT("<text:p>a</text:p><text:p>b</text:p><text:p><text:page-number>1</text:page-number>"  \
         "</text:p>")

static inline int
simple(zygote_t *s, uint32_t tag)
{
    platen_lok_message_t request;

    if (write_file(at("plain.fodt"), PLAIN) != 0) {
        return 0;
    }
    request = zygote_request(tag, at("plain"), at("plain.fodt"), at("plain/out.pdf"), "pdf");
    return zygote_run(s, &request) == 0 && pages(at("plain/out.pdf")) == 1;
}

/* Starts a run and stops it at once: a converter that hangs. */
static inline pid_t
hang(zygote_t *s, uint32_t tag)
{
    platen_lok_message_t request;
    pid_t                pid;

    if (write_file(at("hang.fodt"), PLAIN) != 0) {
        return -1;
    }
    request = zygote_request(tag, at("hang"), at("hang.fodt"), at("hang/out.pdf"), "pdf");
    pid = zygote_begin(s, &request);
    while (pid > 0 && access(at("hang/log"), F_OK) != 0 && kill(pid, 0) == 0) {
        usleep(200); /* until it is bound to the zygote's life */
    }
    return pid > 0 && kill(pid, SIGSTOP) == 0 ? pid : -1;
}

/* Processes that the zygote has by now, but for those that the kernel takes down. */
static inline unsigned
children_of(pid_t pid)
{
    char     path[64];
    unsigned n = 0;
    int      child;
    FILE    *in;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int) pid, (int) pid);
    in = fopen(path, "re");
    while (in != NULL && fscanf(in, "%d", &child) == 1) {
        /* The list is made as it is read: one that was in it can be gone by now. */
        n += !platen_lok_leave_is_over(child) && kill(child, 0) == 0;
    }
    if (in != NULL) {
        fclose(in);
    }
    return n;
}

/* Waits until it has as many, for half a minute at most. */
static inline int
comes_to(pid_t pid, unsigned n)
{
    int i;

    for (i = 0; i < 600; i++) {
        if (children_of(pid) == n) {
            return 1;
        }
        usleep(50000);
    }
    return 0;
}

/* Starts one whose system calls fail or wait as t/fault/errors.c has it. */
static inline int
start_with_errors(zygote_t *s, const char *ahead)
{
    char        library[4096];
    const char *name = strrchr(program, '/');

    snprintf(library, sizeof(library), "%.*s/fault_errors.so",
             name == NULL ? 1 : (int) (name - program), name == NULL ? "." : program);
    if (access(library, R_OK) != 0) {
        ok(1, "# SKIP there is no %s", library);
        return 0;
    }
    setenv("LD_PRELOAD", library, 1);
    setenv("PLATEN_ERRORS", at("state"), 1); /* which the zygote may read */
    start(s, ahead);
    unsetenv("LD_PRELOAD");
    unsetenv("PLATEN_ERRORS");
    return 1;
}

/* The system call in which that process waits; -1: none. */
static inline long
waits_in(pid_t pid)
{
    char  path[64], text[64];
    FILE *in;
    long  number = -1;

    snprintf(path, sizeof(path), "/proc/%d/syscall", (int) pid);
    in = fopen(path, "re");
    if (in != NULL) {
        if (fgets(text, sizeof(text), in) != NULL && *text >= '0' && *text <= '9') {
            number = strtol(text, NULL, 10);
        }
        fclose(in);
    }
    return number;
}

/* The first two of the zygote's children; how many there are, of up to three. */
static inline int
first_two(pid_t pid, int children[2])
{
    char  path[64];
    int   n = 0, more;
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int) pid, (int) pid);
    in = fopen(path, "re");
    if (in != NULL) {
        n = fscanf(in, "%d %d %d", &children[0], &children[1], &more);
        fclose(in);
    }
    return n;
}

/* Whether two come to wait for a document: one that learns has one, and another comes then. */
static inline int
two_wait(pid_t pid)
{
    int i, seen[2], before[2] = { 0, 0 };

    for (i = 0; i < 600; i++) {
        usleep(50000);
        if (first_two(pid, seen) != 2 || waits_in(seen[0]) != SYS_recvfrom
            || waits_in(seen[1]) != SYS_recvfrom) {
            before[0] = 0;
            continue;
        }
        if (seen[0] == before[0] && seen[1] == before[1]) {
            return 1;
        }
        memcpy(before, seen, sizeof(before));
    }
    return 0;
}

/* Whether the only child of that process comes to wait in recv(2), or ends: then not. */
static inline int
waits_to_be_asked(pid_t pid)
{
    int i, children[2];

    for (i = 0; i < 600; i++) {
        usleep(50000);
        if (first_two(pid, children) != 1) {
            continue;
        }
        if (waits_in(children[0]) == SYS_recvfrom) {
            return 1;
        }
        if (access(at("plain/out.pdf"), F_OK) == 0) {
            return 0;
        }
    }
    return 0;
}

/* The zygote dies between two steps of handing a document out: nobody unknown has it. */
static void
test_unsaid(void)
{
    platen_lok_message_t request;
    zygote_t             s;

    if (!start_with_errors(&s, "0")) {
        return;
    }
    request = zygote_request(1, at("plain"), at("plain.fodt"), at("plain/out.pdf"), "pdf");
    ok(write_file(at("plain.fodt"), PLAIN) == 0 && platen_tree_reset(at("plain")) == 0
           && write_file(at("state/send"), "0 / while") == 0 && zygote_send(&s, &request) == 0
           && waits_to_be_asked(s.pid),
       "64: no process has a document before its number is told");
    ok(kill(s.pid, SIGKILL) == 0 && zygote_next(&s, &request, 5000) != 0
           && waitpid(s.pid, NULL, 0) == s.pid && access(at("plain/out.pdf"), F_OK) != 0,
       "64: none that nobody has heard of converts");
    close(s.fd);
    (void) unlink(at("state/send"));
}

/* For a moment there is no process to be had. */
static void
test_no_process(void)
{
    zygote_t s;

    if (!start_with_errors(&s, "2")) {
        return;
    }

    ok(simple(&s, 1) && two_wait(s.pid), "no process: two are forked ahead");
    ok(write_file(at("state/fork"), "11 /") == 0 && simple(&s, 2) && comes_to(s.pid, 1),
       "no process: a document takes one of them, and none takes its place");
    usleep(300000);
    ok(children_of(s.pid) == 1, "no process: as long as there is none to be had");
    ok(unlink(at("state/fork")) == 0 && comes_to(s.pid, 2), "no process: then one does");
    ok(zygote_end(&s) == 0, "no process: it ends when it is told");
}

/* Memory of the first of its children that is that one's alone, in kB. */
static inline int
first_childs_own(pid_t pid)
{
    char  path[64];
    int   child = 0, kb = 0;
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int) pid, (int) pid);
    in = fopen(path, "re");
    if (in != NULL) {
        if (fscanf(in, "%d", &child) != 1) {
            child = 0;
        }
        fclose(in);
    }
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", child);
    if (child != 0) {
        kb = number_from("sed -n 's/^Private_Dirty: *//p' '%s' 2>/dev/null", path);
    }
    return kb;
}

/* What those ahead need is learned, be it when READY has been said. */
static inline void
test_learned(void)
{
    zygote_t s;
    int      i, own = 0, alone = 0;

    start(&s, "1");
    ok(s.ready.populates || s.ready.populated_pages == 0,
       "READY waits for what is learned only where each child needs it (%u pages)",
       s.ready.populated_pages);
    /* Both at once: one that learns has pages, too, and ends before one is ahead. */
    for (i = 0; i < 600 && (own < 5000 || !alone); i++) {
        usleep(50000);
        own = first_childs_own(s.pid);
        alone = children_of(s.pid) == 1;
    }
    ok(own >= 5000 && alone, "one that is ahead has pages of its own: %d kB", own);
    ok(simple(&s, 1) && zygote_end(&s) == 0, "it converts");
}

/* Ahead while another one converts, where there is a processor for it. */
static inline void
test_idle_core(void)
{
    platen_lok_message_t kill_it = { .kind = PLATEN_LOK_KILL, .tag = 1 }, message;
    cpu_set_t            all, one;
    zygote_t             s;
    int                  cores, i;

    if (sched_getaffinity(0, sizeof(all), &all) != 0) {
        ok(0, "the processors are known");
        return;
    }
    CPU_ZERO(&one);
    for (i = 0; !CPU_ISSET(i, &all); i++) {
    }
    CPU_SET(i, &one);

    for (cores = 1; cores <= CPU_COUNT(&all) && cores <= 2; cores++) {
        if (cores == 1) {
            (void) sched_setaffinity(0, sizeof(one), &one);
        }
        start(&s, "1");
        (void) sched_setaffinity(0, sizeof(all), &all);
        ok(hang(&s, 1) > 0 && comes_to(s.pid, (unsigned) cores),
           "one converts on %d of %d cores: %s forked ahead", cores, CPU_COUNT(&all),
           cores == 1 ? "none is" : "another is");
        usleep(300000);
        ok(children_of(s.pid) == (unsigned) cores, "and no more are");
        ok(simple(&s, 2) && comes_to(s.pid, (unsigned) cores),
           "a document beside it is converted");
        ok(zygote_send(&s, &kill_it) == 0 && zygote_next(&s, &message, 10000) == 0
               && message.tag == 1 && comes_to(s.pid, 1) && zygote_end(&s) == 0,
           "when both are done, one is ahead");
    }
}

#endif
