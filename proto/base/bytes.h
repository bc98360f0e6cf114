/* Bytes to a descriptor, all of them, and bytes as text. */

#ifndef PLATEN_BYTES_H
#define PLATEN_BYTES_H

#include <stddef.h>

/* Writes all of them, however often it is interrupted.  0, or -1 with errno. */
int platen_bytes_write(int fd, const void *bytes, size_t n);

/* 2 n lower-case hexadecimal digits and an ending '\0'. */
void platen_bytes_hex(const void *bytes, size_t n, char *out);

#endif
