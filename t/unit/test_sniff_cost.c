/* The dearest files that were found for platen_sniff and platen_zip_check: each within a bound.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "ole_bytes.h"
#include "sniff_cost.h"
#include "zip_bytes.h"

static void
assert_cheap(const char *what, const void *data, size_t len)
{
    int    fd = bytes_fd(data, len);
    double bound = cost_bound((off_t) len), cost;

    assert_true(fd >= 0);
    cost = look_cost(fd, (off_t) len, bound);
    close(fd);
    if (cost > bound) {
        fail_msg("%s, %zu bytes: %.0f us of CPU, where %.0f are allowed", what, len, cost,
                 bound);
    }
}

/* A kilobyte, some kilobytes, and more than libmagic looks at. */
static void
test_repeated(void **state)
{
    static const char *const patterns[] = {
        "\n",    " ",       "\r",      "\r\n",    "\t",       "\n ",     "\n\n ",
        "a",     "\xff",    "\x89",    "0",       "\"",       "{",       "[",
        "[1,",   "{\"a\":", "a,b\n\"", "<a>",     "<!--",     "<?xml",   "(",
        "#",     "-- ",     "From ",   "%!",      "\\",       "=",       "@",
        "%PDF",  "PK\5\6",  "PK\1\2",  "II*",     "RIFF",     "import ", "\nclass ",
        ".\\\"", "{\\rtf",  "BZh",     "!<arch>", "\xc3\xa9", "begin ",  "function a(",
        "/*\n",
    };
    static const size_t sizes[] = { 1023, 8192, 65536, 300000 };
    char               *data = malloc(300000);
    size_t              i, j, k, n;

    (void) state;

    assert_non_null(data);
    for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        n = strlen(patterns[i]);
        for (j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            for (k = 0; k < sizes[j]; k++) {
                data[k] = patterns[i][k % n];
            }
            assert_cheap(patterns[i], data, sizes[j]);
            /* The same, but for its first byte, which some tests are anchored at. */
            data[0] = 'a';
            assert_cheap(patterns[i], data, sizes[j]);
        }
    }
    free(data);
}

static void
test_ole(void **state)
{
    static ole_file_t f;
    unsigned          i;

    (void) state;

    /* A table of 64 MB, all of whose sectors are this one. */
    ole_init(&f);
    ole_put(&f, 68, 2, 4);
    ole_put(&f, 72, 131072 / 127 - 1, 4);
    memset(f.bytes + ole_at(2), 0, OLE_SECTOR);
    ole_put(&f, ole_at(2) + 508, 2, 4);
    assert_cheap("OLE, a large table", f.bytes, ole_at(3));

    /* A directory in a sector that only a table of tables finds. */
    ole_put(&f, 48, 0x7ffffff, 4);
    assert_cheap("OLE, a far directory", f.bytes, ole_at(3));

    /* As many names as there is room for. */
    ole_init(&f);
    for (i = 1; i < (OLE_SECTORS - 1) * 4; i++) {
        ole_add(&f, "a", 2);
    }
    ole_end(&f);
    assert_cheap("OLE, many names", f.bytes, sizeof(f.bytes));
}

/* A name may be as long as ZIP allows; the local headers are right, or all are the first. */
static void
zip_of(const char *what, unsigned entries, const char *name, size_t pad, int apart)
{
    zip_t  z = { 0 };
    char  *names;
    size_t len;
    int    n;

    names = malloc(pad + 64);
    assert_non_null(names);
    for (n = 0; n < (int) entries; n++) {
        len = (size_t) (apart ? sprintf(names, "%s%05d", name, n) : sprintf(names, "%s", name));
        memset(names + len, 'x', pad);
        names[len + pad] = '\0';
        zip_add(&z, names, "application/zip");
    }
    zip_end(&z, 0);
    assert_cheap(what, z.file.data, z.file.len);
    zip_free(&z);
    free(names);
}

static void
test_zip(void **state)
{
    (void) state;

    zip_of("ZIP, one name", 10000, "a", 0, 0);
    zip_of("ZIP, mimetype again and again", 10000, "mimetype", 0, 0);
    zip_of("ZIP, many names", 10000, "word/", 0, 1);
    zip_of("ZIP, long names", 4000, "xl/", 900, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_ole),
        cmocka_unit_test(test_zip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
