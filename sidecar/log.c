/*
 * Log lines; see log.h.  The level is the only state; it is set once,
 * before the loop runs, and read by the loop's thread alone.  When standard
 * error is gone or full, lines are lost and nothing else happens.
 */

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "base/timestamp.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES 8192

static const char *const level_names[] = {
    [PLATEN_LOG_DEBUG] = "debug",
    [PLATEN_LOG_INFO] = "info",
    [PLATEN_LOG_WARN] = "warn",
    [PLATEN_LOG_ERROR] = "error",
};

static platen_log_level_t lowest = PLATEN_LOG_INFO;

void
platen_log_set_level(platen_log_level_t level)
{
    lowest = level;
}

int
platen_log_level_parse(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (strcasecmp(level_names[i], name) == 0) {
            return (int) i;
        }
    }
    return -1;
}

static const char *file; /* NULL: standard error is left as it is */

/* One that is made is the group's, too: it is opened again by whom we become. */
static int
open_file(gid_t gid)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC), saved;

    if (fd < 0 && errno == ENOENT) {
        fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
        if (fd >= 0 && gid != (gid_t) -1
            && (fchown(fd, (uid_t) -1, gid) != 0 || fchmod(fd, 0660) != 0)) {
            saved = errno;
            close(fd);
            errno = saved;
            return -1;
        }
    }
    if (fd < 0) {
        return -1;
    }
    /* In one step: a line that another thread writes is in one of both. */
    if (dup2(fd, STDERR_FILENO) < 0) {
        saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    close(fd);
    return 0;
}

int
platen_log_file(const char *path, gid_t gid)
{
    file = path;
    return open_file(gid);
}

int
platen_log_look(void)
{
    struct stat named, open;

    if (file == NULL
        || (stat(file, &named) == 0 && fstat(STDERR_FILENO, &open) == 0
            && named.st_dev == open.st_dev && named.st_ino == open.st_ino)) {
        return 0;
    }
    return open_file((gid_t) -1) == 0;
}

static void
write_line(const char *line, size_t len)
{
    ssize_t n;

    do {
        n = write(STDERR_FILENO, line, len);
    } while (n < 0 && errno == EINTR);
}

void
platen_log(platen_log_level_t level, const char *msg, json_t *context)
{
    char    line[LINE_MAX_BYTES + 1], ts[40];
    json_t *root;
    size_t  n;

    if (level < lowest) {
        json_decref(context);
        return;
    }

    platen_timestamp(platen_now_us(), ts);
    root = json_pack("{s:s, s:s, s:s, s:s}", "ts", ts, "level", level_names[level], "msg", msg,
                     "source", program_invocation_short_name);
    if (root == NULL) {
        json_decref(context);
        return;
    }
    if (context != NULL && json_object_update_missing(root, context) != 0) {
        json_object_set_new(root, "incomplete", json_true());
    }
    json_decref(context);

    n = json_dumpb(root, line, LINE_MAX_BYTES, JSON_COMPACT);
    if (n > 0 && n <= LINE_MAX_BYTES) {
        line[n] = '\n';
        write_line(line, n + 1);
    }
    json_decref(root);
}

json_t *
platen_log_text(const char *s, size_t len)
{
    json_t *text;
    char   *copy;
    size_t  i;

    if (len == 0) {
        return json_string("");
    }
    if (platen_utf8_valid(s, len)) {
        return json_stringn(s, len);
    }

    copy = malloc(len);
    if (copy == NULL) {
        return NULL;
    }
    for (i = 0; i < len; i++) {
        copy[i] = (unsigned char) s[i] < 0x80 ? s[i] : '?';
    }
    text = json_stringn(copy, len);
    free(copy);
    return text;
}

json_t *
platen_log_lines(platen_str_t lines)
{
    json_t     *list = json_array();
    const char *p = lines.data, *end = lines.len == 0 ? p : p + lines.len, *eol;

    for (; p < end; p = eol + 1) {
        eol = memchr(p, '\n', (size_t) (end - p));
        eol = eol == NULL ? end : eol;
        json_array_append_new(list, platen_log_text(p, (size_t) (eol - p)));
    }
    return list;
}

static json_t *
text_or_null(platen_str_t text)
{
    return text.len == 0 ? NULL : platen_log_text(text.data, text.len);
}

json_t *
platen_log_job(const platen_job_t *job)
{
    char text[PLATEN_ID_TEXT + 1];

    platen_id_format(&job->id, text);
    return json_pack("{s:s, s:o*, s:o*}", "job_id", text, "request_id",
                     text_or_null(job->request_id), "trace_id", text_or_null(job->trace_id));
}

void
platen_log_path(platen_log_level_t level, const char *msg, json_t *context, const char *path,
                int error)
{
    json_object_set_new(context, "path", json_string(path));
    json_object_set_new(context, "error", json_string(strerror(error)));
    platen_log(level, msg, context);
}
