/* Bytes to a descriptor, all of them, and to the disk; and bytes as text. */

#ifndef PLATEN_BYTES_H
#define PLATEN_BYTES_H

#include <stddef.h>

/* Writes all of them, however often it is interrupted.  0, or -1 with errno. */
int platen_bytes_write(int fd, const void *bytes, size_t n);

/* fsync() of the file at the path, or with O_DIRECTORY as `flags` of the directory.  0, or -1.
 */
int platen_bytes_sync(const char *path, int flags);

/* 2 n lower-case hexadecimal digits and an ending '\0'. */
void platen_bytes_hex(const void *bytes, size_t n, char *out);

#endif
