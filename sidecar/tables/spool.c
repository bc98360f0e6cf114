/* Rows in a file; see tables/spool.h.  Each: a count, then kinds, lengths and texts. */

#include "tables/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
fail(platen_tables_error_t *err)
{
    return platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot keep rows in a file: %s",
                              errno == 0 ? "it ends too early" : strerror(errno));
}

int
platen_tables_spool_open(platen_tables_spool_t *spool, const char *tmp,
                         platen_tables_error_t *err)
{
    char path[4096];
    int  fd;

    memset(spool, 0, sizeof(*spool));
    if (snprintf(path, sizeof(path), "%s/rows-XXXXXX", tmp) >= (int) sizeof(path)) {
        errno = ENAMETOOLONG;
        return fail(err);
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        return fail(err);
    }
    unlink(path);
    spool->file = fdopen(fd, "w+");
    if (spool->file == NULL) {
        close(fd);
        return fail(err);
    }
    return 0;
}

void
platen_tables_spool_close(platen_tables_spool_t *spool)
{
    if (spool->file != NULL) {
        fclose(spool->file);
    }
    platen_tables_buffer_free(&spool->text);
    free(spool->cells);
    memset(spool, 0, sizeof(*spool));
}

long long
platen_tables_spool_at(platen_tables_spool_t *spool)
{
    return (long long) ftello(spool->file);
}

int
platen_tables_spool_add(platen_tables_spool_t *spool, const platen_tables_cell_t *cells,
                        size_t n, platen_tables_error_t *err)
{
    uint32_t head[2] = { (uint32_t) n, 0 };
    size_t   i;

    if (fwrite(head, sizeof(head[0]), 1, spool->file) != 1) {
        return fail(err);
    }
    for (i = 0; i < n; i++) {
        head[0] = (uint32_t) cells[i].kind;
        head[1] = (uint32_t) cells[i].len;
        if (fwrite(head, sizeof(head), 1, spool->file) != 1
            || (cells[i].len > 0 && fwrite(cells[i].text, cells[i].len, 1, spool->file) != 1)) {
            return fail(err);
        }
    }
    return 0;
}

/* One row into spool->cells and spool->text. */
static int
read_row(platen_tables_spool_t *spool, size_t *n)
{
    uint32_t head[2];
    size_t   i, at;

    errno = 0;
    if (fread(head, sizeof(head[0]), 1, spool->file) != 1) {
        return -1;
    }
    *n = head[0];
    if (*n > spool->room) {
        spool->cells = platen_tables_resize(spool->cells, *n, sizeof(*spool->cells));
        spool->room = *n;
    }
    spool->text.len = 0;
    for (i = 0; i < *n; i++) {
        if (fread(head, sizeof(head), 1, spool->file) != 1) {
            return -1;
        }
        spool->cells[i].kind = (platen_tables_kind_t) head[0];
        spool->cells[i].len = head[1];
        if (head[1] > 0) {
            if (fread(platen_tables_buffer_room(&spool->text, head[1]), head[1], 1, spool->file)
                != 1) {
                return -1;
            }
            spool->text.len += head[1];
        }
    }
    for (i = 0, at = 0; i < *n; at += spool->cells[i++].len) {
        spool->cells[i].text = spool->text.data == NULL ? "" : spool->text.data + at;
    }
    return 0;
}

int
platen_tables_spool_read(platen_tables_spool_t *spool, long long at, uint64_t rows,
                         platen_tables_row_f row, void *data, platen_tables_error_t *err)
{
    uint64_t i;
    size_t   n;
    int      rc = 0;

    if (at < 0 || fseeko(spool->file, (off_t) at, SEEK_SET) != 0) {
        return fail(err);
    }
    for (i = 0; rc == 0 && i < rows; i++) {
        if (read_row(spool, &n) != 0) {
            return fail(err);
        }
        rc = row(data, spool->cells, n, err);
    }
    return rc;
}
