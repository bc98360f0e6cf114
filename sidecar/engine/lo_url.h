/* The file URL of a path, as LibreOffice takes it: by both ways of running it. */

#ifndef PLATEN_LO_URL_H
#define PLATEN_LO_URL_H

#include <stddef.h>

/* Writes "file://" and the path (RFC 8089).  0, or -1 with ENAMETOOLONG. */
int platen_lo_url(const char *path, char *out, size_t size);

#endif
