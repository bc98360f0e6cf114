/* The doctor on backups; see ctl/doctor.h. */

#include "ctl/doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup/backup.h"

/* Whether it would be lost with what it is a copy of; 0 if that cannot be told. */
static int
on_one_disk(const platen_config_t *config)
{
    struct stat backup, data;

    return stat(config->backup_path, &backup) == 0 && stat(config->data_path, &data) == 0
           && backup.st_dev == data.st_dev;
}

void
platen_ctl_doctor_backup(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    const platen_config_t *config = d->config;
    const char            *path = config->backup_path;
    char                   name[PLATEN_BACKUP_NAME + 1], age[32];
    time_t                 now = time(NULL), newest;

    if (*path == '\0') {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "backup", "no backups are configured");
        return;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "backup", "no backups: %s as %s: %s",
                              path, d->user.name, strerror(errno));
        platen_ctl_report_advice(report, "install -d -m 750 -o %s -g %u %s", d->user.name,
                                 (unsigned) d->user.gid, path);
        return;
    }
    newest = platen_backup_newest(path, name);
    if (newest == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "backup", "there is no backup in %s yet",
                              path);
        platen_ctl_report_advice(report, "platenctl backup makes one, or says why it cannot");
        return;
    }
    platen_ctl_doctor_duration(newest > now ? 0 : (uint64_t) (now - newest), age);
    if (newest < now && (uint64_t) (now - newest) > 2 * config->backup_interval) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "backup",
                              "the newest backup in %s is %s old", path, age);
        platen_ctl_report_advice(report, "look for \"no backup\" in platend's log; platenctl"
                                         " backup makes one");
        return;
    }
    platen_ctl_report_add(report, PLATEN_CTL_OK, "backup", "the newest backup is %s old%s", age,
                          on_one_disk(config) ? "; it is on the disk of the data" : "");
}
