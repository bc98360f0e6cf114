/*
 * No backtraces.  For each document LibreOfficeKit asks liblangtag whether "" is
 * a language, and liblangtag keeps the reason why not together with a backtrace,
 * for which each frame is looked up in the symbols of all libraries.  Nobody
 * reads it.  The C library's functions are replaced for the whole process.
 */

#include <execinfo.h>
#include <stddef.h>

int
backtrace(void **buffer, int size)
{
    (void) buffer;
    (void) size;
    return 0;
}

char **
backtrace_symbols(void *const *buffer, int size)
{
    (void) buffer;
    (void) size;
    return NULL;
}
