/*
 * The doctor on the directories of data and store: there, whose, writable, on
 * what, and how much room is left.  See ctl/doctor.h; it runs as the user
 * whose rights it looks at.
 */

#include "ctl/doctor.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "schedule/finish.h"

/* Below this a person has time to act; below PLATEN_SPACE_MIN no job begins. */
#define SPACE_LOW (PLATEN_SPACE_MIN * 16)
#define INODES_MIN 1000
#define INODES_LOW 50000

static const char *
owner(const struct stat *st, char out[64])
{
    const struct passwd *user = getpwuid(st->st_uid);

    snprintf(out, 64, "%s", user == NULL ? "nobody that has a name" : user->pw_name);
    return out;
}

/*
 * How to make the directory the user's.  Never more than is sure to be Platen's:
 * a mistake in the configuration may have named /var or /run.
 */
static void
advise_owner(const platen_ctl_doctor_t *d, const char *path, const struct stat *st,
             platen_ctl_report_t *report)
{
    char name[64];

    if (*d->config->user == '\0') {
        platen_ctl_report_advice(report, "run platend as %s; or: chown %s: %s", owner(st, name),
                                 d->user.name, path);
    } else if (strrchr(path, '/') == path) {
        platen_ctl_report_advice(
            report, "install -d -o %s -g %u -m 750 %s/platen, and name that in %s",
            d->user.name, (unsigned) d->user.gid, path[1] == '\0' ? "/run" : path, d->file);
    } else {
        platen_ctl_report_advice(report, "chown %s: %s && chmod u+rwx %s", d->user.name, path,
                                 path);
    }
}

/* Whether the user can work in a directory.  1, 0 if it is not there, -1 if not. */
static int
check_directory(const platen_ctl_doctor_t *d, const char *path, const char *check,
                platen_ctl_report_t *report)
{
    struct stat st;
    char        name[64];
    int         error = 0;

    if (stat(path, &st) != 0) {
        if (errno == ENOENT) {
            return 0;
        }
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, check, "%s as %s: %s", path,
                              d->user.name, strerror(errno));
        platen_ctl_report_advice(report,
                                 "namei -l %s shows where the way ends; chmod o+x that"
                                 " directory",
                                 path);
        return -1;
    }
    if (!S_ISDIR(st.st_mode)) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, check, "%s is not a directory", path);
        platen_ctl_report_advice(report, "move it away, or correct %s", d->file);
        return -1;
    }
    if (access(path, R_OK | W_OK | X_OK) == 0) {
        return 1;
    }
    error = errno;
    platen_ctl_report_add(report, PLATEN_CTL_FAIL, check,
                          "%s is of %s with mode %04o, and %s cannot write there: %s", path,
                          owner(&st, name), (unsigned) (st.st_mode & 07777), d->user.name,
                          strerror(error));
    if (error == EROFS) {
        platen_ctl_report_advice(report, "look why (dmesg | tail), then: mount -o remount,rw"
                                         " that file system");
    } else {
        advise_owner(d, path, &st, report);
    }
    return -1;
}

static void
check_kind(const platen_ctl_doctor_t *d, const char *path, const char *check, int store,
           uint64_t type, platen_ctl_report_t *report)
{
    const char *name;

    switch (platen_ctl_doctor_fs(type, &name)) {
    case PLATEN_CTL_FS_REMOTE:
        platen_ctl_report_add(report, store ? PLATEN_CTL_FAIL : PLATEN_CTL_WARN, check,
                              store
                                  ? "%s is on %s, where a store breaks: it needs shared memory"
                                    " maps and locks"
                                  : "%s is on %s, whose fsync promises less than a disk's",
                              path, name);
        platen_ctl_report_advice(report, "put it on a local disk (%s in %s)",
                                 store ? "store/path" : "data/path", d->file);
        break;
    case PLATEN_CTL_FS_VOLATILE:
        platen_ctl_report_add(report, PLATEN_CTL_WARN, check,
                              "%s is on %s, which is gone after a restart, and jobs with it",
                              path, name);
        platen_ctl_report_advice(report, "put it on a local disk or a volume (%s in %s)",
                                 store ? "store/path" : "data/path", d->file);
        break;
    default:
        platen_ctl_report_add(report, PLATEN_CTL_OK, check,
                              "%s: writable, on a local disk (%s)", path, name);
    }
}

static void
check_room(const char *path, const char *check, const struct statfs *fs,
           platen_ctl_report_t *report)
{
    uint64_t            room = (uint64_t) fs->f_bavail * (uint64_t) fs->f_bsize;
    platen_ctl_status_t status = PLATEN_CTL_OK;
    char                size[32], least[32], inodes[64] = "";

    if (fs->f_files != 0) { /* btrfs, say, counts none */
        snprintf(inodes, sizeof(inodes), ", %llu inodes", (unsigned long long) fs->f_ffree);
        status = fs->f_ffree < INODES_MIN   ? PLATEN_CTL_FAIL
                 : fs->f_ffree < INODES_LOW ? PLATEN_CTL_WARN
                                            : PLATEN_CTL_OK;
    }
    if (room < PLATEN_SPACE_MIN) {
        status = PLATEN_CTL_FAIL;
    } else if (room < SPACE_LOW && status == PLATEN_CTL_OK) {
        status = PLATEN_CTL_WARN;
    }
    platen_ctl_report_add(report, status, check,
                          "%s: %s%s free; with less than %s no conversion begins", path,
                          platen_ctl_doctor_size(room, size), inodes,
                          platen_ctl_doctor_size(PLATEN_SPACE_MIN, least));
    if (status != PLATEN_CTL_OK) {
        platen_ctl_report_advice(report,
                                 "make room: du -xsh %s/* | sort -h; a shorter"
                                 " platen_job_ttl in nginx.conf keeps it",
                                 path);
    }
}

/* Directory, file system and room of one of the two.  1 if it can be worked with. */
static int
check_root(const platen_ctl_doctor_t *d, const char *path, int store,
           platen_ctl_report_t *report)
{
    const char   *check = store ? "store.directory" : "data.directory";
    struct statfs fs;
    int           rc = check_directory(d, path, check, report);

    if (rc == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, check,
                              "%s is not there yet; platend makes it when root starts it",
                              path);
        platen_ctl_report_advice(report, "install -d -m 750 -o %s -g %u %s", d->user.name,
                                 (unsigned) d->user.gid, path);
    }
    if (rc <= 0) {
        return rc;
    }
    if (statfs(path, &fs) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, check, "%s: %s", path, strerror(errno));
        platen_ctl_report_advice(report, "look at the disk: dmesg | tail");
        return -1;
    }
    check_kind(d, path, check, store, (uint64_t) fs.f_type, report);
    check_room(path, store ? "store.space" : "data.space", &fs, report);
    return 1;
}

/* What lies below data is renamed from one directory into the other. */
static void
check_below(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    static const char *const names[] = { "tmp", "input", "output", "runs" };
    struct stat              root, st;
    char                     path[PATH_MAX];
    size_t                   i;
    int                      rc, bad = 0, there = 0;

    if (stat(d->config->data_path, &root) != 0) {
        return;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", d->config->data_path, names[i]);
        rc = check_directory(d, path, "data.below", report);
        there += rc > 0;
        bad += rc < 0;
        if (rc > 0 && stat(path, &st) == 0 && st.st_dev != root.st_dev) {
            bad++;
            platen_ctl_report_add(
                report, PLATEN_CTL_FAIL, "data.below",
                "%s is on another file system than %s: files cannot be renamed"
                " into place",
                path, d->config->data_path);
            platen_ctl_report_advice(report, "umount %s, and mount the disk at %s", path,
                                     d->config->data_path);
        }
    }
    if (!bad && there > 0) {
        platen_ctl_report_add(
            report, PLATEN_CTL_OK, "data.below",
            "tmp, input, output and runs are writable and on one file system");
    }
}

/* platend makes its socket there, as the user that it has by then. */
static void
check_socket(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    char path[PATH_MAX], *slash;
    int  rc;

    snprintf(path, sizeof(path), "%s", platen_config_socket(d->config));
    slash = strrchr(path, '/');
    slash[slash == path] = '\0'; /* an absolute path, says config.c */
    rc = check_directory(d, path, "queue.directory", report);
    if (rc >= 0) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "queue.directory", "%s: %s", path,
                              rc > 0 ? "a socket can be made there"
                                     : "platend makes it when root starts it");
    }
}

void
platen_ctl_doctor_data(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    if (check_root(d, d->config->data_path, 0, report) > 0) {
        check_below(d, report);
    }
    (void) check_root(d, d->config->store_path, 1, report);
    check_socket(d, report);
}
