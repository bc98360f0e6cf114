/*
 * What a command has found out, a line to a finding: for a person who wants to
 * know what to do, or as JSON.  Text of findings may come from anywhere (paths,
 * other programs): it is printed as one line of UTF-8 without control bytes.
 */

#ifndef PLATEN_CTL_REPORT_H
#define PLATEN_CTL_REPORT_H

#include <stdio.h>

typedef enum { PLATEN_CTL_OK, PLATEN_CTL_WARN, PLATEN_CTL_FAIL } platen_ctl_status_t;

typedef struct platen_ctl_report_s platen_ctl_report_t;

/*
 * An empty report.  With `fd` >= 0 it keeps nothing: each finding is written
 * there as a line of JSON, for platen_ctl_report_take() in another process.
 * NULL: no memory.
 */
platen_ctl_report_t *platen_ctl_report_new(int fd);

void platen_ctl_report_destroy(platen_ctl_report_t **report);

/*
 * Adds a finding about `check`, a name that scripts may rely on ("data.space").
 * What is not PLATEN_CTL_OK needs a platen_ctl_report_advice() after it.
 */
void platen_ctl_report_add(platen_ctl_report_t *report, platen_ctl_status_t status,
                           const char *check, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What to do about the finding just added: a command, as far as there is one. */
void platen_ctl_report_advice(platen_ctl_report_t *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes out the last finding, if there is a descriptor; -1 if one could not be kept. */
int platen_ctl_report_flush(platen_ctl_report_t *report);

/* Adds a finding from the line that another process wrote; -1 if it is none. */
int platen_ctl_report_take(platen_ctl_report_t *report, const char *line, size_t len);

/* How many findings have that status. */
size_t platen_ctl_report_count(const platen_ctl_report_t *report, platen_ctl_status_t status);

#define PLATEN_CTL_REPORT_COLOUR 1
#define PLATEN_CTL_REPORT_QUIET 2 /* nothing that is ok */
#define PLATEN_CTL_REPORT_JSON 4

/* Prints it; `how` is a mask of the above. */
void platen_ctl_report_print(const platen_ctl_report_t *report, unsigned how, FILE *out);

#endif
