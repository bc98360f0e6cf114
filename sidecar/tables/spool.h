/*
 * Rows that were read once and are needed twice: for the types of their columns,
 * and then for the result.  They lie in a file without a name in the directory
 * for intermediate files, and memory is that of the longest row.
 *
 * Rows of one table after the other are in one spool; a table is known by where
 * its rows begin and how many there are.
 */

#ifndef PLATEN_TABLES_SPOOL_H
#define PLATEN_TABLES_SPOOL_H

#include <stdio.h>

#include "tables/main.h"
#include "tables/buffer.h"

typedef struct {
    FILE                  *file;
    platen_tables_buffer_t text;
    platen_tables_cell_t  *cells;
    size_t                 room;
} platen_tables_spool_t;

/* Makes the file in that directory. */
int platen_tables_spool_open(platen_tables_spool_t *spool, const char *tmp,
                             platen_tables_error_t *err);

void platen_tables_spool_close(platen_tables_spool_t *spool);

/* Where the next row goes; -1 if the file does not say. */
long long platen_tables_spool_at(platen_tables_spool_t *spool);

int platen_tables_spool_add(platen_tables_spool_t *spool, const platen_tables_cell_t *cells,
                            size_t n, platen_tables_error_t *err);

/* Calls `row` with each of the rows that begin there, until it returns nonzero. */
int platen_tables_spool_read(platen_tables_spool_t *spool, long long at, uint64_t rows,
                             platen_tables_row_f row, void *data, platen_tables_error_t *err);

#endif
