/*
 * The doctor on nginx's configuration: what nginx itself says of it, and whether
 * it names the directories, the map and the sockets that platend.cfg names.  It is
 * asked of nginx (`nginx -T`), which opens what it is to write to: files that are
 * there it may open, and none may be made (ctl/capture.h).
 */

#include "ctl/doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/capture.h"
#include "store/service.h"
#include "store/store.h"

#define WORKER "nginx: worker process"
#define MAPS_MAX ((size_t) 4 << 20)
#define DUMP "# configuration file "

/* The next word of nginx's syntax; its kind, 0 at the end: 'w', ';', '{' or '}'. */
static int
next_word(const char **text, char *out, size_t size)
{
    const char *p = *text;
    char        quote = 0;
    size_t      n = 0;

    for (;;) {
        p += strspn(p, " \t\r\n");
        if (*p != '#') {
            break;
        }
        p += strcspn(p, "\n");
    }
    if (*p == '\0') {
        *text = p;
        return 0;
    }
    if (strchr(";{}", *p) != NULL) {
        *text = p + 1;
        return *p;
    }
    if (*p == '"' || *p == '\'') {
        quote = *p++;
    }
    for (; *p != '\0' && (quote ? *p != quote : strchr(" \t\r\n;{", *p) == NULL); p++) {
        if (*p == '\\' && p[1] != '\0') {
            p++;
        }
        if (n + 1 < size) {
            out[n++] = *p;
        }
    }
    out[n] = '\0';
    *text = p + (quote && *p == quote);
    return 'w';
}

void
platen_ctl_doctor_conf_parse(const char *text, platen_ctl_doctor_conf_t *conf)
{
    char name[64] = "", word[PATH_MAX];
    int  kind, arg = 0;

    *conf = (platen_ctl_doctor_conf_t){ .store = "/var/lib/platen/store",
                                        .data = "/var/lib/platen/data",
                                        .queue = "ipc:///run/platen/platend.sock" };
    while ((kind = next_word(&text, word, sizeof(word))) != 0) {
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

/* The word behind -c or -p; "" if there is none. */
static void
word_behind(const char *command, const char *option, char out[PATH_MAX])
{
    const char *p = strstr(command, option);

    *out = '\0';
    if (p != NULL) {
        p += strlen(option);
        snprintf(out, PATH_MAX, "%.*s", (int) strcspn(p, " "), p);
    }
}

/* A file of a process, to be freed, with blanks for what ends its words; or NULL. */
static char *
read_proc(const char *pid, const char *name, size_t max)
{
    char   path[64], *text;
    size_t len, i;

    snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
    text = platen_ctl_capture_file(path, max, &len);
    for (i = 0; text != NULL && i < len; i++) {
        text[i] = text[i] == '\0' ? ' ' : text[i];
    }
    return text;
}

static int
is_nginx(const char *pid)
{
    char    path[64], exe[PATH_MAX];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%.16s/exe", pid);
    n = readlink(path, exe, sizeof(exe) - 1);
    exe[n < 0 ? 0 : n] = '\0';
    return strstr(exe, "/nginx") != NULL;
}

/*
 * What the nginx was started with that a process is of, to be freed; NULL: it is of
 * none that has this store open.
 */
static char *
command_of(const char *pid, const char *store)
{
    char *command = NULL, *maps = is_nginx(pid) ? read_proc(pid, "maps", MAPS_MAX) : NULL,
         *stat;
    char parent[24];

    if (maps != NULL && strstr(maps, store) != NULL) {
        command = read_proc(pid, "cmdline", 4096);
    }
    free(maps);
    if (command != NULL && strncmp(command, WORKER, strlen(WORKER)) == 0) {
        free(command);
        stat = read_proc(pid, "stat", 4096);
        snprintf(parent, sizeof(parent), "%llu",
                 stat == NULL ? 0 : (unsigned long long) platen_ctl_doctor_stat(stat, 4));
        free(stat);
        command = read_proc(parent, "cmdline", 4096);
    }
    return command;
}

/* What the nginx was started with that has this store; NULL: none is to be seen. */
static char *
find_command(const platen_config_t *config)
{
    struct dirent *entry;
    DIR           *proc = opendir("/proc");
    char          *whole = realpath(config->store_path, NULL), *command = NULL;
    char           store[PATH_MAX];

    snprintf(store, sizeof(store), "%s/data.mdb", whole == NULL ? config->store_path : whole);
    free(whole);
    while (proc != NULL && command == NULL && (entry = readdir(proc)) != NULL) {
        if (isdigit((unsigned char) entry->d_name[0])) {
            command = command_of(entry->d_name, store);
        }
    }
    if (proc != NULL) {
        closedir(proc);
    }
    return command;
}

/* Asks nginx for the whole of it; the exit code, and what it said in *said. */
static int
ask(const platen_ctl_doctor_t *d, const char *nginx, char **said)
{
    char        conf[PATH_MAX] = "", prefix[PATH_MAX] = "";
    char       *command = d->nginx_conf == NULL ? find_command(d->config) : NULL;
    const char *argv[10] = { nginx, "-T" };
    size_t      n = 2;
    int         rc;

    if (command != NULL) {
        word_behind(command, " -c ", conf);
        word_behind(command, " -p ", prefix);
    }
    if (d->nginx_conf != NULL) {
        snprintf(conf, sizeof(conf), "%s", d->nginx_conf);
    }
    if (*prefix != '\0') {
        argv[n++] = "-p";
        argv[n++] = prefix;
    }
    if (*conf != '\0') {
        argv[n++] = "-c";
        argv[n++] = conf;
    }
    rc = platen_ctl_capture(
        argv, PLATEN_CTL_CAPTURE_OUT | PLATEN_CTL_CAPTURE_ERR | PLATEN_CTL_CAPTURE_OPEN, said);
    free(command);
    return rc;
}

/* What nginx warns of that is Platen's: names in several files of keys, keys open to all. */
static void
tell_warnings(const char *said, platen_ctl_report_t *report)
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

/* The first line of an error, without what stands before it on each. */
static void
first_error(const char *said, char *out, size_t size)
{
    const char *p = strstr(said, "[emerg] ");

    p = p == NULL ? said : p + strlen("[emerg] ");
    p += strspn(p, "0123456789# :");
    snprintf(out, size, "%.*s", (int) strcspn(p, "\r\n"), p);
}

void
platen_ctl_doctor_conf(const platen_ctl_doctor_t *d, const char *nginx,
                       platen_ctl_report_t *report)
{
    platen_ctl_doctor_conf_t conf;
    char                    *said = NULL, error[512];
    int                      rc = ask(d, nginx, &said);

    if (rc != 0 || said == NULL || strstr(said, DUMP) == NULL) {
        first_error(said == NULL ? "" : said, error, sizeof(error));
        platen_ctl_report_add(
            report, PLATEN_CTL_WARN, "nginx.conf",
            "nginx's configuration is not compared with %s: nginx -T says: %s", d->file, error);
        platen_ctl_report_advice(report,
                                 "run it as root, while nginx runs; name the file if it is"
                                 " another: --nginx-conf FILE; or correct it: nginx -t");
        free(said);
        return;
    }
    tell_warnings(said, report);
    platen_ctl_doctor_conf_parse(strstr(said, DUMP), &conf);
    if (!conf.api) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "nginx.conf",
                              "nginx's configuration has no location with platen_api");
        platen_ctl_report_advice(report, "conf/nginx.conf shows one; if it is another file:"
                                         " --nginx-conf FILE");
    } else {
        compare(d, &conf, report);
    }
    free(said);
}
