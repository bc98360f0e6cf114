/* Times; see base/timestamp.h. */

#include "base/timestamp.h"

#include <string.h>
#include <time.h>

#define LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static char *
digits(char *p, unsigned number, int n)
{
    int i;

    for (i = n - 1; i >= 0; i--) {
        p[i] = (char) ('0' + number % 10);
        number /= 10;
    }
    return p + n;
}

static char *
seconds(uint64_t us, char *p)
{
    time_t    at = us / 1000000 > (uint64_t) LAST ? (time_t) LAST : (time_t) (us / 1000000);
    struct tm tm;

    if (gmtime_r(&at, &tm) == NULL) {
        memset(&tm, 0, sizeof(tm)); /* no such time is in that range */
    }
    p = digits(p, (unsigned) tm.tm_year + 1900, 4);
    *p++ = '-';
    p = digits(p, (unsigned) tm.tm_mon + 1, 2);
    *p++ = '-';
    p = digits(p, (unsigned) tm.tm_mday, 2);
    *p++ = 'T';
    p = digits(p, (unsigned) tm.tm_hour, 2);
    *p++ = ':';
    p = digits(p, (unsigned) tm.tm_min, 2);
    *p++ = ':';
    return digits(p, (unsigned) tm.tm_sec, 2);
}

char *
platen_timestamp(uint64_t us, char out[PLATEN_TIMESTAMP_LEN + 1])
{
    char *p = seconds(us, out);

    *p++ = '.';
    p = digits(p, (unsigned) (us % 1000000), 6);
    memcpy(p, "Z", 2);
    return out;
}

char *
platen_timestamp_seconds(uint64_t us, char out[PLATEN_TIMESTAMP_SECONDS_LEN + 1])
{
    memcpy(seconds(us, out), "Z", 2);
    return out;
}
