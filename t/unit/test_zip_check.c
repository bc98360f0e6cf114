/* Tests of platen_zip_check: faults 48 to 52, each rule alone, and what must pass. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "base/platen.h"
#include "format/zip_check.h"
#include "zip_bytes.h"

#define MIB (UINT64_C(1) << 20)

static platen_zip_verdict_t verdict;

static int
check_with(const bytes_t *file, const platen_zip_limits_t *limits)
{
    int fd = bytes_fd(file->data, file->len), rc;

    assert_true(fd >= 0);
    memset(&verdict, 0xa5, sizeof(verdict));
    rc = platen_zip_check(fd, (off_t) file->len, limits, &verdict);
    close(fd);
    assert_non_null(memchr(verdict.sentence, '\0', sizeof(verdict.sentence)));
    if (rc == PLATEN_OK) {
        assert_int_equal(verdict.rule == PLATEN_ZIP_SAFE, verdict.sentence[0] == '\0');
    }
    return rc;
}

static platen_zip_rule_t
rule_of(const zip_t *z)
{
    assert_int_equal(check_with(&z->file, &platen_zip_limits), PLATEN_OK);
    return verdict.rule;
}

#define assert_rule(z, want)                                                                   \
    do {                                                                                       \
        platen_zip_rule_t got = rule_of(z);                                                    \
        if (got != (want)) {                                                                   \
            fail_msg("rule %d, not %d: %s", got, want, verdict.sentence);                      \
        }                                                                                      \
    } while (0)

/* Three entries of ten bytes each; where their headers are is easily said. */
#define LOCAL(n) ((size_t) (n) * (30 + 1 + 10))
#define CENTRAL(z, n) ((z)->central_at + (size_t) (n) * (46 + 1))

static void
three(zip_t *z)
{
    memset(z, 0, sizeof(*z));
    zip_add(z, "a", "0123456789");
    zip_add(z, "b", "0123456789");
    zip_add(z, "c", "0123456789");
    zip_end(z, 0);
}

/* The same claim in both headers of an entry; offsets are those of the local one. */
static void
claim(zip_t *z, unsigned n, size_t at, uint64_t value, unsigned len)
{
    bytes_patch(&z->file, LOCAL(n) + at, value, len);
    bytes_patch(&z->file, CENTRAL(z, n) + at + 2, value, len);
}

#define FLAGS 6
#define METHOD 8
#define COMPRESSED 18
#define SIZE 22
#define NAME 30

static void
test_safe(void **state)
{
    static const char *const names[] = {
        "[Content_Types].xml",
        "word/document.xml",
        "a..b",
        "...",
        "..x/y",
        "dir/",
        "caf\xc3\xa9.txt",
        "\x95\x5c.txt",
        "xy:z",
        "1:/y",
        "a b/\xe6\x97\xa5.md",
        "with \"quotes\".docx",
    };
    zip_t  z = { 0 };
    size_t i;

    (void) state;

    zip_end(&z, 0);
    assert_rule(&z, PLATEN_ZIP_SAFE);
    zip_free(&z);

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        zip_add(&z, names[i], "contents");
    }
    zip_end(&z, 300);
    assert_rule(&z, PLATEN_ZIP_SAFE);

    /* Bytes after the end: some transports add a few. */
    bytes_add(&z.file, NULL, 10);
    assert_rule(&z, PLATEN_ZIP_SAFE);
    zip_free(&z);
}

static void
test_not_a_zip(void **state)
{
    bytes_t b = { 0 };

    (void) state;

    assert_int_equal(check_with(&b, &platen_zip_limits), PLATEN_NOT_FOUND);
    bytes_add(&b, "\xd0\xcf\x11\xe0", 4);
    bytes_add(&b, NULL, 70000);
    assert_int_equal(check_with(&b, &platen_zip_limits), PLATEN_NOT_FOUND);
    assert_int_equal(verdict.rule, PLATEN_ZIP_SAFE);
    free(b.data);

    assert_int_equal(platen_zip_check(-1, 100, &platen_zip_limits, &verdict), PLATEN_NOT_FOUND);
}

/* 48: claims of one entry, at each limit and beyond it. */
static void
test_sizes(void **state)
{
    static const struct {
        uint64_t          size, compressed;
        platen_zip_rule_t rule;
    } cases[] = {
        { 10, 10, PLATEN_ZIP_SAFE },
        { 10 * MIB, 10, PLATEN_ZIP_SAFE }, /* no matter what from */
        { 63 * MIB, 10, PLATEN_ZIP_SAFE },
        { 64 * MIB + 1, 10, PLATEN_ZIP_RATIO },
        { 512 * MIB, 10, PLATEN_ZIP_RATIO },
        { 512 * MIB + 1, 10, PLATEN_ZIP_TOO_LARGE },
        { UINT32_MAX - 1, 10, PLATEN_ZIP_TOO_LARGE },
        { 0, 10, PLATEN_ZIP_SAFE },
    };
    zip_t  z;
    size_t i;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        three(&z);
        claim(&z, 1, METHOD, 8, 2);
        claim(&z, 1, COMPRESSED, cases[i].compressed, 4);
        claim(&z, 1, SIZE, cases[i].size, 4);
        assert_rule(&z, cases[i].rule);
        if (cases[i].rule != PLATEN_ZIP_SAFE) {
            assert_non_null(strstr(verdict.sentence, "entry 2 (b) would unpack"));
        }
        zip_free(&z);
    }

    /* Each is within the limits, all together are not. */
    three(&z);
    for (i = 0; i < 3; i++) {
        claim(&z, (unsigned) i, METHOD, 8, 2);
        claim(&z, (unsigned) i, SIZE, 22 * MIB, 4);
    }
    assert_rule(&z, PLATEN_ZIP_RATIO);
    assert_non_null(strstr(verdict.sentence, "the whole of it"));
    zip_free(&z);
}

/* With data enough behind them, large claims are honest. */
static void
test_large(void **state)
{
    static const platen_zip_limits_t small = {
        .entries = 3, .total = 250, .entry = 100, .ratio_from = 50, .ratio = 5
    };
    static const struct {
        uint64_t          size[3];
        platen_zip_rule_t rule;
    } cases[] = {
        { { 10, 10, 10 }, PLATEN_ZIP_SAFE },  { { 49, 49, 49 }, PLATEN_ZIP_SAFE },
        { { 50, 50, 50 }, PLATEN_ZIP_RATIO }, /* the whole of it */
        { { 10, 51, 10 }, PLATEN_ZIP_RATIO }, { { 10, 10, 101 }, PLATEN_ZIP_TOO_LARGE },
    };
    zip_t  z;
    size_t i;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        three(&z);
        claim(&z, 0, METHOD, 8, 2);
        claim(&z, 1, METHOD, 8, 2);
        claim(&z, 2, METHOD, 8, 2);
        claim(&z, 0, SIZE, cases[i].size[0], 4);
        claim(&z, 1, SIZE, cases[i].size[1], 4);
        claim(&z, 2, SIZE, cases[i].size[2], 4);
        assert_int_equal(check_with(&z.file, &small), PLATEN_OK);
        assert_int_equal(verdict.rule, cases[i].rule);
        zip_free(&z);
    }

    three(&z);
    assert_int_equal(check_with(&z.file, &(platen_zip_limits_t){ 3, 30, 10, 50, 5 }),
                     PLATEN_OK);
    assert_int_equal(verdict.rule, PLATEN_ZIP_SAFE);
    assert_int_equal(check_with(&z.file, &(platen_zip_limits_t){ 3, 29, 10, 50, 5 }),
                     PLATEN_OK);
    assert_int_equal(verdict.rule, PLATEN_ZIP_TOO_LARGE);
    assert_int_equal(check_with(&z.file, &(platen_zip_limits_t){ 2, 30, 10, 50, 5 }),
                     PLATEN_OK);
    assert_int_equal(verdict.rule, PLATEN_ZIP_TOO_MANY);
    zip_free(&z);
}

static void
test_too_many(void **state)
{
    static const unsigned counts[] = { 9999, 10000, 10001 };
    char                  name[16];
    zip_t                 z = { 0 };
    size_t                i;
    unsigned              n;

    (void) state;

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (n = 0; n < counts[i]; n++) {
            snprintf(name, sizeof(name), "%u", n * 7919 % counts[i]);
            zip_add(&z, name, "x");
        }
        zip_end(&z, 0);
        assert_rule(&z, counts[i] > PLATEN_ZIP_ENTRIES ? PLATEN_ZIP_TOO_MANY : PLATEN_ZIP_SAFE);

        /* The count lies: the directory is longer than it says. */
        bytes_patch(&z.file, z.end_at + 10, 5, 2);
        assert_rule(&z, PLATEN_ZIP_DIRECTORY);
        zip_free(&z);
    }
}

/* 49 and 50. */
static void
test_overlap(void **state)
{
    zip_t z;

    (void) state;

    /* Two names for the same bytes: the local header can only have one of them. */
    three(&z);
    bytes_patch(&z.file, CENTRAL(&z, 2) + 42, LOCAL(1), 4);
    assert_rule(&z, PLATEN_ZIP_LOCAL);
    zip_free(&z);

    /* The same name too: bytes of one entry twice. */
    three(&z);
    bytes_patch(&z.file, CENTRAL(&z, 2) + 42, LOCAL(1), 4);
    z.file.data[CENTRAL(&z, 2) + 46] = 'b';
    assert_rule(&z, PLATEN_ZIP_OVERLAP);
    zip_free(&z);

    /* Data that reaches over the next header, as in Fifield's. */
    three(&z);
    claim(&z, 0, COMPRESSED, 11, 4);
    claim(&z, 0, SIZE, 11, 4);
    assert_rule(&z, PLATEN_ZIP_OVERLAP);
    zip_free(&z);

    /* An entry that has the directory in it, and itself: stored, all of the file. */
    three(&z);
    claim(&z, 2, COMPRESSED, z.file.len - LOCAL(2) - 31, 4);
    claim(&z, 2, SIZE, z.file.len - LOCAL(2) - 31, 4);
    assert_rule(&z, PLATEN_ZIP_OVERLAP);
    zip_free(&z);

    /* A directory before the data. */
    three(&z);
    bytes_patch(&z.file, CENTRAL(&z, 0) + 42, CENTRAL(&z, 1), 4);
    assert_rule(&z, PLATEN_ZIP_LOCAL);
    zip_free(&z);

    three(&z);
    claim(&z, 0, METHOD, 8, 2);
    claim(&z, 0, COMPRESSED, UINT32_MAX - 1, 4);
    assert_rule(&z, PLATEN_ZIP_OVERLAP);
    zip_free(&z);
}

/* Fields of one of the two headers that the other contradicts. */
static void
test_local(void **state)
{
    static const struct {
        size_t            at;
        uint64_t          value;
        unsigned          len;
        platen_zip_rule_t rule;
    } cases[] = {
        { 0, 0, 1, PLATEN_ZIP_LOCAL },
        { FLAGS, 1, 2, PLATEN_ZIP_LOCAL },
        { FLAGS, 0x800, 2, PLATEN_ZIP_SAFE }, /* that names are UTF-8 */
        { METHOD, 8, 2, PLATEN_ZIP_LOCAL },
        { COMPRESSED, 9, 4, PLATEN_ZIP_LOCAL },
        { COMPRESSED, 0, 4, PLATEN_ZIP_LOCAL },
        { SIZE, 9, 4, PLATEN_ZIP_LOCAL },
        { SIZE, UINT32_MAX, 4, PLATEN_ZIP_LOCAL },
        { 26, 0, 2, PLATEN_ZIP_LOCAL },
        { 26, UINT16_MAX, 2, PLATEN_ZIP_LOCAL },
        { 28, 1, 2, PLATEN_ZIP_OVERLAP },
        { 28, UINT16_MAX, 2, PLATEN_ZIP_OVERLAP },
        { NAME, 'x', 1, PLATEN_ZIP_LOCAL },
        { 14, 99, 4, PLATEN_ZIP_SAFE }, /* the checksum is the unpacker's business */
    };
    zip_t  z;
    size_t i;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        three(&z);
        bytes_patch(&z.file, LOCAL(1) + cases[i].at, cases[i].value, cases[i].len);
        assert_rule(&z, cases[i].rule);
        zip_free(&z);
    }

    /* Stored is as large as it is. */
    three(&z);
    claim(&z, 1, SIZE, 1000, 4);
    assert_rule(&z, PLATEN_ZIP_LOCAL);
    zip_free(&z);
}

/* Written as a stream: the local header has no sizes yet. */
static void
test_streamed(void **state)
{
    static const uint32_t sizes[] = { 0, 10, UINT32_MAX, 9 };
    zip_t                 z;
    size_t                i;

    (void) state;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        three(&z);
        claim(&z, 1, FLAGS, 0x08, 2);
        bytes_patch(&z.file, LOCAL(1) + COMPRESSED, sizes[i], 4);
        bytes_patch(&z.file, LOCAL(1) + SIZE, sizes[i], 4);
        assert_rule(&z, sizes[i] == 9 ? PLATEN_ZIP_LOCAL : PLATEN_ZIP_SAFE);
        zip_free(&z);
    }
}

static void
test_encrypted(void **state)
{
    static const uint16_t flags[] = { 0x01, 0x41, 0x40, 0x09 };
    zip_t                 z;
    size_t                i;

    (void) state;

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        three(&z);
        claim(&z, 2, FLAGS, flags[i], 2);
        assert_rule(&z, PLATEN_ZIP_ENCRYPTED);
        assert_non_null(strstr(verdict.sentence, "entry 3 (c)"));
        zip_free(&z);
    }
}

/* 52 */
static void
test_names(void **state)
{
    static const char *const names[] = {
        "/etc/passwd", "../x",   "a/../b",      "a/..",
        "..",          "a\\b",   "\\\\host\\x", "C:/x",
        "c:x",         "..\\x",  "\\x",         "\x95\\..\\x",
        "a/..\\b",     "..\\\\", "dir/../../",  "\xe6\x97\xa5\\x",
    };
    zip_t      z = { 0 };
    zip_spec_t nul = { .name = "a\0.xml", .name_len = 6, .contents = "" };
    zip_spec_t none = { .name = "", .contents = "" };
    char       longest[1025];
    size_t     i;

    (void) state;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        zip_add(&z, "good", "");
        zip_add(&z, names[i], "x");
        zip_end(&z, 0);
        if (rule_of(&z) != PLATEN_ZIP_NAME) {
            fail_msg("%s: rule %d", names[i], verdict.rule);
        }
        zip_free(&z);
    }

    zip_add_spec(&z, &nul);
    zip_end(&z, 0);
    assert_rule(&z, PLATEN_ZIP_NAME);
    assert_non_null(strstr(verdict.sentence, "entry 1 would"));
    zip_free(&z);
    zip_add_spec(&z, &none);
    zip_end(&z, 0);
    assert_rule(&z, PLATEN_ZIP_NAME);
    zip_free(&z);

    memset(longest, 'n', sizeof(longest));
    for (i = 1024; i <= 1025; i++) {
        zip_add_spec(&z, &(zip_spec_t){ .name = longest, .name_len = i, .contents = "" });
        zip_end(&z, 0);
        assert_rule(&z, i == 1024 ? PLATEN_ZIP_SAFE : PLATEN_ZIP_NAME);
        zip_free(&z);
    }
}

static void
test_modes(void **state)
{
    static const struct {
        uint32_t          mode;
        platen_zip_rule_t rule;
    } cases[] = {
        { 0100644, PLATEN_ZIP_SAFE },    { 0040755, PLATEN_ZIP_SAFE },
        { 0, PLATEN_ZIP_SAFE },          { 0120777, PLATEN_ZIP_NO_FILE },
        { 0020666, PLATEN_ZIP_NO_FILE }, { 0060666, PLATEN_ZIP_NO_FILE },
        { 0010666, PLATEN_ZIP_SAFE },    { 0140666, PLATEN_ZIP_NO_FILE },
    };
    zip_t  z;
    size_t i;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        three(&z);
        bytes_patch(&z.file, CENTRAL(&z, 1) + 40, cases[i].mode, 2);
        assert_rule(&z, cases[i].rule);
        zip_free(&z);
    }
}

static void
test_duplicate(void **state)
{
    zip_t z = { 0 };

    (void) state;

    zip_add(&z, "word/document.xml", "one");
    zip_add(&z, "other", "x");
    zip_add(&z, "word/document.xml", "two");
    zip_end(&z, 0);
    assert_rule(&z, PLATEN_ZIP_DUPLICATE);
    zip_free(&z);
}

static void
test_directory(void **state)
{
    static const uint8_t fake[22] = { 'P', 'K', 5, 6 };
    zip_t                z;

    (void) state;

    /* Counts that lie; nothing may be left over, or missing. */
    three(&z);
    bytes_patch(&z.file, z.end_at + 10, 2, 2);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    bytes_patch(&z.file, z.end_at + 10, 4, 2);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    bytes_patch(&z.file, z.end_at + 10, 3, 2);
    assert_rule(&z, PLATEN_ZIP_SAFE);

    /* Not all of the directory, or not only. */
    bytes_patch(&z.file, z.end_at + 12, z.central.len - 1, 4);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    bytes_patch(&z.file, z.end_at + 12, z.central.len, 4);
    bytes_patch(&z.file, CENTRAL(&z, 1), 'X', 1);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    zip_free(&z);

    /* A directory that is not before its end record: some look there for it. */
    three(&z);
    zip_end(&z, 0);
    bytes_patch(&z.file, z.end_at + 16, LOCAL(3), 4);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    zip_free(&z);

    /* Two end records, either of which ends the file. */
    three(&z);
    bytes_patch(&z.file, z.end_at + 20, sizeof(fake), 2);
    bytes_add(&z.file, fake, sizeof(fake));
    bytes_patch(&z.file, z.file.len - 6, z.file.len - sizeof(fake), 4);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    zip_free(&z);

    /* Something else in front of it: two documents in one. */
    three(&z);
    memcpy(z.file.data, "%PDF", 4);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    zip_free(&z);
}

/* A ZIP64 field of the directory, with these values, for its only entry. */
static void
one64(zip_t *z, uint64_t size, uint64_t compressed, uint64_t local, const uint64_t *values,
      unsigned n)
{
    zip_spec_t s = { .name = "a", .name_len = 1, .contents = "0123456789", .len = 10 };
    size_t     extra;
    unsigned   i;

    memset(z, 0, sizeof(*z));
    s.extra_len = 4 + n * 8;
    zip_add_spec(z, &s);
    zip_end(z, 0);
    extra = CENTRAL(z, 0) + 47;
    bytes_patch(&z->file, extra, 1, 2);
    bytes_patch(&z->file, extra + 2, n * 8, 2);
    for (i = 0; i < n; i++) {
        bytes_patch(&z->file, extra + 4 + i * 8, values[i], 8);
    }
    bytes_patch(&z->file, CENTRAL(z, 0) + 20, compressed, 4);
    bytes_patch(&z->file, CENTRAL(z, 0) + 24, size, 4);
    bytes_patch(&z->file, CENTRAL(z, 0) + 42, local, 4);
}

static void
test_zip64(void **state)
{
    static const uint32_t all = UINT32_MAX;
    static const struct {
        uint64_t          size, compressed, local;
        unsigned          n;
        uint64_t          values[3];
        platen_zip_rule_t rule;
    } cases[] = {
        { 10, 10, 0, 0, { 0 }, PLATEN_ZIP_SAFE },
        { all, all, all, 3, { 10, 10, 0 }, PLATEN_ZIP_SAFE },
        { all, 10, 0, 1, { 10 }, PLATEN_ZIP_SAFE },
        { 10, all, 0, 1, { 10 }, PLATEN_ZIP_SAFE },
        { 10, 10, all, 1, { 0 }, PLATEN_ZIP_SAFE },
        { 10, 10, 0, 3, { 10, 10, 0 }, PLATEN_ZIP_SAFE },
        { 10, 10, 0, 2, { 10, 10 }, PLATEN_ZIP_SAFE },
        /* values that some programs take, and others do not */
        { 10, 10, 0, 1, { UINT64_C(1) << 40 }, PLATEN_ZIP_DIRECTORY },
        { 10, 10, 0, 3, { 10, 10, 5 }, PLATEN_ZIP_DIRECTORY },
        /* none where one must be */
        { all, 10, 0, 0, { 0 }, PLATEN_ZIP_DIRECTORY },
        { all, all, 0, 1, { 10 }, PLATEN_ZIP_DIRECTORY },
        { 10, 10, all, 0, { 0 }, PLATEN_ZIP_DIRECTORY },
        /* and ones that are too large, or nowhere */
        { all, 10, 0, 1, { UINT64_C(1) << 40 }, PLATEN_ZIP_TOO_LARGE },
        { all, 10, 0, 1, { UINT64_MAX }, PLATEN_ZIP_TOO_LARGE },
        { 10, all, 0, 1, { UINT64_MAX }, PLATEN_ZIP_LOCAL },
        { 10, 10, all, 1, { UINT64_MAX }, PLATEN_ZIP_LOCAL },
        { 10, 10, all, 1, { INT64_MAX }, PLATEN_ZIP_LOCAL },
    };
    zip_t  z;
    size_t i, end64;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        one64(&z, cases[i].size, cases[i].compressed, cases[i].local, cases[i].values,
              cases[i].n);
        if (rule_of(&z) != cases[i].rule) {
            fail_msg("%zu: rule %d: %s", i, verdict.rule, verdict.sentence);
        }
        zip_free(&z);
    }

    memset(&z, 0, sizeof(z));
    zip_add(&z, "a", "0123456789");
    zip_end64(&z);
    end64 = z.end_at - 20 - 56;
    assert_rule(&z, PLATEN_ZIP_SAFE);

    /* More entries than were counted; the end record's own number has the same right. */
    bytes_patch(&z.file, end64 + 32, UINT64_MAX, 8);
    assert_rule(&z, PLATEN_ZIP_TOO_MANY);
    bytes_patch(&z.file, end64 + 32, 1, 8);
    bytes_patch(&z.file, z.end_at + 10, 1, 2);
    assert_rule(&z, PLATEN_ZIP_SAFE);
    bytes_patch(&z.file, z.end_at + 10, 2, 2);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    bytes_patch(&z.file, z.end_at + 10, 1, 2);
    bytes_patch(&z.file, z.end_at + 16, 5, 4);
    assert_rule(&z, PLATEN_ZIP_DIRECTORY);
    zip_free(&z);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_safe),      cmocka_unit_test(test_not_a_zip),
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_large),
        cmocka_unit_test(test_too_many),  cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_local),     cmocka_unit_test(test_streamed),
        cmocka_unit_test(test_encrypted), cmocka_unit_test(test_names),
        cmocka_unit_test(test_modes),     cmocka_unit_test(test_duplicate),
        cmocka_unit_test(test_directory), cmocka_unit_test(test_zip64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
