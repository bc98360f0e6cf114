/*
 * Fuzzes what a child of LibreOffice's does to files that LibreOffice has written of a
 * document, or is to read: page layouts and hidden sheets of flat OpenDocument (pages.c),
 * a page of HTML with its pictures (embed.c), the cells of one (cells.c); and what
 * platen-text looks for in a page.  The first byte says which, the second how.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lok/cells.h"
#include "lok/embed.h"
#include "lok/pages.h"
#include "text/main.h"

static char dir[] = "/tmp/fuzz-pages-XXXXXX";

static void
leave(void)
{
    if (chdir(dir) == 0) {
        (void) unlink("link.png");
        (void) unlink("p.png");
        (void) unlink("in");
        (void) unlink("out");
        (void) rmdir(dir);
    }
}

static void
write_file(const char *path, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t) n || close(fd) != 0) {
        abort();
    }
}

static void
enter(void)
{
    if (mkdtemp(dir) == NULL || chdir(dir) != 0 || symlink("/etc/passwd", "link.png") != 0) {
        abort();
    }
    (void) atexit(leave);
}

/* Whether the file is these bytes. */
static int
is(const char *path, const uint8_t *bytes, size_t n)
{
    char  *got = malloc(n + 1);
    FILE  *in = fopen(path, "re");
    size_t len;

    if (got == NULL || in == NULL) {
        abort();
    }
    len = fread(got, 1, n + 1, in);
    fclose(in);
    n = len == n && memcmp(got, bytes, n) == 0;
    free(got);
    return n != 0;
}

static void
pages(unsigned how, const uint8_t *bytes, size_t n)
{
    const platen_lok_page_t page = {
        .width = how & 1 ? 21000 : 0,
        .height = how & 1 ? 29700 : 0,
        .orientation = how >> 1 & 1 ? PLATEN_LOK_PAGE_LANDSCAPE : PLATEN_LOK_PAGE_AS_IT_IS,
        .fit = how >> 2 & 1 ? PLATEN_LOK_PAGE_FIT_PAGE : PLATEN_LOK_PAGE_AS_IT_IS,
        .margins = { how >> 3 & 1 ? 1001 : 0 },
    };
    const platen_lok_pages_t edit = { .page = &page,
                                      .shown = how >> 4 & 1,
                                      .flat = how >> 5 & 1 };

    write_file("in", bytes, n);
    if (platen_lok_pages("in", "out", &edit) != 0) {
        abort();
    }
    if (!platen_lok_pages_asked(&page) && !edit.shown && !edit.flat
        && memchr(bytes, '\0', n) == NULL && !is("out", bytes, n)) {
        abort();
    }
    (void) unlink("out");
}

static void
embed(const uint8_t *bytes, size_t n)
{
    struct stat st;
    unsigned    comments;

    if (stat("p.png", &st) != 0) {
        write_file("p.png", "\x89PNG", 4);
    }
    write_file("in", bytes, n);
    if (platen_lok_embed("in", &comments) != 0 || comments > n || stat("link.png", &st) != 0) {
        abort();
    }
}

static void
cells(const uint8_t *bytes, size_t n)
{
    char  *page = malloc(n + (n == 0)), *written = NULL, first[16]; /* exact */
    size_t len, formulas;
    FILE  *out = open_memstream(&written, &len);

    if (page == NULL || out == NULL) {
        abort();
    }
    memcpy(page, bytes, n);
    if (platen_lok_cells_write(page, n, out, &formulas) != 0 || fclose(out) != 0 || len < n
        || formulas > n) {
        abort();
    }
    memset(first, 'x', sizeof(first));
    if (platen_text_outside(page, n, first, sizeof(first)) > 0
        && memchr(first, '\0', sizeof(first)) == NULL) {
        abort();
    }
    free(written);
    free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int entered;

    if (!entered) {
        enter();
        entered = 1;
    }
    if (size < 2) {
        return 0;
    }
    switch (data[0] % 3) {
    case 0:
        pages(data[1], data + 2, size - 2);
        break;
    case 1:
        embed(data + 2, size - 2);
        break;
    default:
        cells(data + 2, size - 2);
        break;
    }
    return 0;
}
