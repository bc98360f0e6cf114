/*
 * Findings; see ctl/report.h.  They are JSON objects from the start: what
 * is printed, what is sent from one process to another, and what --json shows
 * are the same thing.
 */

#include "ctl/report.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "log.h"

#define TEXT_MAX 1024

struct platen_ctl_report_s {
    json_t *findings;
    json_t *last; /* borrowed from `findings` */
    int     fd;
    int     lost; /* there was no memory for one */
};

static const struct {
    const char *name;
    const char *colour;
} statuses[] = {
    [PLATEN_CTL_OK] = { "ok", "\033[32m" },
    [PLATEN_CTL_WARN] = { "warn", "\033[33m" },
    [PLATEN_CTL_FAIL] = { "FAIL", "\033[1;31m" },
};

#define NSTATUSES (sizeof(statuses) / sizeof(statuses[0]))

platen_ctl_report_t *
platen_ctl_report_new(int fd)
{
    platen_ctl_report_t *report = calloc(1, sizeof(*report));

    if (report == NULL) {
        return NULL;
    }
    report->fd = fd;
    report->findings = json_array();
    if (report->findings == NULL) {
        free(report);
        return NULL;
    }
    return report;
}

void
platen_ctl_report_destroy(platen_ctl_report_t **report)
{
    if (*report == NULL) {
        return;
    }
    json_decref((*report)->findings);
    free(*report);
    *report = NULL;
}

/* One line, whatever it was made of. */
static json_t *
line(const char *format, va_list args)
{
    char   text[TEXT_MAX], shown[TEXT_MAX];
    size_t n;

    vsnprintf(text, sizeof(text), format, args);
    n = platen_utf8_show(text, strlen(text), ' ', shown, sizeof(shown));
    while (n > 0 && shown[n - 1] == ' ') {
        n--;
    }
    return json_stringn(shown, n);
}

void
platen_ctl_report_add(platen_ctl_report_t *report, platen_ctl_status_t status,
                      const char *check, const char *format, ...)
{
    json_t *finding, *message;
    va_list args;

    platen_ctl_report_flush(report);

    va_start(args, format);
    message = line(format, args);
    va_end(args);

    finding = json_pack("{s:s, s:s, s:o, s:s}", "check", check, "status", statuses[status].name,
                        "message", message, "advice", "");
    if (finding == NULL || json_array_append_new(report->findings, finding) != 0) {
        report->lost = 1;
        return;
    }
    report->last = finding;
}

void
platen_ctl_report_advice(platen_ctl_report_t *report, const char *format, ...)
{
    va_list args;

    if (report->last == NULL) {
        return;
    }
    va_start(args, format);
    if (json_object_set_new(report->last, "advice", line(format, args)) != 0) {
        report->lost = 1;
    }
    va_end(args);
}

int
platen_ctl_report_flush(platen_ctl_report_t *report)
{
    char *text;

    if (report->fd >= 0 && report->last != NULL) {
        text = json_dumps(report->last, JSON_COMPACT);
        if (text == NULL || platen_bytes_write(report->fd, text, strlen(text)) != 0
            || platen_bytes_write(report->fd, "\n", 1) != 0) {
            report->lost = 1;
        }
        free(text);
        json_array_clear(report->findings);
        report->last = NULL;
    }
    return report->lost ? -1 : 0;
}

int
platen_ctl_report_take(platen_ctl_report_t *report, const char *bytes, size_t len)
{
    json_t     *finding = json_loadb(bytes, len, 0, NULL);
    const char *check, *status, *message, *advice;
    size_t      i = 0;

    if (finding == NULL
        || json_unpack(finding, "{s:s, s:s, s:s, s:s}", "check", &check, "status", &status,
                       "message", &message, "advice", &advice)
               != 0) {
        json_decref(finding);
        return -1;
    }
    while (i < NSTATUSES && strcmp(statuses[i].name, status) != 0) {
        i++;
    }
    if (i == NSTATUSES) {
        json_decref(finding);
        return -1;
    }
    if (json_array_append_new(report->findings, finding) != 0) {
        report->lost = 1;
        return -1;
    }
    return 0;
}

static const char *
member(const json_t *finding, const char *name)
{
    const char *text = json_string_value(json_object_get(finding, name));

    return text == NULL ? "" : text;
}

size_t
platen_ctl_report_count(const platen_ctl_report_t *report, platen_ctl_status_t status)
{
    const json_t *finding;
    size_t        i, n = 0;

    json_array_foreach(report->findings, i, finding)
    {
        n += strcmp(member(finding, "status"), statuses[status].name) == 0;
    }
    return n;
}

static void
print_line(const json_t *finding, unsigned how, FILE *out)
{
    const char *status = member(finding, "status"), *advice = member(finding, "advice");
    size_t      i = 0;

    while (i + 1 < NSTATUSES && strcmp(statuses[i].name, status) != 0) {
        i++;
    }
    if (i == PLATEN_CTL_OK && how & PLATEN_CTL_REPORT_QUIET) {
        return;
    }
    fprintf(out, "%s%-4s%s  %s%s%s\n", how & PLATEN_CTL_REPORT_COLOUR ? statuses[i].colour : "",
            status, how & PLATEN_CTL_REPORT_COLOUR ? "\033[0m" : "", member(finding, "message"),
            *advice == '\0' ? "" : " — ", advice);
}

void
platen_ctl_report_print(const platen_ctl_report_t *report, unsigned how, FILE *out)
{
    const json_t *finding;
    size_t        i, n = 0;
    char         *text;

    if (how & PLATEN_CTL_REPORT_JSON) {
        fputs("[", out);
    }
    json_array_foreach(report->findings, i, finding)
    {
        if (!(how & PLATEN_CTL_REPORT_JSON)) {
            print_line(finding, how, out);
            continue;
        }
        if (how & PLATEN_CTL_REPORT_QUIET
            && strcmp(member(finding, "status"), statuses[PLATEN_CTL_OK].name) == 0) {
            continue;
        }
        text = json_dumps(finding, 0);
        fprintf(out, "%s%s", n++ == 0 ? "\n" : ",\n", text == NULL ? "null" : text);
        free(text);
    }
    if (how & PLATEN_CTL_REPORT_JSON) {
        fputs(n == 0 ? "]\n" : "\n]\n", out);
    }
}
