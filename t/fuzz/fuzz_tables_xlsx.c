/*
 * Fuzzes the reading of workbooks (sidecar/tables/from_xlsx.c) in platen-tables: rows have no
 * more cells than there are columns, and as many are told as come.  The first byte has the
 * options.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "tables/main.h"
#include "parts.h"

static const char *const names[] = {
    "_rels/.rels",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/sharedStrings.xml",
    "xl/worksheets/1.xml",
    "xl/worksheets/2.xml",
    "xl/worksheets/_rels/1.xml.rels",
    "xl/drawings/_rels/1.xml.rels",
    "xl/comments.xml",
};

typedef struct {
    platen_tables_source_t *source;
    uint64_t                rows;
    size_t                  bytes; /* so that each is read */
} seen_t;

static int
row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    seen_t *seen = data;
    size_t  i, k;

    (void) err;
    if (n > seen->source->ncolumns) {
        abort();
    }
    seen->rows++;
    for (i = 0; i < n; i++) {
        for (k = 0; k < cells[i].len; k++) {
            seen->bytes += cells[i].text[k] != '\0';
        }
        if (seen->bytes != k || !platen_utf8_valid(cells[i].text, cells[i].len)) {
            abort();
        }
        seen->bytes = 0;
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const sheets[] = { NULL, "all", "2", "a" };
    static char              path[32];
    static int               fd = -1;
    platen_tables_options_t  options = { .input = path, .tmp = "/tmp" };
    platen_tables_source_t  *source;
    platen_tables_error_t    err = { "" };
    size_t                   i;

    if (fd < 0) {
        fd = parts_file(path);
    }
    if (size == 0) {
        return 0;
    }
    options.sheet = sheets[data[0] & 3];
    options.no_header = data[0] >> 2 & 1;
    options.settled = data[0] >> 3 & 1;
    parts_write(fd, data + 1, size - 1, names, sizeof(names) / sizeof(names[0]));

    if (platen_tables_from_xlsx(&source, &options, &err) != 0) {
        if (source != NULL || memchr(err.text, '\0', sizeof(err.text)) == NULL) {
            abort();
        }
        return 0;
    }
    for (i = 0; i < source->tables; i++) {
        seen_t seen = { .source = source };

        if (source->select(source, i, &err) != 0 || source->read(source, row, &seen, &err) != 0
            || seen.rows != source->rows) {
            abort();
        }
    }
    source->close(source);
    return 0;
}
