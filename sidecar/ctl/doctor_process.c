/*
 * The doctor on platend itself: whether one runs, since when, of which version,
 * with which limits.  It asks for the lock and never takes it: a record lock of
 * another process is not touched by opening and closing its file here.
 */

#include "ctl/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/capture.h"
#include "store/service.h"
#include "store/store.h"

#define LOCK_FILE "platend.lock" /* daemon.c */
#define SILENT 30                /* seconds that a start, or a full disk, may take */

#define FILES_LOW 1024
#define ADDRESS_SPACE (UINT64_C(8) << 30) /* of platend, and of LibreOffice when it is warm */
#define PROCESSES 256                     /* of the same user, for nginx's workers as well */
#define PROCESSES_OF_A_WORKER 64          /* sandbox/confine.c */

pid_t
platen_ctl_doctor_holder(const platen_config_t *config)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char         path[PATH_MAX];
    int          fd, rc, saved;

    snprintf(path, sizeof(path), "%s/" LOCK_FILE, config->store_path);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    rc = fcntl(fd, F_GETLK, &lock);
    saved = errno;
    close(fd);
    errno = saved;
    if (rc != 0) {
        return -1;
    }
    return lock.l_type == F_UNLCK ? 0 : lock.l_pid > 0 ? lock.l_pid : -2;
}

/* /proc/<pid>/<name>, to be freed; NULL with errno. */
static char *
read_proc(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int) pid, name);
    return platen_ctl_capture_file(path, 65536, NULL);
}

uint64_t
platen_ctl_doctor_uptime(pid_t pid)
{
    char    *stat = read_proc(pid, "stat");
    uint64_t ticks = stat == NULL ? 0 : platen_ctl_doctor_stat(stat, 22);
    long     hz = sysconf(_SC_CLK_TCK);
    uint64_t now = platen_boottime_ms() / 1000, began = hz < 1 ? 0 : ticks / (uint64_t) hz;

    free(stat);
    return ticks == 0 || began > now ? 0 : now - began;
}

int
platen_ctl_doctor_stopped(pid_t pid)
{
    char       *stat = read_proc(pid, "stat");
    const char *name = stat == NULL ? NULL : strrchr(stat, ')');
    int is = name != NULL && (strncmp(name, ") T", 3) == 0 || strncmp(name, ") t", 3) == 0);

    free(stat);
    return is;
}

uint64_t
platen_ctl_doctor_silent(pid_t pid, const struct stat *st)
{
    time_t   now = time(NULL);
    uint64_t silent = now > st->st_mtime ? (uint64_t) (now - st->st_mtime) : 0;

    /* A page that is older than its platend is of the one before. */
    return silent > SILENT && (pid <= 0 || platen_ctl_doctor_uptime(pid) > SILENT) ? silent : 0;
}

/* What runs may be another program, or of another time, than what is installed. */
static void
check_stale(const platen_ctl_doctor_t *d, pid_t pid, uint64_t up, platen_ctl_report_t *report)
{
    static const char gone[] = " (deleted)";
    struct stat       st;
    char              link[64], exe[PATH_MAX] = "", version[64];
    ssize_t           n;

    snprintf(link, sizeof(link), "/proc/%d/exe", (int) pid);
    n = readlink(link, exe, sizeof(exe) - 1);
    exe[n < 0 ? 0 : n] = '\0';
    if ((size_t) (n < 0 ? 0 : n) > strlen(gone) && strcmp(exe + n - strlen(gone), gone) == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "platend.version",
                              "platend was replaced since it began: the old one still runs");
        platen_ctl_report_advice(report, "systemctl restart platend");
    } else if (platen_ctl_doctor_version(link, version, sizeof(version)) == 0
               && *version != '\0' && strcmp(version, PLATEN_VERSION) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "platend.version",
                              "platend is of version %s, and this is platenctl " PLATEN_VERSION,
                              version);
        platen_ctl_report_advice(report, "install both from one package, and restart platend");
    }

    if (up > 0 && stat(d->file, &st) == 0
        && (uint64_t) st.st_mtim.tv_sec > platen_now_us() / 1000000 - up + 1) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "platend.config",
                              "%s was changed after platend read it", d->file);
        platen_ctl_report_advice(report, "platend -t -c %s && systemctl restart platend",
                                 d->file);
    }
}

static void
check_running(const platen_ctl_doctor_t *d, pid_t pid, platen_ctl_report_t *report)
{
    platen_ctl_identity_t who;
    uint64_t              up = platen_ctl_doctor_uptime(pid);
    char                 *status = read_proc(pid, "status");
    char                  since[32];

    if (status == NULL || platen_ctl_identity_parse(&who, status) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "platend", "platend runs, pid %d",
                              (int) pid);
    } else if (who.uid != d->user.uid) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "platend",
                              "platend runs, pid %d, as %s, and was checked as %s", (int) pid,
                              who.name, d->user.name);
        platen_ctl_report_advice(report, "sudo platenctl -c %s doctor; or restart platend",
                                 d->file);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "platend",
                              "platend runs, pid %d, as %s, for %s", (int) pid, who.name,
                              platen_ctl_doctor_duration(up, since));
    }
    free(status);
    check_stale(d, pid, up, report);
}

/* One that has the lock, and does nothing. */
static void
check_moves(const platen_ctl_doctor_t *d, pid_t pid, platen_ctl_report_t *report)
{
    struct stat st;
    char        path[PATH_MAX], since[32];
    uint64_t    silent;

    if (pid > 0 && platen_ctl_doctor_stopped(pid)) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "platend.moves",
                              "platend was stopped by a signal, and does nothing");
        platen_ctl_report_advice(report, "kill -CONT %d", (int) pid);
        return;
    }
    snprintf(path, sizeof(path), "%s" PLATEN_METRICS_SUFFIX, platen_config_socket(d->config));
    silent = stat(path, &st) == 0 ? platen_ctl_doctor_silent(pid, &st) : 0;
    if (silent != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "platend.moves",
                              "platend has told nothing for %s: it hangs, or a disk does",
                              platen_ctl_doctor_duration(silent, since));
        platen_ctl_report_advice(report, "systemctl restart platend");
    }
}

typedef struct {
    const char *check;
    const char *line; /* in /proc/<pid>/limits */
    const char *what;
    const char *key; /* of a systemd unit */
    int         bytes;
    uint64_t    least;
} limit_t;

static void
check_limit(const limit_t *limit, uint64_t is, int running, platen_ctl_report_t *report)
{
    char text[32] = "none";
    int  enough = is >= limit->least;

    if (is != UINT64_MAX && limit->bytes) {
        platen_ctl_doctor_size(is, text);
    } else if (is != UINT64_MAX) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long) is);
    }
    platen_ctl_report_add(report, enough ? PLATEN_CTL_OK : PLATEN_CTL_WARN, limit->check,
                          "limit of %s %s: %s%s", limit->what,
                          running ? "of platend" : "in this shell", text,
                          enough ? "" : ", which is little");
    if (!enough && running) {
        platen_ctl_report_advice(report,
                                 "systemctl edit platend, and add: [Service] %s=%llu; then"
                                 " systemctl restart platend",
                                 limit->key, (unsigned long long) limit->least);
    } else if (!enough) {
        platen_ctl_report_advice(report, "start platend with at least %llu (%s= in its unit)",
                                 (unsigned long long) limit->least, limit->key);
    }
}

/* Those of the platend that runs, or those that it would get from here. */
static void
check_limits(const platen_ctl_doctor_t *d, pid_t pid, platen_ctl_report_t *report)
{
    uint64_t map = d->config->map_size == 0 ? PLATEN_STORE_MAP_SIZE : d->config->map_size;
    uint64_t output = d->config->output_size;
    char    *text = read_proc(pid > 0 ? pid : getpid(), "limits");
    size_t   i;

    const limit_t limits[] = {
        { "limit.files", "\nMax open files", "open files", "LimitNOFILE", 0, FILES_LOW },
        { "limit.processes", "\nMax processes", "processes", "LimitNPROC", 0,
          PROCESSES + (d->config->workers + d->config->spare) * PROCESSES_OF_A_WORKER },
        { "limit.memlock", "\nMax locked memory", "locked memory", "LimitMEMLOCK", 1, 65536 },
        /* The store is mapped whole; what else platend needs comes on top. */
        { "limit.address_space", "\nMax address space", "address space", "LimitAS", 1,
          map + ADDRESS_SPACE },
        { "limit.file_size", "\nMax file size", "file size", "LimitFSIZE", 1,
          map > output ? map : output },
    };

    for (i = 0; text != NULL && i < sizeof(limits) / sizeof(limits[0]); i++) {
        check_limit(&limits[i], platen_ctl_doctor_limit(text, limits[i].line), pid > 0, report);
    }
    free(text);
}

void
platen_ctl_doctor_process(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    pid_t holder = platen_ctl_doctor_holder(d->config);

    if (holder > 0) {
        check_running(d, holder, report);
    } else if (holder == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "platend", "platend does not run");
        platen_ctl_report_advice(report, "systemctl start platend (or: platend -c %s)",
                                 d->file);
    } else if (holder == -2) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "platend",
                              "platend runs, out of sight (in another container)");
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "platend",
                              "whether platend runs cannot be told: %s/" LOCK_FILE ": %s",
                              d->config->store_path, strerror(errno));
        platen_ctl_report_advice(report, "sudo platenctl -c %s doctor", d->file);
    }
    if (holder > 0 || holder == -2) {
        check_moves(d, holder, report);
    }
    check_limits(d, holder, report);
}
