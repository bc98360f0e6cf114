/*
 * The files of a form that has more than one: each in a temporary file of its
 * own while the form arrives, and then all in one archive, which is a batch like
 * any other.  Free of nginx types; runs in a thread, as ingest/receive.h.
 */

#ifndef PLATEN_RECEIVE_FILES_H
#define PLATEN_RECEIVE_FILES_H

#include "format/filename.h"
#include "disk/layout.h"

typedef struct {
    platen_tmp_t  tmp;
    char          name[PLATEN_FILENAME_MAX + 1];
} platen_receive_file_t;

/* A zeroed one is empty. */
typedef struct {
    platen_receive_file_t *files;
    unsigned               n;
    unsigned               room;
} platen_receive_files_t;

/*
 * Takes the file over, closed; *tmp is empty afterwards.  Returns 0, or -1 with
 * errno, the file staying the caller's.
 */
int platen_receive_files_add(platen_receive_files_t *files, platen_tmp_t *tmp,
    const char *name);

/*
 * Writes all of them, in their order and as they are, to the temporary file
 * *tmp, made here and open.  Two of one name both survive: the second is
 * "a (2).docx".  Returns 0; or -1 with errno, and *tmp is to be discarded.
 */
int platen_receive_files_pack(platen_receive_files_t *files, const char *root,
    platen_tmp_t *tmp);

/* Removes the temporary files and frees the rest; harmless twice. */
void platen_receive_files_clear(platen_receive_files_t *files);

#endif
