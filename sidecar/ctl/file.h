/*
 * The files of a job, beside what its record says of them.
 */

#ifndef PLATEN_CTL_FILE_H
#define PLATEN_CTL_FILE_H

#include "job/job.h"
#include "disk/layout.h"

typedef enum {
    PLATEN_CTL_FILE_NONE,       /* it is to have no such file */
    PLATEN_CTL_FILE_SAME,       /* it is as the record says */
    PLATEN_CTL_FILE_ABSENT,     /* not there */
    PLATEN_CTL_FILE_SIZE,       /* of another size */
    PLATEN_CTL_FILE_DIGEST,     /* of other bytes */
    PLATEN_CTL_FILE_UNREADABLE, /* errno says why */
} platen_ctl_file_t;

/* What a look at a file has found; `path` is "" if there is to be none. */
typedef struct {
    char              path[PLATEN_PATH_MAX];
    uint64_t          size;
    platen_ctl_file_t is;
} platen_ctl_file_found_t;

/*
 * Looks at the input or the output of the job below the data directory `root`;
 * reads all of it if `deep`, for its SHA-256.
 */
void platen_ctl_file_look(const char *root, platen_dir_t dir, const platen_job_t *job, int deep,
                          platen_ctl_file_found_t *found);

/* A few words: "is missing", "has another size". */
const char *platen_ctl_file_words(platen_ctl_file_t is);

#endif
