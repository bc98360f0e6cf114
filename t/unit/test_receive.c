/* ngx_module/ingest/receive.c: bodies into files and fields, and every refusal. */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ingest/receive.h"
#include "scratch.h"

#define FORM "multipart/form-data; boundary=BB"

static int
setup(void **state)
{
    static char dir[SCRATCH_MAX];

    *state = dir;
    return scratch_make(dir) != 0 ? -1 : platen_layout_prepare(dir);
}

static int
teardown(void **state)
{
    scratch_remove(*state);
    return 0;
}

/* Entries in <root>/tmp. */
static int
uploads(const char *root)
{
    char           path[PLATEN_PATH_MAX];
    struct dirent *entry;
    DIR           *dir;
    int            n = 0;

    snprintf(path, sizeof(path), "%s/tmp", root);
    dir = opendir(path);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        n += entry->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

static platen_receive_t *
start(const char *root, const char *type, uint64_t max)
{
    platen_receive_t *rx = malloc(sizeof(*rx));

    assert_non_null(rx);
    assert_int_equal(platen_receive_init(rx, root, max, type, strlen(type)), PLATEN_OK);
    return rx;
}

static int
feed(platen_receive_t *rx, const char *text)
{
    return platen_receive_feed(rx, (const unsigned char *) text, strlen(text));
}

static void
stop(platen_receive_t *rx)
{
    platen_receive_close(rx);
    platen_layout_tmp_discard(&rx->tmp);
    free(rx);
}

static void
param(platen_receive_t *rx, const char *name, const char *value)
{
    assert_int_equal(platen_receive_param(rx, name, strlen(name), value, strlen(value)),
                     PLATEN_OK);
}

static void
test_raw(void **state)
{
    static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea };
    platen_receive_t    *rx = start(*state, "text/plain", 100);
    struct stat          st;

    param(rx, "to", "pdf");
    param(rx, "filename", "../a b.txt");
    param(rx, "nonsense", "is passed over");
    assert_int_equal(feed(rx, "a"), PLATEN_OK);
    assert_int_equal(feed(rx, ""), PLATEN_OK);
    assert_int_equal(feed(rx, "bc"), PLATEN_OK);
    assert_int_equal(platen_receive_finish(rx), PLATEN_OK);

    assert_string_equal(rx->filename, "a b.txt");
    assert_string_equal(rx->source->name, "txt");
    assert_string_equal(rx->target->name, "pdf");
    assert_int_equal(rx->size, 3);
    assert_memory_equal(rx->sha256, abc, sizeof(abc));
    assert_int_equal(stat(rx->tmp.path, &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(rx->tmp.fd, -1);
    stop(rx);
}

static void
test_form(void **state)
{
    platen_receive_t *rx = start(*state, FORM, 100);

    param(rx, "to", "odt"); /* of the query: the form's wins */
    assert_int_equal(
        feed(rx, "--BB\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\n"
                 "\r\na,b\r\n1,2\r\n\r\n--BB\r\nContent-Disposition: form-data; name="
                 "\"output_format\"\r\n\r\nPDF\r\n--BB--\r\n"),
        PLATEN_OK);
    assert_int_equal(platen_receive_finish(rx), PLATEN_OK);
    assert_string_equal(rx->source->name, "csv");
    assert_string_equal(rx->target->name, "pdf");
    assert_int_equal(rx->size, 10);
    stop(rx);
}

typedef struct {
    const char      *type;
    const char      *body;
    const char      *to;
    const char      *from;
    const char      *name;
    platen_problem_t problem;
} refusal_t;

static const refusal_t refusals[] = {
    { "text/plain", "", "pdf", NULL, NULL, PLATEN_PROBLEM_EMPTY_FILE },
    { "text/plain", "x", NULL, NULL, NULL, PLATEN_PROBLEM_MISSING_PARAMETER },
    { "text/plain", "x", "wat", NULL, NULL, PLATEN_PROBLEM_UNSUPPORTED_FORMAT },
    { "text/plain", "x", "pdf", "wat", NULL, PLATEN_PROBLEM_UNSUPPORTED_FORMAT },
    { "text/plain", "x", "txt", NULL, NULL, PLATEN_PROBLEM_IDENTICAL_FORMATS },
    { "text/plain", "x", "txt", "text", NULL, PLATEN_PROBLEM_IDENTICAL_FORMATS },
    { "text/plain", "x", "pdf", NULL, "a.docx", PLATEN_PROBLEM_CONTENT_MISMATCH },
    { "text/plain", "\x01\xff\x02\xfe\x03", "pdf", NULL, NULL, PLATEN_PROBLEM_UNKNOWN_CONTENT },
    { "text/plain", "12345678901", "pdf", NULL, NULL, PLATEN_PROBLEM_FILE_TOO_LARGE },
    { FORM, "--BB--\r\n", "pdf", NULL, NULL, PLATEN_PROBLEM_MISSING_FILE },
    { FORM, "--BB\r\n", "pdf", NULL, NULL, PLATEN_PROBLEM_MALFORMED_MULTIPART },
    { FORM, "--BB\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nx",
      "pdf", NULL, NULL, PLATEN_PROBLEM_INVALID_PARAMETER },
};

static void
test_refusals(void **state)
{
    const refusal_t  *r;
    platen_receive_t *rx;
    size_t            i;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        r = &refusals[i];
        rx = start(*state, r->type, 10);
        if (r->to != NULL) {
            param(rx, "to", r->to);
        }
        if (r->from != NULL) {
            param(rx, "from", r->from);
        }
        if (r->name != NULL) {
            param(rx, "filename", r->name);
        }
        (void) feed(rx, r->body);
        assert_int_equal(platen_receive_finish(rx), PLATEN_INVALID);
        if (rx->problem != r->problem) {
            fail_msg("case %zu: %s, expected %s", i, platen_problem_info(rx->problem)->code,
                     platen_problem_info(r->problem)->code);
        }
        /* The first problem stays. */
        assert_int_equal(feed(rx, "more"), PLATEN_INVALID);
        assert_int_equal(rx->problem, r->problem);
        stop(rx);
    }
    assert_int_equal(uploads(*state), 0);
}

static void
test_content_types(void **state)
{
    static const char *const bad[] = {
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=BB",
    };
    platen_receive_t *rx = malloc(sizeof(*rx));
    size_t            i;

    assert_non_null(rx);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(platen_receive_init(rx, *state, 10, bad[i], strlen(bad[i])),
                         PLATEN_INVALID);
        assert_int_equal(rx->problem, PLATEN_PROBLEM_MALFORMED_MULTIPART);
        platen_receive_close(rx);
    }
    free(rx);
}

static void
test_long_param(void **state)
{
    platen_receive_t *rx = start(*state, "", 10);
    char              value[PLATEN_PARAM_MAX + 1];

    memset(value, 'x', sizeof(value));
    assert_int_equal(platen_receive_param(rx, "to", 2, value, sizeof(value) - 1), PLATEN_OK);
    assert_int_equal(platen_receive_param(rx, "to", 2, value, sizeof(value)), PLATEN_INVALID);
    assert_int_equal(rx->problem, PLATEN_PROBLEM_INVALID_PARAMETER);
    stop(rx);
}

static int
set(platen_receive_t *rx, const char *name, const char *value)
{
    return platen_receive_param(rx, name, strlen(name), value, strlen(value));
}

#define FIELD(name, value)                                                                     \
    "--BB\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART                                                                              \
    "--BB\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.csv\"\r\n\r\n"        \
    "a,b\r\n1,2\r\n\r\n"

/* Options of the query, and of fields before and behind the file, byte by byte. */
static void
test_options(void **state)
{
    static const char                                                body[] =
        FIELD("pageRanges", "1 - 3") FIELD("pdfua", "yes") FILE_PART FIELD("CSV-Delimiter", ";")
            FIELD("password", "s3=cret ") FIELD("pdfua", "no") FIELD("to", "pdf") "--BB--\r\n";
    static const char want[] = "pages=1-3\npassword=s3=cret \npdfa=2b\n"
                               "csv_delimiter=semicolon\ncharset=utf-8\n";
    platen_receive_t *rx = start(*state, FORM, 100);
    char              text[PLATEN_OPTIONS_TEXT_MAX];
    size_t            i;

    param(rx, "pages", "9"); /* the form's wins */
    param(rx, "pdfa", "PDF/A-2b");
    param(rx, "encoding", "UTF8");
    param(rx, "layout", "flow");
    for (i = 0; i < sizeof(body) - 1; i++) {
        assert_int_equal(platen_receive_feed(rx, (const unsigned char *) body + i, 1),
                         PLATEN_OK);
    }
    assert_int_equal(platen_receive_finish(rx), PLATEN_OK);
    assert_int_equal(platen_options_text(&rx->params.options, UINT32_MAX, text),
                     sizeof(want) - 1);
    assert_memory_equal(text, want, sizeof(want) - 1);
    stop(rx);
}

/* The first wrong value is told, with what would be right and without what it was. */
static void
test_wrong_options(void **state)
{
    static const struct {
        const char *name, *value, *detail;
    } wrong[] = {
        { "pages", "3-1x",
          "pages takes pages and ranges of pages from 1, such as 1-3,5 or 7-." },
        { "page_ranges", "0",
          "pages takes pages and ranges of pages from 1, such as 1-3,5 or 7-." },
        { "password", "s3cret\n",
          "password takes 1 to 127 bytes of UTF-8 without control characters." },
        { "image_quality", "101", "image_quality takes a number from 1 to 100." },
        { "pdfua", "maybe", "pdfua takes true or false." },
    };
    platen_receive_t *rx;
    size_t            i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        rx = start(*state, "text/plain", 100);
        assert_int_equal(set(rx, wrong[i].name, wrong[i].value), PLATEN_INVALID);
        assert_int_equal(set(rx, "width", "x"), PLATEN_INVALID);
        assert_int_equal(rx->problem, PLATEN_PROBLEM_INVALID_PARAMETER);
        assert_string_equal(rx->detail, wrong[i].detail);
        stop(rx);
    }

    rx = start(*state, FORM, 100);
    assert_int_equal(feed(rx, FILE_PART FIELD("width", "5") "--BB--\r\n"), PLATEN_INVALID);
    assert_int_equal(rx->problem, PLATEN_PROBLEM_INVALID_PARAMETER);
    assert_string_equal(rx->detail, "width takes a number from 16 to 4096.");
    stop(rx);
    assert_int_equal(uploads(*state), 0);
}

/* With an option it is the matrix's to say; one that says nothing is none. */
static void
test_same_format(void **state)
{
    static const struct {
        const char *name, *value;
        int         rc;
    } cases[] = {
        { "layout", "exact", PLATEN_OK },
        { "layout", "flow", PLATEN_INVALID },
        { "pages", "", PLATEN_INVALID },
    };
    platen_receive_t *rx;
    size_t            i, named;

    for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        named = i / 2;
        rx = start(*state, "text/plain", 100);
        param(rx, "to", "txt");
        if (i % 2 == 0) {
            param(rx, "filename", "a.txt");
        }
        param(rx, cases[named].name, cases[named].value);
        assert_int_equal(feed(rx, "text"), PLATEN_OK);
        assert_int_equal(platen_receive_finish(rx), cases[named].rc);
        if (cases[named].rc != PLATEN_OK) {
            assert_int_equal(rx->problem, PLATEN_PROBLEM_IDENTICAL_FORMATS);
        }
        stop(rx);
    }
}

/* A URL may be longer than other values, and is judged as it comes. */
static void
test_webhook(void **state)
{
    static platen_params_t params;
    char url[PLATEN_WEBHOOK_URL_MAX + 1] = "https://example.com/", detail[384];
    int  field = PLATEN_PARAM_WEBHOOK;

    (void) state;
    memset(url + 20, 'x', sizeof(url) - 20);
    assert_int_equal(platen_params_find("webhook_url", 11), field);
    assert_int_equal(
        platen_params_set(&params, field, url, sizeof(url) - 1, detail, sizeof(detail)),
        PLATEN_OK);
    assert_int_equal(params.webhook_len, sizeof(url) - 1);
    assert_memory_equal(params.webhook, url, sizeof(url) - 1);
    assert_int_equal(
        platen_params_set(&params, field, url, sizeof(url), detail, sizeof(detail)),
        PLATEN_INVALID);
    assert_string_equal(detail, "webhook_url is longer than 2048 bytes.");
    assert_int_equal(platen_params_set(&params, field, "ftp://a/", 8, detail, sizeof(detail)),
                     PLATEN_INVALID);
    assert_string_equal(detail, "webhook_url has to begin with http:// or https://.");
    assert_int_equal(platen_params_set(&params, field, NULL, 0, detail, sizeof(detail)),
                     PLATEN_OK);
    assert_int_equal(params.webhook_len, 0);
}

static void
test_allowed_options(void **state)
{
    static platen_params_t params;
    char                   detail[PLATEN_RECEIVE_DETAIL_MAX], few[8];
    uint32_t               pages = PLATEN_OPTION_BIT(PLATEN_OPTION_PAGES);
    uint32_t               pdfa = PLATEN_OPTION_BIT(PLATEN_OPTION_PDFA);
    uint32_t               width = PLATEN_OPTION_BIT(PLATEN_OPTION_WIDTH);
    int                    field;

    (void) state;

    assert_true(platen_params_allowed(&params, 0, "txt", "pdf", detail, sizeof(detail)));
    for (field = 0; field < PLATEN_PARAMS + PLATEN_OPTIONS; field++) {
        assert_int_equal(
            platen_params_find(platen_params_name(field), strlen(platen_params_name(field))),
            field);
        assert_int_equal(platen_params_is_secret(field),
                         strstr(platen_params_name(field), "password") != NULL
                             || field == PLATEN_PARAM_WEBHOOK);
    }

    field = platen_params_find("pages", 5);
    assert_int_equal(platen_params_set(&params, field, "1", 1, detail, sizeof(detail)),
                     PLATEN_OK);
    field = platen_params_find("width", 5);
    assert_int_equal(platen_params_set(&params, field, "100", 3, detail, sizeof(detail)),
                     PLATEN_OK);
    assert_true(
        platen_params_allowed(&params, pages | width, "a", "b", detail, sizeof(detail)));
    assert_false(
        platen_params_allowed(&params, pages | pdfa, "a", "b", detail, sizeof(detail)));
    assert_string_equal(detail, "width is no option of a to b, which takes pages, pdfa.");
    assert_false(platen_params_allowed(&params, 0, "a", "b", detail, sizeof(detail)));
    assert_string_equal(detail, "pages is no option of a to b, which takes none.");

    /* All names fit; where they do not, the sentence is cut. */
    assert_false(platen_params_allowed(&params,
                                       (PLATEN_OPTION_BIT(PLATEN_OPTIONS) - 1) & ~pages,
                                       "parquet", "parquet", detail, sizeof(detail)));
    assert_true(strlen(detail) < sizeof(detail) - 1 && detail[strlen(detail) - 1] == '.');
    assert_false(platen_params_allowed(&params, pdfa, "a", "b", few, sizeof(few)));
    assert_string_equal(few, "pages i");
}

/* fault 13: no space left at the upload, and the service goes on afterwards. */
static void
test_disk_full(void **state)
{
    char              small[PLATEN_PATH_MAX];
    char             *megabyte;
    platen_receive_t *rx;

    snprintf(small, sizeof(small), "%s/small", (char *) *state);
    assert_int_equal(mkdir(small, 0700), 0);
    if (mount("none", small, "tmpfs", 0, "size=256k") != 0) {
        print_message("no mount here: a full disk is not tested\n");
        return;
    }
    assert_int_equal(platen_layout_prepare(small), 0);
    megabyte = calloc(1, 1 << 20);
    assert_non_null(megabyte);

    rx = start(small, "text/plain", 1 << 30);
    assert_int_equal(platen_receive_feed(rx, (unsigned char *) megabyte, 1 << 20),
                     PLATEN_INVALID);
    assert_int_equal(rx->problem, PLATEN_PROBLEM_STORAGE_FULL);
    assert_int_not_equal(rx->error, 0);
    stop(rx);
    assert_int_equal(uploads(small), 0);

    rx = start(small, "text/plain", 1 << 30);
    param(rx, "to", "pdf");
    assert_int_equal(feed(rx, "small enough"), PLATEN_OK);
    assert_int_equal(platen_receive_finish(rx), PLATEN_OK);
    stop(rx);

    free(megabyte);
    assert_int_equal(umount(small), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
        cmocka_unit_test_setup_teardown(test_form, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_content_types, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_param, setup, teardown),
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_same_format, setup, teardown),
        cmocka_unit_test(test_webhook),
        cmocka_unit_test(test_allowed_options),
        cmocka_unit_test_setup_teardown(test_disk_full, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
