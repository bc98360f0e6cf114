/* Tests of platen_cache_key: which submissions are the same conversion. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/digest.h"
#include "job/cache_key.h"

#define SHA "0123456789abcdef0123456789abcdef"

static const platen_job_t usual = {
    .client = PLATEN_STR("a"),
    .input_sha256 = PLATEN_STR(SHA),
    .source_format = PLATEN_STR("txt"),
    .target_format = PLATEN_STR("pdf"),
    .options = PLATEN_STR("pages=1"),
    .input_filename = PLATEN_STR("one.txt"),
};

static int
same(const platen_job_t *a, const platen_job_t *b)
{
    uint8_t one[PLATEN_SHA256_LEN], other[PLATEN_SHA256_LEN];

    assert_int_equal(platen_cache_key(a, one), PLATEN_OK);
    assert_int_equal(platen_cache_key(b, other), PLATEN_OK);
    return memcmp(one, other, sizeof(one)) == 0;
}

static void
test_parts(void **state)
{
    platen_job_t jobs[] = { usual, usual, usual, usual, usual };
    size_t       i;

    (void) state;
    jobs[0].client = (platen_str_t) PLATEN_STR("b");
    jobs[1].input_sha256 = (platen_str_t) PLATEN_STR("f" SHA);
    jobs[1].input_sha256.len = PLATEN_SHA256_LEN;
    jobs[2].source_format = (platen_str_t) PLATEN_STR("md");
    jobs[3].target_format = (platen_str_t) PLATEN_STR("html");
    jobs[4].options = (platen_str_t) PLATEN_STR("pages=2");
    assert_true(same(&usual, &usual));
    for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        assert_false(same(&usual, &jobs[i]));
    }
}

/* It may be in a result of some formats, and then makes another one. */
static void
test_name(void **state)
{
    platen_job_t one = usual, other = usual;

    (void) state;
    other.input_filename = (platen_str_t) PLATEN_STR("other.txt");
    assert_true(same(&one, &other));
    one.source_format = other.source_format = (platen_str_t) PLATEN_STR("docx");
    assert_false(same(&one, &other));
}

/* A result of another version is not that of this one. */
static void
test_version(void **state)
{
    const platen_str_t parts[] = {
        usual.client,        usual.input_sha256, usual.source_format,
        usual.target_format, usual.options,      { "", 0 },
    };
    uint8_t key[PLATEN_SHA256_LEN], without[PLATEN_SHA256_LEN];

    (void) state;
    assert_int_equal(platen_cache_key(&usual, key), PLATEN_OK);
    assert_int_equal(platen_digest(parts, sizeof(parts) / sizeof(parts[0]), without),
                     PLATEN_OK);
    assert_memory_not_equal(key, without, sizeof(key));
}

static void
test_none(void **state)
{
    platen_job_t job = usual;
    uint8_t      key[PLATEN_SHA256_LEN];

    (void) state;
    job.secrets = (platen_str_t) PLATEN_STR("password");
    assert_int_equal(platen_cache_key(&job, key), PLATEN_NOT_FOUND);
    job = usual;
    job.input_sha256.len = 0;
    assert_int_equal(platen_cache_key(&job, key), PLATEN_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
