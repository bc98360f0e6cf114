/*
 * Fuzzes what is read of packages, and what copies of them are without (sidecar/lok:
 * package.c, sheets.c, chunks.c), in a child of LibreOffice's.  The first two bytes say what
 * the copy is without.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>

#include "engine/warning.h"
#include "lok/chunks.h"
#include "lok/functions.h"
#include "lok/package.h"
#include "lok/sheets.h"
#include "parts.h"

static const char *const names[] = {
    "word/document.xml",   "word/styles.xml",
    "word/settings.xml",   "word/footnotes.xml",
    "word/endnotes.xml",   "word/comments.xml",
    "word/header1.xml",    "word/_rels/document.xml.rels",
    "word/chunk",          "xl/workbook.xml",
    "xl/styles.xml",       "xl/_rels/workbook.xml.rels",
    "xl/worksheets/1.xml", "xl/worksheets/2.xml",
    "content.xml",         "styles.xml",
};

static char copy[64];

/* What LibreOffice would make of a chunk is a file that is none, or nothing. */
static int
convert(const char *from, const char *to)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);

    if (fd < 0) {
        return -1;
    }
    return close(fd) != 0 || from[5] == '2' ? -1 : 0;
}

static void
leave(void)
{
    (void) unlink(copy);
    *strrchr(copy, '/') = '\0';
    (void) chdir("/");
    (void) rmdir(copy);
}

/* The directory of the step, in which chunks become files. */
static void
enter(void)
{
    char dir[] = "/tmp/fuzz-package-XXXXXX";

    if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
        abort();
    }
    snprintf(copy, sizeof(copy), "%s/copy", dir);
    (void) atexit(leave);
    platen_lok_functions_of("7.4");
}

static void
check(const platen_lok_sheets_t *sheets)
{
    const platen_lok_sheet_t *sheet;
    size_t                    i, k;

    for (i = 0; sheets != NULL && i < sheets->n; i++) {
        sheet = &sheets->sheet[i];
        for (k = 0; k < sheet->nrows; k++) {
            if (sheet->rows[k].first == 0 || sheet->rows[k].first > sheet->rows[k].last) {
                abort();
            }
        }
    }
    if (sheets != NULL
        && (memchr(sheets->lacking.names, '\0', sizeof(sheets->lacking.names)) == NULL
            || memchr(sheets->empty.names, '\0', sizeof(sheets->empty.names)) == NULL)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int           fd = -1;
    static char          path[32];
    platen_lok_sheets_t *sheets;
    unsigned             found;

    if (fd < 0) {
        enter();
        fd = parts_file(path);
    }
    if (size < 2) {
        return 0;
    }
    parts_write(fd, data + 2, size - 2, names, sizeof(names) / sizeof(names[0]));

    found = platen_lok_package_look(path);
    if (found & PLATEN_LOK_BOOK) {
        sheets = platen_lok_sheets_new(path);
        check(sheets);
        if (sheets != NULL) {
            platen_lok_sheets_destroy(&sheets);
        }
    }
    if (platen_lok_package_mend(path, copy, data[0] | (unsigned) data[1] << 8) < 0) {
        abort();
    }
    (void) platen_lok_package_look(copy);
    if (found & PLATEN_LOK_CHUNKS) {
        (void) platen_lok_chunks_settle(copy, data[0] | (unsigned) data[1] << 8, convert);
    }
    (void) unlink(PLATEN_WARNINGS_FILE);
    (void) unlink(copy);
    return 0;
}
