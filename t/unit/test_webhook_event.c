/* platen_webhook_event: the body, to the letter; signatures, with a known answer; secrets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "webhook/event.h"
#include "scratch.h"

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

static platen_job_t
a_job(void)
{
    return (platen_job_t){
        .state = PLATEN_STATE_SUCCESS,
        .client = PLATEN_STR("acme"),
        .request_id = PLATEN_STR("req-1"),
        .source_format = PLATEN_STR("docx"),
        .target_format = PLATEN_STR("png"),
        .output_format = PLATEN_STR("zip"),
        .input_filename = PLATEN_STR("a \"b\" \xc3\xa4.docx"),
        .input_size = 10,
        .output_size = 20,
        .warnings = PLATEN_STR("One.\nTwo."),
        .engines = PLATEN_STR("pandoc\nlok"),
        .secrets = PLATEN_STR("password=secret\n"),
        .options = PLATEN_STR("pages=1\n"),
        .attempts = 2,
        .created_at = 1700000000000001,
        .started_at = 1700000001000000,
        .completed_at = 1700000002000000,
        .expires_at = 1700000003000000,
    };
}

static void
assert_body(const platen_hook_t *hook, const platen_job_t *job, const char *base,
            const char *expected)
{
    char *body = platen_webhook_event_body(hook, job, base);

    assert_non_null(body);
    assert_string_equal(body, expected);
    free(body);
}

#define ID "00000000-0000-0000-0000-000000000000"

static void
test_body(void **state)
{
    platen_hook_t hook = { .seq = 19, .time = 1700000002000000, .state = PLATEN_STATE_SUCCESS };
    platen_job_t  job = a_job();

    (void) state;
    assert_body(
        &hook, &job, "https://example.com/api//",
        "{\"seq\":19,\"event\":\"job_done\",\"job_id\":\"" ID "\",\"status\":\"SUCCESS\","
        "\"time\":\"2023-11-14T22:13:22.000000Z\",\"error_code\":null,"
        "\"download_url\":\"https://example.com/api/jobs/" ID "/download\","
        "\"job\":{\"job_id\":\"" ID "\",\"status\":\"SUCCESS\",\"source_format\":\"docx\","
        "\"target_format\":\"png\",\"input_filename\":\"a \\\"b\\\" \xc3\xa4.docx\","
        "\"input_size\":10,\"output_file\":\"a \\\"b\\\" \xc3\xa4.zip\","
        "\"output_size\":20,\"error\":null,\"error_code\":null,"
        "\"warnings\":[\"One.\",\"Two.\"],\"engines\":[\"pandoc\",\"lok\"],\"cached\":false,"
        "\"attempts\":2,"
        "\"priority\":\"normal\",\"created_at\":\"2023-11-14T22:13:20.000001Z\","
        "\"started_at\":\"2023-11-14T22:13:21.000000Z\","
        "\"completed_at\":\"2023-11-14T22:13:22.000000Z\","
        "\"expires_at\":\"2023-11-14T22:13:23.000000Z\","
        "\"download_url\":\"https://example.com/api/jobs/" ID "/download\","
        "\"request_id\":\"req-1\"}}");

    memset(&job, 0, sizeof(job));
    job.state = PLATEN_STATE_FAILED;
    job.error_code = PLATEN_STR("timeout");
    job.error = PLATEN_STR("bad \xff byte");
    hook.state = PLATEN_STATE_NONE;
    assert_body(
        &hook, &job, "",
        "{\"seq\":19,\"event\":\"job_removed\",\"job_id\":\"" ID "\",\"status\":null,"
        "\"time\":\"2023-11-14T22:13:22.000000Z\",\"error_code\":null,\"download_url\":null,"
        "\"job\":{\"job_id\":\"" ID "\",\"status\":\"FAILED\",\"source_format\":null,"
        "\"target_format\":null,\"input_filename\":null,\"input_size\":0,\"output_file\":null,"
        "\"output_size\":null,\"error\":\"bad ? byte\",\"error_code\":\"timeout\","
        "\"warnings\":[],\"engines\":[],\"cached\":false,\"attempts\":0,\"priority\":"
        "\"normal\","
        "\"created_at\":null,\"started_at\":null,\"completed_at\":null,\"expires_at\":null,"
        "\"download_url\":null,\"request_id\":null}}");
}

static void
test_delivery(void **state)
{
    char          out[PLATEN_WEBHOOK_DELIVERY_TEXT];
    platen_hook_t hook = { .seq = UINT64_MAX };

    (void) state;
    platen_webhook_event_delivery(&hook, out);
    assert_string_equal(out, ID ".18446744073709551615");
}

static void
write_file(const char *name, const char *text, char path[SCRATCH_MAX + 32])
{
    FILE *file;

    snprintf(path, SCRATCH_MAX + 32, "%s/%s", scratch, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

#define ONE "0123456789abcdef0123456789abcdef"
#define TWO "fedcba9876543210fedcba9876543210"

static void
test_sign(void **state)
{
    platen_sign_keys_t keys = { .n = 0 };
    char               out[PLATEN_WEBHOOK_SIGNATURE_TEXT];
    size_t             i;

    (void) state;
    assert_int_equal(platen_webhook_event_sign(&keys, "1700000000", "{}", out), 0);
    assert_string_equal(out, "");

    /* printf '1700000000.{}' | openssl dgst -sha256 -hmac "$KEY" */
    assert_null(platen_sign_key_add(&keys, ONE, 32));
    assert_int_equal(platen_webhook_event_sign(&keys, "1700000000", "{}", out), 0);
    assert_string_equal(
        out, "sha256=417adf36b901772f658597a76d329694e335e65fc0849d7715c3ca33406309b5");
    assert_null(platen_sign_key_add(&keys, TWO, 32));
    assert_int_equal(platen_webhook_event_sign(&keys, "1700000000", "{}", out), 0);
    assert_string_equal(
        out, "sha256=417adf36b901772f658597a76d329694e335e65fc0849d7715c3ca33406309b5, "
             "sha256=b6d99b0f2ec59d2c5f107611baf49ac83f395d160cc5f5aec75cb0cf473f082a");
    for (i = keys.n; i < PLATEN_SIGN_KEYS_MAX; i++) {
        assert_null(platen_sign_key_add(&keys, TWO, 32));
    }
    assert_int_equal(platen_webhook_event_sign(&keys, "1700000000", "{}", out), 0);
    assert_int_equal(strlen(out), 8 * 73 - 2);
}

static void
test_secrets(void **state)
{
    platen_sign_keys_t keys;
    char               one[SCRATCH_MAX + 32], two[SCRATCH_MAX + 32], bad[SCRATCH_MAX + 32];
    char               paths[3 * SCRATCH_MAX], err[2 * SCRATCH_MAX];

    (void) state;
    write_file("one", ONE "\n", one);
    write_file("two", TWO, two);
    snprintf(paths, sizeof(paths), " %s\t%s ", one, two);
    assert_int_equal(platen_webhook_event_secrets(paths, &keys, err, sizeof(err)), 0);
    assert_int_equal(keys.n, 2);
    assert_memory_equal(keys.key[0].bytes, ONE, 32);
    assert_int_equal(keys.key[1].len, 32);

    assert_int_equal(platen_webhook_event_secrets("", &keys, err, sizeof(err)), 0);
    assert_int_equal(keys.n, 0);

    write_file("bad", "too short", bad);
    assert_int_equal(platen_webhook_event_secrets(bad, &keys, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "32 characters at least"));
    assert_null(strstr(err, "too short"));
    assert_int_equal(unlink(bad), 0);
    assert_int_equal(platen_webhook_event_secrets(bad, &keys, err, sizeof(err)), -1);
    assert_non_null(strstr(err, "No such file"));
    assert_int_equal(platen_webhook_event_secrets(scratch, &keys, err, sizeof(err)), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_delivery),
        cmocka_unit_test(test_sign),
        cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
