/* Dates and numbers of spreadsheets; see tables/serial.h.  Pure functions. */

#include "tables/serial.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY_MS 86400000LL
#define DAYS_MAX 2958466.0 /* 10000-01-01 */
#define DAYS_1904 1462
#define EPOCH 25569 /* 1970-01-01 */
#define SAFE 9007199254740992.0

unsigned
platen_tables_serial_builtin(unsigned long id)
{
    if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54)
        || id == 57 || id == 58) {
        return PLATEN_TABLES_SHOWS_DATE;
    }
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 || id == 47 || id == 55
        || id == 56) {
        return PLATEN_TABLES_SHOWS_TIME;
    }
    return id == 22   ? PLATEN_TABLES_SHOWS_DATE | PLATEN_TABLES_SHOWS_TIME
           : id == 46 ? PLATEN_TABLES_SHOWS_TIME | PLATEN_TABLES_SHOWS_ELAPSED
                      : 0;
}

/* Past what is in brackets: a colour, a condition, a language, or hours beyond a day. */
static const char *
skip_brackets(const char *p, unsigned *shows, int *minutes)
{
    const char *end = strchr(p, ']');
    size_t      n = end == NULL ? strlen(p) : (size_t) (end - p - 1);

    if (n > 0 && strspn(p + 1, "hHmMsS") == n) {
        *shows |= PLATEN_TABLES_SHOWS_TIME | PLATEN_TABLES_SHOWS_ELAPSED;
        *minutes = 1;
    }
    return end == NULL ? p + strlen(p) : end + 1;
}

unsigned
platen_tables_serial_format(const char *code)
{
    const char *p = code;
    unsigned    shows = 0;
    int         minutes = 0; /* an m is one: it follows hours */
    int         months = 0;

    if (strncasecmp(code, "\"TRUE\"", 6) == 0 || strcasecmp(code, "BOOLEAN") == 0) {
        return PLATEN_TABLES_SHOWS_BOOLEAN;
    }
    if (strcasecmp(code, "General") == 0 || strcmp(code, "@") == 0) {
        return 0;
    }
    /* The first section is that of positive numbers; the others follow it. */
    while (*p != '\0' && *p != ';') {
        switch (*p) {
        case '"':
            p = strchr(p + 1, '"');
            if (p == NULL) {
                p = "";
                continue;
            }
            break;
        case '\\':
        case '_':
        case '*':
            p += p[1] != '\0';
            break;
        case '[':
            p = skip_brackets(p, &shows, &minutes);
            continue;
        case 'y':
        case 'Y':
        case 'd':
        case 'D':
            shows |= PLATEN_TABLES_SHOWS_DATE;
            break;
        case 'h':
        case 'H':
        case 's':
        case 'S':
            shows |= PLATEN_TABLES_SHOWS_TIME;
            minutes = 1;
            break;
        case 'm':
        case 'M':
            months = 1;
            break;
        case 'G':
        case 'g':
            if (strncasecmp(p, "General", 7) == 0) {
                return 0;
            }
            break;
        case 'E': /* 0.00E+00, which no date has */
            if (p[1] == '+' || p[1] == '-') {
                return 0;
            }
            break;
        default:
            break;
        }
        p++;
    }
    if (months && !minutes) {
        shows |= PLATEN_TABLES_SHOWS_DATE;
    }
    return shows;
}

/* A day since 1970-01-01 as a date of the Gregorian calendar. */
static void
civil(long long days, int *year, int *month, int *day)
{
    long long z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    long long doe = z - era * 146097;
    long long yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    long long doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    long long mp = (5 * doy + 2) / 153;

    *day = (int) (doy - (153 * mp + 2) / 5 + 1);
    *month = (int) (mp < 10 ? mp + 3 : mp - 9);
    *year = (int) (yoe + era * 400 + (*month <= 2));
}

/* hh:mm:ss, with thousandths if there are any. */
static int
clock_text(long long ms, char *text, size_t size)
{
    int n;

    n = snprintf(text, size, "%02lld:%02lld:%02lld", ms / 3600000, ms / 60000 % 60,
                 ms / 1000 % 60);
    if (ms % 1000 != 0) {
        n += snprintf(text + n, size - (size_t) n, ".%03lld", ms % 1000);
        while (text[n - 1] == '0') {
            text[--n] = '\0';
        }
    }
    return n;
}

static platen_tables_kind_t
number_text(double value, char *text)
{
    int digits;

    if (value == floor(value) && fabs(value) <= SAFE) {
        snprintf(text, PLATEN_TABLES_SERIAL_MAX, "%.0f", value == 0 ? 0.0 : value); /* no -0 */
        return PLATEN_TABLES_NUMBER;
    }
    for (digits = 15; digits <= 17; digits++) {
        snprintf(text, PLATEN_TABLES_SERIAL_MAX, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    if (strpbrk(text, ".e") == NULL) {
        snprintf(text, PLATEN_TABLES_SERIAL_MAX, "%.16e", value);
    }
    return PLATEN_TABLES_NUMBER;
}

platen_tables_kind_t
platen_tables_serial_text(double value, unsigned shows, int from_1904,
                          char text[PLATEN_TABLES_SERIAL_MAX])
{
    double    serial = value + (from_1904 ? DAYS_1904 : 0);
    long long ms, days;
    int       year, month, day, n;

    if (shows & PLATEN_TABLES_SHOWS_BOOLEAN && (value == 0 || value == 1)) {
        strcpy(text, value == 0 ? "false" : "true");
        return PLATEN_TABLES_BOOLEAN;
    }
    /* A time before another; LibreOffice has them, and Excel where days are counted from 1904.
     */
    if (shows & PLATEN_TABLES_SHOWS_ELAPSED && !(shows & PLATEN_TABLES_SHOWS_DATE) && value < 0
        && value > -DAYS_MAX) {
        *text = '-';
        clock_text(llround(-value * (double) DAY_MS), text + 1, PLATEN_TABLES_SERIAL_MAX - 1);
        return PLATEN_TABLES_TEXT;
    }
    if (!(shows & (PLATEN_TABLES_SHOWS_DATE | PLATEN_TABLES_SHOWS_TIME)) || value < 0
        || serial >= DAYS_MAX) {
        return number_text(value, text);
    }

    ms = llround(value * (double) DAY_MS);
    if (!(shows & PLATEN_TABLES_SHOWS_DATE)
        && (shows & PLATEN_TABLES_SHOWS_ELAPSED || value < 61)) {
        clock_text(ms, text, PLATEN_TABLES_SERIAL_MAX);
        return PLATEN_TABLES_TEXT;
    }

    days = ms / DAY_MS + (from_1904 ? DAYS_1904 : 0);
    ms %= DAY_MS;
    if (days == 0 || days == 60) {
        /* 1900-01-00, and 1900-02-29, which never was. */
        return number_text(value, text);
    }
    civil(days - EPOCH + (days < 60), &year, &month, &day);
    n = snprintf(text, PLATEN_TABLES_SERIAL_MAX, "%04d-%02d-%02d", year, month, day);
    if (ms == 0 && !(shows & PLATEN_TABLES_SHOWS_TIME)) {
        return PLATEN_TABLES_DATE;
    }
    text[n++] = ' ';
    clock_text(ms, text + n, PLATEN_TABLES_SERIAL_MAX - (size_t) n);
    return PLATEN_TABLES_TIMESTAMP;
}
