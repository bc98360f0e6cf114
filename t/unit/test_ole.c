/* Tests of platen_ole: names of the root, and files that have no end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "ole_bytes.h"
#include "format/ole.h"
#include "format/sniff.h"
#include "zip_bytes.h"

typedef struct {
    char     names[512];
    unsigned entries;
} seen_t;

static int
see(void *data, const char *name)
{
    seen_t *seen = data;

    if (seen->entries++ < 8) {
        strcat(strcat(seen->names, name), ",");
    }
    return strcmp(name, "stop") == 0;
}

static int
walk_sized(const ole_file_t *f, size_t len, off_t size, seen_t *seen)
{
    int fd = bytes_fd(f->bytes, len), rc;

    assert_true(fd >= 0);
    memset(seen, 0, sizeof(*seen));
    rc = platen_ole_walk(fd, size, see, seen);
    close(fd);
    return rc;
}

static int
walk(const ole_file_t *f, seen_t *seen)
{
    return walk_sized(f, sizeof(f->bytes), sizeof(f->bytes), seen);
}

static platen_sniff_t
sniff(const ole_file_t *f)
{
    platen_sniff_t s;
    int            fd = bytes_fd(f->bytes, sizeof(f->bytes));

    assert_true(fd >= 0);
    assert_int_equal(platen_sniff(fd, sizeof(f->bytes), &s), PLATEN_OK);
    close(fd);
    return s;
}

static void
test_names(void **state)
{
    static ole_file_t f;
    seen_t            seen;

    (void) state;

    ole_init(&f);
    ole_end(&f);
    assert_int_equal(walk(&f, &seen), 0);
    assert_int_equal(seen.entries, 0);

    ole_init(&f);
    ole_add(&f, "a", 2);
    ole_add(&f, "b", 1);
    ole_add(&f, "c", 2);
    ole_add(&f, "in b", 2);
    ole_add(&f, "e", 2);
    ole_end(&f);
    ole_link(&f, 3, UINT32_MAX, UINT32_MAX);
    ole_put(&f, ole_entry(2) + 76, 4, 4);
    assert_int_equal(walk(&f, &seen), 0);
    assert_string_equal(seen.names, "a,b,c,");

    /* Left before right, and "e" in a second sector of the directory. */
    ole_link(&f, 1, 5, 2);
    assert_int_equal(walk(&f, &seen), 0);
    assert_string_equal(seen.names, "a,e,b,c,");

    ole_init(&f);
    ole_add(&f, "stop", 2);
    ole_add(&f, "b", 2);
    ole_end(&f);
    assert_int_equal(walk(&f, &seen), 0);
    assert_string_equal(seen.names, "stop,");

    /* What is not ASCII, and a length that is none. */
    ole_init(&f);
    ole_add(&f, "a\344b", 2);
    ole_end(&f);
    f.bytes[ole_entry(1) + 1] = 4;
    ole_put(&f, ole_entry(1) + 64, 0xffff, 2);
    assert_int_equal(walk(&f, &seen), 0);
    assert_int_equal(strncmp(seen.names, "??b", 3), 0);
}

static void
test_without_end(void **state)
{
    static ole_file_t f;
    seen_t            seen;
    unsigned          i;

    (void) state;

    /* A tree that is a circle, and one that shares its branches. */
    ole_init(&f);
    ole_add(&f, "a", 2);
    ole_add(&f, "b", 2);
    ole_end(&f);
    ole_link(&f, 2, 1, 2);
    assert_int_equal(walk(&f, &seen), 0);
    assert_int_equal(seen.entries, 2);
    ole_link(&f, 2, 0, 1);
    assert_int_equal(walk(&f, &seen), 0);
    assert_int_equal(seen.entries, 2);

    /* A directory that is one sector, over and over. */
    ole_init(&f);
    ole_add(&f, "a", 2);
    ole_end(&f);
    ole_put(&f, ole_at(0) + 4, 1, 4);
    for (i = 0; i < 2; i++) {
        ole_link(&f, 1, 0xffff, i == 0 ? 8000 : 900);
        (void) walk(&f, &seen);
        assert_int_equal(seen.entries, i + 1);
    }

    /* A table that is beyond the file, in a circle of sectors that name it. */
    ole_init(&f);
    ole_put(&f, 48, 0x7fffff, 4);
    ole_put(&f, 68, 3, 4);
    for (i = 0; i < OLE_SECTOR / 4; i++) {
        ole_put(&f, ole_at(3) + (size_t) 4 * i, 3, 4);
    }
    assert_int_equal(walk(&f, &seen), -1);
    assert_int_equal(seen.entries, 0);
}

static void
test_damaged(void **state)
{
    static ole_file_t f;
    seen_t            seen;
    size_t            i;

    (void) state;

    ole_init(&f);
    ole_add(&f, "WordDocument", 2);
    ole_end(&f);
    for (i = 0; i < 4 * OLE_SECTOR; i += 31) {
        (void) walk_sized(&f, i, (off_t) i, &seen);
        /* Shorter than it was, after its size was taken. */
        (void) walk_sized(&f, i, sizeof(f.bytes), &seen);
    }
    for (i = 0; i < 64; i++) {
        if (i != 9 && i != 10 && i != 11 && i != 12) {
            ole_put(&f, 30, (uint32_t) i, 2);
            assert_int_equal(walk(&f, &seen), -1);
        }
    }
}

/* What platen_sniff makes of the names. */
static void
test_sniffed(void **state)
{
    static const struct {
        const char *name, *format, *what;
    } rows[] = {
        { "WordDocument", "doc", NULL },
        { "Workbook", "xls", NULL },
        { "WORKBOOK", "xls", NULL },
        { "Book", "xls", NULL },
        { "PowerPoint Document", "ppt", NULL },
        { "EncryptedPackage", NULL, "an encrypted Office document" },
        { "VisioDocument", NULL, "a Visio drawing" },
        { "Quill", NULL, "a Publisher document" },
        { "__properties_version1.0", NULL, "an Outlook message" },
        { "\005HwpSummaryInformation", NULL, "a Hangul document" },
        { "Contents", NULL, "an Office 97 container of some kind" },
    };
    static ole_file_t f;
    platen_sniff_t    s;
    size_t            i;

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ole_init(&f);
        ole_add(&f, "\005SummaryInformation", 2);
        ole_add(&f, rows[i].name, 2);
        ole_end(&f);
        s = sniff(&f);
        if (rows[i].format != NULL) {
            assert_non_null(s.format);
            assert_string_equal(s.format->name, rows[i].format);
        } else {
            assert_null(s.format);
            assert_string_equal(s.what, rows[i].what);
        }
    }

    /* A note for programs that do not know of encryption is no document. */
    ole_init(&f);
    ole_add(&f, "WordDocument", 2);
    ole_add(&f, "EncryptedPackage", 2);
    ole_end(&f);
    s = sniff(&f);
    assert_null(s.format);
    assert_string_equal(s.what, "an encrypted Office document");
    assert_non_null(platen_sniff_decide(&s, platen_format_find("docx", 4), 0));

    /* Two documents in one: either. */
    ole_init(&f);
    ole_add(&f, "Workbook", 2);
    ole_add(&f, "WordDocument", 2);
    ole_end(&f);
    s = sniff(&f);
    assert_string_equal(s.format->name, "doc");
    assert_non_null(platen_sniff_decide(&s, platen_format_find("xls", 3), 0));
    assert_null(platen_sniff_decide(&s, platen_format_find("ppt", 3), 0));

    /* A document in a document says nothing of the outer one. */
    ole_init(&f);
    ole_add(&f, "MBD0001", 1);
    ole_add(&f, "WordDocument", 2);
    ole_end(&f);
    ole_link(&f, 1, UINT32_MAX, UINT32_MAX);
    ole_put(&f, ole_entry(1) + 76, 2, 4);
    s = sniff(&f);
    assert_null(s.format);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_without_end),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_sniffed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
