/*
 * Numbers of a spreadsheet as what they are meant to be: days since 1900 or 1904
 * as dates (ECMA-376 part 1, 18.17.4), by the format of their cell (18.8.31).
 */

#ifndef PLATEN_TABLES_SERIAL_H
#define PLATEN_TABLES_SERIAL_H

#include <stddef.h>

#include "tables/main.h"

/* What a number format shows; a mask. */
#define PLATEN_TABLES_SHOWS_DATE 1
#define PLATEN_TABLES_SHOWS_TIME 2
#define PLATEN_TABLES_SHOWS_ELAPSED 4 /* hours beyond a day: [h]:mm */
#define PLATEN_TABLES_SHOWS_BOOLEAN 8 /* "TRUE";"TRUE";"FALSE", as LibreOffice writes it */

/* What the format with this number shows if the document does not describe it. */
unsigned platen_tables_serial_builtin(unsigned long id);

/* What a format code shows: "yyyy\-mm\-dd", "[$-409]h:mm AM/PM", "0.00". */
unsigned platen_tables_serial_format(const char *code);

#define PLATEN_TABLES_SERIAL_MAX 40

/*
 * The value as text and its kind: NUMBER, DATE, TIMESTAMP, BOOLEAN, or TEXT for a
 * time of the day and a duration ("13:45:00", "36:00:00").  A number that is no
 * date of the calendar stays a number, the shortest that reads back as the same
 * one.  `value` must be finite.
 */
platen_tables_kind_t platen_tables_serial_text(double value, unsigned shows, int from_1904,
                                               char text[PLATEN_TABLES_SERIAL_MAX]);

#endif
