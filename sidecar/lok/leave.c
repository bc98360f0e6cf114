/*
 * The end of a process, see lok/leave.h.
 *
 * A thread that ends lets go of its memory first, and of its descriptors, its memory's
 * pages and its parent later.  From then on the kernel has no program for it: what it says of
 * that is /proc/PID/task/TID/exe, which is not there (proc_pid_exe(5); the same goes for
 * zombies).  It has done by then what it does to the memory at a thread's end, be that
 * mapped from a file: to wake those who wait for the thread (set_tid_address(2)) and for its
 * locks (set_robust_list(2)).  Asynchronous I/O, which could go on, does not exist in the
 * sandbox (sandbox/filter.c).
 *
 * After SIGKILL a process gets no more threads, so that one look at all of them is enough.
 * But a list of them may lack some: it ends at one that goes while it is read.  How many
 * there are the directory's links say, two more than that; so those are counted before.
 * What /proc/PID/stat says would do as well, but who reads it holds the memory for a
 * moment, and may have to take it down himself.
 */

#include "lok/leave.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int
platen_lok_leave_is_over(pid_t pid)
{
    struct dirent *entry;
    struct stat    st;
    char           path[300], program[1];
    DIR           *dir;
    nlink_t        n = 2;
    int            over;

    snprintf(path, sizeof(path), "/proc/%d/task", (int) pid);
    dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }
    over = fstat(dirfd(dir), &st) == 0;
    while (over && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        n++;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/exe", (int) pid, entry->d_name);
        over = readlink(path, program, sizeof(program)) < 0 && errno == ENOENT;
    }
    closedir(dir);
    return over && n > 2 && n == st.st_nlink;
}

uint32_t
platen_lok_leave_cpu_ms(pid_t pid)
{
    struct timespec time;
    clockid_t       clock;

    return clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &time) == 0
               ? (uint32_t) (time.tv_sec * 1000 + time.tv_nsec / 1000000)
               : 0;
}
