/*
 * The page of numbers for nginx; see metrics_page.h.  A new one takes the place of the last at
 * once, by rename(2).  It is no file that has to survive anything: it is not synced, and goes
 * with platend; a reader judges by its age whether platend is there.
 */

#include "metrics_page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "backup/backup.h"
#include "bus/endpoint.h"
#include "disk/layout.h"
#include "log.h"
#include "metrics.h"
#include "store/service.h"

#define BACKUP_EVERY 60 /* seconds between two looks */

struct platen_metrics_page_s {
    const platen_config_t *config;
    platen_crew_t         *crew;
    platen_work_t          work;
    int                    under_way;
    int                    said; /* that it cannot be written */
    unsigned               ticks;
    char                   path[PLATEN_PATH_MAX];
    char                   page[PLATEN_METRICS_MAX];
};

/* What is looked up, and not told by whoever knows. */
static void
look(platen_metrics_page_t *m)
{
    struct statvfs fs;
    char           name[PLATEN_BACKUP_NAME + 1];
    time_t         made, now;
    FILE          *in;
    unsigned long  pages;

    if (statvfs(m->config->data_path, &fs) == 0) {
        platen_metric_set(PLATEN_METRIC_DISK_FREE, (uint64_t) fs.f_bavail * fs.f_frsize);
    }
    in = fopen("/proc/self/statm", "re");
    if (in != NULL) {
        if (fscanf(in, "%*u %lu", &pages) == 1) {
            platen_metric_set(PLATEN_METRIC_MEMORY,
                              (uint64_t) pages * (uint64_t) sysconf(_SC_PAGESIZE));
        }
        fclose(in);
    }
    if (m->ticks++ % BACKUP_EVERY == 0 && *m->config->backup_path != '\0') {
        made = platen_backup_newest(m->config->backup_path, name);
        now = time(NULL);
        if (made != 0) {
            platen_metric_set(PLATEN_METRIC_BACKUP,
                              now > made ? (uint64_t) (now - made) * 1000000 : 0);
        }
    }
}

/* In place of the last one at once, so that no one reads half of it. */
static int
put(const platen_metrics_page_t *m, size_t len, char *err, size_t errlen)
{
    char fresh[PLATEN_PATH_MAX + 8];
    int  fd, ok;

    snprintf(fresh, sizeof(fresh), "%s.new", m->path);
    (void) unlink(fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    ok = fd >= 0 && write(fd, m->page, len) == (ssize_t) len;
    if (!ok) {
        snprintf(err, errlen, "%s: %s", fresh, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    if (!ok || platen_endpoint_access(m->config, fresh, err, errlen) != 0) {
        return -1;
    }
    if (rename(fresh, m->path) != 0) {
        snprintf(err, errlen, "%s: %s", m->path, strerror(errno));
        return -1;
    }
    return 0;
}

static void
publish_run(void *data)
{
    platen_metrics_page_t *m = data;
    char                   err[PLATEN_PATH_MAX + 256];
    size_t                 len;

    look(m);
    len = platen_metrics_write(m->page, sizeof(m->page));
    if (put(m, len, err, sizeof(err)) == 0) {
        m->said = 0;
    } else if (!m->said) {
        m->said = 1;
        platen_log(PLATEN_LOG_WARN, "GET /metrics has nothing of platend",
                   json_pack("{s:s}", "error", err));
    }
}

static void
publish_done(void *data)
{
    platen_metrics_page_t *m = data;

    m->under_way = 0;
}

platen_metrics_page_t *
platen_metrics_page_new(const platen_config_t *config, platen_crew_t *crew)
{
    platen_metrics_page_t *m = calloc(1, sizeof(*m));

    if (m != NULL) {
        m->config = config;
        m->crew = crew;
        m->work = (platen_work_t){ .run = publish_run, .done = publish_done, .data = m };
        snprintf(m->path, sizeof(m->path), "%s" PLATEN_METRICS_SUFFIX,
                 platen_config_socket(config));
        platen_metric_set(PLATEN_METRIC_WORKERS, config->workers);
    }
    return m;
}

void
platen_metrics_page_tick(platen_metrics_page_t *m)
{
    if (!m->under_way) {
        m->under_way = 1;
        platen_crew_do(m->crew, PLATEN_CREW_DISK, &m->work);
    }
}

void
platen_metrics_page_destroy(platen_metrics_page_t **metrics)
{
    if (*metrics != NULL && (*metrics)->ticks > 0) {
        (void) unlink((*metrics)->path);
    }
    free(*metrics);
    *metrics = NULL;
}
