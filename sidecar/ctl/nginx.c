/* An nginx of this machine; see ctl/nginx.h.  Reads /proc and asks nginx; owns nothing. */

#include "ctl/nginx.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/capture.h"
#include "ctl/doctor.h"

#define WORKER "nginx: worker process"
#define MAPS_MAX ((size_t) 4 << 20)
#define MADE_MAX 8 /* files that nginx lacks */

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

/*
 * The file that nginx cannot make, as it may only open what is there: 0, opened, *path of it.
 * -1: that is not what it said, or we cannot make it, either.
 */
static int
lacks(const char *said, char path[PATH_MAX])
{
    static const char before[] = "open() \"", behind[] = "\" failed (13: ";
    char              error[PATH_MAX + 256];
    const char       *p, *end;

    first_error(said, error, sizeof(error));
    p = strstr(error, before);
    end = p == NULL ? NULL : strstr(p, behind);
    if (end == NULL) {
        return -1;
    }
    p += sizeof(before) - 1;
    snprintf(path, PATH_MAX, "%.*s", (int) (end - p), p);
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/* Takes it away again, unless an nginx that was started meanwhile has it. */
static void
take_away(const char *path, int fd)
{
    struct stat named, made;

    if (fstat(fd, &made) == 0 && made.st_size == 0 && lstat(path, &named) == 0
        && named.st_ino == made.st_ino && named.st_dev == made.st_dev) {
        (void) unlink(path);
    }
    close(fd);
}

/*
 * nginx -T, which opens its logs and its file of pid to write, and makes what there is not
 * of them: that of an nginx that does not run, say.  It is not let; they are there for it for
 * as long as it looks.
 */
static int
ask(const char *const *argv, char **said)
{
    const unsigned which =
        PLATEN_CTL_CAPTURE_OUT | PLATEN_CTL_CAPTURE_ERR | PLATEN_CTL_CAPTURE_OPEN;
    char paths[MADE_MAX][PATH_MAX];
    int  fds[MADE_MAX], n = 0, rc;

    rc = platen_ctl_capture(argv, which, said);
    while (rc > 0 && *said != NULL && n < MADE_MAX && (fds[n] = lacks(*said, paths[n])) >= 0) {
        n++;
        free(*said);
        *said = NULL;
        rc = platen_ctl_capture(argv, which, said);
    }
    while (n-- > 0) {
        take_away(paths[n], fds[n]);
    }
    return rc;
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
    rc = ask(argv, said);
    free(command);
    text = rc == 0 && *said != NULL ? strstr(*said, PLATEN_CTL_NGINX_DUMP) : NULL;
    if (text == NULL) {
        first_error(*said == NULL ? "" : *said, error, size);
    }
    return text;
}
