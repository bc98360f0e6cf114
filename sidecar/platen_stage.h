/*
 * A worker's stage: the directory in which its engine works, with the document
 * before and the result after each step.
 *
 *   <runs>/<n>/           writable for the engine; emptied before every step
 *   <runs>/<n>/in.<from>  the document
 *   <runs>/<n>/out/       the result, in.<to>; or pages, in-<number>.<to>
 *   <runs>/<n>/tmp/       TMPDIR
 *   <runs>/<n>/log        what the engine says
 *   <runs>/<n>/pages/     for the step that makes pages into one ZIP file
 *   <runs>/<n>.held       between two steps: what is carried over
 *   <runs>/profile-<n>/   what an engine keeps from run to run
 *
 * Whatever an engine has left is taken for hostile: links are not followed, and
 * only a plain file is carried over to the next step.
 */

#ifndef PLATEN_STAGE_H
#define PLATEN_STAGE_H

#include "platen_layout.h"

typedef struct {
    char dir[PLATEN_PATH_MAX];
    char held[PLATEN_PATH_MAX + 8];
    char state_dir[PLATEN_PATH_MAX];
    char output_dir[PLATEN_PATH_MAX + 8];
    char pages_dir[PLATEN_PATH_MAX + 8];
    char log[PLATEN_PATH_MAX + 8];

    /* of the current step */
    char input[PLATEN_PATH_MAX + 32];
    char output[PLATEN_PATH_MAX + 40];
    char output_name[32]; /* its last part */
} platen_stage_t;

void platen_stage_init(platen_stage_t *stage, const char *data_path, unsigned worker);

/*
 * Sets the stage for a job's first step: `document` is a link, so that the
 * engine cannot write to it.  Returns 0, or -1 with errno; ENOENT: the document
 * is not there.
 */
int platen_stage_open(platen_stage_t *stage, const char *document, const char *from,
                      const char *to);

/*
 * Sets it for the next step, whose document is the result of the last.  Returns
 * 0; 1 if there is no result, or none that may be carried over; -1 with errno.
 */
int platen_stage_advance(platen_stage_t *stage, const char *from, const char *to);

/*
 * How many pages there are in out/ (in-*.<to>); a single one becomes the
 * result.  -1 with errno.
 */
int platen_stage_pages(platen_stage_t *stage, const char *to);

/* Sets it for making what is in out/ into in.zip.  As platen_stage_advance(). */
int platen_stage_pack(platen_stage_t *stage);

/* At most size - 1 bytes of the end of a file in the directory; "" without one. */
void platen_stage_read(const platen_stage_t *stage, const char *name, char *out, size_t size);

/* Empties it; and what the engine keeps, too.  0, or -1 with errno. */
int platen_stage_close(const platen_stage_t *stage, int state_too);

#endif
