/*
 * No syncs.  LibreOffice syncs what it saves, several times for a document; but
 * its files here are in a directory that no crash survives, and platend syncs
 * the result before anyone is told of it.  The C library's functions are
 * replaced for the whole process.
 */

#include <unistd.h>

int
fsync(int fd)
{
    (void) fd;
    return 0;
}

int
fdatasync(int fd)
{
    (void) fd;
    return 0;
}
