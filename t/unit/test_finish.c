/* platen_finish: the verdict on a result, and the one commit that shows it. */

#include "sidecar_fixture.h"

#include <errno.h>
#include <signal.h>

#include "schedule/finish.h"

static fixture_t f;

static int
setup(void **state)
{
    (void) state;
    return fixture_open(&f);
}

static int
teardown(void **state)
{
    (void) state;
    return fixture_close(&f);
}

/* A job that is PROCESSING, and its task. */
static platen_task_t
claim(const char *to)
{
    static char   words[] = "";
    platen_task_t task = { .request_id = words, .client = words };
    platen_job_t  job;
    char          code[64];

    task.id = fixture_submit(&f, "x", to, 0);
    fixture_move(&f, &task.id, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    job = fixture_get(&f, &task.id, code);
    task.epoch = job.epoch;
    task.attempt = job.attempts;
    task.from = platen_format_find("txt", 3);
    task.to = platen_format_find(to, strlen(to));
    return task;
}

/* The verdict on a result of these bytes. */
static platen_verdict_t
judge(const platen_task_t *task, const char *bytes, size_t len)
{
    platen_run_result_t result = { .outcome = PLATEN_RUN_DONE,
                                   .output = "in.out",
                                   .format = task->to,
                                   .fonts = "Calibri\tCarlito\n\xff\tx\n" };
    platen_verdict_t    verdict;
    char                path[PLATEN_PATH_MAX + 16];
    FILE               *out;

    snprintf(result.work, sizeof(result.work), "%s/runs", f.data);
    snprintf(path, sizeof(path), "%s/out", result.work);
    assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    snprintf(path, sizeof(path), "%s/out/in.out", result.work);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    assert_int_equal(fclose(out), 0);

    platen_finish_judge(&f.config, task, &result, &verdict);
    unlink(path);
    return verdict;
}

/* A field of the stored record, copied. */
static void
get_text(const platen_id_t *id, size_t offset, char out[PLATEN_WARNINGS_MAX])
{
    platen_txn_t        txn;
    platen_job_t        job;
    const platen_str_t *text = (const platen_str_t *) (void *) ((char *) &job + offset);

    assert_int_equal(platen_txn_read(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, id, &job), PLATEN_OK);
    snprintf(out, PLATEN_WARNINGS_MAX, "%.*s", (int) text->len,
             text->len == 0 ? "" : text->data);
    platen_txn_abort(&txn);
}

static int
record(platen_task_t *task, platen_verdict_t *v)
{
    platen_ending_t ending = { .task = task, .verdict = *v }, *all = &ending;

    platen_finish_record(&f.config, f.store, &all, 1);
    *v = ending.verdict;
    return ending.rc;
}

static void
test_success(void **state)
{
    /* SHA-256 of "%PDF-1.4\n", from sha256sum(1) */
    platen_task_t    task = claim("pdf");
    platen_verdict_t v = judge(&task, "%PDF-1.4\n", 9);
    platen_job_t     job;
    char             code[64], path[PLATEN_PATH_MAX], text[PLATEN_WARNINGS_MAX];
    struct stat      st;

    (void) state;
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
    assert_true(fixture_has(&f, PLATEN_DIR_OUTPUT, &task.id, task.epoch));
    platen_layout_path(f.data, PLATEN_DIR_OUTPUT, &task.id, task.epoch, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);

    assert_int_equal(record(&task, &v), PLATEN_OK);
    job = fixture_get(&f, &task.id, code);
    assert_int_equal(job.state, PLATEN_STATE_SUCCESS);
    assert_int_equal(job.output_size, 9);
    assert_true(job.expires_at > job.completed_at);
    get_text(&task.id, offsetof(platen_job_t, warnings), text);
    assert_string_equal(text,
                        "The font \"Calibri\" is not installed here; \"Carlito\" was used "
                        "instead.");
    get_text(&task.id, offsetof(platen_job_t, output_format), text);
    assert_string_equal(text, "");

    /* A commit that only seemed to fail: the result must survive the repeat. */
    assert_int_equal(record(&task, &v), PLATEN_OK);
    assert_true(fixture_has(&f, PLATEN_DIR_OUTPUT, &task.id, task.epoch));
    assert_int_equal(fixture_get(&f, &task.id, code).change_seq, job.change_seq);
}

static void
test_sha256(void **state)
{
    static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                   0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                   0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                   0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
    platen_task_t        task = claim("txt");
    platen_verdict_t     v = judge(&task, "abc", 3);

    (void) state;
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
    assert_memory_equal(v.output_sha256, abc, sizeof(abc)); /* FIPS 180-2, B.1 */
}

static void
test_wrong_content(void **state)
{
    platen_task_t    pdf = claim("pdf"), txt = claim("txt");
    platen_verdict_t v;

    (void) state;
    v = judge(&pdf, "hello\n", 6);
    assert_string_equal(v.error_code, "conversion_failed");
    v = judge(&pdf, "", 0);
    assert_string_equal(v.error_code, "conversion_failed");
    v = judge(&txt, "%PDF-1.4\n", 9);
    assert_string_equal(v.error_code, "conversion_failed");
    v = judge(&txt, "a\0b", 3);
    assert_string_equal(v.error_code, "conversion_failed");

    /* A control character: still text. */
    v = judge(&txt, "a\1b\n", 4);
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
}

/* A text with nothing in it is a result, and its owner is told. */
static void
test_blank(void **state)
{
    static const char *const blanks[] = { "", "\n", " \t\r\n\f", "\n\n\n\n\n\n" };
    platen_task_t            txt = claim("txt"), csv = claim("csv"), html = claim("html");
    platen_verdict_t         v;
    char                     page[4096];
    size_t                   i;

    (void) state;
    for (i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
        v = judge(&txt, blanks[i], strlen(blanks[i]));
        assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
        assert_non_null(strstr(v.warnings, "\nThere is no text in the result"));
        assert_int_equal(v.output_size, strlen(blanks[i]));
    }
    v = judge(&csv, "\n", 1);
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);

    /* No other format has an empty file. */
    v = judge(&html, "", 0);
    assert_int_equal(v.state, PLATEN_STATE_FAILED);
    assert_string_equal(v.error_code, "empty_document");
    v = judge(&csv, "", 0);
    assert_string_equal(v.error_code, "empty_document");

    v = judge(&txt, " 0 ", 3);
    assert_null(strstr(v.warnings, "There is no text"));
    memset(page, ' ', sizeof(page));
    page[sizeof(page) - 1] = 'x';
    v = judge(&txt, page, sizeof(page));
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
    assert_null(strstr(v.warnings, "There is no text"));
}

/* fault 66: a result as large as the limit may have been cut by it. */
static void
test_size(void **state)
{
    platen_task_t    task = claim("txt");
    platen_verdict_t v;

    (void) state;
    f.config.output_size = 5;
    v = judge(&task, "12345", 5);
    assert_string_equal(v.error_code, "too_large_output");
    v = judge(&task, "1234", 4);
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
    f.config.output_size = 1 << 20;
}

/* A result counts against what its client may have stored, to the byte. */
static void
test_quota(void **state)
{
    platen_task_t    task = claim("txt");
    platen_verdict_t v;
    platen_txn_t     txn;
    platen_job_t     job;
    uint64_t         used;
    char             code[64];

    (void) state;
    job = fixture_get(&f, &task.id, code);
    assert_int_equal(platen_txn_read(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &task.id, &job), PLATEN_OK);
    assert_int_equal(platen_store_usage(&txn, job.client, &used), PLATEN_OK);
    platen_txn_abort(&txn);

    f.config.client_size = used + 3;
    v = judge(&task, "1234", 4);
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
    assert_int_equal(record(&task, &v), PLATEN_OK);
    assert_int_equal(v.state, PLATEN_STATE_FAILED);
    assert_non_null(strstr(v.error, "your documents and results would take more than"));
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &task.id, task.epoch));
    job = fixture_get(&f, &task.id, code);
    assert_int_equal(job.state, PLATEN_STATE_FAILED);
    assert_string_equal(code, "too_large_output");

    /* Another of a byte less, and after it one for which nothing is left. */
    task = claim("txt");
    f.config.client_size += 1 + 1;
    v = judge(&task, "1234", 4);
    assert_int_equal(record(&task, &v), PLATEN_OK);
    assert_int_equal(fixture_get(&f, &task.id, code).state, PLATEN_STATE_SUCCESS);
    assert_true(fixture_has(&f, PLATEN_DIR_OUTPUT, &task.id, task.epoch));
    f.config.client_size = 1;
    task = claim("txt");
    v = judge(&task, "1", 1);
    assert_int_equal(record(&task, &v), PLATEN_OK);
    assert_int_equal(fixture_get(&f, &task.id, code).state, PLATEN_STATE_FAILED);
    f.config.client_size = 0;
}

/* What is no plain file of its own is not looked at, let alone published. */
static void
test_no_file(void **state)
{
    static const char *const makes[] = {
        "ln -s /etc/passwd in.out",
        "ln -s x in.out; echo hello > x",
        "mkfifo in.out",
        "mkdir in.out",
        "echo hello > x; ln x in.out",
        "mknod in.out c 1 5 || true",
        "cd ..; rmdir out; mkdir o; echo hello > o/in.out; ln -s o out",
        "cd ..; rmdir out; echo hello > out",
        "cd ..; rmdir out",
        "true",
    };
    platen_run_result_t result = { .outcome = PLATEN_RUN_DONE, .output = "in.out" };
    platen_task_t       task = claim("txt");
    platen_verdict_t    v;
    char                command[512];
    size_t              i;

    (void) state;
    snprintf(result.work, sizeof(result.work), "%s/runs", f.data);
    result.format = task.to;
    for (i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
        assert_int_equal(platen_tree_reset(result.work), 0);
        snprintf(command, sizeof(command), "cd %s/runs; mkdir out; cd out; { %s; } 2>&1",
                 f.data, makes[i]);
        assert_int_equal(system(command), 0);
        platen_finish_judge(&f.config, &task, &result, &v);
        if (v.state != PLATEN_STATE_FAILED || strcmp(v.error_code, "conversion_failed") != 0
            || *v.detail == '\0' || v.published) {
            fail_msg("%s: %s", makes[i], platen_state_name(v.state));
        }
        assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &task.id, task.epoch));
    }
    assert_int_equal(platen_tree_reset(result.work), 0);
}

/* Pages became an archive: that is what was made, and the record says so. */
static void
test_other_format(void **state)
{
    static const char   zip[22] = { 'P', 'K', 5, 6 };
    platen_run_result_t result = { .outcome = PLATEN_RUN_DONE, .output = "in.zip" };
    platen_task_t       task = claim("png");
    platen_verdict_t    v;
    char                path[PLATEN_PATH_MAX + 16], text[PLATEN_WARNINGS_MAX];
    FILE               *out;

    (void) state;
    snprintf(result.work, sizeof(result.work), "%s/runs", f.data);
    result.format = fixture_format("zip");
    snprintf(path, sizeof(path), "%s/out", result.work);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/out/in.zip", result.work);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(zip, 1, sizeof(zip), out), sizeof(zip));
    assert_int_equal(fclose(out), 0);

    platen_finish_judge(&f.config, &task, &result, &v);
    assert_int_equal(v.state, PLATEN_STATE_SUCCESS);
    assert_string_equal(v.output_format, "zip");
    assert_int_equal(record(&task, &v), PLATEN_OK);
    get_text(&task.id, offsetof(platen_job_t, output_format), text);
    assert_string_equal(text, "zip");
    assert_int_equal(platen_tree_reset(result.work), 0);
}

static void
test_gone(void **state)
{
    platen_task_t    task = claim("pdf");
    platen_verdict_t v = judge(&task, "%PDF-1.4\n", 9);
    platen_txn_t     txn;

    (void) state;
    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_remove(&txn, &task.id, NULL, platen_now_us(), NULL),
                     PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);

    assert_int_equal(record(&task, &v), PLATEN_NOT_FOUND);
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &task.id, task.epoch));
}

static void
test_another_claim(void **state)
{
    platen_task_t    task = claim("pdf");
    platen_verdict_t v = judge(&task, "%PDF-1.4\n", 9);
    platen_job_t     job;
    char             code[64];

    (void) state;
    fixture_move(&f, &task.id, NULL, PLATEN_STATE_PENDING, platen_now_us());
    assert_int_equal(record(&task, &v), PLATEN_NOT_FOUND);
    fixture_move(&f, &task.id, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    assert_int_equal(record(&task, &v), PLATEN_NOT_FOUND);

    job = fixture_get(&f, &task.id, code);
    assert_int_equal(job.state, PLATEN_STATE_PROCESSING);
    assert_int_equal(job.epoch, task.epoch + 1);
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &task.id, task.epoch));
}

static void
test_outcomes(void **state)
{
    static const struct {
        platen_run_outcome_t outcome;
        uint32_t             attempt;
        platen_state_t       state;
        const char          *code;
    } cases[] = {
        { PLATEN_RUN_CRASHED, 1, PLATEN_STATE_PENDING, "converter_crashed" },
        { PLATEN_RUN_CRASHED, 2, PLATEN_STATE_FAILED, "converter_crashed" },
        { PLATEN_RUN_TIMEOUT, 1, PLATEN_STATE_PENDING, "conversion_timeout" },
        { PLATEN_RUN_TIMEOUT, 3, PLATEN_STATE_FAILED, "conversion_timeout" },
        { PLATEN_RUN_TOO_LARGE, 1, PLATEN_STATE_FAILED, "too_large_output" },
        { PLATEN_RUN_CORRUPT, 1, PLATEN_STATE_FAILED, "corrupt_document" },
        { PLATEN_RUN_ENCRYPTED, 1, PLATEN_STATE_FAILED, "password_required" },
        { PLATEN_RUN_PASSWORD, 1, PLATEN_STATE_FAILED, "wrong_password" },
        { PLATEN_RUN_EMPTY, 1, PLATEN_STATE_FAILED, "empty_document" },
        { PLATEN_RUN_PAGES, 1, PLATEN_STATE_FAILED, "pages_out_of_range" },
        { PLATEN_RUN_SHEET, 1, PLATEN_STATE_FAILED, "sheet_not_found" },
        { PLATEN_RUN_FAILED, 1, PLATEN_STATE_FAILED, "conversion_failed" },
        { PLATEN_RUN_MEMORY, 1, PLATEN_STATE_FAILED, "out_of_memory" },
        { PLATEN_RUN_SETUP, 1, PLATEN_STATE_FAILED, "server_failed" },
        { PLATEN_RUN_INPUT_MISSING, 1, PLATEN_STATE_FAILED, "input_missing" },
        { PLATEN_RUN_INTERRUPTED, 9, PLATEN_STATE_PENDING, NULL },
        { PLATEN_RUN_ERROR, 9, PLATEN_STATE_PENDING, NULL },
        { PLATEN_RUN_DISCARDED, 1, PLATEN_STATE_NONE, NULL },
    };
    platen_run_result_t result = { .step = "try", .error = ENOSPC };
    platen_task_t       task = claim("pdf");
    platen_verdict_t    v;
    size_t              i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        result.outcome = cases[i].outcome;
        task.attempt = cases[i].attempt;
        task.crashes = cases[i].attempt - 1;
        platen_finish_judge(&f.config, &task, &result, &v);
        assert_int_equal(v.state, cases[i].state);
        if (cases[i].code == NULL) {
            assert_null(v.error_code);
        } else {
            assert_string_equal(v.error_code, cases[i].code);
            assert_true(strlen(v.error) > 20 && v.error[strlen(v.error) - 1] == '.');
        }
    }
}

/* Whatever an engine ends with and says, it is never a reason to pause, nor this machine's
 * fault. */
static void
test_every_status(void **state)
{
    static const platen_engine_t *const engines[] = {
        &platen_engine_lok,    &platen_engine_soffice, &platen_engine_tables,
        &platen_engine_pandoc, &platen_engine_poppler, &platen_engine_mupdf,
        &platen_engine_qpdf,   &platen_engine_image,   &platen_engine_unpack,
        &platen_engine_pack,   &platen_engine_pages,
    };
    static const char *const said[] = { "", "out of memory", "File too large",
                                        "Cannot allocate memory", "\xff\xfe %s" };
    platen_options_t         none = { .given = 0 };
    platen_outcome_case_t    of = { .options = &none, .dir = f.data, .file_size = 1 << 20 };
    platen_run_result_t      result = { .output = "in.pdf" };
    platen_task_t            task = claim("pdf");
    platen_verdict_t         v;
    size_t                   i, j;
    int                      code;

    (void) state;
    result.format = fixture_format("pdf");
    for (i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        for (j = 0; j < sizeof(said) / sizeof(said[0]); j++) {
            for (code = 0; code < 256 + 128; code++) {
                if (code == 256 || code - 256 == 0x7f) {
                    continue; /* no signal, and a stop, which is no end */
                }
                of.engine = engines[i];
                of.stderr_tail = said[j];
                of.wstatus = code < 256 ? code << 8 : code - 256;
                result.outcome = platen_outcome(&of);
                platen_finish_judge(&f.config, &task, &result, &v);
                if (v.pause || v.blame == PLATEN_BLAME_MACHINE
                    || (v.state != PLATEN_STATE_FAILED && v.blame != PLATEN_BLAME_DOCUMENT)) {
                    fail_msg("%s, status %d, \"%s\": state %d, blame %d, pause %d",
                             engines[i]->name, of.wstatus, said[j], v.state, (int) v.blame,
                             v.pause);
                }
            }
        }
    }
}

static void
test_unsupported(void **state)
{
    platen_str_t     md = PLATEN_STR("md"), none = { NULL, 0 };
    platen_verdict_t v;

    (void) state;
    platen_finish_unsupported(md, PLATEN_STR("parquet"), 0, &v);
    assert_int_equal(v.state, PLATEN_STATE_FAILED);
    assert_string_equal(v.error_code, "unsupported_conversion");
    assert_non_null(strstr(v.error, "md to parquet"));
    platen_finish_unsupported(md, PLATEN_STR("pdf"), 1, &v);
    assert_string_equal(v.error_code, "unsupported_option");
    platen_finish_unsupported(none, none, 0, &v);
    assert_string_equal(v.error_code, "unsupported_conversion");
}

/* What has been tried often enough is not tried again; each reason has its own measure. */
static void
test_poison(void **state)
{
    platen_job_t     job = { .crashes = 1, .lost_attempts = 9, .host_failures = 99 };
    platen_verdict_t v;

    (void) state;
    platen_finish_poison(&f.config, &job, &v);
    assert_int_equal(v.state, PLATEN_STATE_NONE);

    job.crashes = 2;
    platen_finish_poison(&f.config, &job, &v);
    assert_int_equal(v.state, PLATEN_STATE_FAILED);
    assert_string_equal(v.error_code, "converter_crashed");

    job.crashes = 0;
    job.lost_attempts = 10;
    platen_finish_poison(&f.config, &job, &v);
    assert_string_equal(v.error_code, "converter_crashed");

    job.lost_attempts = 0;
    job.host_failures = 100;
    platen_finish_poison(&f.config, &job, &v);
    assert_string_equal(v.error_code, "server_failed");
}

/* The time to wait doubles up to a minute, and no two need be alike. */
static void
test_backoff(void **state)
{
    platen_job_t job = { .attempts = 1 };
    uint64_t     now = platen_boottime_ms(), delay, most = 1000;
    unsigned     i;

    (void) state;
    for (i = 1; i <= 10; i++) {
        platen_finish_blame(&job, PLATEN_BLAME_MACHINE);
        assert_int_equal(job.host_failures, i);
        delay = job.not_before - now;
        assert_in_range(delay, most / 2, most + 1000); /* the machine may be busy */
        most = most < 32000 ? 2 * most : 60000;
    }
    platen_finish_blame(&job, PLATEN_BLAME_DOCUMENT);
    platen_finish_blame(&job, PLATEN_BLAME_SIDECAR);
    assert_int_equal(job.crashes, 1);
    assert_int_equal(job.lost_attempts, 1);
    assert_int_equal(job.attempts, 1);
    platen_finish_blame(&job, PLATEN_BLAME_NONE);
    platen_finish_blame(&job, PLATEN_BLAME_NONE);
    assert_int_equal(job.attempts, 0);
}

/* What this machine did is not held against the document. */
static void
test_uncounted(void **state)
{
    platen_task_t       task = claim("pdf");
    platen_run_result_t result = { .outcome = PLATEN_RUN_INTERRUPTED };
    platen_verdict_t    v;
    platen_job_t        job;
    char                code[64];

    (void) state;
    platen_finish_judge(&f.config, &task, &result, &v);
    assert_int_equal(record(&task, &v), PLATEN_OK);
    job = fixture_get(&f, &task.id, code);
    assert_int_equal(job.state, PLATEN_STATE_PENDING);
    assert_int_equal(job.attempts, 0);
    assert_int_equal(job.epoch, 1);
}

/* Ends that come together are written together; what is wrong with one is its own. */
static void
test_together(void **state)
{
    static char     long_name[PLATEN_RECORD_MAX + 2];
    platen_task_t   tasks[4];
    platen_ending_t endings[4], *all[4];
    platen_txn_t    txn;
    platen_job_t    first, second;
    char            code[64];
    int             i;

    (void) state;
    for (i = 0; i < 4; i++) {
        tasks[i] = claim("pdf");
        endings[i] = (platen_ending_t){ .task = &tasks[i],
                                        .verdict = judge(&tasks[i], "%PDF-1.4\n", 9) };
        all[i] = &endings[i];
    }
    /* The second is gone, the third is no record that can be written. */
    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_remove(&txn, &tasks[1].id, NULL, platen_now_us(), NULL),
                     PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    memset(long_name, 'x', sizeof(long_name) - 1);
    endings[2].verdict.output_format = long_name;

    platen_finish_record(&f.config, f.store, all, 4);
    assert_int_equal(endings[0].rc, PLATEN_OK);
    assert_int_equal(endings[1].rc, PLATEN_NOT_FOUND);
    assert_int_equal(endings[2].rc, PLATEN_INVALID);
    assert_int_equal(endings[3].rc, PLATEN_OK);
    for (i = 0; i < 4; i++) {
        assert_int_equal(fixture_has(&f, PLATEN_DIR_OUTPUT, &tasks[i].id, tasks[i].epoch),
                         i != 1);
        assert_int_equal(fixture_get(&f, &tasks[i].id, code).state,
                         i == 1   ? PLATEN_STATE_NONE
                         : i == 2 ? PLATEN_STATE_PROCESSING
                                  : PLATEN_STATE_SUCCESS);
    }

    /* Once more, with the one that was wrong: nothing is written twice. */
    first = fixture_get(&f, &tasks[0].id, code);
    endings[2].verdict.output_format = NULL;
    all[1] = &endings[2];
    platen_finish_record(&f.config, f.store, all, 2);
    assert_int_equal(endings[0].rc, PLATEN_OK);
    assert_int_equal(endings[2].rc, PLATEN_OK);
    second = fixture_get(&f, &tasks[0].id, code);
    assert_int_equal(second.change_seq, first.change_seq);
    assert_int_equal(fixture_get(&f, &tasks[2].id, code).state, PLATEN_STATE_SUCCESS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success),       cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_wrong_content), cmocka_unit_test(test_blank),
        cmocka_unit_test(test_size),          cmocka_unit_test(test_quota),
        cmocka_unit_test(test_no_file),       cmocka_unit_test(test_other_format),
        cmocka_unit_test(test_gone),          cmocka_unit_test(test_another_claim),
        cmocka_unit_test(test_every_status),  cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_unsupported),   cmocka_unit_test(test_uncounted),
        cmocka_unit_test(test_poison),        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_together),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
