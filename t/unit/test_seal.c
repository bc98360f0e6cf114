/* platen_seal: passwords sealed and opened, and the file of their key. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/seal.h"
#include "scratch.h"

#define SECRET "password=s3cret\n"
#define LEN (sizeof(SECRET) - 1 + PLATEN_SEAL_MORE)

static char scratch[SCRATCH_MAX];

static int
setup(void **state)
{
    (void) state;
    return scratch_make(scratch);
}

static int
teardown(void **state)
{
    (void) state;
    scratch_remove(scratch);
    return 0;
}

static void
test_seal(void **state)
{
    uint8_t      key[PLATEN_SEAL_KEY_LEN] = { 1 }, other[PLATEN_SEAL_KEY_LEN] = { 2 };
    char         a[LEN], b[LEN], out[LEN];
    platen_str_t sealed = { a, LEN };
    size_t       i;

    (void) state;
    assert_int_equal(platen_seal(key, PLATEN_STR(SECRET), a), PLATEN_OK);
    assert_int_equal(platen_seal(key, PLATEN_STR(SECRET), b), PLATEN_OK);
    assert_memory_not_equal(a, b, LEN); /* nobody sees that two are the same */
    assert_null(memmem(a, LEN, "s3cret", 6));
    assert_true(platen_seal_is(sealed));
    assert_false(platen_seal_is(PLATEN_STR(SECRET "that an earlier version has written")));

    assert_int_equal(platen_seal_open(key, sealed, out), PLATEN_OK);
    assert_memory_equal(out, SECRET, sizeof(SECRET) - 1);
    assert_int_equal(platen_seal_open(other, sealed, out), PLATEN_CORRUPT);
    for (i = 0; i < LEN; i++) {
        a[i] ^= 4;
        assert_int_equal(platen_seal_open(key, sealed, out), PLATEN_CORRUPT);
        a[i] ^= 4;
    }
    sealed.len--;
    assert_int_equal(platen_seal_open(key, sealed, out), PLATEN_CORRUPT);
}

/* Made once, by whoever comes first, and the same for all; not for everyone to read. */
static void
test_key(void **state)
{
    uint8_t     key[PLATEN_SEAL_KEY_LEN], again[PLATEN_SEAL_KEY_LEN];
    uint8_t     none[PLATEN_SEAL_KEY_LEN] = { 0 };
    char        path[SCRATCH_MAX + 32];
    struct stat st;
    int         i, status, ends[2];

    (void) state;
    assert_int_equal(platen_seal_key(scratch, 0, key), PLATEN_NOT_FOUND);

    assert_int_equal(pipe(ends), 0);
    for (i = 0; i < 8; i++) {
        if (fork() == 0) {
            _exit(platen_seal_key(scratch, 1, key) == PLATEN_OK
                          && write(ends[1], key, sizeof(key)) == sizeof(key)
                      ? 0
                      : 1);
        }
    }
    for (i = 0; i < 8; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(platen_seal_key(scratch, 0, key), PLATEN_OK);
    assert_memory_not_equal(key, none, sizeof(key));
    for (i = 0; i < 8; i++) {
        assert_int_equal(read(ends[0], again, sizeof(again)), sizeof(again));
        assert_memory_equal(again, key, sizeof(key));
    }

    snprintf(path, sizeof(path), "%s/" PLATEN_SEAL_FILE, scratch);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(st.st_nlink, 1);

    assert_int_equal(truncate(path, 5), 0);
    assert_int_equal(platen_seal_key(scratch, 1, key), PLATEN_ERROR);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_seal),
                                        cmocka_unit_test(test_key) };

    return cmocka_run_group_tests(tests, setup, teardown);
}
