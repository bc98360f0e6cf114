/* Files of a form; see ingest/receive_files.h. */

#include "ingest/receive_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zip.h>

/* 1 January 1980: the same files give the same bytes (APPNOTE 4.4.6). */
#define DOS_DATE (1 << 5 | 1)
#define DOS_TIME 0


int
platen_receive_files_add(platen_receive_files_t *f, platen_tmp_t *tmp,
    const char *name)
{
    platen_receive_file_t *files;
    unsigned               room;

    if (f->n == f->room) {
        room = f->room == 0 ? 4 : 2 * f->room;
        files = realloc(f->files, room * sizeof(*files));
        if (files == NULL) {
            errno = ENOMEM;
            return -1;
        }
        f->files = files;
        f->room = room;
    }
    if (close(tmp->fd) != 0) {
        tmp->fd = -1;
        return -1;
    }
    tmp->fd = -1;
    f->files[f->n].tmp = *tmp;
    snprintf(f->files[f->n].name, sizeof(f->files[f->n].name), "%s", name);
    f->n++;
    tmp->path[0] = '\0';
    return 0;
}


/* Under a name of its own. */
static int
add(zip_t *zip, const platen_receive_file_t *file)
{
    const char   *dot = strrchr(file->name, '.');
    zip_source_t *source;
    zip_int64_t   i;
    char          name[PLATEN_FILENAME_MAX + 32];
    int           stem, n;

    stem = (int) (dot == NULL ? strlen(file->name)
                              : (size_t) (dot - file->name));
    snprintf(name, sizeof(name), "%s", file->name);
    for (n = 2; zip_name_locate(zip, name, ZIP_FL_NOCASE|ZIP_FL_ENC_UTF_8) >= 0;
         n++)
    {
        snprintf(name, sizeof(name), "%.*s (%d)%s", stem, file->name, n,
                 file->name + stem);
    }

    source = zip_source_file(zip, file->tmp.path, 0, -1);
    if (source == NULL) {
        return -1;
    }
    i = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(source);
        return -1;
    }
    return zip_set_file_compression(zip, (zip_uint64_t) i, ZIP_CM_STORE, 0) == 0
           && zip_file_set_dostime(zip, (zip_uint64_t) i, DOS_TIME, DOS_DATE,
                                   0) == 0 ? 0 : -1;
}


/* What libzip's errno was; a failure of its own is none of the disk's. */
static int
fail(zip_t *zip)
{
    int error = zip_error_system_type(zip_get_error(zip)) == ZIP_ET_SYS
                ? zip_error_code_system(zip_get_error(zip)) : 0;

    zip_discard(zip);
    errno = error == 0 ? EIO : error;
    return -1;
}


int
platen_receive_files_pack(platen_receive_files_t *f, const char *root,
    platen_tmp_t *tmp)
{
    unsigned  i;
    zip_t    *zip;
    int       code;

    if (platen_layout_tmp(root, tmp) != 0) {
        return -1;
    }

    /* libzip writes beside it, and renames */
    zip = zip_open(tmp->path, ZIP_CREATE|ZIP_TRUNCATE, &code);
    if (zip == NULL) {
        errno = EIO;
        return -1;
    }
    for (i = 0; i < f->n; i++) {
        if (add(zip, &f->files[i]) != 0) {
            return fail(zip);
        }
    }
    if (zip_close(zip) != 0) {
        return fail(zip);
    }

    close(tmp->fd);
    tmp->fd = open(tmp->path, O_RDWR|O_NOFOLLOW|O_CLOEXEC);
    return tmp->fd < 0 || fchmod(tmp->fd, 0640) != 0 ? -1 : 0;
}


void
platen_receive_files_clear(platen_receive_files_t *f)
{
    unsigned i;

    for (i = 0; i < f->n; i++) {
        platen_layout_tmp_discard(&f->files[i].tmp);
    }
    free(f->files);
    memset(f, 0, sizeof(*f));
}
