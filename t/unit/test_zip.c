/* Tests of platen_zip: whole, cut, padded and lying central directories. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "format/zip_check.h"
#include "zip_bytes.h"

/* What a walk saw. */
typedef struct {
    int                entries;
    int                stop_at; /* 0: never */
    char               names[8][32];
    platen_zip_entry_t last; /* its name is gone */
    size_t             longest;
} seen_t;

static int
see(void *data, const platen_zip_entry_t *e)
{
    seen_t *seen = data;
    size_t  n = e->name_len < 31 ? e->name_len : 31;

    if (seen->entries < 8) {
        memcpy(seen->names[seen->entries], e->name, n);
        seen->names[seen->entries][n] = '\0';
    }
    if (e->name_len > seen->longest) {
        seen->longest = e->name_len;
    }
    seen->last = *e;
    seen->last.name = NULL;
    return ++seen->entries == seen->stop_at;
}

/* Walks bytes as a file that claims to have `size` of them. */
static int
walk_sized(const uint8_t *data, size_t len, off_t size, seen_t *seen)
{
    uint8_t *buf = malloc(PLATEN_ZIP_BUFFER); /* exact, for the sanitizer */
    int      fd, rc;

    fd = bytes_fd(data, len);
    assert_true(fd >= 0);
    assert_non_null(buf);
    memset(buf, 0xa5, PLATEN_ZIP_BUFFER);
    rc = platen_zip_walk(fd, size, buf, see, seen);
    free(buf);
    close(fd);
    return rc;
}

static int
walk(const zip_t *z, seen_t *seen)
{
    memset(seen, 0, sizeof(*seen));
    return walk_sized(z->file.data, z->file.len, (off_t) z->file.len, seen);
}

static void
three(zip_t *z)
{
    memset(z, 0, sizeof(*z));
    zip_add(z, "a", "first");
    zip_add(z, "dir/b.xml", "");
    zip_add(z, "c", "third");
}

static void
assert_three(const seen_t *seen)
{
    assert_int_equal(seen->entries, 3);
    assert_string_equal(seen->names[0], "a");
    assert_string_equal(seen->names[1], "dir/b.xml");
    assert_string_equal(seen->names[2], "c");
}

static void
test_walk(void **state)
{
    zip_spec_t s = { .name = "s",
                     .name_len = 1,
                     .contents = "xyz",
                     .len = 3,
                     .flags = 0x801,
                     .method = 8,
                     .extra_len = 20,
                     .comment_len = 7 };
    zip_t      z;
    seen_t     seen;

    (void) state;

    three(&z);
    zip_end(&z, 0);
    assert_int_equal(walk(&z, &seen), 0);
    assert_three(&seen);
    zip_free(&z);

    three(&z);
    zip_add_spec(&z, &s);
    zip_add(&z, "behind", "");
    zip_end(&z, 0);
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 5);
    assert_string_equal(seen.names[4], "behind");

    memset(&seen, 0, sizeof(seen));
    seen.stop_at = 4;
    assert_int_equal(walk_sized(z.file.data, z.file.len, (off_t) z.file.len, &seen), 0);
    assert_int_equal(seen.entries, 4);
    assert_int_equal(seen.last.flags, 0x801);
    assert_int_equal(seen.last.method, 8);
    assert_int_equal(seen.last.size, 3);
    assert_int_equal(seen.last.name_len, 1);
    assert_memory_equal(z.file.data + seen.last.local, "PK\3\4", 4);
    zip_free(&z);
}

static void
test_empty(void **state)
{
    zip_t  z = { 0 };
    seen_t seen;

    (void) state;

    zip_end(&z, 0);
    assert_int_equal(z.file.len, 22);
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 0);
    zip_free(&z);

    zip_end(&z, 30);
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 0);
    zip_free(&z);
}

static void
test_not_a_zip(void **state)
{
    uint8_t bytes[100] = { 'P', 'K', 3, 4 };
    seen_t  seen = { 0 };

    (void) state;

    assert_int_equal(walk_sized(bytes, 0, 0, &seen), -1);
    assert_int_equal(walk_sized(bytes, 4, 4, &seen), -1);
    assert_int_equal(walk_sized(bytes, 21, 21, &seen), -1);
    assert_int_equal(walk_sized(bytes, 22, 22, &seen), -1);
    assert_int_equal(walk_sized(bytes, sizeof(bytes), sizeof(bytes), &seen), -1);
    assert_int_equal(walk_sized(bytes, sizeof(bytes), -1, &seen), -1);
    assert_int_equal(seen.entries, 0);

    assert_int_equal(platen_zip_walk(-1, 100, bytes, see, &seen), -1);
}

/* Without its end record there is no directory, wherever it was cut. */
static void
test_truncated(void **state)
{
    zip_t  z;
    seen_t seen;
    size_t len;

    (void) state;

    three(&z);
    zip_end(&z, 0);
    for (len = 0; len < z.file.len; len++) {
        memset(&seen, 0, sizeof(seen));
        assert_int_equal(walk_sized(z.file.data, len, (off_t) len, &seen), -1);
        assert_int_equal(seen.entries, 0);

        /* A file that shrank since it was measured. */
        assert_int_equal(walk_sized(z.file.data, len, (off_t) z.file.len, &seen), -1);
        assert_int_equal(seen.entries, 0);
    }
    zip_free(&z);
}

static void
test_comment(void **state)
{
    static const size_t lengths[] = { 1, 21, 22, 1000, 65534, 65535 };
    zip_t               z;
    seen_t              seen;
    size_t              i;

    (void) state;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        three(&z);
        zip_end(&z, lengths[i]);
        assert_int_equal(walk(&z, &seen), 0);
        assert_three(&seen);

        /* A comment that the file ends in the middle of: the record is a lie. */
        memset(&seen, 0, sizeof(seen));
        assert_int_equal(walk_sized(z.file.data, z.file.len - 1, (off_t) z.file.len - 1, &seen),
                         -1);
        zip_free(&z);
    }

    /* Two bytes cannot say 70,000: the end record lies too far from the end. */
    three(&z);
    zip_end(&z, 0);
    bytes_add(&z.file, NULL, 70000);
    assert_int_equal(walk(&z, &seen), -1);
    assert_int_equal(seen.entries, 0);
    zip_free(&z);
    three(&z);
    zip_end(&z, 70000);
    assert_int_equal(walk(&z, &seen), -1);
    zip_free(&z);
}

/* The last record that can be one counts, not the first. */
static void
test_end_record_in_comment(void **state)
{
    static const uint8_t fake[22] = { 'P', 'K', 5, 6 };
    zip_t                z;
    seen_t               seen;

    (void) state;

    three(&z);
    zip_end(&z, sizeof(fake));
    memcpy(z.file.data + z.end_at + 22, fake, sizeof(fake));
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 0);

    /* One that claims a comment beyond the end is passed over. */
    z.file.data[z.end_at + 22 + 20] = 1;
    assert_int_equal(walk(&z, &seen), 0);
    assert_three(&seen);
    zip_free(&z);
}

static void
test_zip64(void **state)
{
    static const uint64_t lies[] = {
        0, 1, INT64_MAX, UINT64_MAX, UINT64_MAX - 55, UINT64_C(1) << 32
    };
    zip_t  z;
    seen_t seen;
    size_t i, end64;

    (void) state;

    three(&z);
    zip_end64(&z);
    end64 = z.end_at - 20 - 56;
    assert_int_equal(walk(&z, &seen), 0);
    assert_three(&seen);

    for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        /* the locator's offset of the record */
        bytes_patch(&z.file, z.end_at - 12, lies[i], 8);
        assert_int_equal(walk(&z, &seen), -1);
        bytes_patch(&z.file, z.end_at - 12, end64, 8);

        /* the directory's offset */
        bytes_patch(&z.file, end64 + 48, lies[i], 8);
        assert_int_equal(walk(&z, &seen), -1);
        assert_int_equal(seen.entries, 0);
        bytes_patch(&z.file, end64 + 48, z.central_at, 8);

        /* the directory's length; too short is noticed by the walk */
        bytes_patch(&z.file, end64 + 40, lies[i], 8);
        assert_int_equal(walk(&z, &seen), lies[i] == 0 ? 0 : -1);
        assert_int_equal(seen.entries, 0);
        bytes_patch(&z.file, end64 + 40, z.central.len, 8);
    }

    /* Without the locator, 2^32-1 is meant: beyond the file. */
    z.file.data[z.end_at - 20] = 'X';
    assert_int_equal(walk(&z, &seen), -1);
    zip_free(&z);

    /* An end record at the very start has no room for a locator before it. */
    zip_end(&z, 0);
    bytes_patch(&z.file, 12, UINT32_MAX, 4);
    bytes_patch(&z.file, 16, UINT32_MAX, 4);
    assert_int_equal(walk(&z, &seen), -1);
    zip_free(&z);
}

static void
test_lying_end_record(void **state)
{
    static const uint64_t lies[] = { 1, 45, UINT16_MAX, INT32_MAX, UINT32_MAX - 1, UINT32_MAX };
    zip_t                 z;
    seen_t                seen;
    size_t                i;

    (void) state;

    three(&z);
    zip_end(&z, 0);

    for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        bytes_patch(&z.file, z.end_at + 16, lies[i], 4); /* offset */
        assert_int_equal(walk(&z, &seen), -1);
        assert_int_equal(seen.entries, 0);
        bytes_patch(&z.file, z.end_at + 16, z.central_at, 4);

        bytes_patch(&z.file, z.end_at + 12, lies[i], 4); /* length */
        assert_int_equal(walk(&z, &seen), -1);
        assert_int_equal(seen.entries, 0);
        bytes_patch(&z.file, z.end_at + 12, z.central.len, 4);
    }

    /* A directory one byte longer than what is left. */
    bytes_patch(&z.file, z.end_at + 12, z.file.len - z.central_at + 1, 4);
    assert_int_equal(walk(&z, &seen), -1);

    /* One that takes the end record in: the walk ends there. */
    bytes_patch(&z.file, z.end_at + 12, z.file.len - z.central_at, 4);
    assert_int_equal(walk(&z, &seen), 0);
    assert_three(&seen);

    /* Cut in the middle of the third header: two are real. */
    bytes_patch(&z.file, z.end_at + 12, z.central.len - 1, 4);
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 2);
    zip_free(&z);
}

/* The counts are not believed: what is there is what counts. */
static void
test_lying_counts(void **state)
{
    static const uint16_t counts[] = { 0, 1, 4, UINT16_MAX };
    zip_t                 z;
    seen_t                seen;
    size_t                i;

    (void) state;

    three(&z);
    zip_end(&z, 0);
    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        bytes_patch(&z.file, z.end_at + 8, counts[i], 2);
        bytes_patch(&z.file, z.end_at + 10, counts[i], 2);
        assert_int_equal(walk(&z, &seen), 0);
        assert_three(&seen);
    }
    zip_free(&z);
}

static void
test_lying_entry(void **state)
{
    zip_t  z;
    seen_t seen;
    size_t second;
    int    field;

    (void) state;

    three(&z);
    zip_end(&z, 0);
    second = z.central_at + 46 + 1;

    /* Lengths of name, extra field and comment that reach out of the directory. */
    for (field = 28; field <= 32; field += 2) {
        uint8_t was = z.file.data[second + (size_t) field];

        bytes_patch(&z.file, second + (size_t) field, UINT16_MAX, 2);
        assert_int_equal(walk(&z, &seen), 0);
        assert_int_equal(seen.entries, field == 28 ? 1 : 2);
        bytes_patch(&z.file, second + (size_t) field, was, 2);
    }

    z.file.data[second] = 'X';
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 1);
    z.file.data[z.central_at] = 'X';
    assert_int_equal(walk(&z, &seen), -1);
    assert_int_equal(seen.entries, 0);
    zip_free(&z);
}

/* A comment that leads out of the directory leads to no other entry. */
static void
test_jump_out(void **state)
{
    zip_spec_t s = { .name = "a", .name_len = 1, .contents = "", .comment_len = 100 };
    zip_t      z = { 0 };
    seen_t     seen;

    (void) state;

    zip_add_spec(&z, &s);
    zip_add(&z, "outside", "");
    zip_end(&z, 0);
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 2);
    bytes_patch(&z.file, z.end_at + 12, 46 + 1, 4);
    assert_int_equal(walk(&z, &seen), 0);
    assert_int_equal(seen.entries, 1);
    zip_free(&z);
}

/* Nothing hides behind an entry that is as large as one can be. */
static void
test_largest_headers(void **state)
{
    static const size_t lengths[] = { 65511, 65512, 65513, 65535 };
    char               *name = malloc(65535);
    zip_spec_t s = { .name = name, .contents = "", .extra_len = 65535, .comment_len = 65535 };
    zip_t      z = { 0 };
    seen_t     seen;
    size_t     i;

    (void) state;

    assert_non_null(name);
    memset(name, 'n', 65535);
    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        s.name_len = lengths[i];
        zip_add_spec(&z, &s);
        zip_add(&z, "behind", "");
        zip_end(&z, 0);
        assert_int_equal(walk(&z, &seen), 0);
        assert_int_equal(seen.longest, lengths[i]);
        assert_int_equal(seen.entries, 2);
        assert_string_equal(seen.names[1], "behind");
        zip_free(&z);
    }
    free(name);
}

/* The directory is several buffers long; entries fall on every seam. */
static void
test_many_entries(void **state)
{
    static const unsigned counts[] = { 1500, 9999, 10000, 10001, 25000 };
    char                  name[32];
    zip_t                 z = { 0 };
    seen_t                seen;
    size_t                i;
    unsigned              n;

    (void) state;

    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (n = 0; n < counts[i]; n++) {
            snprintf(name, sizeof(name), "%.*s%u", (int) (n % 7), "abcdefg", n);
            zip_add(&z, name, "");
        }
        zip_end(&z, 0);
        assert_int_equal(walk(&z, &seen), 0);
        assert_int_equal(seen.entries,
                         counts[i] < PLATEN_ZIP_ENTRIES ? counts[i] : PLATEN_ZIP_ENTRIES);
        zip_free(&z);
    }
}

static void
test_stored(void **state)
{
    zip_t              z = { 0 };
    seen_t             seen;
    platen_zip_entry_t e;
    char               out[16];
    int                fd;

    (void) state;

    zip_add(&z, "mimetype", "0123456789");
    zip_end(&z, 0);
    assert_int_equal(walk(&z, &seen), 0);
    fd = bytes_fd(z.file.data, z.file.len);
    assert_true(fd >= 0);

    memset(out, '#', sizeof(out));
    assert_int_equal(platen_zip_stored(fd, &seen.last, out, sizeof(out)), 10);
    assert_memory_equal(out, "0123456789######", 16);
    memset(out, '#', sizeof(out));
    assert_int_equal(platen_zip_stored(fd, &seen.last, out, 4), 4);
    assert_memory_equal(out, "0123############", 16);
    assert_int_equal(platen_zip_stored(fd, &seen.last, out, 0), 0);

    e = seen.last;
    e.method = 8;
    assert_int_equal(platen_zip_stored(fd, &e, out, sizeof(out)), -1);
    e = seen.last;
    e.flags = 1;
    assert_int_equal(platen_zip_stored(fd, &e, out, sizeof(out)), -1);
    e = seen.last;
    e.local = 1;
    assert_int_equal(platen_zip_stored(fd, &e, out, sizeof(out)), -1);
    e.local = z.file.len;
    assert_int_equal(platen_zip_stored(fd, &e, out, sizeof(out)), -1);
    e.local = UINT32_MAX;
    assert_int_equal(platen_zip_stored(fd, &e, out, sizeof(out)), -1);
    e.local = UINT64_MAX;
    assert_int_equal(platen_zip_stored(fd, &e, out, sizeof(out)), -1);

    /* A size that lies ends where the file does. */
    e = seen.last;
    e.size = UINT32_MAX;
    assert_int_equal(platen_zip_stored(fd, &e, out, sizeof(out)), 16);
    close(fd);

    /* A local header whose name and extra field lead out of the file. */
    bytes_patch(&z.file, 26, UINT16_MAX, 2);
    bytes_patch(&z.file, 28, UINT16_MAX, 2);
    fd = bytes_fd(z.file.data, z.file.len);
    assert_true(fd >= 0);
    assert_int_equal(platen_zip_stored(fd, &seen.last, out, sizeof(out)), 0);
    close(fd);
    zip_free(&z);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk),         cmocka_unit_test(test_empty),
        cmocka_unit_test(test_not_a_zip),    cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_comment),      cmocka_unit_test(test_end_record_in_comment),
        cmocka_unit_test(test_zip64),        cmocka_unit_test(test_lying_end_record),
        cmocka_unit_test(test_lying_counts), cmocka_unit_test(test_lying_entry),
        cmocka_unit_test(test_jump_out),     cmocka_unit_test(test_largest_headers),
        cmocka_unit_test(test_many_entries), cmocka_unit_test(test_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
