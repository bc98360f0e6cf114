/* Times; see base/timestamp.h. */

#include "base/timestamp.h"

#include <string.h>

#define LAST UINT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static char *
two(char *p, unsigned number)
{
    p[0] = (char) ('0' + number / 10);
    p[1] = (char) ('0' + number % 10);
    return p + 2;
}

/*
 * By hand, as gmtime_r() takes the lock of the time zone and reads what that is.  A year
 * begins with March, so that the day which leap years have is its last one; an era of 400
 * years always has as many days (H. Hinnant, chrono-compatible low-level date algorithms,
 * civil_from_days).
 */
static char *
seconds(uint64_t us, char *p)
{
    uint64_t at = us / 1000000 > LAST ? LAST : us / 1000000;
    unsigned of_day = (unsigned) (at % 86400), day = (unsigned) (at / 86400) + 719468;
    unsigned era = day / 146097, of_era = day % 146097, year, of_year, march, month;

    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    march = (5 * of_year + 2) / 153; /* 0 is March */
    month = march < 10 ? march + 3 : march - 9;
    year += 400 * era + (month <= 2);

    p = two(two(p, year / 100), year % 100);
    *p++ = '-';
    p = two(p, month);
    *p++ = '-';
    p = two(p, of_year - (153 * march + 2) / 5 + 1);
    *p++ = 'T';
    p = two(p, of_day / 3600);
    *p++ = ':';
    p = two(p, of_day / 60 % 60);
    *p++ = ':';
    return two(p, of_day % 60);
}

char *
platen_timestamp(uint64_t us, char out[PLATEN_TIMESTAMP_LEN + 1])
{
    unsigned fraction = (unsigned) (us % 1000000);
    char    *p = seconds(us, out);

    *p++ = '.';
    p = two(two(two(p, fraction / 10000), fraction / 100 % 100), fraction % 100);
    memcpy(p, "Z", 2);
    return out;
}

char *
platen_timestamp_seconds(uint64_t us, char out[PLATEN_TIMESTAMP_SECONDS_LEN + 1])
{
    memcpy(seconds(us, out), "Z", 2);
    return out;
}
