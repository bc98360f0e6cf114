/* Fuzzes platen_text_book: no read outside, and what it writes is a book again. */

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

#include "parts.h"
#include "text/main.h"

static const char *const names[] = {
    "a.xhtml",  "b/c.html", "b/d.htm", "s.css", "b/s.css",
    "mimetype", "",         "b/",      "e.xml", "META-INF/encryption.xml",
};

static char copy[64];

static void
leave(void)
{
    (void) unlink(copy);
    *strrchr(copy, '/') = '\0';
    (void) rmdir(copy);
}

static void
enter(void)
{
    char dir[] = "/tmp/fuzz-book-XXXXXX";

    if (mkdtemp(dir) == NULL) {
        abort();
    }
    snprintf(copy, sizeof(copy), "%s/copy", dir);
    (void) atexit(leave);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int  fd = -1;
    static char path[32];
    zip_t      *zip;

    if (fd < 0) {
        enter();
        fd = parts_file(path);
    }
    parts_write(fd, data, size, names, sizeof(names) / sizeof(names[0]));
    (void) unlink(copy);
    if (platen_text_book(path, copy) >= 0 && access(copy, F_OK) == 0) {
        zip = zip_open(copy, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
        if (zip == NULL) {
            abort();
        }
        zip_discard(zip);
    }
    return 0;
}
