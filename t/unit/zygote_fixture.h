/*
 * What tests of platen_zygote share: a zygote whose platen-lok is fake_office.h,
 * turns of the loop that it lives in, and runs to be asked for.  The program that
 * includes this is platend; its main() calls fake_office() first.
 *
 * A directory lives as long as the group, a zygote as long as a test; what a test
 * leaves running, or does not wait for, fails its teardown.
 */

#ifndef PLATEN_TEST_ZYGOTE_FIXTURE_H
#define PLATEN_TEST_ZYGOTE_FIXTURE_H

#include "sidecar_fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "fake_office.h"
#include "office/zygote.h"

#define ZYGOTE_RUNS 8

static struct {
    char            root[32];
    char            libexec[64], empty[64], program[64], mode_path[80];
    platen_config_t config;

    platen_zygote_t *zygote;
    unsigned         nended, nchanged;
    struct {
        uint32_t               tag;
        platen_zygote_result_t result;
    } ends[64];
} fixture = { .root = "/tmp/test_zygote.XXXXXX" };

static inline void
zygote_on_ended(void *data, uint32_t tag, const platen_zygote_result_t *result)
{
    assert_ptr_equal(data, &fixture.config);
    assert_true(fixture.nended < 64);
    fixture.ends[fixture.nended].tag = tag;
    fixture.ends[fixture.nended++].result = *result;
}

static inline void
zygote_on_changed(void *data)
{
    assert_ptr_equal(data, &fixture.config);
    fixture.nchanged++;
}

static inline void
zygote_set_mode(const char *mode)
{
    FILE *out = fopen(fixture.mode_path, "w");

    assert_non_null(out);
    fputs(mode, out);
    assert_int_equal(fclose(out), 0);
}

static inline int
zygote_setup_group(void **state)
{
    char    self[PLATEN_PATH_MAX], path[96];
    ssize_t n;

    (void) state;
    /* What a zygote leaves behind comes to us, as it comes to platend. */
    n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0 || mkdtemp(fixture.root) == NULL || platen_layout_prepare(fixture.root) != 0
        || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        return -1;
    }
    self[n] = '\0';
    snprintf(fixture.libexec, sizeof(fixture.libexec), "%s/libexec", fixture.root);
    snprintf(fixture.empty, sizeof(fixture.empty), "%s/empty", fixture.root);
    snprintf(fixture.program, sizeof(fixture.program), "%s/program", fixture.root);
    snprintf(fixture.mode_path, sizeof(fixture.mode_path), "%s/mode", fixture.program);
    snprintf(path, sizeof(path), "%s/platen-lok", fixture.libexec);
    return mkdir(fixture.libexec, 0700) != 0 || mkdir(fixture.empty, 0700) != 0
           || mkdir(fixture.program, 0700) != 0 || symlink(self, path) != 0;
}

static inline int
zygote_teardown_group(void **state)
{
    (void) state;
    return platen_tree_clear(fixture.root) == 0 ? rmdir(fixture.root) : -1;
}

static inline int
zygote_setup(void **state)
{
    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR + 1);
    fixture.config = fixture_config(fixture.root);
    fixture.config.libexec_path = fixture.libexec;
    fixture.config.lok_program = fixture.program;
    fixture.config.lok_ahead = 2;
    fixture.config.lok_renew_after = 1000;
    fixture.config.lok_renew_hours = 24;
    zygote_set_mode("");
    fixture.nended = fixture.nchanged = 0;
    fixture.zygote = platen_zygote_new(&fixture.config, PLATEN_SANDBOX_CORE, zygote_on_ended,
                                       zygote_on_changed, &fixture.config);
    return fixture.zygote == NULL ? -1 : 0;
}

/* Nothing of a test is left, whatever became of it: every process was waited for. */
static inline int
zygote_teardown(void **state)
{
    (void) state;
    platen_zygote_destroy(&fixture.zygote);
    return fixture.zygote == NULL && waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : -1;
}

/* One turn of the loop; `ticks`: with what comes once a second. */
static inline void
zygote_turn(int ticks)
{
    struct pollfd fd = { .fd = platen_zygote_fd(fixture.zygote), .events = POLLIN };

    (void) poll(&fd, 1, 10);
    platen_zygote_read(fixture.zygote);
    if (ticks) {
        platen_zygote_tick(fixture.zygote);
    }
}

static inline void
zygote_wait_ended(unsigned n)
{
    int i;

    for (i = 0; i < 1000 && fixture.nended < n; i++) {
        zygote_turn(0);
    }
    assert_int_equal(fixture.nended, n);
}

static inline void
zygote_wait_state(platen_zygote_state_t state)
{
    int i;

    for (i = 0; i < 2000 && platen_zygote_state(fixture.zygote) != state; i++) {
        zygote_turn(1);
    }
    assert_int_equal(platen_zygote_state(fixture.zygote), state);
}

static inline void
zygote_start(void)
{
    char err[256] = "";
    int  i;

    assert_int_equal(platen_zygote_start(fixture.zygote, err, sizeof(err)), 0);
    for (i = 0; i < 1000 && platen_zygote_state(fixture.zygote) != PLATEN_ZYGOTE_READY; i++) {
        zygote_turn(0);
    }
    if (platen_zygote_state(fixture.zygote) != PLATEN_ZYGOTE_READY) {
        fail_msg("not ready: %s", platen_zygote_reason(fixture.zygote));
    }
}

static inline platen_lok_message_t
zygote_request(uint32_t tag, const char *what)
{
    return (platen_lok_message_t){ .tag = tag,
                                   .work = PLATEN_STR("/work"),
                                   .input = PLATEN_STR("/w/in.txt"),
                                   .output = PLATEN_STR("/w/out/in.pdf"),
                                   .export_filter = platen_str(what) };
}

static inline void
zygote_ask(uint32_t tag, const char *what)
{
    platen_lok_message_t m = zygote_request(tag, what);

    assert_int_equal(platen_zygote_convert(fixture.zygote, &m), 0);
}

static inline pid_t
zygote_lok_pid(unsigned n)
{
    char  path[80];
    FILE *in;
    int   pid = 0;

    snprintf(path, sizeof(path), "%s/runs/lok-%u.pid", fixture.root, n);
    in = fopen(path, "re");
    if (in != NULL) {
        assert_int_equal(fscanf(in, "%d", &pid), 1);
        fclose(in);
    }
    return (pid_t) pid;
}

/* Children of a process: the pids that /proc tells. */
static inline int
zygote_children(pid_t of, pid_t pids[ZYGOTE_RUNS])
{
    char  path[64];
    FILE *in;
    int   n = 0, pid;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int) of, (int) of);
    in = fopen(path, "re");
    while (in != NULL && n < ZYGOTE_RUNS && fscanf(in, "%d", &pid) == 1) {
        pids[n++] = (pid_t) pid;
    }
    if (in != NULL) {
        fclose(in);
    }
    return n;
}

/* Hangs `n` runs, tags from 1, and waits until the zygote has told their pids. */
static inline void
zygote_hang(unsigned n, pid_t pids[ZYGOTE_RUNS])
{
    unsigned i;
    int      tries;

    for (i = 0; i < n; i++) {
        zygote_ask(i + 1, "hang");
    }
    for (tries = 0; tries < 1000; tries++) {
        zygote_turn(0);
        if (zygote_children(zygote_lok_pid(0), pids) == (int) n
            && platen_zygote_owns(fixture.zygote, pids[n - 1])) {
            return;
        }
    }
    fail_msg("%u runs do not hang", n);
}

static inline int
zygote_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

#endif
