/*
 * The doctor on the web server's side: nginx, Platen's module in it, and
 * whether its workers can reach what they share with platend.  Whether the
 * module loads is asked of nginx itself, with a configuration that has nothing
 * else in it, and so opens no port and makes no file.
 */

#include "ctl/doctor.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/capture.h"
#include "ctl/nginx.h"

#define MODULE "ngx_http_platen_module.so"
#define MODULES "/usr/lib/nginx/modules"
#define WORKER "nginx: worker process"
#define MAPS_MAX ((size_t) 4 << 20)

static const char *
find_nginx(const platen_ctl_doctor_t *d)
{
    return d->nginx != NULL ? d->nginx : platen_ctl_nginx_program();
}

/* Where the module was built, if platenctl is run from there; else where it belongs. */
static void
find_module(const platen_ctl_doctor_t *d, char *path, size_t size)
{
    char    self[PATH_MAX], *slash, *whole;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (d->module != NULL) {
        /* nginx takes a relative path for one below its own prefix. */
        whole = realpath(d->module, NULL);
        snprintf(path, size, "%s", whole == NULL ? d->module : whole);
        free(whole);
        return;
    }
    self[n < 0 ? 0 : n] = '\0';
    slash = strrchr(self, '/');
    if (slash != NULL) {
        snprintf(path, size, "%.*s/" MODULE, (int) (slash - self), self);
        if (access(path, R_OK) == 0) {
            return;
        }
    }
    snprintf(path, size, MODULES "/" MODULE);
}

/* What nginx said, without the lines about its test being over; the first of them. */
static void
first_complaint(const char *said, char *out, size_t size)
{
    const char *p = strstr(said, "[emerg]");

    p = p == NULL ? said : p + strlen("[emerg] ");
    p += strspn(p, "0123456789# :"); /* pid and connection */
    snprintf(out, size, "%.*s", (int) strcspn(p, "\r\n"), p);
}

static void
check_loads(const char *nginx, const char *module, platen_ctl_report_t *report)
{
    char        file[64], complaint[512], version[64], *said = NULL;
    const char *argv[] = { nginx, "-e", "stderr", "-t", "-q", "-c", file, NULL };
    int         fd, rc = -1;

    /* Inherited, and opened by its name in /proc: nothing is written anywhere. */
    fd = memfd_create("nginx.conf", 0);
    if (fd >= 0
        && dprintf(fd, "load_module \"%s\";\npid /dev/null;\nevents {}\n", module) > 0) {
        snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
        rc = platen_ctl_capture(argv, PLATEN_CTL_CAPTURE_OUT | PLATEN_CTL_CAPTURE_ERR, &said);
    }
    if (fd >= 0) {
        close(fd);
    }

    if (rc == 0) {
        if (platen_ctl_doctor_version(module, version, sizeof(version)) != 0) {
            *version = '\0';
        }
        if (*version != '\0' && strcmp(version, PLATEN_VERSION) != 0) {
            platen_ctl_report_add(report, PLATEN_CTL_WARN, "nginx.module",
                                  "%s is of version %s, and this is Platen " PLATEN_VERSION,
                                  module, version);
            platen_ctl_report_advice(report, "install Platen again, and restart nginx");
        } else {
            platen_ctl_report_add(report, PLATEN_CTL_OK, "nginx.module", "nginx loads %s",
                                  module);
        }
    } else {
        first_complaint(said == NULL ? "it cannot be asked" : said, complaint,
                        sizeof(complaint));
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "nginx.module",
                              "nginx does not load %s: %s", module, complaint);
        platen_ctl_report_advice(report,
                                 "build the module for this nginx (make module && make"
                                 " install), or install the nginx that it was built for");
    }
    free(said);
}

static void
check_nginx(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    const char *nginx = find_nginx(d), *name;
    const char *argv[] = { nginx, "-v", NULL };
    char        module[PATH_MAX], *said = NULL;
    int         rc;

    if (nginx == NULL || access(nginx, X_OK) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "nginx", "there is no nginx here%s%s",
                              nginx == NULL ? "" : ": ", nginx == NULL ? "" : nginx);
        platen_ctl_report_advice(report,
                                 "apt install nginx; if it is in another container, this"
                                 " is as it should be");
        return;
    }
    rc = platen_ctl_capture(argv, PLATEN_CTL_CAPTURE_ERR, &said);
    if (rc != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "nginx", "%s -v ended with %d", nginx,
                              rc);
        platen_ctl_report_advice(report, "apt install --reinstall nginx");
        free(said);
        return;
    }
    name = strstr(said, "nginx/");
    platen_ctl_report_add(report, PLATEN_CTL_OK, "nginx", "%s: %.*s", nginx,
                          (int) strcspn(name == NULL ? said : name, "\r\n"),
                          name == NULL ? said : name);
    free(said);

    find_module(d, module, sizeof(module));
    if (access(module, R_OK) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "nginx.module",
                              "nginx has no Platen: %s: %s", module, strerror(errno));
        platen_ctl_report_advice(report,
                                 "install it (make module && make install), or say where"
                                 " it is: platenctl doctor --module PATH");
        return;
    }
    check_loads(nginx, module, report);
    if (d->config != NULL && !d->stranger) {
        platen_ctl_doctor_conf(d, nginx, report);
    }
}

/* Whether the process is a worker of nginx: 2 if it has Platen's module, else 1; 0 if not. */
static int
rank(const char *pid)
{
    char path[64], *text;
    int  rc;

    snprintf(path, sizeof(path), "/proc/%.16s/cmdline", pid);
    text = platen_ctl_capture_file(path, 4096, NULL);
    rc = text != NULL && strncmp(text, WORKER, strlen(WORKER)) == 0;
    free(text);
    if (rc != 0) {
        snprintf(path, sizeof(path), "/proc/%.16s/maps", pid);
        text = platen_ctl_capture_file(path, MAPS_MAX, NULL);
        rc += text != NULL && strstr(text, "/" MODULE) != NULL;
        free(text);
    }
    return rc;
}

/* The user of a worker of an nginx that runs here, one with the module if there is. */
static int
running_worker(platen_ctl_identity_t *who)
{
    struct dirent *entry;
    DIR           *proc = opendir("/proc");
    char           path[64], *text;
    int            best = 0, now;

    if (proc == NULL) {
        return -1;
    }
    while (best < 2 && (entry = readdir(proc)) != NULL) {
        now = isdigit((unsigned char) entry->d_name[0]) ? rank(entry->d_name) : 0;
        if (now <= best) {
            continue;
        }
        snprintf(path, sizeof(path), "/proc/%.16s/status", entry->d_name);
        text = platen_ctl_capture_file(path, 65536, NULL);
        if (text != NULL && platen_ctl_identity_parse(who, text) == 0) {
            best = now;
        }
        free(text);
    }
    closedir(proc);
    return best > 0 ? 0 : -1;
}

/* The user of nginx's workers: as told, as seen, or as Debian has it. */
static int
find_worker(const platen_ctl_doctor_t *d, platen_ctl_identity_t *who, const char **how,
            platen_ctl_report_t *report)
{
    if (d->web_user != NULL) {
        *how = "as you say";
        if (platen_ctl_identity_named(who, d->web_user, "") == 0) {
            return 0;
        }
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "nginx.user", "there is no user %s",
                              d->web_user);
        platen_ctl_report_advice(report, "name the user of nginx.conf: --web-user NAME");
        return -1;
    }
    *how = "as one that runs";
    if (running_worker(who) == 0) {
        return 0;
    }
    *how = "by default";
    return platen_ctl_identity_named(who, "platen", "") == 0
               ? 0
               : platen_ctl_identity_named(who, "www-data", "");
}

/* Whether the path is none of Platen's own, but leads to them: others may pass through it. */
static int
is_above(const platen_ctl_doctor_t *d, const char *path)
{
    return strncmp(path, d->config->store_path, strlen(d->config->store_path)) != 0
           && strncmp(path, d->config->data_path, strlen(d->config->data_path)) != 0
           && strcmp(path, platen_config_socket(d->config)) != 0;
}

/*
 * One thing that a worker must be able to do; 0, or -1 and it was told.  What
 * keeps it from several, a directory on the way to them, is told once.
 */
static int
check_reach(const platen_ctl_doctor_t *d, const platen_ctl_identity_t *who, const char *path,
            int want, const char *check, platen_ctl_report_t *report)
{
    static char told[PATH_MAX];
    char        where[PATH_MAX];
    int         error;

    if (platen_ctl_identity_reach(who, path, want, where, sizeof(where)) == 0
        || errno == ENOENT) { /* what is not there was told, or comes with the first job */
        return 0;
    }
    if (strcmp(where, told) == 0) {
        return -1;
    }
    error = errno;
    snprintf(told, sizeof(told), "%s", where);
    if (error == EPERM) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, check,
                              "whether nginx's workers (%s) can use %s cannot be told by %s",
                              who->name, path, d->user.name);
        platen_ctl_report_advice(report, "sudo platenctl -c %s doctor", d->file);
        return -1;
    }
    platen_ctl_report_add(report, PLATEN_CTL_FAIL, check,
                          "nginx's workers (%s) cannot use %s: %s: %s", who->name, path, where,
                          strerror(error));
    if (is_above(d, where)) {
        platen_ctl_report_advice(report,
                                 "chmod o+x %s, or let nginx and platend run as one user"
                                 " (user %s; in nginx.conf, user = \"%s\" in %s)",
                                 where, d->user.name, d->user.name, d->file);
    } else if (strcmp(check, "queue.socket") == 0) {
        platen_ctl_report_advice(report,
                                 "set queue/group to a group of %s and queue/mode = 0660"
                                 " in %s, and restart platend",
                                 who->name, d->file);
    } else {
        platen_ctl_report_advice(report,
                                 "let both run as one user: user %s; in nginx.conf, user"
                                 " = \"%s\" in %s",
                                 d->user.name, d->user.name, d->file);
    }
    return -1;
}

static void
check_socket(const platen_ctl_doctor_t *d, const platen_ctl_identity_t *who,
             platen_ctl_report_t *report)
{
    const char *path = platen_config_socket(d->config);
    struct stat st;
    pid_t       holder = platen_ctl_doctor_holder(d->config);
    int         runs = holder > 0 || holder == -2;

    if (stat(path, &st) != 0 && errno == ENOENT && !runs) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "queue.socket",
                              "%s comes when platend starts", path);
    } else if (stat(path, &st) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "queue.socket",
                              "%s: %s: platend runs, and hears of jobs a second late", path,
                              strerror(errno));
        platen_ctl_report_advice(report, "systemctl restart platend, and keep what cleans that"
                                         " directory away from it");
    } else if (!S_ISSOCK(st.st_mode)) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "queue.socket", "%s is not a socket",
                              path);
        platen_ctl_report_advice(report, "rm %s, and restart platend", path);
    } else if (check_reach(d, who, path, W_OK, "queue.socket", report) == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "queue.socket",
                              "%s: nginx's workers (%s) can connect%s", path, who->name,
                              runs ? "" : " when platend runs");
    }
}

static void
check_shared(const platen_ctl_doctor_t *d, const platen_ctl_identity_t *who, const char *how,
             platen_ctl_report_t *report)
{
    static const char *const below[] = { "tmp", "input", "output" };
    static const char *const files[] = { "data.mdb", "lock.mdb" };
    char                     path[PATH_MAX];
    size_t                   i;
    int                      bad = 0;

    bad |=
        check_reach(d, who, d->config->store_path, R_OK | W_OK | X_OK, "nginx.store", report);
    for (i = 0; bad == 0 && i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", d->config->store_path, files[i]);
        bad |= check_reach(d, who, path, R_OK | W_OK, "nginx.store", report);
    }
    for (i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", d->config->data_path, below[i]);
        bad |= check_reach(d, who, path, R_OK | W_OK | X_OK, "nginx.data", report);
    }
    if (!bad) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "nginx.user",
                              "nginx's workers (%s, %s) can use store and data", who->name,
                              how);
    }
}

void
platen_ctl_doctor_web(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    platen_ctl_identity_t who;
    const char           *how;

    check_nginx(d, report);
    if (d->config == NULL || d->stranger) {
        return;
    }
    if (find_worker(d, &who, &how, report) != 0) {
        return;
    }
    check_shared(d, &who, how, report);
    check_socket(d, &who, report);
}
