/*
 * The page of numbers for nginx; see metrics_page.h.  It goes with platend; a reader judges by
 * its age whether platend is there.
 */

#include "metrics_page.h"

#include <stdio.h>
#include <stdlib.h>
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
    platen_work_t          work;
    int                    under_way;
    int                    said; /* that it cannot be written */
    unsigned               ticks;
    char                   page[PLATEN_METRICS_MAX];
};

/* What is looked up, and not told by whoever knows. */
static void
look(platen_metrics_page_t *m)
{
    char          name[PLATEN_BACKUP_NAME + 1];
    time_t        made, now;
    FILE         *in;
    unsigned long pages;

    platen_metric_set(PLATEN_METRIC_DISK_FREE, platen_layout_space(m->config->data_path));
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
        if (made == 0) {
            platen_metric_clear(PLATEN_METRIC_BACKUP);
        } else {
            platen_metric_set(PLATEN_METRIC_BACKUP,
                              now > made ? (uint64_t) (now - made) * 1000000 : 0);
        }
    }
}

static void
publish_run(void *data)
{
    platen_metrics_page_t *m = data;
    char                   err[512];
    size_t                 len;

    look(m);
    len = platen_metrics_write(m->page, sizeof(m->page));
    if (platen_endpoint_say(m->config, PLATEN_METRICS_SUFFIX, m->page, len, err, sizeof(err))
        == 0) {
        m->said = 0;
        return;
    }
    /* An old one would say that platend hangs. */
    platen_endpoint_unsay(m->config, PLATEN_METRICS_SUFFIX);
    if (!m->said) {
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
platen_metrics_page_new(const platen_config_t *config)
{
    platen_metrics_page_t *m = calloc(1, sizeof(*m));

    if (m != NULL) {
        m->config = config;
        m->work = (platen_work_t){ .run = publish_run, .done = publish_done, .data = m };
        platen_metric_set(PLATEN_METRIC_WORKERS, config->workers);
        /* One that was killed has left its own, by whose age this one would seem to hang. */
        platen_endpoint_unsay(config, PLATEN_METRICS_SUFFIX);
    }
    return m;
}

void
platen_metrics_page_tick(platen_metrics_page_t *m, platen_crew_t *crew)
{
    if (!m->under_way) {
        m->under_way = 1;
        platen_crew_do(crew, PLATEN_CREW_DISK, &m->work);
    }
}

void
platen_metrics_page_destroy(platen_metrics_page_t **metrics)
{
    if (*metrics != NULL && (*metrics)->ticks > 0) {
        platen_endpoint_unsay((*metrics)->config, PLATEN_METRICS_SUFFIX);
    }
    free(*metrics);
    *metrics = NULL;
}
