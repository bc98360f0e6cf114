/*
 * The doctor on the machine itself: kernel, Landlock, control groups, clock,
 * and the directories for what is temporary.  See ctl/doctor.h.
 */

#include "base/timestamp.h"
#include "ctl/doctor.h"

#include <errno.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "ctl/capture.h"
#include "sandbox/delegated.h"

#define CGROUP "/sys/fs/cgroup"
#define LSM "/sys/kernel/security/lsm"
#define ROOM_MIN (UINT64_C(64) << 20)

static void
check_kernel(platen_ctl_report_t *report)
{
    struct utsname un;
    char          *lsm;
    long           abi;

    if (uname(&un) != 0) {
        snprintf(un.release, sizeof(un.release), "?");
        snprintf(un.machine, sizeof(un.machine), "?");
    }
    platen_ctl_report_add(report, PLATEN_CTL_OK, "kernel", "Linux %s, %s", un.release,
                          un.machine);

    abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi >= 1) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "kernel.landlock", "Landlock ABI %ld%s",
                              abi,
                              abi >= 6   ? ": files, TCP and signals"
                              : abi >= 4 ? ": files and TCP (signals are left to seccomp)"
                                         : ": files (sockets and signals are left to seccomp)");
        return;
    }
    lsm = platen_ctl_capture_file(LSM, 4096, NULL);
    platen_ctl_report_add(report, PLATEN_CTL_WARN, "kernel.landlock",
                          "Landlock is not to be had: %s (security modules: %s)",
                          strerror(errno), lsm == NULL ? "unknown" : lsm);
    platen_ctl_report_advice(
        report,
        "Linux 5.13 or later with the kernel parameter lsm=landlock,%s; in a container,"
        " a seccomp profile that allows landlock_create_ruleset",
        lsm == NULL ? "..." : lsm);
    free(lsm);
}

/* Only a configured group must work; that is the sandbox's layer "cgroup". */
static void
check_cgroup(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    int           named = d->config != NULL && *d->config->cgroup_path == '/';
    struct statfs fs;
    char         *controllers;
    int           v2 = statfs(CGROUP, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;

    controllers = v2 ? platen_ctl_capture_file(CGROUP "/cgroup.controllers", 4096, NULL) : NULL;
    if (controllers != NULL && platen_delegated_memory(controllers)) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "cgroup",
                              "cgroup v2 with the memory controller%s%s", named ? ": " : "",
                              named ? d->config->cgroup_path : "");
    } else if (!named) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "cgroup",
                              "no cgroup v2 with the memory controller, and none is configured:"
                              " limits/address_space holds instead");
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "cgroup",
                              v2 ? "cgroup v2 is without the memory controller"
                                 : "there is no cgroup v2 at " CGROUP);
        platen_ctl_report_advice(report,
                                 "boot with systemd.unified_cgroup_hierarchy=1, or take"
                                 " the key cgroup out of %s",
                                 d->file);
    }
    free(controllers);
}

/* Times of jobs and their expiry are wall clock: a leap makes them wrong for good. */
static void
check_clock(platen_ctl_report_t *report)
{
    struct timex    tx = { .modes = 0 };
    struct timespec now;
    struct stat     self;
    char            text[40];

    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        now.tv_sec = 0;
    }
    platen_timestamp_seconds((uint64_t) now.tv_sec * 1000000, text);

    /* A clock cannot be before the day on which this program was installed. */
    if (stat("/proc/self/exe", &self) == 0 && now.tv_sec + 86400 < self.st_ctim.tv_sec) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "clock",
                              "the clock says %s, before Platen was installed", text);
        platen_ctl_report_advice(report, "timedatectl set-ntp true (or date -s ...), then"
                                         " restart platend");
    } else if (adjtimex(&tx) >= 0 && tx.status & STA_UNSYNC) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "clock",
                              "the clock says %s, and nothing keeps it right", text);
        platen_ctl_report_advice(report,
                                 "timedatectl set-ntp true (apt install"
                                 " systemd-timesyncd); in a container this is the host's");
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "clock", "the clock says %s", text);
    }
}

static void
check_temporary(const char *path, const char *check, platen_ctl_report_t *report)
{
    struct statvfs fs;
    struct stat    st;
    uint64_t       room;
    char           size[32];

    if (stat(path, &st) != 0 || statvfs(path, &fs) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, check, "%s: %s", path, strerror(errno));
        platen_ctl_report_advice(report, "install -d -m 1777 %s", path);
        return;
    }
    room = (uint64_t) fs.f_bavail * fs.f_frsize;
    platen_ctl_doctor_size(room, size);
    if ((st.st_mode & 01777) != 01777) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, check, "%s has mode %04o, not 1777",
                              path, (unsigned) (st.st_mode & 07777));
        platen_ctl_report_advice(report, "chmod 1777 %s", path);
    } else if (room < ROOM_MIN) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, check, "%s has only %s free", path,
                              size);
        platen_ctl_report_advice(report, "du -xsh %s/* | sort -h", path);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, check, "%s: %s free", path, size);
    }
}

void
platen_ctl_doctor_host(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    check_kernel(report);
    check_cgroup(d, report);
    check_clock(report);
    check_temporary("/tmp", "tmp", report);
    check_temporary("/dev/shm", "shm", report);
}
