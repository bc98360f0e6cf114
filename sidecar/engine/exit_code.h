/*
 * How the programs that Platen brings along end, for them and for the engines that start
 * them.  LibreOffice's children have their own in office/wire.h.
 */

#ifndef PLATEN_EXIT_CODE_H
#define PLATEN_EXIT_CODE_H

/* platen-zip */
#define PLATEN_ZIP_EXIT_CORRUPT 11
#define PLATEN_ZIP_EXIT_CANNOT_WRITE 13

/* platen-tables */
#define PLATEN_TABLES_USAGE 2
#define PLATEN_TABLES_CORRUPT 10   /* the document cannot be read */
#define PLATEN_TABLES_ENCRYPTED 11 /* it needs a password, which this program does not take */
#define PLATEN_TABLES_WRITE 13     /* the result cannot be written */
#define PLATEN_TABLES_MEMORY 14    /* out of memory */
#define PLATEN_TABLES_EMPTY 17     /* the document has no columns */
#define PLATEN_TABLES_TOO_LARGE 18 /* more than the format holds */
#define PLATEN_TABLES_SHEET 19     /* the workbook has no such sheet */
#define PLATEN_TABLES_DECLINED 20  /* LibreOffice has to write the document anew first */

/* platen-text */
#define PLATEN_TEXT_USAGE 2
#define PLATEN_TEXT_WRITE 13   /* the result cannot be written */
#define PLATEN_TEXT_MEMORY 14  /* out of memory */
#define PLATEN_TEXT_SETUP 121  /* it cannot become the program that draws or reads */
#define PLATEN_TEXT_LOCKED 122 /* a book that only its reader opens */

/* platen-docx; no program that it becomes has these. */
#define PLATEN_DOCX_DECLINED 120
#define PLATEN_DOCX_SETUP 121

#endif
