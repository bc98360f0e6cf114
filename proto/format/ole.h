/*
 * The names in the root of an OLE container ([MS-CFB], "Compound File Binary"):
 * what Word, Excel and PowerPoint wrote until 2003, and what encrypted
 * documents are in.  Everything in it is a claim: what is read is bounded,
 * whatever the file says of itself.
 */

#ifndef PLATEN_OLE_H
#define PLATEN_OLE_H

#include <stddef.h>
#include <sys/types.h>

#define PLATEN_OLE_MAGIC "\320\317\021\340\241\261\032\341"
#define PLATEN_OLE_MAGIC_LEN 8
#define PLATEN_OLE_NAME 33 /* 31 characters at most (2.6.1), with some room, and a NUL */

/*
 * Calls `entry` with the name of each stream and storage of the root storage, in
 * no order that means anything; what is not ASCII in a name is '?'.  Stops when
 * it returns nonzero.  Some thousand reads of a few bytes at most, some dozen
 * for a usual file.
 *
 * Returns 0, or -1 if the directory cannot be found (cut off, damaged, or
 * beyond what is looked at); what was called until then holds all the same.
 */
int platen_ole_walk(int fd, off_t size, int (*entry)(void *data, const char *name), void *data);

#endif
