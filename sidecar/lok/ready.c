/* Before the first fork, see lok/ready.h.  Main thread of the zygote, once, after the warm-up.
 */

#include "lok/ready.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
platen_lok_ready_temporary(platen_lok_world_t *world, char *err, size_t errlen)
{
    struct dirent *entry;
    DIR           *dir;
    int            rc = 0;

    dir = opendir("tmp");
    if (dir == NULL) {
        snprintf(err, errlen, "%s/tmp: %s", world->state, strerror(errno));
        return -1;
    }
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.') {
            continue;
        }
        if (world->ntemporary == PLATEN_LOK_TEMPORARY_MAX
            || strlen(entry->d_name) >= sizeof(world->temporary[0])) {
            snprintf(err, errlen, "LibreOffice has too many temporary directories");
            rc = -1;
        } else {
            strcpy(world->temporary[world->ntemporary++], entry->d_name);
        }
    }
    closedir(dir);
    return rc;
}

int
platen_lok_ready_alone(char *err, size_t errlen)
{
    struct dirent *entry;
    char           path[300], name[32] = "?";
    FILE          *comm;
    DIR           *dir;
    int            rc = 0;

    dir = opendir("/proc/self/task");
    if (dir == NULL) {
        snprintf(err, errlen, "/proc/self/task: %s", strerror(errno));
        return -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid()) {
            continue;
        }
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
        comm = fopen(path, "re");
        if (comm == NULL) {
            continue; /* it has ended since */
        }
        if (fgets(name, sizeof(name), comm) != NULL) {
            name[strcspn(name, "\n")] = '\0';
        }
        fclose(comm);
        snprintf(err, errlen, "LibreOffice has a thread of its own (%s): it must not be forked",
                 name);
        rc = -1;
    }
    closedir(dir);
    return rc;
}
