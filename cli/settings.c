/* Settings of the client; see settings.h.  Read once, before there are threads. */

#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static int
fail(char *err, size_t errlen, const char *what, const char *why)
{
    snprintf(err, errlen, "%s: %s", what, why);
    return -1;
}

int
platen_settings_url(platen_settings_t *s, const char *url, char *err, size_t errlen)
{
    size_t n = strlen(url);

    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) {
        return fail(err, errlen, url, "a server is named by http:// or https://");
    }
    while (n > 8 && url[n - 1] == '/') {
        n--;
    }
    if (n >= sizeof(s->url)) {
        return fail(err, errlen, "the server's URL", "it is too long");
    }
    snprintf(s->url, sizeof(s->url), "%.*s", (int) n, url);
    return 0;
}

static int
set_key(platen_settings_t *s, const char *key, char *err, size_t errlen)
{
    if (strlen(key) >= sizeof(s->key) || strpbrk(key, "\r\n") != NULL) {
        return fail(err, errlen, "the key", "it is no key");
    }
    snprintf(s->key, sizeof(s->key), "%s", key);
    return 0;
}

/* Opens a file; `secret`: one that nobody else may read.  NULL with a sentence. */
static FILE *
open_own(const char *path, int *open_to_others, char *err, size_t errlen)
{
    struct stat st;
    FILE       *in = fopen(path, "re");

    if (in == NULL || fstat(fileno(in), &st) != 0) {
        (void) fail(err, errlen, path, strerror(errno));
        if (in != NULL) {
            fclose(in);
        }
        return NULL;
    }
    *open_to_others = (st.st_mode & 077) != 0 || (st.st_uid != geteuid() && st.st_uid != 0);
    return in;
}

int
platen_settings_key_file(platen_settings_t *s, const char *path, char *err, size_t errlen)
{
    char  line[sizeof(s->key) + 2];
    int   others;
    FILE *in = open_own(path, &others, err, errlen);

    if (in == NULL) {
        return -1;
    }
    if (fgets(line, sizeof(line), in) == NULL) {
        *line = '\0';
    }
    fclose(in);
    line[strcspn(line, "\r\n")] = '\0';
    if (others) {
        return fail(err, errlen, path, "others may read this key: chmod 600 it");
    }
    return set_key(s, line, err, errlen);
}

static char *
trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && strchr(" \t\r\n", end[-1]) != NULL) {
        *--end = '\0';
    }
    return text + strspn(text, " \t");
}

static int
apply(platen_settings_t *s, char *line, int others, const char *path, char *err, size_t errlen)
{
    char *name = trim(line), *value = strchr(name, '='), *end;
    long  n;

    if (*name == '\0' || *name == '#') {
        return 0;
    }
    if (value == NULL) {
        return fail(err, errlen, path, "its lines are name = value");
    }
    *value++ = '\0';
    name = trim(name);
    value = trim(value);
    if (strcmp(name, "url") == 0) {
        return platen_settings_url(s, value, err, errlen);
    }
    if (strcmp(name, "key") == 0) {
        return others ? fail(err, errlen, path,
                             "it has a key, and others may read it: chmod 600 it")
                      : set_key(s, value, err, errlen);
    }
    if (strcmp(name, "jobs") == 0) {
        n = strtol(value, &end, 10);
        if (*value == '\0' || *end != '\0' || n < 1 || n > 64) {
            return fail(err, errlen, path, "jobs is a number from 1 to 64");
        }
        s->jobs = (int) n;
        return 0;
    }
    return fail(err, errlen, path, "it may say url, key and jobs");
}

static int
load_file(platen_settings_t *s, const char *path, int named, char *err, size_t errlen)
{
    char  line[4096];
    int   others, rc = 0;
    FILE *in;

    if (!named && access(path, F_OK) != 0) {
        return 0;
    }
    in = open_own(path, &others, err, errlen);
    if (in == NULL) {
        return -1;
    }
    while (rc == 0 && fgets(line, sizeof(line), in) != NULL) {
        rc = apply(s, line, others, path, err, errlen);
    }
    fclose(in);
    return rc;
}

int
platen_settings_load(platen_settings_t *s, const char *file, char *err, size_t errlen)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME"), *value;
    char        path[PATH_MAX] = "";
    int         rc = 0;

    *s = (platen_settings_t){ .url = PLATEN_SETTINGS_URL, .jobs = PLATEN_SETTINGS_JOBS };
    if (file != NULL) {
        snprintf(path, sizeof(path), "%s", file);
    } else if (config != NULL && *config == '/') {
        snprintf(path, sizeof(path), "%s/platen/config", config);
    } else if (home != NULL && *home != '\0') {
        snprintf(path, sizeof(path), "%s/.config/platen/config", home);
    }
    if (*path != '\0') {
        rc = load_file(s, path, file != NULL, err, errlen);
    }
    value = getenv("PLATEN_URL");
    if (rc == 0 && value != NULL && *value != '\0') {
        rc = platen_settings_url(s, value, err, errlen);
    }
    value = getenv("PLATEN_KEY");
    if (rc == 0 && value != NULL && *value != '\0') {
        rc = set_key(s, value, err, errlen);
    }
    return rc;
}
