/* Children that are done, or say so; for t/lok_driver.c. */

#ifndef PLATEN_TEST_LOK_LEAVE_H
#define PLATEN_TEST_LOK_LEAVE_H

#include <dirent.h>
#include <pthread.h>
#include <sys/syscall.h>

#include "lok/leave.h"
#include "lok_ahead.h"

static inline void *
stay(void *data)
{
    while (pause() != 0) {
    }
    return data;
}

/* Whether it comes to be over, within half a minute. */
static inline int
is_over_soon(pid_t pid)
{
    int i;

    for (i = 0; i < 6000 && !platen_lok_leave_is_over(pid); i++) {
        usleep(5000);
    }
    return platen_lok_leave_is_over(pid);
}

static inline int
state_of(pid_t pid)
{
    char  path[64], text[256] = "";
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int) pid);
    in = fopen(path, "re");
    if (in != NULL) {
        (void) !fgets(text, sizeof(text), in);
        fclose(in);
    }
    return strrchr(text, ')') == NULL ? 0 : strrchr(text, ')')[2];
}

/* Whether its first thread comes to have ended; the others need not have. */
static inline int
leader_ends(pid_t pid)
{
    int i;

    for (i = 0; i < 6000 && state_of(pid) != 'Z'; i++) {
        usleep(5000);
    }
    return state_of(pid) == 'Z';
}

/* Whether one with many threads, all of which go, is over only without any that has a program.
 */
static inline int
is_over_whole(void)
{
    enum { THREADS = 16 };
    struct dirent *entry;
    siginfo_t      ended = { .si_pid = 0 };
    pthread_t      thread;
    char           path[64], byte[1];
    int            ends[2], ids[THREADS + 1], i, n = 0, whole = 1;
    pid_t          pid;
    DIR           *dir;

    if (pipe(ends) != 0) {
        return 0;
    }
    pid = fork();
    if (pid == 0) {
        for (i = 0; i < THREADS; i++) {
            (void) pthread_create(&thread, NULL, stay, NULL);
        }
        (void) !write(ends[1], "", 1);
        pthread_exit(NULL);
    }
    (void) !read(ends[0], byte, 1);
    close(ends[0]);
    close(ends[1]);
    snprintf(path, sizeof(path), "/proc/%d/task", (int) pid);
    dir = opendir(path);
    while (dir != NULL && n <= THREADS && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.') {
            ids[n++] = atoi(entry->d_name);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    (void) kill(pid, SIGKILL);
    while (ended.si_pid == 0 && !platen_lok_leave_is_over(pid)) {
        (void) waitid(P_PID, (id_t) pid, &ended, WEXITED | WNOHANG | WNOWAIT);
    }
    for (i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "/proc/%d/task/%d/exe", (int) pid, ids[i]);
        whole = whole && readlink(path, byte, sizeof(byte)) < 0;
    }
    return waitpid(pid, NULL, 0) == pid && n == THREADS + 1 && whole;
}

static inline void
test_over(void)
{
    pthread_t thread;
    pid_t     pid;
    int       i;

    pid = fork();
    if (pid == 0) {
        (void) stay(NULL);
    }
    ok(pid > 0 && !platen_lok_leave_is_over(pid), "a process that waits is not over");
    ok(kill(pid, SIGSTOP) == 0 && !platen_lok_leave_is_over(pid), "nor is one that is stopped");
    ok(kill(pid, SIGKILL) == 0 && is_over_soon(pid), "one that was killed is, soon");
    ok(leader_ends(pid) && platen_lok_leave_is_over(pid), "and so is a zombie");
    ok(waitpid(pid, NULL, 0) == pid && !platen_lok_leave_is_over(pid),
       "of one that is no more nothing is said");

    pid = fork();
    if (pid == 0) {
        (void) pthread_create(&thread, NULL, stay, NULL);
        pthread_exit(NULL);
    }
    ok(leader_ends(pid) && !platen_lok_leave_is_over(pid),
       "a process with another thread is not over when its first has ended");
    ok(kill(pid, SIGKILL) == 0 && is_over_soon(pid) && waitpid(pid, NULL, 0) == pid,
       "it is when it was killed");
    for (i = 0; i < 50 && is_over_whole(); i++) {
    }
    ok(i == 50, "one with many threads is over when all of them are");
}

/* Says on the child's socket to the zygote what the child would, or who has taken it over. */
static inline int
say_for(pid_t pid, char word)
{
    int process = (int) syscall(SYS_pidfd_open, pid, 0), fd = -1, rc = -1;

    if (process >= 0) {
        fd = (int) syscall(SYS_pidfd_getfd, process, PLATEN_LOK_WIRE_FD, 0);
        close(process);
    }
    if (fd >= 0) {
        rc = write(fd, &word, 1) == 1 ? 0 : -1;
        close(fd);
    }
    return rc;
}

static inline void
test_leave(zygote_t *s)
{
    platen_lok_message_t kill_it = { .kind = PLATEN_LOK_KILL, .tag = 2 }, message;
    pid_t                pid = hang(s, 1);

    test_over();
    if (pid > 0 && say_for(pid, PLATEN_LOK_EXIT_DONE) != 0 && errno == EPERM) {
        ok(1, "# SKIP nobody may have another one's descriptors here");
        return;
    }
    ok(pid > 0 && zygote_next(s, &message, 30000) == 0 && message.kind == PLATEN_LOK_EXITED
           && message.tag == 1 && message.wait_status == 0
           && (platen_lok_leave_is_over(pid) || kill(pid, 0) != 0),
       "a child that says that it is done, and goes on, is ended before anybody hears of it");

    pid = hang(s, 2);
    ok(pid > 0 && say_for(pid, PLATEN_LOK_EXIT_SAVE) == 0 && simple(s, 3) && simple(s, 4)
           && state_of(pid) == 'T',
       "of what else it says there nothing comes");
    ok(zygote_send(s, &kill_it) == 0 && zygote_next(s, &message, 30000) == 0 && message.tag == 2
           && WIFSIGNALED((int) message.wait_status),
       "it is killed when that is asked");
    ok(simple(s, 5), "a document is converted after it");
}

#endif
