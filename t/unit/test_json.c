/* platen_json: what is escaped, what is null, sinks with and without room; events. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "job/json.h"

static void
test_values(void **state)
{
    platen_json_t j;
    char         *text;

    (void) state;
    platen_json_heap(&j);
    platen_json_open(&j, NULL, '{');
    platen_json_string(&j, "a", "\" \\ / \b\f\n\r\t \x01\x1f \x7f \xc3\xa4", 19);
    platen_json_string(&j, "invalid", "\xc3\xa4 \xff \"", 6);
    platen_json_string(&j, "empty", "", 0);
    platen_json_string(&j, "zero", "\0", 1);
    platen_json_string(&j, "none", NULL, 0);
    platen_json_text(&j, "text", (platen_str_t){ "", 0 });
    platen_json_word(&j, "word", "w\"", 2);
    platen_json_joined(&j, "joined", PLATEN_STR("a\n"), PLATEN_STR("b\n"));
    platen_json_uint(&j, "uint", UINT64_MAX);
    platen_json_uint(&j, "0", 0);
    platen_json_time(&j, "time", 1700000000000001);
    platen_json_time(&j, "never", 0);
    platen_json_open(&j, "parts", '[');
    platen_json_parts(&j, PLATEN_STR("one\n\ntwo\n"), '\n');
    platen_json_parts(&j, (platen_str_t){ NULL, 0 }, '\n');
    platen_json_close(&j, ']');
    platen_json_open(&j, "o", '{');
    platen_json_close(&j, '}');
    platen_json_raw(&j, "raw", "1.0");
    platen_json_close(&j, '}');
    text = platen_json_heap_end(&j);
    assert_non_null(text);
    assert_string_equal(
        text, "{\"a\":\"\\\" \\\\ / \\b\\f\\n\\r\\t \\u0001\\u001F \x7f \xc3\xa4\","
              "\"invalid\":\"?? ? \\\"\",\"empty\":\"\",\"zero\":\"\\u0000\",\"none\":null,"
              "\"text\":null,\"word\":\"w\"\",\"joined\":\"a\\nb\\n\","
              "\"uint\":18446744073709551615,\"0\":0,"
              "\"time\":\"2023-11-14T22:13:20.000001Z\",\"never\":null,"
              "\"parts\":[\"one\",\"\",\"two\"],\"o\":{},\"raw\":1.0}");
    free(text);
}

/* Each byte at each place: what is written many bytes at a time is what it is one at a time. */
static void
test_places(void **state)
{
    static const char letters[] = "\b\f\n\r\t\"\\", of[] = "bfnrt\"\\";
    platen_json_t     j;
    char              in[20], room[64], expected[64], one[8];
    const char       *p;
    size_t            len, at;
    unsigned          c;

    (void) state;
    for (c = 0; c < 256; c++) {
        p = c == 0 ? NULL : strchr(letters, (int) c);
        if (p != NULL) {
            snprintf(one, sizeof(one), "\\%c", of[p - letters]);
        } else if (c < ' ') {
            snprintf(one, sizeof(one), "\\u%04X", c);
        } else {
            snprintf(one, sizeof(one), "%c", c < 0x80 ? (int) c : '?');
        }
        for (len = 1; len <= sizeof(in); len++) {
            for (at = 0; at < len; at++) {
                memset(in, 'a', sizeof(in));
                in[at] = (char) c;
                platen_json_fixed(&j, room, sizeof(room));
                platen_json_string(&j, NULL, in, len);
                *j.last = '\0';
                snprintf(expected, sizeof(expected), "\"%.*s%s%.*s\"", (int) at,
                         "aaaaaaaaaaaaaaaaaaaa", one, (int) (len - at - 1),
                         "aaaaaaaaaaaaaaaaaaaa");
                assert_string_equal(room, expected);
            }
        }
    }
}

static void
test_room(void **state)
{
    platen_json_t j;
    char         *text, room[8];
    size_t        i;

    (void) state;
    platen_json_heap(&j);
    platen_json_open(&j, NULL, '[');
    for (i = 0; i < 10000; i++) {
        platen_json_uint(&j, NULL, i % 10);
    }
    platen_json_close(&j, ']');
    text = platen_json_heap_end(&j);
    assert_non_null(text);
    assert_int_equal(strlen(text), 20001);
    assert_memory_equal(text, "[0,1,2,", 7);
    assert_string_equal(text + 19997, "8,9]");
    free(text);

    /* What finds no room is not written, nor what comes behind it. */
    platen_json_fixed(&j, room, sizeof(room));
    platen_json_open(&j, NULL, '[');
    platen_json_word(&j, NULL, "far too long", 12);
    assert_true(j.failed);
    platen_json_uint(&j, NULL, 1);
    platen_json_close(&j, ']');
    assert_ptr_equal(j.last, room + 1);
    assert_int_equal(room[0], '[');
}

static void
assert_event(const platen_event_t *event, const char *base, platen_job_json_for_t reader,
             const char *expected)
{
    platen_json_t j;
    char         *text;

    platen_json_heap(&j);
    platen_json_open(&j, NULL, '{');
    platen_job_json_event(&j, event, platen_str(base), reader);
    platen_json_close(&j, '}');
    text = platen_json_heap_end(&j);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

#define ID "01020304-0506-0708-090a-0b0c0d0e0f10"

static void
test_event(void **state)
{
    static const char id[] = "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20";
    platen_event_t    event = {
           .seq = 7, .time = 1700000000000000, .state = PLATEN_STATE_SUCCESS, .id = { id, 16 }
    };

    (void) state;
    assert_event(&event, "/p\"", PLATEN_JOB_JSON_CLIENT,
                 "{\"seq\":7,\"event\":\"job_done\",\"job_id\":\"" ID "\","
                 "\"status\":\"SUCCESS\",\"time\":\"2023-11-14T22:13:20.000000Z\","
                 "\"error_code\":null,\"file\":null,"
                 "\"download_url\":\"/p\\\"/jobs/" ID "/download\"}");
    event.file = 1;
    assert_event(&event, "", PLATEN_JOB_JSON_CLIENT,
                 "{\"seq\":7,\"event\":\"file_done\",\"job_id\":\"" ID "\","
                 "\"status\":\"SUCCESS\",\"time\":\"2023-11-14T22:13:20.000000Z\","
                 "\"error_code\":null,\"file\":0,"
                 "\"download_url\":\"/jobs/" ID "/files/0\"}");
    event.file = 0;
    event.state = PLATEN_STATE_FAILED;
    event.error_code = PLATEN_STR("timeout");
    assert_event(&event, "", PLATEN_JOB_JSON_WEBHOOK,
                 "{\"seq\":7,\"event\":\"job_failed\",\"job_id\":\"" ID "\","
                 "\"status\":\"FAILED\",\"time\":\"2023-11-14T22:13:20.000000Z\","
                 "\"error_code\":\"timeout\",\"download_url\":null}");
    event.state = PLATEN_STATE_NONE;
    event.error_code.len = 0;
    assert_event(&event, "", PLATEN_JOB_JSON_CLIENT,
                 "{\"seq\":7,\"event\":\"job_removed\",\"job_id\":\"" ID "\",\"status\":null,"
                 "\"time\":\"2023-11-14T22:13:20.000000Z\",\"error_code\":null,\"file\":null,"
                 "\"download_url\":null}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
