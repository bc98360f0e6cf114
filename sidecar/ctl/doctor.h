/*
 * The parts of `platenctl doctor`; see ctl/doctor.c.  Each looks at one
 * side of the machine and adds findings to a report.  None modifies anything
 * that outlasts it, and all run in a process of their own (ctl/section.h),
 * most of them as the user that platend has.
 */

#ifndef PLATEN_CTL_DOCTOR_H
#define PLATEN_CTL_DOCTOR_H

#include <sys/stat.h>

#include "config.h"
#include "ctl/identity.h"
#include "ctl/report.h"

#define PLATEN_CTL_FULL_WARN 75 /* percent of the map */

typedef struct {
    const char            *file;   /* of the configuration, as given */
    const platen_config_t *config; /* NULL: it cannot be read */
    platen_ctl_identity_t  user;   /* that platend runs as; a stranger's own */
    int stranger; /* neither root nor platend's user: what files let them do says nothing */
    const char *nginx; /* paths, and the user of nginx's workers; or NULL */
    const char *module;
    const char *nginx_conf;
    const char *web_user;
} platen_ctl_doctor_t;

typedef void (*platen_ctl_check_t)(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);

void platen_ctl_doctor_host(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_sandbox(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_engine(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_program(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_font(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_data(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_store(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_backup(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_webhook(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_process(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);
void platen_ctl_doctor_web(const platen_ctl_doctor_t *d, platen_ctl_report_t *report);

/* What both sides say of themselves in the store, which is open for reading. */
struct MDB_txn;
void platen_ctl_doctor_service(const platen_ctl_doctor_t *d, struct MDB_txn *txn,
                               platen_ctl_report_t *report);

/*
 * The sidecar that holds the store's lock, asked without taking it.  Returns its
 * pid; 0 if there is none; -1 if it cannot be told, with errno; -2 if there is
 * one that is not to be seen from here (another container).
 */
pid_t platen_ctl_doctor_holder(const platen_config_t *config);

/* Seconds since the process began; 0 if that is not to be known. */
uint64_t platen_ctl_doctor_uptime(pid_t pid);

/* Whether it was stopped by a signal, or is by a debugger. */
int platen_ctl_doctor_stopped(pid_t pid);

/*
 * For how many seconds a platend that runs, and has since before that, has not written its
 * numbers, which it does each second; `st` is of their file.  0: not for so long that it hangs.
 */
uint64_t platen_ctl_doctor_silent(pid_t pid, const struct stat *st);

/* Whether some process has LMDB's lock file open; asked without touching it. */
int platen_ctl_doctor_in_use(const platen_config_t *config);

/* What nginx's configuration says that platend.cfg says, too; or the default. */
typedef struct {
    char store[4096];
    char map_size[32]; /* as written; "": the default */
    char data[4096];
    char queue[4096];
    char events[4096]; /* "": the default */
    int  api;          /* there is a location with platen_api */
} platen_ctl_doctor_conf_t;

/* Reads it in nginx's syntax, with all files that are included. */
void platen_ctl_doctor_conf_parse(const char *text, platen_ctl_doctor_conf_t *conf);

/* Warns of each key of platend.cfg that has another name now. */
void platen_ctl_doctor_old_names(const platen_config_t *config, platen_ctl_report_t *report);

/*
 * What nginx warns of that is Platen's, among what it said (names in several files of keys,
 * keys open to all), and whether directories, map and sockets of both are the same.  Returns
 * 0 if `text`, its configuration, has no location of Platen's, which is then reported so.
 */
int
platen_ctl_doctor_conf_judge(const platen_ctl_doctor_t *d, const char *said, const char *text,
                             platen_ctl_status_t none, platen_ctl_report_t *report);

/* Asks that nginx for it, and compares. */
void platen_ctl_doctor_conf(const platen_ctl_doctor_t *d, const char *nginx,
                            platen_ctl_report_t *report);

/* "1.5 GiB" in `out`, which it returns. */
const char *platen_ctl_doctor_size(uint64_t bytes, char out[32]);

/* "3 days 4 h", "5 h 2 min", "40 s" in `out`, which it returns. */
const char *platen_ctl_doctor_duration(uint64_t seconds, char out[32]);

/*
 * The Debian packages that hold the file; NULL if it is none that Platen knows.
 * "platen" is Platen itself.
 */
const char *platen_ctl_doctor_package(const char *path);

/* Whether `path` exists, is not writable, ... what a probe said before ": "; "" if none. */
void platen_ctl_doctor_culprit(const char *reason, char *path, size_t size);

/* The value of "key=" in the text of an .ini file; "" if there is none. */
void platen_ctl_doctor_ini(const char *text, const char *key, char *out, size_t size);

/*
 * Version that a program of Platen states ("@(#)platen 1.2.3", as what(1) finds
 * it); "" if it states none.  Returns 0, or -1 with errno.
 */
int  platen_ctl_doctor_version(const char *path, char *out, size_t size);
void platen_ctl_doctor_version_in(const char *bytes, size_t len, char *out, size_t size);

/* The soft limit in a line of /proc/<pid>/limits; UINT64_MAX: unlimited or not there. */
uint64_t platen_ctl_doctor_limit(const char *limits, const char *name);

/* Field `n` (from 1) of /proc/<pid>/stat, n > 2; 0 if it is not there. */
uint64_t platen_ctl_doctor_stat(const char *stat, unsigned n);

/* Of statfs(2)'s f_type: the name, and whether store or data may lie there. */
typedef enum {
    PLATEN_CTL_FS_LOCAL,
    PLATEN_CTL_FS_VOLATILE, /* gone after a restart */
    PLATEN_CTL_FS_REMOTE    /* no shared memory map, no locks to rely on */
} platen_ctl_fs_t;

platen_ctl_fs_t platen_ctl_doctor_fs(uint64_t type, const char **name);

/* Whether the output of fc-list ("families TAB languages" lines) has the family. */
int platen_ctl_doctor_family(const char *list, const char *family);

/* Whether it has a font for the language ("ja", "zh-cn"). */
int platen_ctl_doctor_language(const char *list, const char *language);

#endif
