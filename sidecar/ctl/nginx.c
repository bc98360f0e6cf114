/* An nginx of this machine; see ctl/nginx.h.  Reads /proc and asks nginx; owns nothing. */

#include "ctl/nginx.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/capture.h"
#include "ctl/doctor.h"

#define WORKER "nginx: worker process"
#define MAPS_MAX ((size_t) 4 << 20)

int
platen_ctl_nginx_word(const char **text, char *out, size_t size)
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
 * What the nginx was started with that a process is of, to be freed, and its master;
 * NULL: it is of none that has this store open.
 */
static char *
command_of(const char *pid, const char *store, pid_t *master)
{
    char *command = NULL, *maps = is_nginx(pid) ? read_proc(pid, "maps", MAPS_MAX) : NULL,
         *stat;
    char parent[24];

    *master = (pid_t) strtol(pid, NULL, 10);

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
        *master = (pid_t) strtol(parent, NULL, 10);
        command = read_proc(parent, "cmdline", 4096);
    }
    return command;
}

/* What the nginx was started with that has this store; NULL: none is to be seen. */
static char *
find_command(const platen_config_t *config, pid_t *master)
{
    struct dirent *entry;
    DIR           *proc = opendir("/proc");
    char          *whole = realpath(config->store_path, NULL), *command = NULL;
    char           store[PATH_MAX];

    snprintf(store, sizeof(store), "%s/data.mdb", whole == NULL ? config->store_path : whole);
    free(whole);
    while (proc != NULL && command == NULL && (entry = readdir(proc)) != NULL) {
        if (isdigit((unsigned char) entry->d_name[0])) {
            command = command_of(entry->d_name, store, master);
        }
    }
    if (proc != NULL) {
        closedir(proc);
    }
    return command;
}

const char *
platen_ctl_nginx_program(void)
{
    static const char *const places[] = { "/usr/sbin/nginx", "/usr/local/sbin/nginx",
                                          "/usr/local/nginx/sbin/nginx", NULL };

    return platen_ctl_capture_find(places);
}

pid_t
platen_ctl_nginx_master(const platen_config_t *config)
{
    pid_t master = 0;
    char *command = find_command(config, &master);

    if (command == NULL) {
        return 0;
    }
    free(command);
    return master;
}

static void
first_error(const char *said, char *out, size_t size)
{
    const char *p = strstr(said, "[emerg] ");

    p = p == NULL ? said : p + strlen("[emerg] ");
    p += strspn(p, "0123456789# :");
    snprintf(out, size, "%.*s", (int) strcspn(p, "\r\n"), p);
}

const char *
platen_ctl_nginx_advice(const char *error, const char *otherwise)
{
    /* It may open what is there, and make nothing (ctl/capture.h). */
    return strncmp(error, "mkdir() ", 8) == 0 && strstr(error, "(13: ") != NULL
               ? "start nginx once: it has not made that directory yet, and only looks now"
               : otherwise;
}

const char *
platen_ctl_nginx_dump(const platen_config_t *config, const char *nginx, const char *file,
                      char **said, char *error, size_t size)
{
    char        conf[PATH_MAX] = "", prefix[PATH_MAX] = "";
    pid_t       master;
    char       *command = file == NULL ? find_command(config, &master) : NULL;
    const char *argv[10] = { nginx, "-T" };
    const char *text;
    size_t      n = 2;
    int         rc;

    if (command != NULL) {
        word_behind(command, " -c ", conf);
        word_behind(command, " -p ", prefix);
    }
    if (file != NULL) {
        snprintf(conf, sizeof(conf), "%s", file);
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
    text = rc == 0 && *said != NULL ? strstr(*said, PLATEN_CTL_NGINX_DUMP) : NULL;
    if (text == NULL) {
        first_error(*said == NULL ? "" : *said, error, size);
    }
    return text;
}
