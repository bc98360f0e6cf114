/*
 * The sweep of uploads, which platend does: those that have expired, and what
 * crashes left.  Under each one's lock, so one in use stays; one that cannot be
 * removed now is left to the next sweep.  See disk/upload_file.h.
 */

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "disk/upload_file.h"

#define HALF_AGE 3600 /* seconds */

/* Removes one if it has expired; 1 if so. */
static int
sweep_one(const char *root, const platen_id_t *id, platen_upload_file_is_job_t *is_job,
          platen_upload_file_seen_t *seen, void *data)
{
    platen_upload_file_t p;
    char                 path[PLATEN_PATH_MAX];
    time_t               last;
    int                  rc, job, gone = 0;

    platen_upload_file_init(&p, root, id, 0);
    rc = platen_upload_file_lock(&p);
    if (rc == PLATEN_OK && p.placed) {
        /* A job's input is the job's; that of none, nobody's. */
        job = is_job(data, id);
        gone = job == 1 || (job == 0 && p.expires < time(NULL));
        if (job == 0 && gone) {
            platen_layout_path(root, PLATEN_DIR_INPUT, id, 0, path);
            unlink(path);
        } else if (job == 0) {
            /* Its client may come back, and the sweep of orphans before it. */
            (void) platen_upload_file_take_back(root, id);
        }
    } else if (rc == PLATEN_OK) {
        gone = p.expires < time(NULL);
    } else if (rc == PLATEN_NOT_FOUND || rc == PLATEN_CORRUPT) {
        /* Half of one: it is being made, or a crash has left it. */
        last = platen_upload_file_written(root, id);
        gone = last != 0 && last + HALF_AGE < time(NULL);
    }
    if (gone) {
        platen_upload_file_remove(root, id);
    }
    if (rc == PLATEN_OK && !p.placed && seen != NULL) {
        seen(data, p.meta.client, id, p.meta.deferred ? p.offset : p.meta.length, gone);
    }
    platen_upload_file_close(&p);
    return gone;
}

/* An upload has up to four names; the one with its bytes stands for all of them. */
static int
is_first_name(int dir, const char *name)
{
    char bytes[PLATEN_ID_TEXT + sizeof(".part")];

    snprintf(bytes, sizeof(bytes), "%.*s.part", PLATEN_ID_TEXT, name);
    return strcmp(name, bytes) == 0 || faccessat(dir, bytes, F_OK, 0) != 0;
}

int
platen_upload_file_sweep(const char *root, platen_upload_file_is_job_t *is_job,
                         platen_upload_file_seen_t *seen, void *data)
{
    struct dirent *entry;
    platen_id_t    id;
    char           path[PLATEN_PATH_MAX];
    DIR           *dir;
    int            n = 0;

    snprintf(path, sizeof(path), "%.*s/uploads", PLATEN_ROOT_MAX, root);
    dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (strlen(entry->d_name) > PLATEN_ID_TEXT && entry->d_name[PLATEN_ID_TEXT] == '.'
            && platen_id_parse(entry->d_name, PLATEN_ID_TEXT, &id) == PLATEN_OK
            && is_first_name(dirfd(dir), entry->d_name)) {
            n += sweep_one(root, &id, is_job, seen, data);
        }
    }
    closedir(dir);
    return n;
}
