/*
 * platen-soffice.so: what platend loads into the LibreOffice that it starts for one
 * document (LD_PRELOAD), so that the document's links lead to no file there either;
 * see lok/links.h.  It works before main(), and ends a process in which it
 * cannot.
 *
 *   PLATEN_ROOM       the run's directory
 *   PLATEN_DOCUMENT   the document
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platen.h"
#include "lok/links.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

__attribute__((constructor)) static void
begin(void)
{
    const char *const rooms[] = { getenv("PLATEN_ROOM"), getenv("PLATEN_DOCUMENT"), "/tmp" };
    char              program[PATH_MAX];
    ssize_t           n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char             *slash;

    program[n < 0 ? 0 : n] = '\0';
    slash = strrchr(program, '/');
    if (slash != NULL && rooms[0] != NULL && rooms[1] != NULL) {
        *slash = '\0';
        if (platen_lok_links_open(program) == 0
            && platen_lok_links_cut(rooms, sizeof(rooms) / sizeof(rooms[0])) == 0) {
            return;
        }
    }
    fprintf(stderr, "platen-soffice: it cannot be set up: %s\n", strerror(errno));
    _exit(EXIT_FAILURE);
}
