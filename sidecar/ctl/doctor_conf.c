/*
 * The doctor on nginx's configuration: what nginx itself says of it, and whether
 * it names the directories, the map and the sockets that platend.cfg names.  It is
 * asked of nginx (`nginx -T`), which opens what it is to write to: files that are
 * there it may open, and none may be made (ctl/capture.h).
 */

#include "ctl/doctor.h"

#include <limits.h>
#include <stdlib.h>

#include "ctl/nginx.h"
#include "store/service.h"
#include "store/store.h"

void
platen_ctl_doctor_conf_parse(const char *text, platen_ctl_doctor_conf_t *conf)
{
    char name[64] = "", word[PATH_MAX];
    int  kind, arg = 0;

    *conf = (platen_ctl_doctor_conf_t){ .store = "/var/lib/platen/store",
                                        .data = "/var/lib/platen/data",
                                        .queue = "ipc:///run/platen/platend.sock" };
    while ((kind = platen_ctl_nginx_word(&text, word, sizeof(word))) != 0) {
        if (kind != 'w') {
            arg = 0;
            continue;
        }
        if (arg++ == 0) {
            snprintf(name, sizeof(name), "%.63s", word);
            conf->api |= strcmp(name, "platen_api") == 0;
        } else if (strcmp(name, "platen_store") == 0) {
            if (arg == 2) {
                snprintf(conf->store, sizeof(conf->store), "%s", word);
            } else if (strncmp(word, "map_size=", 9) == 0) {
                snprintf(conf->map_size, sizeof(conf->map_size), "%.31s", word + 9);
            }
        } else if (strcmp(name, "platen_data") == 0) {
            snprintf(conf->data, sizeof(conf->data), "%s", word);
        } else if (strcmp(name, "platen_queue") == 0) {
            snprintf(conf->queue, sizeof(conf->queue), "%s", word);
        } else if (strcmp(name, "platen_events") == 0) {
            snprintf(conf->events, sizeof(conf->events), "%s", word);
        }
    }
}

static void
show_warnings(const char *said, platen_ctl_report_t *report)
{
    const char *p = said, *line;
    size_t      n;

    while ((p = strstr(p, "[warn] ")) != NULL) {
        line = p + strlen("[warn] ");
        line += strspn(line, "0123456789# :"); /* pid and connection */
        n = strcspn(line, "\r\n");
        p = line + n;
        if (memmem(line, n, "platen", 6) == NULL
            && memmem(line, n, "a key that signs", 16) == NULL) {
            continue;
        }
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "nginx.warning", "nginx: %.*s", (int) n,
                              line);
        platen_ctl_report_advice(report, "correct it, and: nginx -t && nginx -s reload");
    }
}

static void
differ(const platen_ctl_doctor_t *d, const char *directive, const char *there, const char *key,
       const char *here, platen_ctl_report_t *report)
{
    /* With another map all goes well until the store outgrows the smaller. */
    platen_ctl_report_add(
        report, strcmp(key, "store/map_size") == 0 ? PLATEN_CTL_WARN : PLATEN_CTL_FAIL,
        "nginx.conf", "nginx has %s %s, and %s %s = %s", directive, there, d->file, key, here);
    platen_ctl_report_advice(report, "name the same in both, and restart both");
}

static size_t
worse(const platen_ctl_report_t *report)
{
    return platen_ctl_report_count(report, PLATEN_CTL_FAIL)
           + platen_ctl_report_count(report, PLATEN_CTL_WARN);
}

/* Whether two paths lead to one directory, be it that neither is there yet. */
static int
is_same(const platen_uses_dir_t *a, const platen_uses_dir_t *b)
{
    return a->inode != 0 && b->inode != 0 ? a->device == b->device && a->inode == b->inode
                                          : strcmp(a->path, b->path) == 0;
}

static void
compare(const platen_ctl_doctor_t *d, const platen_ctl_doctor_conf_t *conf,
        platen_ctl_report_t *report)
{
    const platen_config_t *c = d->config;
    platen_uses_t          nginx, own;
    uint64_t               map = 0;
    char                   number[32];
    size_t                 before = worse(report);

    platen_uses_look(&nginx, conf->store, conf->data, 0);
    platen_uses_look(&own, c->store_path, c->data_path, c->map_size);
    if (!is_same(&nginx.store, &own.store)) {
        differ(d, "platen_store", conf->store, "store/path", c->store_path, report);
    }
    if (!is_same(&nginx.data, &own.data)) {
        differ(d, "platen_data", conf->data, "data/path", c->data_path, report);
    }
    if ((*conf->map_size == '\0' || platen_config_size(conf->map_size, &map) == 0)
        && (map == 0 ? PLATEN_STORE_MAP_SIZE : map) != own.map_size) {
        snprintf(number, sizeof(number), "%llu", (unsigned long long) c->map_size);
        differ(d, "platen_store ... map_size=", *conf->map_size == '\0' ? "8g" : conf->map_size,
               "store/map_size", number, report);
    }
    if (strcmp(conf->queue, "off") != 0 && strcmp(conf->queue, c->queue_endpoint) != 0) {
        differ(d, "platen_queue", conf->queue, "queue/endpoint", c->queue_endpoint, report);
    }
    if (*conf->events != '\0' && strcmp(conf->events, "off") != 0
        && strcmp(conf->events, c->events_endpoint) != 0) {
        differ(d, "platen_events", conf->events, "queue/events", c->events_endpoint, report);
    }
    if (worse(report) == before) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "nginx.conf",
                              "nginx.conf and %s name the same directories, map and sockets",
                              d->file);
    }
}

void
platen_ctl_doctor_old_names(const platen_config_t *config, platen_ctl_report_t *report)
{
    size_t i;

    for (i = 0; i < PLATEN_CONFIG_OLD_MAX; i++) {
        if (config->old[i] != NULL) {
            platen_ctl_report_add(report, PLATEN_CTL_WARN, "config.name",
                                  "%s in platend.cfg is %s now", config->old[i]->was,
                                  config->old[i]->is);
            platen_ctl_report_advice(report,
                                     "rename it: the next release refuses the old name");
        }
    }
}

int
platen_ctl_doctor_conf_judge(const platen_ctl_doctor_t *d, const char *said, const char *text,
                             platen_ctl_status_t none, platen_ctl_report_t *report)
{
    platen_ctl_doctor_conf_t conf;

    show_warnings(said, report);
    platen_ctl_doctor_conf_parse(text, &conf);
    if (!conf.api) {
        platen_ctl_report_add(report, none, "nginx.conf",
                              "nginx's configuration has no location with platen_api");
        platen_ctl_report_advice(report, "conf/nginx.conf shows one; if it is another file:"
                                         " --nginx-conf FILE");
        return 0;
    }
    compare(d, &conf, report);
    return 1;
}

void
platen_ctl_doctor_conf(const platen_ctl_doctor_t *d, const char *nginx,
                       platen_ctl_report_t *report)
{
    char       *said = NULL, error[512];
    const char *text =
        platen_ctl_nginx_dump(d->config, nginx, d->nginx_conf, &said, error, sizeof(error));

    if (text != NULL) {
        (void) platen_ctl_doctor_conf_judge(d, said, text, PLATEN_CTL_WARN, report);
    } else {
        platen_ctl_report_add(
            report, PLATEN_CTL_WARN, "nginx.conf",
            "nginx's configuration is not compared with %s: nginx -T says: %s", d->file, error);
        platen_ctl_report_advice(
            report, "%s",
            platen_ctl_nginx_advice(error, "run it as root, while nginx runs; name the file if"
                                           " it is another: --nginx-conf FILE; or correct it:"
                                           " nginx -t"));
    }
    free(said);
}
