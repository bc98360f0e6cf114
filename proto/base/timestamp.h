/* Times as clients and operators see them: RFC 3339, in UTC.  Pure, any thread. */

#ifndef PLATEN_TIMESTAMP_H
#define PLATEN_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

#define PLATEN_TIMESTAMP_LEN 27 /* "1970-01-01T00:00:00.000000Z" */
#define PLATEN_TIMESTAMP_SECONDS_LEN 20

/*
 * Writes a time in microseconds since the Unix epoch, the last before the year 10000,
 * with an ending '\0'.  Returns `out`.
 */
char *platen_timestamp(uint64_t us, char out[PLATEN_TIMESTAMP_LEN + 1]);

/* The same without a fraction: "1970-01-01T00:00:00Z". */
char *platen_timestamp_seconds(uint64_t us, char out[PLATEN_TIMESTAMP_SECONDS_LEN + 1]);

#endif
