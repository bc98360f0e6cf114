/*
 * Tables of contents; see lok/update.h.  LibreOffice does it as a command to the
 * window of the document, and a window is told by an event that it is the one: until its
 * loop has run, commands go nowhere.  The loop waits outside of us (lok/office.c),
 * so it is made to run once, with its mutex held as it wants.
 */

#include "lok/update.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef void     acquire_t(uint32_t count);
typedef uint32_t release_t(void);
typedef bool     reschedule_t(bool all);

static acquire_t    *acquire;
static release_t    *release;
static reschedule_t *reschedule;

/* ISO C has no cast from an object's address to a function's. */
static void
find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    memcpy(function, &address, sizeof(address));
}

void
platen_lok_update_open(void *library)
{
    find(library, "_ZN11Application17AcquireSolarMutexEj", &acquire);
    find(library, "_ZN11Application17ReleaseSolarMutexEv", &release);
    find(library, "_ZN11Application10RescheduleEb", &reschedule);
    if (!platen_lok_update_can()) {
        fputs("platen-lok: this LibreOffice does not update tables of contents\n", stderr);
    }
}

int
platen_lok_update_can(void)
{
    return acquire != NULL && release != NULL && reschedule != NULL;
}

void
platen_lok_update(LibreOfficeKitDocument *loaded)
{
    if (!platen_lok_update_can()) {
        return;
    }
    acquire(1);
    (void) reschedule(true);
    (void) release();
    loaded->pClass->postUnoCommand(loaded, ".uno:UpdateAllIndexes", NULL, false);
}
