/*
 * The log: one JSON object a line on standard error, each written with a
 * single write(2), so that lines of several processes never mix.
 */

#ifndef PLATEN_LOG_H
#define PLATEN_LOG_H

#include <jansson.h>
#include <sys/types.h>

#include "job/job.h"

typedef enum {
    PLATEN_LOG_DEBUG,
    PLATEN_LOG_INFO,
    PLATEN_LOG_WARN,
    PLATEN_LOG_ERROR
} platen_log_level_t;

/* Lines below `level` are dropped from now on; the default is info. */
void platen_log_set_level(platen_log_level_t level);

/*
 * Standard error becomes the end of that file, which `gid` may write, too, if it was made
 * (-1: as it is).  From then on platen_log_look() opens it anew once it is another file or
 * none, and returns 1 then: processes that were started have the old one.  0, or -1 with errno.
 */
int platen_log_file(const char *path, gid_t gid);
int platen_log_look(void);

/* The level of that name ("warn"), or -1. */
int platen_log_level_parse(const char *name);

/*
 * Writes `msg` with the members of `context`, which is taken over (and may be
 * NULL: no context, or no memory for it).  Never fails visibly: a log that
 * cannot be written is no reason to stop converting.
 */
void platen_log(platen_log_level_t level, const char *msg, json_t *context);

/*
 * A JSON string of bytes that someone else chose: what is not UTF-8 is shown
 * with '?' for each byte outside ASCII.  The caller owns it; NULL: no memory.
 */
json_t *platen_log_text(const char *s, size_t len);

/* The same of each of the lines, which have a line feed between two, as a list. */
json_t *platen_log_lines(platen_str_t lines);

/*
 * What each line about a job begins with: its id, and those of the request and the trace
 * that brought it, if it has any.  To be completed, and given to platen_log().  NULL: no
 * memory.
 */
json_t *platen_log_job(const platen_job_t *job);

/* Of a file of a job: its context and, behind that, the path and what errno is called. */
void platen_log_path(platen_log_level_t level, const char *msg, json_t *context,
                     const char *path, int error);

#endif
