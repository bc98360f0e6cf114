/*
 * A worker's run directory: the directory in which its engine works, with the document
 * before and the result after each step.
 *
 *   <runs>/<n>/           writable for the engine; emptied before every start of one
 *   <runs>/<n>/in.<from>  a link to the document, which no engine can write to
 *   <runs>/<n>/out/       the result, in.<to>; or pages, in-<number>.<to>
 *   <runs>/<n>/tmp/       TMPDIR
 *   <runs>/<n>/log        what the engine says
 *   <runs>/<n>/pages/     for the step that makes pages into one ZIP file
 *   <runs>/<n>.held       the result of the last step: the document of this one
 *
 * Whatever an engine has left is taken for hostile: links are not followed, only
 * a plain file is carried over to the next step, and nothing else is there when
 * an engine starts, be it the next one or the same once more.
 */

#ifndef PLATEN_RUN_DIR_H
#define PLATEN_RUN_DIR_H

#include "disk/layout.h"

typedef struct {
    char dir[PLATEN_PATH_MAX];
    char held[PLATEN_PATH_MAX + 8];
    char output_dir[PLATEN_PATH_MAX + 8];
    char pages_dir[PLATEN_PATH_MAX + 8];
    char log[PLATEN_PATH_MAX + 8];

    /* of the current step */
    char document[PLATEN_PATH_MAX + 8]; /* what the input is a link to; "": none */
    char input[PLATEN_PATH_MAX + 32];
    char output[PLATEN_PATH_MAX + 40];
    char output_name[32]; /* its last part */
} platen_run_dir_t;

void platen_run_dir_init(platen_run_dir_t *run_dir, const char *data_path, unsigned worker);

/*
 * Sets the run directory for a job's first step.  Returns 0, or -1 with errno; ENOENT: the
 * document is not there.
 */
int platen_run_dir_open(platen_run_dir_t *run_dir, const char *document, const char *from,
                        const char *to);

/*
 * Sets it for the same step once more, as if the engine had never run.  0, or -1
 * with errno.
 */
int platen_run_dir_again(platen_run_dir_t *run_dir, const char *from, const char *to);

/*
 * Sets it for the next step, whose document is the result of the last.  Returns
 * 0; 1 if there is no result, or none that may be carried over; -1 with errno.
 */
int platen_run_dir_advance(platen_run_dir_t *run_dir, const char *from, const char *to);

/*
 * How many pages there are in out/ (in-*.<to>); a single one becomes the
 * result.  -1 with errno.
 */
int platen_run_dir_pages(platen_run_dir_t *run_dir, const char *to);

/*
 * What is alone in out/, with the extension of the result, becomes the result, whatever
 * else it is called.  0, or -1 with errno.
 */
int platen_run_dir_adopt(platen_run_dir_t *run_dir);

/* Sets it for making what is in out/ into in.zip.  As platen_run_dir_advance(). */
int platen_run_dir_pack(platen_run_dir_t *run_dir);

/* At most size - 1 bytes of the end of a file in the directory; "" without one. */
void
platen_run_dir_read(const platen_run_dir_t *run_dir, const char *name, char *out, size_t size);

/* Empties it.  0, or -1 with errno. */
int platen_run_dir_close(platen_run_dir_t *run_dir);

/* Whether a file in the directory has one of these phrases, of at most 64 bytes; NULL ends. */
int platen_run_dir_says(const platen_run_dir_t *run_dir, const char *name,
                        const char *const *phrases);

#endif
